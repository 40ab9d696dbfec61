"""Facts about a Prometheus that nobody asked, and a model's importances that nobody measured."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from podforecast.diagnosis.facts import Copies, Facts, Fleet, Metric, Pace, Server
from podforecast.features.build import SIGNALS_READ
from podforecast.model.curves import GroupImportance
from podforecast.telemetry.prometheus.queries import METRICS

PODS = 100

IMPORTANCES = (
    GroupImportance(group="memory", features=("memory_usage_pct", "memory_growth_3m"),
                    loss=0.3, loss_low=0.2, loss_high=0.4),
    GroupImportance(group="file descriptors", features=("open_fds_pct", "open_fds_growth_10m"),
                    loss=0.1, loss_low=0.0, loss_high=0.2),
    GroupImportance(group="network and disk", features=("network_drops_per_s",),
                    loss=-0.1, loss_low=-0.2, loss_high=0.0),
)  # fmt: skip


def server(**changes) -> Server:
    healthy = Server(
        address="http://prometheus:9090/",
        product="Prometheus",
        version="2.42.0",
        answered_seconds=0.02,
        skew_seconds=0.1,
        most_samples=50_000_000,
        tenant=False,
    )
    return replace(healthy, **changes)


def fleet(**changes) -> Fleet:
    healthy = Fleet(
        pods=PODS,
        pods_with=dict.fromkeys(SIGNALS_READ, PODS),
        scored=98,
        failing=1,
        insufficient=1,
        coverage=0.99,
        read_seconds=0.5,
    )
    return replace(healthy, **changes)


def pace(interval=15.0, age=4.0) -> Pace:
    return Pace(interval_seconds=interval, newest_age_seconds=age)


def facts(**changes) -> Facts:
    """A Prometheus that lacks nothing, but for what is said."""
    healthy = Facts(
        server=server(),
        metrics=dict.fromkeys(METRICS, Metric(series=PODS, labelled=PODS)),
        renamed_series=0,
        copies={"kube-state-metrics": Copies(most=1, labels={})},
        clusters={},
        paces=dict.fromkeys(("cAdvisor", "kube-state-metrics", "pod endpoints"), pace()),
        scrape_interval=timedelta(seconds=15),
        mute_annotation="podforecast.io/mute",
        muting=0,
        fleet=fleet(),
    )
    return replace(healthy, **changes)


def without(*signals: str, metrics: dict[str, Metric]) -> Facts:
    """No pod has some signals, and some metrics are as given."""
    healthy = facts()
    pods_with = {**healthy.fleet.pods_with, **dict.fromkeys(signals, 0)}
    return replace(
        healthy, metrics={**healthy.metrics, **metrics}, fleet=fleet(pods_with=pods_with)
    )


ABSENT = Metric(series=0, labelled=0)
UNLABELLED = Metric(series=PODS, labelled=0)
