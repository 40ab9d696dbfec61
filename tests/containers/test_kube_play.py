"""k8s/ by ``podman kube play``: a leak ends in a real kill, and the watcher said so before.

Real are the images, the pods' confinement, the kernel's accounting and its kill, the restart, the
Prometheus and the watcher. A stand-in says what a kubelet and kube-state-metrics would say.
"""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime
from pathlib import Path

import httpx
import pandas as pd
import pytest

from tests.containers.cluster import LEAKING_POD
from tests.containers.engine import wait_until
from tests.deploy.pod_rules import quantity

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.containers, pytest.mark.podman, pytest.mark.timeout(1800)]

POD = LEAKING_POD
SIBLING = "demo-2"
CONFINED = ("podforecast-api-1", "podforecast-watcher-1", "podforecast-dashboard-1", POD,
            "visitors-1", "prometheus-1")  # fmt: skip
BEGIN_SECONDS = 600
KILL_SECONDS = 400
NOTICE_SECONDS = 60
"""Four scrapes and scans."""


@pytest.fixture(scope="module")
def story(beginning):
    """Our pods, all played, and the watcher answering."""
    return beginning.result(timeout=BEGIN_SECONDS)


@pytest.fixture(scope="module")
def killed(story):
    """When the kernel ended the leaking pod."""
    wait_until(lambda: story.cluster.deaths(POD), seconds=KILL_SECONDS, what="the leak ended")
    wait_until(
        lambda: story.cluster.life(POD)["State"]["Running"], seconds=60, what="started again"
    )
    return datetime.fromisoformat(story.cluster.life(POD)["State"]["FinishedAt"]).timestamp()


def status_of(story, pod):
    process = story.cluster.life(pod)["State"]["Pid"]
    lines = Path(f"/proc/{process}/status").read_text().splitlines()
    return dict(line.split(":\t", 1) for line in lines if ":\t" in line)


@pytest.mark.parametrize("pod", CONFINED)
def test_a_pod_is_confined_as_its_manifest_says(story, pod):
    status = status_of(story, pod)
    assert int(status["Uid"].split()[0]) > 0
    assert int(status["CapEff"], 16) == 0
    assert status["NoNewPrivs"] == "1"
    assert status["Seccomp"] == "2"
    assert story.cluster.life(pod)["HostConfig"]["ReadonlyRootfs"]


@pytest.mark.parametrize("pod", CONFINED)
def test_a_pod_has_the_memory_that_its_manifest_says(story, pod):
    container = story.cluster.pods[pod].spec["containers"][0]
    limit = quantity(container["resources"]["limits"]["memory"])
    assert story.cluster.life(pod)["HostConfig"]["Memory"] == limit


def test_the_leak_ends_in_a_kill_by_the_kernel_and_a_restart(story, killed):
    assert story.cluster.deaths(POD) == [137]
    assert story.cluster.life(POD)["RestartCount"] == 1


def test_the_watcher_announced_the_kill_before_it_came(story, killed):
    announced = story.witness.announced(POD)
    assert announced, story.witness.seen[-1]
    first, said = announced[0]
    assert first < killed
    assert any("memory" in reason.lower() for reason in said["reasons"]), said


def test_nothing_was_announced_of_a_pod_that_did_not_leak(story, killed):
    assert story.cluster.deaths(SIBLING) == []
    assert story.witness.announced(SIBLING) == []


def asked(url):
    answer = httpx.get(url, timeout=10, trust_env=False)
    assert answer.is_success, answer.text
    return answer


def test_the_watcher_notices_the_kill(story, killed):
    url = f"{story.watcher}/pods/podforecast-demo/{POD}"
    wait_until(lambda: (asked(url).json()["pod"]["last_failure"] or {}).get("cause") == "oom",
               seconds=NOTICE_SECONDS, what="the kill was noticed")  # fmt: skip


def test_the_api_and_the_dashboard_show_the_fleet(story):
    fleet = asked(story.cluster.url("podforecast-api-1", 8000) + "/pods").json()
    assert {POD, SIBLING} <= {pod["name"] for pod in fleet["pods"]}
    asked(story.cluster.url("podforecast-dashboard-1", 8501) + "/_stcore/health")


def test_a_labelled_table_can_be_collected(story, killed, tmp_path):
    table = tmp_path / "metrics.csv"
    prometheus = story.cluster.url("prometheus-1", 9090)
    script = (sys.executable, "scripts/collect_metrics.py", "--prom-host", prometheus)
    command = [*script, "--duration", "240", "--output", str(table)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    rows = pd.read_csv(table)
    assert {POD, SIBLING} <= set(rows["pod_id"])
    assert rows.loc[rows["pod_id"] == POD, "memory_usage_pct"].max() > 80
