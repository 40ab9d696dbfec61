"""Alertmanager is told the whole truth, again and again: against a real one."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import timedelta

import pytest

from podforecast.alerting.channels import alertmanager as module
from podforecast.alerting.channels.alertmanager import PATH, AlertmanagerChannel
from podforecast.alerting.channels.posting import Address, Poster
from podforecast.alerting.channels.wording import Links
from podforecast.alerting.tally import ChannelKind, Delivery, Tally
from podforecast.alerting.tracking import BLIND
from podforecast.domain.alerts import Standing, Why
from podforecast.domain.issues import IssueType
from tests.alerting.fleet import MEMORY, RULES, Policy, pod
from tests.alerting.receivers import Reply, eventually
from tests.telemetry.prometheus_server import free_port

LINKS = Links(runbook_url="https://wiki/runbook", dashboard_url="http://podforecast:8501/")


class FakeClock:
    """A fake: as late as the test says."""

    def __init__(self) -> None:
        self.seconds = time.time()

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock():
    return FakeClock()


@pytest.fixture
def channel_to(clock):
    made = []

    def make(url: str, *, timeout: float = 5.0, **address) -> AlertmanagerChannel:
        poster = Poster(
            Address(url=f"{url}/{PATH}", name="Alertmanager", timeout=timedelta(seconds=timeout),
                    **address)
        )  # fmt: skip
        made.append(AlertmanagerChannel(poster, links=LINKS, tally=Tally(), clock=clock))
        return made[-1]

    yield make
    for channel in made:
        channel.finish()
        channel.close()


def standing(*pods, policy: Policy | None = None, at: float | None = None) -> Standing:
    """What a policy has to say after one more scan, with alerts that begin at some time."""
    policy = Policy() if policy is None else policy
    changes = policy.scan(*pods)
    alerts = policy.state.told
    if at is not None:
        alerts = tuple(replace(alert, started_at=at) for alert in alerts)
    return Standing(at=policy.now, alerts=alerts, changes=changes, model_version="v1",
                    horizon=timedelta(minutes=5))  # fmt: skip


# ------------------------------------------------------------------ refused, slow, gone


@pytest.mark.parametrize(
    ("reply", "result", "told"),
    [
        pytest.param(Reply(503, "busy"), Delivery.FAILED, "answered 503 with 'busy'", id="503"),
        pytest.param(Reply(401, "no"), Delivery.REFUSED, "answered 401 with 'no'", id="401"),
        pytest.param(Reply(302, ""), Delivery.REFUSED, "answered 302", id="redirect"),
        pytest.param(Reply(200, "<html>", {"content-type": "text/html; charset=utf-8"}),
                     Delivery.REFUSED, "answered 200 with a web page", id="a web page"),
        pytest.param(Reply(hangs=True), Delivery.FAILED, "did not answer in time", id="hangs"),
        pytest.param(Reply(500, "x" * 100_000), Delivery.FAILED, "answered 500", id="long"),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_told_and_tried_again(webhook, channel_to, reply, result, told):
    channel = channel_to(webhook.url, timeout=0.3)
    webhook.replies.append(reply)
    channel._thread.wake = lambda: None
    channel.tell(standing(pod(0.9)))
    assert channel.work() <= module.LONGEST_WAIT
    assert told in channel.trouble.message
    assert len(channel.trouble.message) < 300
    assert channel._tally.deliveries[ChannelKind.ALERTMANAGER, result] == 1
    assert channel.work() == module.RESEND
    assert channel.trouble is None


def test_a_closed_port_is_waited_for_longer_and_longer(channel_to):
    channel = channel_to(f"http://127.0.0.1:{free_port()}")
    waits = [channel.work() for _ in range(6)]
    assert waits == [2.0, 4.0, 8.0, 16.0, 30.0, 30.0]
    assert "did not answer (ConnectError)" in channel.trouble.message


def test_that_it_takes_alerts_is_known_before_there_is_one(webhook, channel_to):
    channel = channel_to(webhook.url)
    channel.work()
    assert webhook.received[0][1] == []
    assert sum(channel._tally.deliveries.values()) == 0


def test_the_token_is_read_again_for_every_request(webhook, channel_to, tmp_path):
    token = tmp_path / "token"
    token.write_text("first")
    channel = channel_to(webhook.url, token_file=token)
    channel.work()
    token.write_text("second\n")
    channel.work()
    token.unlink()
    channel.work()
    sent = [headers["Authorization"] for headers, _ in webhook.received]
    assert sent == ["Bearer first", "Bearer second"]
    assert "token file" in channel.trouble.message


def test_a_password_in_the_address_is_sent_as_basic_authentication(webhook, channel_to):
    channel = channel_to(webhook.url.replace("http://", "http://me:secret@"))
    channel.work()
    assert webhook.received[0][0]["Authorization"] == "Basic bWU6c2VjcmV0"


# ------------------------------------------------------------------ what is posted


def posted(channel, webhook, told: Standing) -> list[dict]:
    channel._thread.wake = lambda: None
    channel.tell(told)
    channel.work()
    return webhook.received[-1][1]


def test_odd_names_make_sane_labels(webhook, channel_to):
    odd = pod(0.9, "x\n\x00" + "y" * 400 + "-0")
    (alert,) = posted(channel_to(webhook.url), webhook, standing(odd))
    assert alert["labels"]["workload"].startswith("x  yyy")
    assert len(alert["labels"]["workload"]) == module.LONGEST_LABEL


def test_long_reasons_are_cut(webhook, channel_to):
    long = Why(cause=MEMORY.cause, reasons=("word " * 1000,))
    (alert,) = posted(channel_to(webhook.url), webhook, standing(pod(0.9, why=long)))
    assert len(alert["annotations"]["description"]) == module.LONGEST_ANNOTATION


def test_a_model_that_does_not_tell_kinds_of_trouble_makes_no_label_of_them(webhook, channel_to):
    silent = replace(MEMORY, issue_type=IssueType.NONE, issue_confidence=None)
    (alert,) = posted(channel_to(webhook.url), webhook, standing(pod(0.9, why=silent)))
    assert "issue_type" not in alert["labels"]
    assert "issue_confidence" not in alert["annotations"]


def test_no_label_changes_from_scan_to_scan(webhook, channel_to):
    channel, policy = channel_to(webhook.url), Policy()
    (first,) = posted(channel, webhook, standing(pod(0.8), policy=policy))
    (second,) = posted(channel, webhook, standing(pod(0.9), pod(0.8, "cart-1"), policy=policy))
    assert first["labels"] == second["labels"]
    assert first["annotations"] != second["annotations"]


def test_what_nobody_scanned_for_long_is_not_prolonged(webhook, channel_to, clock):
    channel = channel_to(webhook.url)
    assert len(posted(channel, webhook, standing(pod(0.9)))) == 1
    clock.seconds += BLIND.total_seconds() + 1
    channel.work()
    assert webhook.received[-1][1] == []


def test_the_end_of_an_alert_is_repeated_for_a_while(webhook, channel_to, clock):
    channel, policy = channel_to(webhook.url), Policy(replace(RULES, rest=timedelta(0)))
    posted(channel, webhook, standing(pod(0.9), policy=policy))
    ended_at = clock.seconds
    posted(channel, webhook, standing(pod(0.1), policy=policy))
    clock.seconds += module.RESOLVED_FOR
    channel.work()
    (alert,) = webhook.received[-1][1]
    assert alert["endsAt"] == module.utc(ended_at)
    clock.seconds += 1
    channel.work()
    assert webhook.received[-1][1] == []


def test_many_alerts_go_in_several_requests(webhook, channel_to):
    policy = Policy(replace(RULES, most_per_10_minutes=1000))
    crowd = [pod(0.9, f"w{i}-0") for i in range(150)]
    posted(channel_to(webhook.url), webhook, standing(*crowd, policy=policy))
    assert [len(body) for _, body in webhook.received] == [64, 64, 22]


def test_one_that_does_not_answer_is_not_asked_for_every_request(webhook, channel_to):
    webhook.replies.append(Reply(503))
    policy = Policy(replace(RULES, most_per_10_minutes=1000))
    crowd = [pod(0.9, f"w{i}-0") for i in range(150)]
    posted(channel_to(webhook.url), webhook, standing(*crowd, policy=policy))
    assert len(webhook.received) == 1


# ------------------------------------------------------------------ a real one


@pytest.mark.alertmanager
def test_an_alert_arrives_with_labels_numbers_and_what_to_do(alertmanager, channel_to):
    channel = channel_to(alertmanager.url)
    channel.tell(standing(pod(0.934), pod(0.8, "cart-1")))
    eventually(lambda: alertmanager.alerts(workload="cart"), "the alert is there")
    (alert,) = alertmanager.alerts(workload="cart")
    assert alert["labels"] == {
        "alertname": "PodFailureForecast", "severity": "critical", "cluster": "prod",
        "namespace": "shop", "workload": "cart", "cause": "memory",
        "issue_type": "resource_exhaustion",
    }  # fmt: skip
    said = alert["annotations"]
    assert said["summary"] == "2 pods of shop/cart are likely to fail within 5 min (up to 93 %)"
    assert said["pods"] == "cart-0 (93 %), cart-1 (80 %)"
    assert said["action"] == MEMORY.actions[0]
    assert said["runbook_url"] == "https://wiki/runbook#memory-runs-out"
    assert alert["generatorURL"] == "http://podforecast:8501/fleet?pod=shop%2Fcart-0"


@pytest.mark.alertmanager
def test_what_calms_down_is_resolved_there(alertmanager, channel_to):
    channel, policy = channel_to(alertmanager.url), Policy(replace(RULES, rest=timedelta(0)))
    channel.tell(standing(pod(0.9, "calm-0"), policy=policy))
    eventually(lambda: alertmanager.alerts(workload="calm"), "the alert is there")
    channel.tell(standing(pod(0.1, "calm-0"), policy=policy))
    eventually(lambda: not alertmanager.alerts(workload="calm"), "the alert is resolved")


@pytest.mark.alertmanager
def test_a_warning_that_becomes_critical_is_one_alert_there(alertmanager, channel_to):
    channel, policy = channel_to(alertmanager.url), Policy()
    channel.tell(standing(pod(0.6, "worse-0"), policy=policy))
    eventually(lambda: alertmanager.alerts(workload="worse", severity="warning"), "the warning")
    channel.tell(standing(pod(0.9, "worse-0"), policy=policy))
    eventually(lambda: alertmanager.alerts(workload="worse", severity="critical"), "critical")
    eventually(lambda: len(alertmanager.alerts(workload="worse")) == 1, "the warning has ended")


@pytest.mark.alertmanager
@pytest.mark.parametrize("off", [600.0, -600.0], ids=["ahead", "behind"])
def test_a_telemetry_clock_ten_minutes_off_is_taken(alertmanager, channel_to, clock, off):
    name = "ahead" if off > 0 else "behind"
    channel = channel_to(alertmanager.url)
    channel.tell(standing(pod(0.9, f"{name}-0"), at=clock.seconds + off))
    eventually(lambda: alertmanager.alerts(workload=name), "the alert is there")
    assert channel.trouble is None


@pytest.mark.alertmanager
def test_odd_names_are_taken(alertmanager, channel_to):
    channel = channel_to(alertmanager.url)
    channel.tell(standing(pod(0.9, 'ünï{}"\\\n-0')))
    eventually(lambda: alertmanager.alerts(workload='ünï{}"\\ '), "the alert is there")


@pytest.mark.alertmanager
def test_an_alertmanager_that_was_gone_is_told_again_by_itself(
    alertmanager, channel_to, monkeypatch
):
    monkeypatch.setattr(module, "RESEND", 0.05)
    monkeypatch.setattr(module, "LONGEST_WAIT", 0.05)
    channel = channel_to(alertmanager.url)
    channel.tell(standing(pod(0.9, "again-0")))
    eventually(lambda: alertmanager.alerts(workload="again"), "the alert is there")
    alertmanager.stop()
    eventually(lambda: channel.trouble is not None, "it is missed")
    alertmanager.start()
    eventually(lambda: alertmanager.alerts(workload="again"), "the alert is there again")
    eventually(lambda: channel.trouble is None, "all is well")
