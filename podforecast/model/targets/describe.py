"""From the training of a target to what the manifest says of it, and its files."""

from __future__ import annotations

import io

import numpy as np

from podforecast.domain.pods import PodStatus
from podforecast.domain.tables import Index
from podforecast.domain.telemetry import Array
from podforecast.model import masking
from podforecast.model.manifest import TargetCandidateRecord, TargetRecord, TargetReference
from podforecast.model.targets import form
from podforecast.model.targets.export import arrays_of
from podforecast.model.targets.files import pickle_of, portable_of
from podforecast.model.targets.measuring import Scored
from podforecast.model.targets.task import N_STATUSES, Task
from podforecast.model.targets.training import TargetContender, TrainedTarget

REFERENCE_ROWS = 24


def files_of(trained: TrainedTarget) -> dict[str, bytes]:
    """Pipeline and portable form, by file name."""
    import joblib

    buffer = io.BytesIO()
    joblib.dump(trained.fitted.pipeline, buffer, compress=3)
    kind, arrays = arrays_of(trained.fitted)
    return {
        pickle_of(trained.task.name): buffer.getvalue(),
        portable_of(trained.task.name): form.write(kind, arrays, trained.scaling),
    }


def record_of(trained: TrainedTarget) -> TargetRecord:
    """Put down what is known of a training."""
    task, best = trained.task, trained.contenders[0]
    return TargetRecord(
        classes=task.classes,
        seen_now=_seen(task),
        algorithm=best.candidate.name,
        calibrated=best.calibrated,
        rows=round(task.weight.sum()),
        counts=dict(zip(task.classes, _amounts(task.y, task), strict=True)),
        transitions=_transitions(task),
        candidates=tuple(_candidate(one, task) for one in trained.contenders),
        baseline=_figures("baseline", trained.baseline, trained.baseline.log_loss.value),
        confusion=best.scored.confusion,
        remarks=task.remarks,
        reference=_reference(trained),
    )


def _candidate(contender: TargetContender, task: Task) -> TargetCandidateRecord:
    candidate = contender.candidate
    found = _figures(candidate.name, contender.scored, contender.raw_log_loss)
    update = {
        "parameters": dict(candidate.parameters[task.name]),
        "seconds": round(contender.seconds, 1),
    }
    return found.model_copy(update=update)


def _figures(name: str, found: Scored, raw_log_loss: float) -> TargetCandidateRecord:
    return TargetCandidateRecord(
        name=name,
        log_loss=found.log_loss.value,
        log_loss_low=found.log_loss.low,
        log_loss_high=found.log_loss.high,
        log_loss_uncalibrated=raw_log_loss,
        macro_f1=found.macro_f1.value,
        macro_f1_low=found.macro_f1.low,
        macro_f1_high=found.macro_f1.high,
        balanced_accuracy=found.balanced_accuracy.value,
        accuracy=found.accuracy.value,
    )


def _amounts(places: Index, task: Task) -> list[int]:
    counted = np.bincount(places, task.weight, minlength=len(task.classes))
    return [round(amount) for amount in counted.tolist()]


def _seen(task: Task) -> tuple[str, ...]:
    if task.now is None:
        return ()
    present = np.unique(task.now)
    return tuple(str(status) for status in PodStatus if status.code in present)


def _transitions(task: Task) -> tuple[tuple[int, ...], ...]:
    if task.now is None:
        return ()
    found = np.zeros((N_STATUSES, len(task.classes)))
    np.add.at(found, (task.now, task.y), task.weight)
    return tuple(tuple(round(amount) for amount in row) for row in found.tolist())


def _reference(trained: TrainedTarget) -> TargetReference:
    """Rows of every class, every other one with the required features only, and odd ones."""
    task = trained.task
    order = np.argsort(task.y, kind="stable")
    chosen = order[np.linspace(0, len(order) - 1, REFERENCE_ROWS).astype(np.int64)]
    values: Array = task.x[chosen].astype(np.float64)
    values[1::2] = masking.required_only(values[1::2])
    odd = np.stack([np.full(values.shape[1], fill) for fill in (np.nan, 0.0, 1e9)])
    values = np.concatenate([values, odd, np.round(values[:4])])
    now = None if task.now is None else np.resize(task.now[chosen], len(values))
    return TargetReference(
        rows=tuple(tuple(None if np.isnan(v) else float(v) for v in row) for row in values),
        now=None if now is None else tuple(now.tolist()),
        shares=tuple(tuple(row) for row in trained.shares(values, now).tolist()),
    )
