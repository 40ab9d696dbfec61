"""What alerting does, as series on ``/metrics``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from podforecast.alerting.tally import Tally


def show_alerts(followers: Iterable[object], registry: CollectorRegistry) -> None:
    """Add the series of those followers that alert; their module is not loaded to ask."""
    for follower in followers:
        tally = getattr(follower, "tally", None)
        if isinstance(tally, Tally):
            AlertMetrics(registry, tally)


class AlertMetrics(Collector):
    """Shows a tally when the page is read; every label value is out of a fixed set.

    >>> registry = CollectorRegistry()
    >>> AlertMetrics(registry, Tally())
    <podforecast.serving.fleet.alert_metrics.AlertMetrics object at ...>
    >>> registry.get_sample_value("podforecast_alerts", {"state": "firing"})
    0
    """

    def __init__(self, registry: CollectorRegistry, tally: Tally) -> None:
        self._tally = tally
        registry.register(self)

    def collect(self) -> Iterator[Metric]:
        """Read the tally."""
        alerts = GaugeMetricFamily(
            "podforecast_alerts",
            "Workloads at risk: told of one by one, or held back by the rate limit and counted.",
            labels=("state",),
        )
        for state, number in self._tally.standing.items():
            alerts.add_metric((state,), number)
        yield alerts
        changes = CounterMetricFamily(
            "podforecast_alert_changes",
            "What happened to alerts; muted and limited ones were kept from people.",
            labels=("kind",),
        )
        for kind, number in self._tally.changes.items():
            changes.add_metric((kind.value,), number)
        yield changes
        deliveries = CounterMetricFamily(
            "podforecast_alert_notifications",
            "Attempts to tell somebody.",
            labels=("channel", "result"),
        )
        for (channel, result), number in self._tally.deliveries.items():
            deliveries.add_metric((channel.value, result.value), number)
        yield deliveries
