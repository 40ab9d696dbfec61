"""Who is hurt by what: active injections, and which of them a failure belongs to."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from dataclasses import dataclass, field, replace

from lab.campaign.schedule import FIRST_FAILURE_GAP_MINUTES, Injection
from lab.node_agent.state import Event

REPEAT_SECONDS = 60.0 * FIRST_FAILURE_GAP_MINUTES


@dataclass(slots=True, kw_only=True, eq=False)
class Active:
    """An injection under way on one pod, or on one workload's new pods."""

    injection: Injection
    subject: str
    """Uid of the pod, or ``namespace/name`` of the workload."""
    attempt: int = 0
    started_at: float = 0.0
    """When it really began; 0 until then."""
    failed: asyncio.Event = field(default_factory=asyncio.Event)


@dataclass(slots=True)
class Tally:
    """What a run has seen so far."""

    failures: Counter[str] = field(default_factory=Counter)
    first_failures: Counter[str] = field(default_factory=Counter)
    unexplained: int = 0
    started: Counter[str] = field(default_factory=Counter)
    skipped: int = 0


class Ledger:
    """Keeps what is active and attributes failures."""

    def __init__(self) -> None:
        self.tally = Tally()
        self._active: defaultdict[str, list[Active]] = defaultdict(list)
        self._last_failure: dict[str, float] = {}

    @property
    def faults(self) -> int:
        """Faults under way."""
        return sum(not a.injection.row.benign for actives in self._active.values() for a in actives)

    @property
    def lookalikes(self) -> int:
        """Look-alikes under way."""
        return sum(a.injection.row.benign for actives in self._active.values() for a in actives)

    def is_busy(self, subject: str) -> bool:
        """Whether anything is active on it."""
        return bool(self._active.get(subject))

    def begin(self, active: Active) -> None:
        """Take an injection up before it is sent: it may kill before its answer is read."""
        self._active[active.subject].append(active)

    def end(self, active: Active) -> None:
        """Forget an injection; a second time does nothing."""
        actives = self._active.get(active.subject, [])
        if active in actives:
            actives.remove(active)
        if not actives:
            self._active.pop(active.subject, None)

    def explain(self, event: Event) -> Event:
        """Add to a failure what it is due to and whether it repeats an earlier one."""
        actives = self._active.get(event.uid) or self._active.get(
            f"{event.namespace}/{event.workload}", []
        )
        blamed = _blame(actives, event)
        repeat = self._is_repeat(event)
        self._count(event, repeat=repeat, explained=blamed is not None)
        detail = {**event.detail, "repeat": repeat}
        if blamed is not None:
            detail |= {
                "injection": blamed.injection.id,
                "injection_kind": blamed.injection.kind,
                "sudden": blamed.injection.row.sudden,
                "since_onset_seconds": round(event.at - (blamed.started_at or event.at), 2),
            }
            blamed.failed.set()
        return replace(event, detail=detail)

    def _is_repeat(self, event: Event) -> bool:
        pod = f"{event.namespace}/{event.pod}"
        last = self._last_failure.get(pod)
        self._last_failure[pod] = event.at
        return last is not None and event.at - last < REPEAT_SECONDS

    def _count(self, event: Event, *, repeat: bool, explained: bool) -> None:
        cause = event.cause or ""
        self.tally.failures[cause] += 1
        if not repeat:
            self.tally.first_failures[cause] += 1
        self.tally.unexplained += not explained


def _blame(actives: list[Active], event: Event) -> Active | None:
    """Of several, the fault that ends this way; else the latest."""
    fitting = [active for active in actives if active.injection.row.cause == event.cause]
    candidates = fitting or actives
    return candidates[-1] if candidates else None
