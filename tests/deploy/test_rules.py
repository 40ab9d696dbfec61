"""The rules for Prometheus: valid, right, tested, and each with a way out in the runbook."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from podforecast.domain.catalogue import REQUIRED

ROOT = Path(__file__).parents[2]
RULES = ROOT / "k8s" / "monitoring" / "rules"
TESTS = Path(__file__).parent / "rules"
FILES = sorted(RULES.glob("*.yml"))
GROUPS = [group for file in FILES for group in yaml.safe_load(file.read_text())["groups"]]
ALL = [rule for group in GROUPS for rule in group["rules"]]
ALERTS = [rule for rule in ALL if "alert" in rule]
each_alert = pytest.mark.parametrize("alert", ALERTS, ids=lambda alert: alert["alert"])


def promtool(*arguments: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["promtool", *map(str, arguments)], capture_output=True, text=True, timeout=50
    )


def anchors(page: Path) -> set[str]:
    """Fragments that lead to the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.prometheus
def test_a_rule_that_is_no_promql_is_refused(tmp_path):
    wrong = tmp_path / "wrong.yml"
    wrong.write_text("groups: [{name: a, rules: [{record: b, expr: 'sum by ('}]}]")
    assert promtool("check", "rules", wrong).returncode == 1


@pytest.mark.prometheus
@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_the_rules_are_valid(file):
    done = promtool("check", "rules", file)
    assert done.returncode == 0, done.stderr


@pytest.mark.prometheus
@pytest.mark.parametrize("file", sorted(TESTS.glob("*.yml")), ids=lambda file: file.name)
def test_the_rules_say_what_they_should(file):
    done = promtool("test", "rules", file)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_every_file_of_rules_has_its_tests(file):
    tests = yaml.safe_load((TESTS / file.name).read_text())
    assert tests["rule_files"] == [f"../../../k8s/monitoring/rules/{file.name}"]


@each_alert
def test_an_alert_is_shown_to_fire_and_to_be_silent(alert):
    tests = yaml.safe_load((TESTS / "podforecast.yml").read_text())["tests"]
    asked = [each for test in tests for each in test["alert_rule_test"]
             if each["alertname"] == alert["alert"]]  # fmt: skip
    assert {bool(each.get("exp_alerts")) for each in asked} == {True, False}


@each_alert
def test_an_alert_says_how_grave_it_is_what_it_means_and_where_to_read_on(alert):
    assert alert["labels"]["severity"] in {"warning", "critical"}
    said = alert["annotations"]
    assert set(said) == {"summary", "description", "runbook_url"}
    assert "{{ $labels.pod }}" in said["summary"] + said["description"]
    page, _, anchor = said["runbook_url"].partition("#")
    assert anchor in anchors(ROOT / page)


@pytest.mark.parametrize("feature", REQUIRED, ids=lambda feature: feature.name)
def test_every_required_input_can_be_asked_for(feature):
    assert f"podforecast:{feature.name}" in {rule.get("record") for rule in ALL}


def test_rules_speak_of_series_that_the_service_has():
    source = "".join(path.read_text() for path in (ROOT / "podforecast/serving").rglob("*.py"))
    used = {name for rule in ALL for name in re.findall(r"\bpodforecast_\w+", rule["expr"])}
    missing = [
        name for name in used
        if f'"{name.removesuffix("_total")}"' not in source
        and f'_gauge("{name.removeprefix("podforecast_live_")}"' not in source
    ]  # fmt: skip
    assert used
    assert missing == []
