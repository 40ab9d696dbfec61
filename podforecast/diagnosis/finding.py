"""What a check says: one line for a tired reader."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

State = Literal["ok", "missing", "wrong", "unknown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check and what came of it."""

    check: str
    state: State
    """``unknown`` where the server does not tell."""
    found: str
    cost: str = ""
    """What forecasts lose by it; empty where they lose nothing."""
    fix: str = ""
    """Exact flag, scrape job or setting."""
    fatal: bool = False
    """Without this nothing can be forecast."""


def usable(findings: Iterable[Finding]) -> bool:
    """Say whether forecasts can be had at all.

    >>> usable([Finding(check="credentials", state="wrong", found="401", fatal=True)])
    False
    """
    return not any(finding.fatal for finding in findings)
