"""What alerting has done so far, in numbers that any thread may read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from enum import StrEnum
from threading import Lock

from podforecast.domain.alerts import Alert, Change, ChangeKind


class Delivery(StrEnum):
    """What came of one attempt to tell somebody."""

    OK = "ok"
    FAILED = "failed"
    """No answer, or one that says to come back; tried again."""
    REFUSED = "refused"
    """Answered that it never will."""
    DROPPED = "dropped"
    """Given up: too old, or too many were waiting."""


class ChannelKind(StrEnum):
    ALERTMANAGER = "alertmanager"
    WEBHOOK = "webhook"


class Tally:
    """Counts for ``/metrics``; knows nothing of Prometheus."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._changes: Counter[ChangeKind] = Counter()
        self._deliveries: Counter[tuple[ChannelKind, Delivery]] = Counter()
        self._firing = self._held_back = 0

    def stepped(self, alerts: Sequence[Alert], changes: Sequence[Change]) -> None:
        """Count one step of the policy.

        Parameters
        ----------
        alerts
            All that last, those held back included.
        """
        with self._lock:
            self._changes.update(change.kind for change in changes)
            self._firing = sum(alert.told for alert in alerts)
            self._held_back = len(alerts) - self._firing

    def delivered(self, channel: ChannelKind, result: Delivery) -> None:
        """Count one attempt to tell somebody."""
        with self._lock:
            self._deliveries[channel, result] += 1

    @property
    def standing(self) -> Mapping[str, int]:
        """How many alerts there are, by state."""
        with self._lock:
            return {"firing": self._firing, "held_back": self._held_back}

    @property
    def changes(self) -> Mapping[ChangeKind, int]:
        """How often each kind of change has happened."""
        with self._lock:
            return {kind: self._changes[kind] for kind in ChangeKind}

    @property
    def deliveries(self) -> Mapping[tuple[ChannelKind, Delivery], int]:
        """How often an attempt ended how, by channel."""
        with self._lock:
            return {
                (channel, result): self._deliveries[channel, result]
                for channel in ChannelKind
                for result in Delivery
            }
