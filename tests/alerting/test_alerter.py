"""From a snapshot to the channels, across restarts, with a store or without."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import timedelta
from types import SimpleNamespace

import numpy as np
import pytest
from prometheus_client import CollectorRegistry

from podforecast.alerting.tally import ChannelKind, Delivery, Tally
from podforecast.domain.alerts import Cause, Standing
from podforecast.domain.outcomes import Failure
from podforecast.domain.pods import FailureCause, PodRef
from podforecast.errors import ChannelFailed, ConfigurationError, StoreUnavailable
from podforecast.explain.explained import Explained
from podforecast.explain.phrases import Family
from podforecast.explain.reasons import Explanation, Reason
from podforecast.explain.remedies import Remedy
from podforecast.serving.fleet.alert_metrics import show_alerts
from podforecast.store.store import ForecastStore
from podforecast.watcher.alerter import STORE_PAUSE, Alerter, AlertPlan, alerter_from
from podforecast.watcher.causes import CAUSES, cause_of
from podforecast.watcher.scan import DRAWN, PodIndex, Scan
from podforecast.watcher.snapshot import Snapshot, by_pod
from tests.alerting.fleet import SCAN, T0
from tests.alerting.receivers import Alertmanager, Reply, eventually

CART = PodRef("shop", "cart-0")
MODEL = SimpleNamespace(threshold=0.5, manifest=SimpleNamespace(model_version="v7"))
PLAN = AlertPlan(rest=timedelta(seconds=30), cluster="prod")


def reason(feature: str, value: float | None = 1.0, *, raises: bool = True) -> Reason:
    return Reason(feature=feature, value=value, unit="", window="now", promql=None,
                  typical_low=None, typical_high=None, typical_of=None,
                  contribution=1.0 if raises else -1.0, direction="raises" if raises else "lowers",
                  sentence=f"{feature} speaks.")  # fmt: skip


def explanation(*reasons: Reason) -> Explanation:
    return Explanation(method="path", base_log_odds=0.0, log_odds=1.0, reasons=reasons, other=0.0)


WHY = Explained(
    explanation=explanation(reason("cpu_usage_pct"), reason("replica_count", raises=False)),
    remedies=(Remedy(title="CPU is at its limit", description="It is.", actions=("wait",)),),
)


def snapshot(probabilities: dict[PodRef, float], n: int = 0, **more) -> Snapshot:
    """The n-th scan of a fleet; NaN stands for a pod with too little data."""
    pods, size = tuple(probabilities), len(probabilities)
    values = np.array(list(probabilities.values()), dtype=np.float64)
    scan = Scan(
        at=T0 + n * SCAN,
        index=PodIndex(pods, tuple(f"{p.namespace}/{p.name.rpartition('-')[0]}" for p in pods)),
        probability=values,
        at_risk=values >= MODEL.threshold,
        failing=np.array([pod in more.get("failing", ()) for pod in pods], dtype=np.bool_),
        coverage=np.ones(size),
        drawn=np.zeros((size, len(DRAWN))),
    )
    return Snapshot(scans=(scan,), features=np.zeros((size, 0)), told="", made_at=0.0, model=MODEL,
                    failures=more.get("failures", {}), muted=more.get("muted", frozenset()),
                    explained=more.get("explained", {CART: WHY}))  # fmt: skip


@dataclass
class FakeStore:
    """A fake: keeps documents in a dict, and is gone when the test says so."""

    kept: dict[str, bytes] = field(default_factory=dict)
    gone: bool = False
    asked: int = 0

    def recall(self, name: str) -> bytes | None:
        self._answer()
        return self.kept.get(name)

    def remember(self, name: str, document: bytes) -> None:
        self._answer()
        self.kept[name] = document

    def _answer(self) -> None:
        self.asked += 1
        if self.gone:
            raise StoreUnavailable("the database is gone")


@dataclass
class FakeChannel:
    """A fake: remembers what it was told."""

    kind: ChannelKind = ChannelKind.WEBHOOK
    trouble: ChannelFailed | None = None
    told: list[Standing] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)

    def tell(self, standing: Standing) -> None:
        self.told.append(standing)

    def finish(self) -> None:
        self.calls.append("finish")

    def close(self) -> None:
        self.calls.append("close")

    @property
    def events(self) -> list[str]:
        return [str(change.kind) for each in self.told for change in each.changes]


class FakeClock:
    """A fake: as late as the test says."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def store():
    return FakeStore()


@pytest.fixture
def channel():
    return FakeChannel()


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def alerter(store, channel, clock):
    def make(*channels, plan: AlertPlan = PLAN, tally: Tally | None = None) -> Alerter:
        return Alerter(plan, channels=channels or (channel,), recall=store.recall,
                       remember=store.remember, tally=tally or Tally(), clock=clock)  # fmt: skip

    return make


# ------------------------------------------------------------------ channels that fail


@pytest.mark.parametrize(
    ("troubles", "fails"),
    [
        pytest.param({"webhook": [True], "alertmanager": [False]}, True, id="all webhooks"),
        pytest.param({"alertmanager": [True, False]}, False, id="one Alertmanager of two"),
        pytest.param({"alertmanager": [True, True]}, True, id="both Alertmanagers"),
        pytest.param({"webhook": [False]}, False, id="none"),
    ],
)
def test_it_fails_while_no_channel_of_a_kind_takes_alerts(alerter, troubles, fails):
    gone = ChannelFailed("nobody is there")
    channels = [FakeChannel(ChannelKind(kind), gone if bad else None)
                for kind, states in troubles.items() for bad in states]  # fmt: skip
    told = alerter(*channels)
    if fails:
        with pytest.raises(ChannelFailed, match="nobody is there"):
            told.follow(snapshot({CART: 0.9}))
    else:
        told.follow(snapshot({CART: 0.9}))
    assert all(each.events == ["raised"] for each in channels)


@pytest.mark.parametrize(
    "plan",
    [pytest.param({"alertmanager_urls": ["am:9093"]}, id="Alertmanager"),
     pytest.param({"webhook_urls": ["hooks"]}, id="webhook")],
)  # fmt: skip
def test_an_address_that_is_none_is_refused(plan, store):
    with pytest.raises(ConfigurationError, match="address of"):
        alerter_from(AlertPlan(**plan), recall=store.recall, remember=store.remember)


# ------------------------------------------------------------------ what the policy is shown


def test_the_models_threshold_raises_an_alert_unless_another_is_set(alerter, channel):
    alerter().follow(snapshot({CART: 0.55}))
    assert channel.events == ["raised"]
    alerter(plan=AlertPlan(enter=0.6)).follow(snapshot({CART: 0.55}))
    assert channel.events == ["raised"]


def test_a_model_that_warns_of_nothing_raises_nothing(alerter, channel, monkeypatch):
    monkeypatch.setattr(MODEL, "threshold", float(np.nextafter(1.0, 2.0)))
    alerter().follow(snapshot({CART: 1.0}))
    assert channel.events == []


def test_an_alert_says_why_and_what_to_do(alerter, channel):
    alerter().follow(snapshot({CART: 0.9}))
    (alert,) = channel.told[0].alerts
    assert alert.fingerprint.owner == ("shop", "cart")
    assert alert.fingerprint.cause is Cause.CPU
    assert alert.why.reasons == ("cpu_usage_pct speaks.",)
    assert (alert.why.advice, alert.why.actions) == ("CPU is at its limit. It is.", ("wait",))
    assert channel.told[0].model_version == "v7"


def test_a_failure_that_the_source_knows_is_noted(alerter, channel):
    follower = alerter()
    follower.follow(snapshot({CART: 0.9}))
    failed = Failure(pod=CART, at=T0 + 5.0, cause=FailureCause.OOM, first=True)
    follower.follow(snapshot({CART: 0.2}, 1, failures=by_pod([failed])))
    assert channel.events == ["raised", "failed"]


def test_a_muted_pod_is_not_told_of(alerter, channel):
    alerter().follow(snapshot({CART: 0.9}, muted=frozenset({CART})))
    assert channel.told[0].changes == channel.told[0].alerts == ()


def test_a_scan_without_any_pod_is_no_news(alerter, channel):
    follower = alerter()
    follower.follow(snapshot({CART: 0.9}))
    for n in range(1, 6):
        follower.follow(snapshot({}, n))
    assert channel.events == ["raised"]
    assert len(channel.told[-1].alerts) == 1


def test_pods_that_are_calm_cost_the_policy_nothing(alerter, channel):
    follower = alerter()
    crowd = {PodRef("shop", f"calm-{i}"): 0.01 for i in range(1000)}
    follower.follow(snapshot(crowd | {CART: 0.9}))
    assert set(follower._state.pods) == {CART}


def test_every_family_of_reasons_has_its_place():
    assert set(CAUSES) == set(Family)


@pytest.mark.parametrize(
    ("reasons", "cause"),
    [
        pytest.param([], Cause.UNKNOWN, id="none"),
        pytest.param([reason("memory_usage_pct", raises=False)], Cause.UNKNOWN, id="lowers"),
        pytest.param([reason("disk_usage_pct", None)], Cause.UNKNOWN, id="was not measured"),
        pytest.param([reason("prometheus_anomaly_score"), reason("node_pressure_score")],
                     Cause.NODE, id="unusual, and a reason why"),
        pytest.param([reason("memory_growth_3m"), reason("cpu_usage_pct")], Cause.MEMORY,
                     id="the largest"),
    ],
)  # fmt: skip
def test_the_cause_is_that_of_the_leading_reason(reasons, cause):
    assert cause_of(explanation(*reasons)) is cause


# ------------------------------------------------------------------ restarts and the store


def test_a_restart_neither_repeats_nor_forgets_an_alert(alerter, channel):
    alerter().follow(snapshot({CART: 0.9}))
    after = alerter()
    after.follow(snapshot({CART: 0.9}, 1))
    assert channel.events == ["raised"]
    for n in range(2, 6):
        after.follow(snapshot({CART: 0.1}, n))
    assert channel.events == ["raised", "resolved"]


def test_a_restart_is_survived_in_the_real_store(channel, tmp_path):
    for n in range(2):
        store = ForecastStore.open(f"sqlite:///{tmp_path}/a.db", timeout=timedelta(seconds=5))
        follower = Alerter(PLAN, channels=[channel], recall=store.recall, remember=store.remember,
                           tally=Tally())  # fmt: skip
        follower.follow(snapshot({CART: 0.9}, n))
        store.close()
    assert channel.events == ["raised"]
    assert len(channel.told[-1].alerts) == 1


def test_a_memory_that_is_damaged_is_given_up_with_a_word(alerter, channel, store, caplog):
    store.kept["alerts"] = b"damaged"
    alerter().follow(snapshot({CART: 0.9}))
    assert channel.events == ["raised"]
    assert "event=alerts_not_recalled" in caplog.text


def test_without_a_store_alerts_go_on(alerter, channel, store, clock):
    store.gone = True
    follower = alerter()
    for n in range(4):
        follower.follow(snapshot({CART: 0.9}, n))
    assert channel.events == ["raised"]
    assert store.asked == 1, "a store that is gone is not waited for at every scan"
    store.gone = False
    clock.seconds += STORE_PAUSE
    follower.follow(snapshot({CART: 0.9}, 4))
    assert channel.events == ["raised"]
    assert "cart" in store.kept["alerts"].decode()


def test_a_store_that_goes_away_later_is_waited_for_once_a_minute(alerter, store, clock):
    follower = alerter()
    follower.follow(snapshot({CART: 0.9}))
    store.gone, before = True, store.asked
    for n in range(1, 5):
        follower.follow(snapshot({CART: 0.9}, n))
    assert store.asked == before + 1
    clock.seconds += STORE_PAUSE
    follower.follow(snapshot({CART: 0.9}, 5))
    assert store.asked == before + 2


def test_nothing_is_written_while_nothing_is_at_risk(alerter, store):
    follower = alerter()
    for n in range(3):
        follower.follow(snapshot({CART: 0.1}, n))
    assert store.asked == 2, "recalled, and written once"


def test_a_clock_that_was_set_back_keeps_alerts(alerter, channel):
    follower = alerter()
    follower.follow(snapshot({CART: 0.9}, 40))
    follower.start_over()
    follower.follow(snapshot({CART: 0.9}))
    assert channel.events == ["raised"]


def test_all_channels_finish_before_any_is_waited_for(alerter):
    order: list[str] = []
    one, other = FakeChannel(calls=order), FakeChannel(calls=order)
    alerter(one, other).close()
    assert order == ["finish", "finish", "close", "close"]


# ------------------------------------------------------------------ numbers, and all together


def test_metrics_tell_what_happens(alerter):
    registry, tally = CollectorRegistry(), Tally()
    show_alerts([SimpleNamespace(name="store"), alerter(tally=tally)], registry)
    follower = alerter(tally=tally, plan=AlertPlan(most_per_10_minutes=1))
    crowd = {PodRef("shop", f"w{i}-0"): 0.9 for i in range(3)}
    follower.follow(snapshot(crowd | {CART: 0.9}, muted=frozenset({CART})))
    tally.delivered(ChannelKind.WEBHOOK, Delivery.REFUSED)
    read = registry.get_sample_value
    assert read("podforecast_alerts", {"state": "firing"}) == 1
    assert read("podforecast_alerts", {"state": "held_back"}) == 2
    kinds = {kind: read("podforecast_alert_changes_total", {"kind": kind})
             for kind in ("raised", "limited", "muted", "resolved")}  # fmt: skip
    assert kinds == {"raised": 2, "limited": 2, "muted": 1, "resolved": 0}
    refused = {"channel": "webhook", "result": "refused"}
    assert read("podforecast_alert_notifications_total", refused) == 1


def test_receivers_that_hang_delay_no_scan(webhook, store):
    webhook.replies += [Reply(hangs=True), Reply(hangs=True)]
    plan = AlertPlan(alertmanager_urls=[webhook.url], webhook_urls=[webhook.url],
                     timeout=timedelta(seconds=10))  # fmt: skip
    follower = alerter_from(plan, recall=store.recall, remember=store.remember)
    follower.follow(snapshot({CART: 0.9}))
    eventually(lambda: len(webhook.received) == 2, "both hang")
    follower.follow(snapshot({CART: 0.9}, 1))
    assert not webhook.let_go.is_set(), "the second scan was told while both still hang"
    webhook.let_go.set()
    follower.close()


@pytest.mark.alertmanager
def test_every_alertmanager_and_every_webhook_is_told(
    alertmanager, tmp_path, webhook, store, caplog
):
    caplog.set_level("DEBUG")
    other = Alertmanager(tmp_path)
    other.start()
    plan = AlertPlan(alertmanager_urls=[alertmanager.url, f"{other.url}/"],
                     webhook_urls=[f"{webhook.url}/t0ken"])  # fmt: skip
    follower = alerter_from(plan, recall=store.recall, remember=store.remember)
    try:
        now = (time.time() - T0) // SCAN
        follower.follow(snapshot({CART: 0.9}, int(now)))
        for server in (alertmanager, other):
            eventually(lambda server=server: server.alerts(workload="cart"), "it was told")
        eventually(lambda: webhook.received, "the webhook was told")
    finally:
        follower.close()
        other.stop()
    assert webhook.received[0][1]["event"] == "raised"
    assert "t0ken" not in caplog.text
