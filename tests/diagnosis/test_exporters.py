"""Every wanted metric has an exporter, labels and readers."""

from __future__ import annotations

import pytest

from podforecast.diagnosis.exporters import (
    COUNTED,
    EXPORTERS,
    exporter_of,
    labels_of,
    own_metrics,
    signals_of,
)
from podforecast.domain.signals import SIGNAL_NAMES
from podforecast.telemetry.prometheus.queries import METRICS


@pytest.mark.parametrize("metric", METRICS)
def test_every_metric_is_read_by_a_signal_and_exported_by_somebody(metric):
    assert signals_of()[metric]
    assert any(metric.startswith(prefix) for prefix in exporter_of(metric).prefixes)
    assert labels_of(metric)


@pytest.mark.parametrize("exporter", EXPORTERS, ids=lambda exporter: exporter.name)
def test_every_exporter_is_wanted_and_says_how_to_get_it(exporter):
    assert [metric for metric in METRICS if exporter_of(metric) is exporter]
    assert exporter.fix.endswith(".")


def test_every_signal_hangs_on_a_metric():
    assert {name for names in signals_of().values() for name in names} == set(SIGNAL_NAMES)


@pytest.mark.parametrize("signal", SIGNAL_NAMES)
def test_every_signal_has_metrics_of_its_own_unless_pods_are_enough(signal):
    assert bool(own_metrics(signal)) == (signal not in COUNTED)
    assert "kube_pod_info" not in own_metrics(signal)


def test_a_log_counter_is_not_taken_for_one_of_cadvisor():
    assert exporter_of("container_log_messages_total").name == "log counters"
    assert exporter_of("container_cpu_usage_seconds_total").name == "cAdvisor"
