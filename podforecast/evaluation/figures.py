"""What an evaluation finds, as values: the tables, the plots and the JSON all read these."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from podforecast.evaluation.class_figures import TargetResult
from podforecast.model.importance import Importance
from podforecast.model.resampling import Interval

Kind = Literal["model", "candidate", "rule", "leak check"]
Situation = Literal["all features", "12 inputs"]
ALL_FEATURES: Situation = "all features"
REQUIRED_ONLY: Situation = "12 inputs"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """Which rows a table is about."""

    campaigns: tuple[str, ...]
    rows: int
    pods: int
    workloads: int
    pod_hours: float
    failures: int
    """Those that at least one row announces."""
    never_scored: int
    """Failures without a row before them that may be scored; in no recall."""
    prevalence: float
    """Share of rows with a failure within the horizon."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """How well scores part the rows that announce some failures from those that announce none."""

    failures: int
    prevalence: float
    """What a random score reaches in average precision."""
    roc_auc: Interval
    average_precision: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Calibrated:
    """How honest probabilities are."""

    brier: Interval
    brier_of_prevalence: float
    """What the prevalence, said of every row, would score."""
    calibration_error: Interval
    bins: tuple[tuple[float, float, float], ...]
    """Mean probability, observed rate, share of rows; equally many rows in each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recall:
    """How many of some failures were announced within the horizon before them."""

    failures: int
    caught: int
    share: Interval
    lead_minutes_median: float
    """Of those caught; NaN if none was."""
    lead_minutes_p10: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Operated:
    """What an operator would have lived through at one threshold."""

    budget_per_100_pod_hours: float | None
    """What the threshold was chosen for, on calibration rows; None for a rule as people run it."""
    threshold: float
    allowed: float | None
    """False alarms the budget allows on the judged rows, in all."""
    resolvable: bool
    """False where either set of rows is too small to tell this budget from half or twice of it."""
    notifications: int
    false_alarms: int
    false_per_100_pod_hours: Interval
    precision: Interval
    recall: Mapping[str, Recall]
    """By subset of failures."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """Everything measured of one method on the rows of one split."""

    name: str
    title: str
    kind: Kind
    ranked: Mapping[str, Ranked]
    """By subset of failures."""
    calibrated: Calibrated | None = None
    """None for scores that are no probabilities."""
    operated: tuple[Operated, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """First minus second, measured on the same rows and the same draws of pods."""

    first: str
    second: str
    metric: str
    difference: Interval

    @property
    def settled(self) -> bool:
        """Whether the interval leaves out 0."""
        return self.difference.low > 0 or self.difference.high < 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitResult:
    """One way to part the rows, and how every method did on it."""

    name: str
    meaning: str
    train: Sample
    test: Sample
    judgements: tuple[Judgement, ...]
    differences: tuple[Difference, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One canary: what was found, and what it has to be for the result to be believed."""

    name: str
    found: str
    expected: str
    passed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Confusion:
    """Rows by what was said at one threshold and what happened."""

    title: str
    threshold: float
    true_alarms: int
    """Said to be at risk, and a failure began within the horizon."""
    false_alarms: int
    missed: int
    quiet: int
    precision: Interval
    recall: Interval
    f1: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """Of how many failures the first reasons name the cause."""

    failures: int
    named: int
    share: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Naming:
    """Whether explanations name the injected cause, see :mod:`podforecast.evaluation.naming`."""

    announced: Named
    """With a precursor, and at risk within the horizon before."""
    with_precursor: Named
    """At risk or not."""
    by_first: Named
    """The same by the very first reason alone."""
    fixed_share: float
    """Of those with a precursor: named by one list of as many features for all of them, chosen in
    hindsight. What explanations have to be better than."""
    fixed_first: float
    """The same of one feature."""
    sudden: Named
    """Of those that have a signal of their own: some show one when they come again."""
    without_own_signal: int
    """Failures that nothing measured before them can name; in none of the shares."""
    by_fault: Mapping[str, Named]
    first_reasons: int
    """So many may name it."""
    milliseconds: float
    """Mean time of an explanation, contributions and reasons, one row at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A whole evaluation."""

    model_version: str
    algorithm: str
    horizon_minutes: float
    rounds: int
    """Of the bootstrap."""
    seed: int
    headline_split: str
    """Of unseen campaigns if there are any: the only one that judges the saved model itself."""
    splits: tuple[SplitResult, ...]
    checks: tuple[Check, ...]
    confusions: tuple[Confusion, ...] = ()
    """Of the headline split, at the threshold the service uses."""
    importances: tuple[Importance, ...] = ()
    naming: Naming | None = None
    targets: tuple[TargetResult, ...] = ()
    """What is forecast beside the failure, on the test campaigns."""
    """On unseen campaigns, by the model as it is served; None where no cause is known there."""

    def split(self, name: str) -> SplitResult:
        """Look up a split.

        Raises
        ------
        KeyError
            If it was not evaluated.
        """
        return {split.name: split for split in self.splits}[name]

    @property
    def headline(self) -> SplitResult:
        """The split that decides, and is drawn."""
        return self.split(self.headline_split)
