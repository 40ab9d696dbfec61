"""docs/alerts.md and the runbook say what the code does."""

from __future__ import annotations

import json
import re
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from podforecast.alerting.channels.alertmanager import AlertmanagerChannel
from podforecast.alerting.channels.documents import document
from podforecast.alerting.channels.posting import Answer
from podforecast.alerting.channels.wording import RUNBOOK_ENTRIES, Links
from podforecast.alerting.tally import Delivery, Tally
from podforecast.domain.alerts import Cause, ChangeKind, Standing
from tests.alerting.fleet import RULES, T0, Policy, kinds_of, pod
from tests.deploy.test_rules import anchors

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "alerts.md").read_text()
LINKS = Links(runbook_url="https://wiki.example/runbook", dashboard_url="https://pods.example")


def block(name: str, language: str) -> str:
    """The fenced block that follows the comment with its name."""
    found = re.search(rf"<!-- {name} -->\n```{language}\n(.*?)```", PAGE, re.DOTALL)
    assert found, f"docs/alerts.md has no block named {name}"
    return found[1]


def standing() -> Standing:
    policy = Policy()
    policy.scan(pod(0.62))
    changes = policy.scan(pod(0.934), pod(0.81, "cart-1"))
    return Standing(at=policy.now, alerts=policy.state.told, changes=changes,
                    model_version="20261121T101500-7f3a", horizon=timedelta(minutes=5))  # fmt: skip


class FakePoster:
    """A fake: keeps what it was to post."""

    name = "Alertmanager"

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    def post(self, body: bytes, headers: object) -> Answer:
        self.bodies.append(body)
        return Answer(Delivery.OK)


def test_the_example_for_alertmanager_is_what_is_posted():
    poster = FakePoster()
    channel = AlertmanagerChannel(poster, links=LINKS, tally=Tally(), clock=lambda: T0 + 20.0)
    channel._thread.wake = lambda: None
    channel.tell(standing())
    channel.work()
    assert json.loads(block("alertmanager", "json")) == json.loads(poster.bodies[0])


def test_the_example_for_webhooks_is_what_is_posted():
    told = standing()
    assert json.loads(block("webhook", "json")) == json.loads(
        document(told.changes[0], told, LINKS)
    )


def test_every_field_of_a_document_is_described():
    example = json.loads(block("webhook", "json"))
    fields = {f"alert.{name}" for name in example["alert"]} | set(example) - {"alert"}
    described = set(re.findall(r"^\| `([\w.]+)` \|", PAGE, re.MULTILINE))
    assert described >= fields


@pytest.mark.parametrize("word", [*Cause, *(kind for kind in ChangeKind if kind.is_told)])
def test_every_word_of_the_vocabulary_is_described(word):
    assert f"`{word}`" in PAGE


def test_the_timeline_is_what_the_policy_does():
    rows = [
        [cell.strip() for cell in row.strip("|").split("|")]
        for row in re.search(r"\| time .*?\n\n", PAGE, re.DOTALL)[0].splitlines()[2:]
        if row
    ]
    rules = replace(RULES, enter=0.5, leave=0.4, rest=timedelta(minutes=5))
    policy, last, before = Policy(rules), -15.0, pod(0.0)
    for time, shown, said, _ in rows:
        minutes, seconds = (int(part) for part in time.split(":"))
        at = 60.0 * minutes + seconds
        failing = shown == "failing"
        look = pod(None if failing else float(shown), failing=failing)
        kinds: list[str] = []
        while last < at - 15.0:
            # Between two rows every scan looks like the one before.
            last += 15.0
            kinds += kinds_of(policy.scan(before))
        last, before = at, look
        kinds += kinds_of(policy.scan(look))
        assert [f"`{kind}`" for kind in kinds] == ([said] if said else []), time


@pytest.mark.alertmanager
def test_amtool_takes_the_example_of_a_routing(tmp_path):
    config = tmp_path / "alertmanager.yml"
    config.write_text(block("routing", "yaml"))
    done = subprocess.run(
        ["amtool", "check-config", str(config)], capture_output=True, text=True, timeout=20
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.alertmanager
@pytest.mark.parametrize(
    ("labels", "receiver"),
    [
        pytest.param(["severity=critical", "cause=memory"], "on-call", id="critical"),
        pytest.param(["severity=warning", "cause=memory"], "chat", id="warning"),
        pytest.param(["severity=critical", "cause=node"], "platform-team", id="a node"),
    ],
)
def test_amtool_routes_as_the_page_says(tmp_path, labels, receiver):
    config = tmp_path / "alertmanager.yml"
    config.write_text(block("routing", "yaml"))
    done = subprocess.run(
        ["amtool", "config", "routes", "test", f"--config.file={config}",
         "alertname=PodFailureForecast", *labels],
        capture_output=True, text=True, timeout=20,
    )  # fmt: skip
    assert done.stdout.split() == [receiver]


def test_the_routing_groups_by_what_an_alert_is_known_by():
    routing = yaml.safe_load(block("routing", "yaml"))
    assert routing["route"]["group_by"] == ["alertname", "cluster", "namespace", "workload"]


@pytest.mark.parametrize("cause", Cause)
def test_every_cause_has_its_entry_in_the_runbook(cause):
    link = Links(runbook_url="https://wiki").runbook(cause)
    assert link.partition("#")[2] in anchors(ROOT / "docs" / "runbook.md")


def test_every_cause_has_a_heading():
    assert set(RUNBOOK_ENTRIES) == set(Cause)
