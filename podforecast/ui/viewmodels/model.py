"""The model that answers, in words: where it comes from, and what it was compared with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from podforecast.api_schema.model import CandidateOut, ModelOut, TrainingDataOut
from podforecast.ui.viewmodels.connection import Tone
from podforecast.ui.viewmodels.numbers import grouped

HONEST = (
    "Every figure from here on was measured in cross-validation on the training campaigns."
    " How the model does on a campaign it never saw is in docs/results.md."
)


@dataclass(frozen=True, slots=True)
class Fact:
    label: str
    value: str
    help: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CandidateRow:
    """One line of the table; bounds of the interval for the plot."""

    name: str
    kept: bool
    roc_auc: float
    low: float
    high: float
    required_only: float
    average_precision: float
    brier: float
    note: str | None
    """Why it could not be kept."""

    @property
    def cells(self) -> dict[str, str]:
        """By column title."""
        return {
            "": "✔ answers" if self.kept else "compared only" if self.note else "",
            "candidate": self.name,
            "ROC-AUC [95 % interval]": f"{self.roc_auc:.3f} [{self.low:.3f}, {self.high:.3f}]",
            "with 12 inputs": f"{self.required_only:.3f}",
            "average precision": f"{self.average_precision:.3f}",
            "Brier score": f"{self.brier:.4f}",
        }


COLUMN_HELP = {
    "ROC-AUC [95 % interval]": "How often a moment before a failure scores higher than a quiet one;"
    " 0.5 is a coin. The interval is a bootstrap over pods.",
    "with 12 inputs": "ROC-AUC where every optional feature is unknown.",
    "average precision": "Area under the precision-recall curve; chance reaches the prevalence.",
    "Brier score": "Mean squared error of the calibrated probability; less is better.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelView:
    headline: str
    verdict: str
    tone: Tone
    model: tuple[Fact, ...]
    data: tuple[Fact, ...]
    candidates: tuple[CandidateRow, ...]
    comparison: str
    """What the table and its plot show, in a sentence."""


def model_view(model: ModelOut) -> ModelView:
    """Word what is known about the model."""
    return ModelView(
        headline=f"{model.algorithm} answers now",
        verdict=_verdict(model),
        tone="good" if model.beats_chance else "bad",
        model=(
            Fact("Version", model.model_version),
            Fact("Trained", f"{model.trained_at:%Y-%m-%d %H:%M} UTC"),
            Fact("Looks ahead", f"{model.horizon_minutes:g} minutes"),
            Fact("At risk from", f"{model.threshold:.1%}".replace("%", " %")),
        ),
        data=_data(model.data),
        candidates=tuple(_row(one, model.algorithm) for one in model.candidates),
        comparison=_comparison(model.candidates),
    )


def _verdict(model: ModelOut) -> str:
    if model.beats_chance:
        return "It ranks pods better than chance, with 95 % confidence."
    return (
        "It does not beat chance: the interval of its ROC-AUC reaches down to 0.5. Do not act on"
        " its forecasts; record more data and train again."
    )


def _data(data: TrainingDataOut) -> tuple[Fact, ...]:
    return (
        Fact("Campaigns", ", ".join(data.campaigns)),
        Fact("Pod-hours", grouped(data.pod_hours), f"{data.pods} pods"),
        Fact(
            "Failures",
            str(data.failures) if data.failures else "not counted",
            "Those that at least one moment announces; a plain table does not name them.",
        ),
        Fact(
            "Prevalence",
            f"{data.prevalence:.1%}".replace("%", " %"),
            "Share of moments (one pod at one time) with a failure within the horizon.",
        ),
    )


def _row(one: CandidateOut, kept: str) -> CandidateRow:
    return CandidateRow(
        name=one.name,
        kept=one.name == kept,
        roc_auc=one.roc_auc,
        low=one.roc_auc_low,
        high=one.roc_auc_high,
        required_only=one.roc_auc_required_only,
        average_precision=one.average_precision,
        brier=one.brier,
        note=one.note,
    )


def _comparison(candidates: tuple[CandidateOut, ...]) -> str:
    rivals = [one for one in candidates if not one.note]
    notes = [f"{one.name} is {one.note}." for one in candidates if one.note]
    return " ".join([_ranking(rivals), *notes])


def _ranking(candidates: Sequence[CandidateOut]) -> str:
    kept, best = candidates[0], max(candidates, key=lambda one: one.roc_auc)
    if len(candidates) == 1:
        return f"{kept.name} was the only candidate."
    if kept is not best:
        return (
            f"{best.name} ranks best, but can not be told from {kept.name}, which is kept because"
            " it catches more failures within the alert budget."
        )
    close = [one.name for one in candidates[1:] if one.roc_auc_high >= best.roc_auc]
    if not close:
        return f"{best.name} is ahead of the others by more than their intervals."
    return (
        f"{best.name} ranks best, but {' and '.join(close)} can not be told from it:"
        f" {'their intervals contain' if len(close) > 1 else 'its interval contains'} the value of"
        f" {best.name}."
    )
