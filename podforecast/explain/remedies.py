"""What to do about one forecast: the rules that fit, in the pod's own numbers."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from string import Formatter

import numpy as np

from podforecast.domain.catalogue import CATALOGUE
from podforecast.domain.forecast import RiskLevel
from podforecast.domain.issues import IssueType
from podforecast.domain.memory import MemorySize
from podforecast.domain.telemetry import Array
from podforecast.explain.addresses import PodAddress
from podforecast.explain.facts import Facts, facts
from podforecast.explain.memory_limits import MemoryRaise
from podforecast.explain.phrases import PHRASES
from podforecast.explain.reasons import NEGLIGIBLE
from podforecast.explain.rules import RULES, WITHOUT_A_RULE, Rule

MOST_REMEDIES = 4
"""More is a manual, not advice."""


Score = Callable[[Array], Array]
"""From rows of features, (n, n_features), to the probability of each, (n,)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """Something to do, in words."""

    title: str
    description: str
    actions: tuple[str, ...]
    issue_type: IssueType = IssueType.NONE
    """Kind of trouble that it is a way out of."""
    risk_before: float | None = None
    """What the model says of the pod as it is; None where ``risk_after`` is."""
    risk_after: float | None = None
    """What it says of the pod with the numbers that the action changes, and no others; None where
    it is not known how an action would change them."""
    runbook: str | None = None
    """Anchor of docs/runbook.md."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A pod that advice is wanted for."""

    row: Array
    """Features in catalogue order, NaN = unknown, shape (n_features,)."""
    parts: Array
    """Log-odds that each adds, shape (n_features,)."""
    pod: PodAddress
    level: RiskLevel
    memory: MemorySize | None = None
    """Where it is known."""


def remedies(case: Case, score: Score | None = None) -> tuple[Remedy, ...]:
    """Return what fits the pod, the weightiest first; never empty.

    A rule fits where its signs show and what they are about raises the risk.

    Parameters
    ----------
    case
        The pod.
    score
        The model, to ask what would be; None asks nothing.
    """
    weighed = [(_weight(rule, case.row, case.parts), rule) for rule in RULES]
    fitting = sorted((w for w in weighed if w[0] > NEGLIGIBLE), key=lambda w: -w[0])
    rules = [rule for _, rule in fitting[:MOST_REMEDIES]] or [WITHOUT_A_RULE[case.level]]
    raised = MemoryRaise.of(case.row, case.memory)
    known = facts(case.row, case.pod, raised)
    risks = None
    if score is not None and raised is not None and any(rule.raises_memory for rule in rules):
        risks = _risks(case.row, raised, score)
    return tuple(_worded(rule, known, risks if rule.raises_memory else None) for rule in rules)


def _risks(row: Array, raised: MemoryRaise, score: Score) -> tuple[float, float]:
    """Probability as the pod is, and as it would be under the higher limit."""
    before, after = score(np.stack([row, raised.applied(row)])).tolist()
    return before, after


def _weight(rule: Rule, row: Array, parts: Array) -> float:
    """Log-odds by which the families of its signs raise the risk; 0 where it does not fit."""
    if not all(sign.shows(row) for sign in rule.all_of):
        return 0.0
    shown = [sign for sign in rule.any_of if sign.shows(row)]
    if not shown:
        return 0.0
    families = {PHRASES[sign.feature].family for sign in (*shown, *rule.all_of)}
    return sum(
        float(part)
        for feature, part in zip(CATALOGUE, parts, strict=True)
        if part > 0 and PHRASES[feature.name].family in families
    )


def _worded(rule: Rule, known: Facts, risks: tuple[float, float] | None) -> Remedy:
    before, after = risks or (None, None)
    promise = [_promise(*risks)] if risks else []
    return Remedy(
        title=rule.title,
        description=" ".join([*_filled(rule.description, known), *promise]),
        actions=tuple(_filled(rule.actions, known)),
        issue_type=rule.issue,
        risk_before=before,
        risk_after=after,
        runbook=rule.runbook or None,
    )


def _promise(before: float, after: float) -> str:
    """Say what the model says of the higher limit, also where that is no comfort.

    >>> _promise(0.914, 0.216)
    'With the higher limit below, the risk would be 0.22 instead of 0.91 for now.'
    >>> _promise(0.914, 0.92)
    'The higher limit below alone would not lower the risk of 0.91.'
    """
    # Rounded up: never less than the model says.
    least = math.ceil(100.0 * after - 1e-9) / 100.0
    if least >= round(before, 2):
        return f"The higher limit below alone would not lower the risk of {before:.2f}."
    instead = f"{least:.2f} instead of {before:.2f}"
    return f"With the higher limit below, the risk would be {instead} for now."


def _filled(texts: Iterable[str], known: Facts) -> Iterable[str]:
    """Put the numbers into those texts whose numbers are all known."""
    for text in texts:
        if all(name in known for _, name, _, _ in Formatter().parse(text) if name):
            yield text.format_map(known).strip()
