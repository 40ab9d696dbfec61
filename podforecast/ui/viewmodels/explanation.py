"""Why a forecast is what it is, and what to do, as a page shows it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from podforecast.api_schema.explanation import ExplanationOut, ReasonOut, RecommendationOut
from podforecast.ui.viewmodels.forecast import as_percent

COMMAND = "kubectl "
"""How an action begins that can be pasted into a terminal."""
RUNBOOK = "docs/runbook.md"
TIMES = "\N{MULTIPLICATION SIGN}"
MANY = "Many measurements, each a little"
NEAR_COPIES = "also what says nearly the same as the lines above"
SILENT = 0.01
"""Log-odds that no figure would show."""


@dataclass(frozen=True, slots=True)
class Effect:
    """How far something moves the odds: direction as sign and word, size as number and bar."""

    symbol: str
    word: str
    times: str
    share: float
    """Signed length of the bar: 1 for the largest of all that raise, -1 of all that lower."""

    @property
    def text(self) -> str:
        return f"{self.symbol} {self.word} {self.times}".strip()


@dataclass(frozen=True, slots=True)
class Line:
    """One reason."""

    fact: str
    remark: str
    """What is usual; may be empty."""
    effect: Effect


@dataclass(frozen=True, slots=True)
class Query:
    """How a reason is found again in Prometheus."""

    title: str
    promql: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WhyView:
    start: str
    lines: tuple[Line, ...]
    queries: tuple[Query, ...]
    """Of the reasons that one signal gives."""
    other: Line | None
    """All that has no line of its own; None where that is nothing."""


def why_view(explanation: ExplanationOut) -> WhyView:
    """Word an explanation; the longest bar is the largest contribution there is."""
    parts = [reason.contribution for reason in explanation.reasons]
    longest = max((abs(part) for part in (*parts, explanation.other)), default=0.0)
    lines = tuple(_line(reason, longest) for reason in explanation.reasons)
    rest = ("Everything else together", NEAR_COPIES) if lines else (MANY, "")
    spoken = abs(explanation.other) >= SILENT
    return WhyView(
        start=_start(explanation),
        lines=lines,
        queries=tuple(
            Query(f"{line.fact} ({reason.window})", reason.promql)
            for line, reason in zip(lines, explanation.reasons, strict=True)
            if reason.promql is not None
        ),
        other=Line(*rest, effect(explanation.other, longest)) if spoken else None,
    )


def _start(explanation: ExplanationOut) -> str:
    typical, here = probability_of(explanation.base_log_odds), probability_of(explanation.log_odds)
    if abs(explanation.log_odds - explanation.base_log_odds) < SILENT:
        return f"This pod is like a typical one, which has {as_percent(typical)}."
    return f"A typical pod has {as_percent(typical)}. This moves it to {as_percent(here)}:"


def _line(reason: ReasonOut, longest: float) -> Line:
    fact, _, remark = reason.sentence.removesuffix(".").partition("; ")
    return Line(fact, remark, effect(reason.contribution, longest))


def effect(contribution: float, longest: float) -> Effect:
    """Word a contribution in log-odds as a factor of the odds.

    >>> effect(0.693147, 1.0).text, effect(-0.693147, 1.0).text
    ('▲ raises × 2.0', '▼ lowers ÷ 2.0')
    """
    share = contribution / longest if longest else 0.0
    factor = math.exp(min(abs(contribution), 20.0))
    size = f"{factor:.1f}" if factor < 9.95 else f"{factor:.0f}" if factor < 1000 else "> 1000"
    if contribution >= 0:
        return Effect("▲", "raises", f"{TIMES} {size}", share)
    return Effect("▼", "lowers", f"÷ {size}", share)


def probability_of(log_odds: float) -> float:
    """Turn log-odds into a probability, without overflow.

    >>> probability_of(0.0), probability_of(-800.0)
    (0.5, 0.0)
    """
    if log_odds >= 0:
        return 1.0 / (1.0 + math.exp(-log_odds))
    odds = math.exp(log_odds)
    return odds / (1.0 + odds)


@dataclass(frozen=True, slots=True)
class Action:
    text: str
    is_command: bool


@dataclass(frozen=True, slots=True)
class RemedyView:
    title: str
    description: str
    actions: tuple[Action, ...]
    more: str = ""
    """Where to read on; may be empty."""


def remedy_views(recommendations: Sequence[RecommendationOut]) -> tuple[RemedyView, ...]:
    """Number what is recommended, if there is more than one, and tell commands from steps."""
    many = len(recommendations) > 1
    return tuple(
        RemedyView(
            title=f"{place}. {remedy.title}" if many else remedy.title,
            description=remedy.description,
            actions=as_actions(remedy.actions),
            more=f"{RUNBOOK}#{remedy.runbook}" if remedy.runbook else "",
        )
        for place, remedy in enumerate(recommendations, start=1)
    )


def as_actions(texts: Sequence[str]) -> tuple[Action, ...]:
    """Tell commands from steps."""
    return tuple(Action(text, text.startswith(COMMAND)) for text in texts)
