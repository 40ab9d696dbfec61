"""What the environment decides about one run of the app."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass


class SettingsRefused(ValueError):
    """An environment variable does not hold what it should."""


@dataclass(frozen=True, kw_only=True)
class Settings:
    """One run's settings; :meth:`from_environ` reads the ``LAB_*`` variables."""

    work_ms: float = 4.0
    """``LAB_WORK_MS``: CPU milliseconds one ``/work`` burns, on average."""
    warmup_seconds: float = 2.0
    """``LAB_WARMUP_SECONDS``: ``/readyz`` answers 503 for so long after the start."""
    pool_slots: int = 8
    """``LAB_POOL_SLOTS``: requests worked on at once; the others queue."""
    bad_config: bool = False
    """``LAB_BAD_CONFIG=1``: start, complain, exit 1 within a second."""

    @classmethod
    def from_environ(cls, environ: Mapping[str, str]) -> Settings:
        """Read the variables, keeping the defaults for those that are not set."""
        return cls(
            work_ms=_number(environ, "LAB_WORK_MS", cls.work_ms, minimum=0.0),
            warmup_seconds=_number(environ, "LAB_WARMUP_SECONDS", cls.warmup_seconds, minimum=0.0),
            pool_slots=int(_number(environ, "LAB_POOL_SLOTS", cls.pool_slots, minimum=1.0)),
            bad_config=environ.get("LAB_BAD_CONFIG", "") in {"1", "true"},
        )


def _number(environ: Mapping[str, str], name: str, default: float, *, minimum: float) -> float:
    text = environ.get(name, "")
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        raise SettingsRefused(f"{name}={text!r} is not a number") from None
    if not minimum <= value < math.inf:
        raise SettingsRefused(f"{name}={text!r} must be at least {minimum:g}")
    return value
