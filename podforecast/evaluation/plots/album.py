"""All pictures of an evaluation, with the captions a report shows them under."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from matplotlib.figure import Figure

from podforecast.errors import ConfigurationError
from podforecast.evaluation.judging import Judged
from podforecast.evaluation.plots.alarms import alarms_against_budget, lead_times
from podforecast.evaluation.plots.calibration import calibration
from podforecast.evaluation.plots.classes import class_matrices
from podforecast.evaluation.plots.confusion import confusion_matrices
from podforecast.evaluation.plots.curves import precision_recall, roc
from podforecast.evaluation.plots.importance import importance
from podforecast.evaluation.run import Outcome


def figures(outcome: Outcome) -> dict[str, Figure]:
    """Every picture by file name, of the headline split; alarms only where failures are known."""
    judged = outcome.headline
    data = subtitle(judged)
    alarms = {
        "alarms.png": alarms_against_budget,
        "lead_times.png": lead_times,
    }
    rows = {
        "precision_recall.png": precision_recall,
        "roc.png": roc,
        "calibration.png": calibration,
    }
    wanted = alarms | rows if judged.result.test.failures else rows
    return {
        **{name: draw(judged, data) for name, draw in wanted.items()},
        "confusion.png": confusion_matrices(outcome.report.confusions, data),
        **{
            f"{target.name}_confusion.png": class_matrices(target)
            for target in outcome.report.targets
        },
        "importance.png": importance(outcome.report.importances, data),
    }


def subtitle(judged: Judged) -> str:
    """Name split, data and prevalence under every title."""
    test = judged.result.test
    return (
        f"{judged.result.name} split: {', '.join(test.campaigns)}; {test.pods} pods,"
        f" {test.pod_hours:.0f} pod-hours, {test.failures} failures,"
        f" prevalence {test.prevalence:.3f}"
    )


def write(drawn: Mapping[str, Figure], folder: Path) -> list[Path]:
    """Save pictures under their names; returns the files.

    Raises
    ------
    ConfigurationError
        If the folder can not be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        paths = []
        for name, figure in drawn.items():
            figure.savefig(folder / name)
            paths.append(folder / name)
    except OSError as exc:
        raise ConfigurationError(
            f"{folder}/ can not be written: {exc.strerror or exc}",
            hint="Choose another folder with --out.",
        ) from exc
    return paths
