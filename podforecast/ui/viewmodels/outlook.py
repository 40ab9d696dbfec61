"""Which kind of trouble is ahead, and what status to expect, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from podforecast.api_schema.targets import IssueTypeOut, PodStatusOut
from podforecast.domain.issues import IssueType
from podforecast.ui.viewmodels.forecast import as_percent
from podforecast.ui.viewmodels.issues import ISSUE_SIGNS

WORTH_SAYING = 0.005
"""Smaller shares are left out of the list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlookView:
    """One forecast: what is likeliest, and all that may be."""

    title: str
    headline: str
    """Symbol, word and share."""
    sentence: str
    shares: tuple[str, ...]
    """Largest first; empty where there is one only."""


def issue_view(issue: IssueTypeOut) -> OutlookView:
    """Word the kind of trouble; a symbol stands beside every word."""
    sign = ISSUE_SIGNS[issue.type]
    return OutlookView(
        title="What kind of trouble",
        headline=f"{sign} · {as_percent(issue.confidence)}",
        sentence=sign.meaning,
        shares=_shares({str(ISSUE_SIGNS[kind]): p for kind, p in issue.distribution.items()}),
    )


def issue_in_words(issue: IssueType | None) -> str:
    """Word it for a cell; empty where nothing is named.

    >>> issue_in_words(IssueType.NETWORK_ISSUE), issue_in_words(IssueType.NONE)
    ('⇄ Network issue', '')
    """
    return "" if issue in (None, IssueType.NONE) else str(ISSUE_SIGNS[issue])


def status_view(status: PodStatusOut) -> OutlookView:
    """Word the status now and to expect."""
    if status.in_5_minutes is None or status.confidence is None:
        return OutlookView(
            title="Status in 5 minutes",
            headline=f"{status.now or 'Not known'} now",
            sentence="No training has seen what becomes of such a pod.",
            shares=(),
        )
    before = "Its status now is not known; it is taken to run."
    return OutlookView(
        title="Status in 5 minutes",
        headline=f"{status.in_5_minutes} · {as_percent(status.confidence)}",
        sentence=before if status.now is None else f"{status.now} now.",
        shares=_shares({str(name): p for name, p in (status.distribution or {}).items()}),
    )


def _shares(distribution: Mapping[str, float]) -> tuple[str, ...]:
    known = sorted(distribution.items(), key=lambda each: -each[1])
    shown = tuple(f"{name} {as_percent(share)}" for name, share in known if share >= WORTH_SAYING)
    return shown if len(shown) > 1 else ()
