"""All checks, in the order in which a reader would ask."""

from __future__ import annotations

from collections.abc import Sequence

from podforecast.diagnosis.facts import Facts
from podforecast.diagnosis.finding import Finding
from podforecast.diagnosis.fleet_checks import FLEET_CHECKS
from podforecast.diagnosis.metric_checks import metrics_by_exporter
from podforecast.diagnosis.server_checks import SERVER_CHECKS
from podforecast.model.curves import GroupImportance


def examine(facts: Facts, importances: Sequence[GroupImportance] = ()) -> tuple[Finding, ...]:
    """Judge facts.

    Parameters
    ----------
    facts
        What a Prometheus answered.
    importances
        Of the groups of features of the model that will read them; none where there is no model.
    """
    return (
        *(finding for check in SERVER_CHECKS for finding in check(facts)),
        *metrics_by_exporter(facts, importances),
        *(finding for check in FLEET_CHECKS for finding in check(facts)),
    )
