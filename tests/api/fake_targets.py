"""Models of targets that nobody trained: memory names the trouble, the status now what follows."""

from __future__ import annotations

import numpy as np

from podforecast.domain.catalogue import feature_index
from podforecast.domain.pods import PodStatus
from podforecast.model.manifest import TargetCandidateRecord, TargetRecord, TargetReference
from podforecast.model.targets.forecaster import IssueModel, StatusModel, Targets
from podforecast.model.targets.scaling import Scaling

MEMORY = feature_index("memory_usage_pct")
FIGURES = TargetCandidateRecord(
    name="fake", log_loss=0.3, log_loss_low=0.2, log_loss_high=0.4, log_loss_uncalibrated=0.3,
    macro_f1=0.8, macro_f1_low=0.7, macro_f1_high=0.9, balanced_accuracy=0.8, accuracy=0.9,
)  # fmt: skip


class FakeForm:
    """Answers shares that were written down: by memory use, or by the status now."""

    n_classes = 3

    def shares(self, values, now):
        if now is None:
            full = values[:, MEMORY] > 80.0
            return np.where(full[:, None], [[0.1, 0.7, 0.2]], [[0.6, 0.3, 0.1]])
        runs = now == PodStatus.RUNNING.code
        return np.where(runs[:, None], [[0.9, 0.08, 0.02]], [[0.3, 0.6, 0.1]])


def record(*classes, **changes):
    fields = {
        "classes": classes,
        "algorithm": "fake",
        "calibrated": False,
        "rows": 100,
        "counts": dict.fromkeys(classes, 30),
        "candidates": (FIGURES,),
        "baseline": FIGURES,
        "confusion": (),
        "reference": TargetReference(rows=(), now=None, shares=()),
    }
    return TargetRecord(**(fields | changes))


def fake_targets():
    """No service disruption is known, and nothing of Pending pods."""
    issues = record("pod_failure", "resource_exhaustion", "network_issue")
    seen = ("Running", "CrashLoopBackOff", "Error")
    statuses = record("Running", "CrashLoopBackOff", "NotFound", seen_now=seen)
    return Targets(
        issue_type=IssueModel(FakeForm(), Scaling.none(3), issues),
        pod_status=StatusModel(FakeForm(), Scaling.none(3), statuses),
    )
