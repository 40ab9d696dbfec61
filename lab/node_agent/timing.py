"""How long things take in the lab's cluster, in one place, so that tests can hurry."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """Durations in seconds. The back-off values are the kubelet's."""

    creating_seconds: tuple[float, float] = (1.0, 4.0)
    """A container stays in ``ContainerCreating`` for a random time between these."""
    simultaneous_starts: int = 6
    terminated_seconds: tuple[float, float] = (0.5, 2.0)
    """An exit is noticed, and the restart considered, after a random time between these."""
    grace_seconds: float = 3.0
    """From SIGTERM to SIGKILL. The kubelet's default is 30; a lab has less patience."""
    backoff_first_seconds: float = 10.0
    backoff_limit_seconds: float = 300.0
    backoff_reset_seconds: float = 600.0
    """A container that ran this long restarts at once again."""
    scheduling_retry_seconds: float = 4.0
    reconcile_seconds: float = 1.0
    node_check_seconds: float = 5.0
    eviction_pause_seconds: float = 10.0
    """Between two evictions on one node, so that the first can take effect."""
    evicted_listed_seconds: float = 60.0
    node_unknown_after_seconds: float = 40.0
    """The node controller's grace period without a heartbeat."""
    autoscaler_window_seconds: float = 45.0


def next_backoff(previous_seconds: float, ran_seconds: float, timing: Timing) -> float:
    """Return how long to wait before the next restart; 0 means at once.

    >>> timing = Timing()
    >>> [next_backoff(seconds, 5.0, timing) for seconds in (-1.0, 0.0, 10.0, 160.0, 300.0)]
    [0.0, 10.0, 20.0, 300.0, 300.0]
    >>> next_backoff(300.0, 601.0, timing)
    0.0
    """
    if previous_seconds < 0 or ran_seconds >= timing.backoff_reset_seconds:
        return 0.0
    doubled = max(timing.backoff_first_seconds, 2 * previous_seconds)
    return min(doubled, timing.backoff_limit_seconds)
