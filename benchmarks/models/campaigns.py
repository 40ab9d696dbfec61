"""The recorded campaigns, parted as ``evaluate_model.py`` does, and figures as JSON lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from podforecast.cli import training_data
from podforecast.domain.tables import concatenate
from podforecast.evaluation import measure
from podforecast.evaluation.trial import Method, Trial
from podforecast.model import splits
from podforecast.model.resampling import Interval

DATA = Path(__file__).parents[2] / "data"
ROUNDS = 500
SEED = 1

Line = Mapping[str, object]


def trial_of(data: Path = DATA, *, rounds: int = ROUNDS) -> Trial:
    """Read all campaigns: those of role train to learn from, those of role test to be judged on.

    Raises
    ------
    DataUnusable
        If either role has no campaign.
    """
    train = training_data.read(data).dataset
    unseen = training_data.read_campaigns(training_data.campaign_folders(data, "test"))
    both = concatenate([train, unseen])
    split = splits.campaign_split(both, unseen.campaigns)
    return Trial.of(both, split, rounds=rounds, rng=np.random.default_rng(SEED))


def ranking_line(trial: Trial, method: Method) -> Line:
    """ROC-AUC, average precision, and what each alert budget would have announced."""
    judged = measure.judge(trial, method)
    ranked = judged.ranked["all"]
    return {
        "method": method.name,
        "judged_on": [trial.test.campaigns[i] for i in np.unique(trial.test.campaign)],
        "rows": len(trial.test),
        "failures": ranked.failures,
        "prevalence": round(ranked.prevalence, 4),
        "roc_auc": rounded(ranked.roc_auc),
        "average_precision": rounded(ranked.average_precision),
        "operated": [
            {
                "false_per_100_pod_hours_allowed": point.budget_per_100_pod_hours,
                "false_per_100_pod_hours": rounded(point.false_per_100_pod_hours),
                "recall": {name: rounded(found.share) for name, found in point.recall.items()
                           if name in {"all", "with_precursor"}},
            }
            for point in judged.operated
        ],
    }  # fmt: skip


def difference_lines(trial: Trial, first: Method, others: Sequence[Method]) -> list[Line]:
    """First minus each other, in the same draws of pods."""
    return [
        {
            "difference": f"{one.first} - {one.second}",
            "metric": one.metric,
            "value": rounded(one.difference),
            "settled": one.settled,
        }
        for one in measure.differences(trial, first, others)
    ]


def rounded(found: Interval) -> list[float]:
    """Value and bounds of 95 %."""
    return [round(found.value, 4), round(found.low, 4), round(found.high, 4)]
