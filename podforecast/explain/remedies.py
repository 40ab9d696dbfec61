"""What to do about one forecast: the rules that fit, in the pod's own numbers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from string import Formatter

from podforecast.domain.catalogue import CATALOGUE
from podforecast.domain.forecast import RiskLevel
from podforecast.domain.telemetry import Array
from podforecast.explain.addresses import PodAddress
from podforecast.explain.facts import Facts, facts
from podforecast.explain.phrases import PHRASES
from podforecast.explain.reasons import NEGLIGIBLE
from podforecast.explain.rules import RULES, WITHOUT_A_RULE, Rule

MOST_REMEDIES = 4
"""More is a manual, not advice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """Something to do, in words."""

    title: str
    description: str
    actions: tuple[str, ...]


def remedies(row: Array, parts: Array, *, pod: PodAddress, level: RiskLevel) -> tuple[Remedy, ...]:
    """Return what fits the pod, the weightiest first; never empty.

    Parameters
    ----------
    row
        Features in catalogue order, NaN = unknown, shape (n_features,).
    parts
        Log-odds that each adds, shape (n_features,). A rule fits where its signs show and
        what they are about raises the risk.
    """
    weighed = [(_weight(rule, row, parts), rule) for rule in RULES]
    fitting = sorted((w for w in weighed if w[0] > NEGLIGIBLE), key=lambda w: -w[0])
    rules = [rule for _, rule in fitting[:MOST_REMEDIES]]
    known = facts(row, pod)
    return tuple(_worded(rule, known) for rule in rules or [WITHOUT_A_RULE[level]])


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


def _worded(rule: Rule, known: Facts) -> Remedy:
    return Remedy(
        title=rule.title,
        description=" ".join(_filled(rule.description, known)),
        actions=tuple(_filled(rule.actions, known)),
    )


def _filled(texts: Iterable[str], known: Facts) -> Iterable[str]:
    """Put the numbers into those texts whose numbers are all known."""
    for text in texts:
        if all(name in known for _, name, _, _ in Formatter().parse(text) if name):
            yield text.format_map(known).strip()
