"""Whether the service can do what it is there for, see docs/adr/0008-readiness.md."""

from __future__ import annotations

from podforecast.api_schema.service import Ready, ReadySource
from podforecast.errors import PodforecastError, TelemetryUnavailable
from podforecast.serving.state import ServiceState
from podforecast.watcher.status import SourceStatus


def readiness(state: ServiceState) -> Ready:
    """Say how ready it is.

    Raises
    ------
    ModelNotReady, ModelRefused
        If there is no model.
    TelemetryUnavailable
        If it only watches, and there is no scan that is fresh.
    """
    model, status = state.slot.model(), state.fleet.status()
    if state.options.headless:
        _require_fresh(status)
    return Ready(
        status="ready" if _is_well(status) else "degraded",
        model_version=model.manifest.model_version,
        path=model.path,
        path_reason=model.path_reason or None,
        targets_missing=dict(model.targets.missing),
        source=None if status is None else _source(status),
        troubles={} if status is None else _worded(status),
    )


def is_ready(state: ServiceState) -> bool:
    """Whether :func:`readiness` would answer."""
    try:
        readiness(state)
    except PodforecastError:
        return False
    return True


def _require_fresh(status: SourceStatus | None) -> None:
    if status is None:
        raise TelemetryUnavailable(
            "nothing is watched", hint="Set PODFORECAST_SOURCE=prometheus to watch a cluster."
        )
    if not status.is_fresh:
        hint = status.reason.hint if status.reason else "The next scan may be there in a moment."
        raise TelemetryUnavailable(status.detail, hint=hint)


def _is_well(status: SourceStatus | None) -> bool:
    return status is None or (status.state in {"starting", "live"} and not status.troubles)


def _source(status: SourceStatus) -> ReadySource:
    age = status.age_seconds
    return ReadySource(
        kind=status.facts.kind,
        state=status.state,
        detail=status.detail,
        age_seconds=None if age is None else round(age, 3),
    )


def _worded(status: SourceStatus) -> dict[str, str]:
    return {name: error.message for name, error in status.troubles.items()}
