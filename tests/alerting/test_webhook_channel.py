"""A webhook gets every change, in order, once if it can be: against a fake at the edge."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta

import pytest

from podforecast.alerting.channels import webhook as module
from podforecast.alerting.channels.posting import Address, Poster
from podforecast.alerting.channels.webhook import WebhookChannel
from podforecast.alerting.channels.wording import Links
from podforecast.alerting.tally import ChannelKind, Delivery, Tally
from podforecast.domain.alerts import Standing
from podforecast.errors import ConfigurationError
from tests.alerting.fleet import RULES, Policy, pod
from tests.alerting.receivers import FakeWebhook, Reply, eventually
from tests.telemetry.prometheus_server import free_port

HIDDEN = "/services/T0/s3cr3t?key=also"


class FakeClock:
    """A fake: as late as the test says."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


class ByHand(WebhookChannel):
    """Sends when the test calls ``work``; else as the real one."""

    def __init__(self, url: str, clock: FakeClock, timeout: float = 5.0) -> None:
        address = Address(url=url, name="webhook 1", timeout=timedelta(seconds=timeout))
        super().__init__(Poster(address), links=Links(), tally=Tally(), clock=clock,
                         chance=lambda: 1.0)  # fmt: skip
        self._thread.wake = lambda: None

    def count(self, result: Delivery) -> int:
        return self._tally.deliveries[ChannelKind.WEBHOOK, result]


@pytest.fixture
def clock():
    return FakeClock()


def news(*pods, policy: Policy | None = None) -> Standing:
    policy = Policy() if policy is None else policy
    changes = tuple(change for change in policy.scan(*pods) if change.kind.is_told)
    return Standing(at=policy.now, alerts=policy.state.told, changes=changes, model_version="v1",
                    horizon=timedelta(minutes=5))  # fmt: skip


@pytest.mark.parametrize(
    "url", ["no address", "ftp://host/s3cr3t", "https:///s3cr3t", "http://host:s3cr3t/x"],
)  # fmt: skip
def test_an_address_that_is_none_is_refused_without_being_shown(url, clock):
    with pytest.raises(ConfigurationError, match="webhook 1") as refused:
        ByHand(url, clock)
    assert "s3cr3t" not in f"{refused.value.message} {refused.value.hint}"


@pytest.mark.parametrize(
    "reply",
    [pytest.param(Reply(401), id="401"), pytest.param(Reply(404), id="404"),
     pytest.param(Reply(308, headers={"location": "/x"}), id="redirect"),
     pytest.param(Reply(200, "<html>", {"content-type": "text/html"}), id="a web page")],
)  # fmt: skip
def test_a_refusal_is_not_sent_again_and_stays_visible(webhook, clock, reply):
    channel = ByHand(webhook.url, clock)
    webhook.replies.append(reply)
    channel.tell(news(pod(0.9)))
    assert channel.work() == 0.0
    assert channel.work() == math.inf
    assert channel.count(Delivery.REFUSED) == len(webhook.received) == 1
    assert "not sent again" in channel.trouble.hint


@pytest.mark.parametrize(
    "reply",
    [pytest.param(Reply(503), id="503"), pytest.param(Reply(429), id="429"),
     pytest.param(Reply(hangs=True), id="hangs")],
)  # fmt: skip
def test_a_failure_is_sent_again_with_the_same_key_and_the_same_bytes(webhook, clock, reply):
    channel = ByHand(webhook.url, clock, timeout=0.2)
    webhook.replies.append(reply)
    channel.tell(news(pod(0.9)))
    assert channel.work() == 2.0
    assert channel.trouble is not None
    assert channel.work() == 0.0
    assert channel.trouble is None
    (first, one), (second, other) = webhook.received
    assert first["Idempotency-Key"] == second["Idempotency-Key"]
    assert one == other
    assert [channel.count(result) for result in Delivery] == [1, 1, 0, 0]


def test_a_closed_port_is_tried_less_and_less_often(clock):
    channel = ByHand(f"http://127.0.0.1:{free_port()}", clock)
    channel.tell(news(pod(0.9)))
    assert [channel.work() for _ in range(7)] == [2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]


def test_an_answer_may_ask_for_a_pause_but_not_for_a_long_one(webhook, clock):
    channel = ByHand(webhook.url, clock)
    webhook.replies += [Reply(429, headers={"retry-after": "7"}),
                        Reply(503, headers={"retry-after": "86400"})]  # fmt: skip
    channel.tell(news(pod(0.9)))
    assert [channel.work(), channel.work()] == [7.0, 60.0]


def test_jitter_takes_up_to_half_of_a_wait(clock):
    channel = ByHand(f"http://127.0.0.1:{free_port()}", clock)
    channel._chance = lambda: 0.0
    channel.tell(news(pod(0.9)))
    assert channel.work() == 1.0


def test_changes_arrive_in_order_with_a_key_each(webhook, clock):
    channel, policy = ByHand(webhook.url, clock), Policy(replace(RULES, rest=timedelta(0)))
    for probability in (0.6, 0.9, 0.1):
        channel.tell(news(pod(probability), policy=policy))
    while channel.work() == 0.0:
        pass
    assert [body["event"] for _, body in webhook.received] == ["raised", "worsened", "resolved"]
    keys = [headers["Idempotency-Key"] for headers, _ in webhook.received]
    identity = webhook.received[0][1]["alert"]["id"]
    assert keys == [f"{identity}-1", f"{identity}-2", f"{identity}-3"]


def test_nothing_is_sent_without_a_change(webhook, clock):
    channel, policy = ByHand(webhook.url, clock), Policy()
    channel.tell(news(pod(0.9), policy=policy))
    channel.tell(news(pod(0.9), policy=policy))
    assert [channel.work(), channel.work()] == [0.0, math.inf]


def test_old_news_is_given_up(webhook, clock, caplog):
    channel = ByHand(webhook.url, clock)
    channel.tell(news(pod(0.9)))
    clock.seconds += module.TOO_OLD + 1
    assert channel.work() == math.inf
    assert (webhook.received, channel.count(Delivery.DROPPED)) == ([], 1)
    assert "event=webhook_dropped" in caplog.text


def test_the_queue_is_bounded_and_the_oldest_go_first(webhook, clock, monkeypatch):
    monkeypatch.setattr(module, "MOST_WAITING", 2)
    channel = ByHand(webhook.url, clock)
    channel.tell(news(*(pod(0.9 - i / 100, f"w{i}-0") for i in range(5))))
    while channel.work() == 0.0:
        pass
    assert [body["alert"]["workload"] for _, body in webhook.received] == ["w3", "w4"]
    assert channel.count(Delivery.DROPPED) == 3


def test_what_waits_is_sent_when_the_service_ends(webhook):
    channel = WebhookChannel(
        Poster(Address(url=webhook.url, name="webhook 1")), links=Links(), tally=Tally()
    )
    channel.tell(news(pod(0.9)))
    channel.finish()
    channel.close()
    assert len(webhook.received) == 1


def test_what_can_not_be_sent_when_the_service_ends_is_counted(clock):
    channel = ByHand(f"http://127.0.0.1:{free_port()}", clock)
    channel.tell(news(pod(0.9)))
    channel.close()
    assert channel.count(Delivery.DROPPED) == 1


def test_a_thread_goes_on_after_a_fault_that_nobody_foresaw(webhook, monkeypatch, caplog):
    monkeypatch.setattr("podforecast.alerting.channels.sending.AFTER_A_FAULT", 0.01)
    channel = WebhookChannel(
        Poster(Address(url=webhook.url, name="webhook 1")), links=Links(), tally=Tally()
    )
    post, faults = channel._poster.post, iter([ZeroDivisionError("x")])

    def faulty(body, headers):
        for fault in faults:
            raise fault
        return post(body, headers)

    channel._poster.post = faulty
    channel.tell(news(pod(0.9)))
    eventually(lambda: webhook.received, "the change arrives")
    channel.finish()
    channel.close()
    assert "event=alert_sending_failed" in caplog.text


def test_an_address_is_never_logged(caplog):
    """Not even by the HTTP library, at the most talkative level."""
    caplog.set_level("DEBUG")
    with FakeWebhook().running() as fake:
        fake.replies += [Reply(503), Reply(404)]
        for url in (fake.url, f"http://127.0.0.1:{free_port()}"):
            channel = ByHand(url + HIDDEN, FakeClock())
            channel.tell(news(pod(0.9)))
            channel.work()
            channel.work()
            channel.close()
            assert channel.trouble is not None
            assert "s3cr3t" not in f"{channel.trouble.message}{channel._poster.__dict__['name']}"
        assert fake.received[0][0]["path"] == HIDDEN
    assert caplog.records
    assert "s3cr3t" not in caplog.text
    assert "also" not in caplog.text
    assert "s3cr3t" not in repr(Address(url=HIDDEN, name="webhook 1"))
