"""The network: dilated convolutions that look back only (Bai, Kolter and Koltun, 2018)."""

from __future__ import annotations

import copy
import time
from dataclasses import dataclass

import numpy as np
import torch
from torch import nn

from benchmarks.tcn.stopping import Patience, parted
from benchmarks.tcn.windows import N_CHANNELS, Windows
from podforecast.domain.tables import Index
from podforecast.domain.telemetry import Array

WIDTH, KERNEL, DROPOUT = 32, 3, 0.2
RATE, DECAY, BATCH = 1e-3, 1e-3, 256
SCORED_AT_ONCE = 4096


class CausalBlock(nn.Module):  # type: ignore[misc] # torch is not there when types are checked
    """Two convolutions over a sample and those before it, and a way around them."""

    def __init__(self, dilation: int) -> None:
        super().__init__()
        back = (KERNEL - 1) * dilation
        self.steps = nn.Sequential(
            *(
                layer
                for _ in range(2)
                for layer in (
                    nn.ConstantPad1d((back, 0), 0.0),
                    nn.Conv1d(WIDTH, WIDTH, KERNEL, dilation=dilation),
                    nn.ReLU(),
                    nn.Dropout(DROPOUT),
                )
            )
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Shape (n, WIDTH, n_samples) in and out."""
        return torch.relu(x + self.steps(x))


class Network(nn.Module):  # type: ignore[misc] # as above
    """From windows (n, n_channels, n_samples) to log-odds (n,) at the last sample."""

    def __init__(self, samples: int) -> None:
        super().__init__()
        self.enter = nn.Conv1d(N_CHANNELS, WIDTH, 1)
        self.blocks = nn.Sequential(*(CausalBlock(dilation) for dilation in dilations(samples)))
        self.leave = nn.Linear(WIDTH, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.leave(self.blocks(self.enter(x))[:, :, -1])[:, 0]

    @property
    def n_parameters(self) -> int:
        return sum(parameter.numel() for parameter in self.parameters())


def dilations(samples: int) -> list[int]:
    """Powers of two until the last sample sees the first."""
    found, seen = [1], 1 + 2 * (KERNEL - 1)
    while seen < samples:
        found.append(2 * found[-1])
        seen += 2 * (KERNEL - 1) * found[-1]
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Lessons:
    """Rows to learn from."""

    windows: Windows
    rows: Index
    y: Array
    weight: Array
    """Of each of the rows, as is ``y``."""
    pod: Index


@dataclass(frozen=True, slots=True, kw_only=True)
class Learned:
    network: Network
    epochs: int
    """Until the best one, which is kept."""
    seconds: float

    def score(self, windows: Windows, rows: Index) -> Array:
        """Probability, not calibrated, shape (n_rows,)."""
        parts = np.array_split(rows, max(1, -(-len(rows) // SCORED_AT_ONCE)))
        with torch.no_grad():
            found = [torch.sigmoid(self.network(torch.from_numpy(windows.take(part))))
                     for part in parts]  # fmt: skip
        return np.concatenate([part.numpy() for part in found]).astype(np.float64)


def learn(lessons: Lessons, *, epochs: int, seed: int) -> Learned:
    """Fit by Adam with decay, one thread; stop by the loss on pods that it does not learn from."""
    began = time.monotonic()
    torch.manual_seed(seed)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    learned_from, validated = parted(lessons.pod, lessons.y, seed=seed)
    network = Network(lessons.windows.samples)
    optimiser = torch.optim.AdamW(network.parameters(), lr=RATE, weight_decay=DECAY)
    rng, patience = np.random.default_rng(seed), Patience()
    best, best_epoch = copy.deepcopy(network.state_dict()), 0
    for epoch in range(1, epochs + 1):
        network.train()
        for batch in _batches(rng.permutation(learned_from)):
            optimiser.zero_grad()
            _loss(network, lessons, batch).backward()
            optimiser.step()
        if patience.improved(_validation_loss(network, lessons, validated)):
            best, best_epoch = copy.deepcopy(network.state_dict()), epoch
        if patience.over:
            break
    network.load_state_dict(best)
    seconds = time.monotonic() - began
    return Learned(network=network.eval(), epochs=best_epoch, seconds=seconds)


def _validation_loss(network: Network, lessons: Lessons, places: Index) -> float:
    network.eval()
    with torch.no_grad():
        total = sum(
            float(_loss(network, lessons, batch)) * lessons.weight[batch].sum()
            for batch in _batches(places)
        )
    return float(total / lessons.weight[places].sum())


def _batches(places: Index) -> list[Index]:
    return np.array_split(places, -(-len(places) // BATCH))


def _loss(network: Network, lessons: Lessons, places: Index) -> torch.Tensor:
    """Weighted mean of the log loss."""
    x = torch.from_numpy(lessons.windows.take(lessons.rows[places]))
    y = torch.from_numpy(lessons.y[places].astype(np.float32))
    weight = torch.from_numpy(lessons.weight[places].astype(np.float32))
    each = nn.functional.binary_cross_entropy_with_logits(network(x), y, reduction="none")
    return (weight * each).sum() / weight.sum()
