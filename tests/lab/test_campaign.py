"""How a schedule is carried out, told, and recorded; with fakes for cluster and apps."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random
from typing import Any

import pytest

from lab.campaign.driver import Driver
from lab.campaign.events import JsonLines, read_events
from lab.campaign.ledger import Active, Ledger
from lab.campaign.load import Rhythm, workload_of
from lab.campaign.prometheus import PrometheusSettings, configuration
from lab.campaign.schedule import Injection
from lab.campaign.toggles import FailureToggles
from lab.campaign.wide import WideActions, choose_members
from lab.campaign.workloads import MIB
from lab.node_agent.state import (
    Container,
    ContainerSpec,
    Event,
    FailureCause,
    Node,
    NodeSpec,
    Pod,
    WorkloadSpec,
)

WEB = "shop/web"
INSTANT = 0.001
"""Minutes."""


def pod(name: str = "web-1", *, limit_mib: int = 96, node: str = "small") -> Pod:
    spec = ContainerSpec(memory_limit_bytes=limit_mib * MIB)
    return Pod(
        namespace="shop",
        name=name,
        uid=f"uid-{name}",
        workload="web",
        kind="Deployment",
        replicaset="web-abc",
        image="registry.lab/web:1",
        ip="127.9.0.1",
        created_at=0.0,
        containers=[Container(spec=spec, state="running", ready=True)],
        node=node,
    )


def injection(kind: str = "leak_linear", **changes: Any) -> Injection:
    plain = Injection(
        id="i1",
        onset_minutes=0.0,
        workload=WEB,
        slot=0,
        kind=kind,
        minutes=INSTANT,
        params={"mib_per_minute": 5.0},
    )
    return replace(plain, **changes)


def failure(at: float = 100.0, cause: FailureCause = "oom") -> Event:
    return Event(
        at=at,
        kind="failure",
        namespace="shop",
        pod="web-1",
        uid="uid-web-1",
        workload="web",
        cause=cause,
    )


@dataclass
class FakeCluster:
    pods: dict[str, Pod] = field(default_factory=lambda: {"shop/web-1": pod()})
    nodes: dict[str, Node] = field(
        default_factory=lambda: {
            name: Node(spec=NodeSpec(name=name, memory_bytes=size * MIB, cpu_cores=1))
            for name, size in (("big", 2000), ("small", 400))
        }
    )
    workloads: dict[str, WorkloadSpec] = field(
        default_factory=lambda: {
            WEB: WorkloadSpec(namespace="shop", name="web", replicas=3, image="registry.lab/web:1")
        }
    )
    calls: list[tuple[object, ...]] = field(default_factory=list)

    def kill_container(self, key: str, *, signal: int = 9) -> None:
        self.calls.append(("kill", key, signal))

    def rollout(
        self, workload: str, *, image: str | None = None, env: Mapping[str, str] | None = None
    ) -> None:
        self.calls.append(("rollout", workload, image, env))

    def rollback(self, workload: str) -> None:
        self.calls.append(("rollback", workload))

    def scale(self, workload: str, replicas: int) -> None:
        self.calls.append(("scale", workload, replicas))

    def lose_node(self, node: str, *, lost: bool) -> None:
        self.calls.append(("lose_node", lost))


@dataclass
class FakeApps:
    """Obeys, or not, and does something on the way."""

    obeys: bool = True
    on_switch: Callable[[], None] = lambda: None
    switched: list[tuple[str, Any]] = field(default_factory=list)

    async def switch(self, ip: str, toggle: str, state: Mapping[str, Any] | bool) -> bool:
        self.switched.append((toggle, state))
        self.on_switch()
        return self.obeys


@dataclass
class Stage:
    """A driver among fakes."""

    cluster: FakeCluster = field(default_factory=FakeCluster)
    apps: FakeApps = field(default_factory=FakeApps)
    ledger: Ledger = field(default_factory=Ledger)
    events: list[Event] = field(default_factory=list)
    available_mib: float = 200.0

    def play(self, *injections: Injection, minutes: float = 0.005) -> list[str]:
        async def available(_: str) -> float:
            return self.available_mib * MIB

        wide = WideActions(
            cluster=self.cluster,
            ledger=self.ledger,
            record=self.events.append,
            available_bytes=available,
            rng=Random(1),
        )
        driver = Driver(
            cluster=self.cluster,
            wide=wide,
            toggles=self.apps,
            ledger=self.ledger,
            record=self.events.append,
        )
        asyncio.run(driver.run(injections, minutes=minutes))
        return [event.kind for event in self.events]

    def fail(self, cause: FailureCause = "oom") -> None:
        self.events.append(self.ledger.explain(failure(cause=cause)))


class TestDriver:
    def test_says_nothing_when_the_app_does_not_obey(self) -> None:
        stage = Stage(apps=FakeApps(obeys=False))
        assert stage.play(injection()) == []
        assert not stage.ledger.is_busy("uid-web-1")

    def test_skips_a_pod_that_is_busy(self) -> None:
        stage = Stage()
        stage.ledger.begin(Active(injection=injection(), subject="uid-web-1"))
        assert stage.play(injection()) == []
        assert stage.ledger.tally.skipped == 1

    def test_skips_a_workload_without_a_ready_pod(self) -> None:
        stage = Stage()
        stage.cluster.pods["shop/web-1"].containers[0].ready = False
        assert stage.play(injection()) == []

    def test_switches_a_lookalike_off_in_time(self) -> None:
        stage = Stage()
        kinds = stage.play(injection("leak_that_stops"))
        assert kinds == ["benign_started", "benign_ended"]
        assert stage.events[-1].detail["outcome"] == "recovered"
        assert stage.apps.switched[-1] == ("memory_leak", False)

    def test_tells_the_app_how_long_a_lookalike_lasts(self) -> None:
        stage = Stage()
        stage.play(injection("leak_that_stops"))
        assert stage.apps.switched[0][1]["duration_seconds"] == pytest.approx(0.1)

    def test_a_fault_that_kills_before_its_answer_is_read_has_begun(self) -> None:
        stage = Stage(apps=FakeApps(obeys=False))
        stage.apps.on_switch = stage.fail
        assert stage.play(injection("crash")) == ["failure", "fault_started", "fault_ended"]

    def test_a_failure_carries_its_fault(self) -> None:
        stage = Stage()
        stage.apps.on_switch = stage.fail
        stage.play(injection())
        assert stage.events[0].detail["injection"] == "i1"
        assert stage.events[0].detail["repeat"] is False

    def test_a_fault_comes_back_as_often_as_it_repeats(self) -> None:
        stage = Stage()
        stage.apps.on_switch = stage.fail
        stage.play(injection(repeats=1), minutes=0.03)
        attempts = [e.detail["attempt"] for e in stage.events if e.kind == "fault_started"]
        assert attempts == [0, 1]

    def test_kills_from_outside(self) -> None:
        stage = Stage()
        stage.play(injection("outside_kill"))
        assert stage.cluster.calls == [("kill", "shop/web-1", 9)]

    def test_one_that_breaks_does_not_end_the_campaign(self) -> None:
        stage = Stage()
        broken = injection("scale", workload="shop/none", id="broken", params={"by": 1})
        assert "benign_ended" in stage.play(broken, injection("leak_that_stops"))


class TestWideActions:
    def test_a_bad_rollout_is_rolled_back(self) -> None:
        stage = Stage()
        assert stage.play(injection("bad_rollout", slot=-1)) == ["fault_started", "fault_ended"]
        assert [call[0] for call in stage.cluster.calls] == ["rollout", "rollback"]

    def test_a_workload_is_scaled_and_scaled_back(self) -> None:
        stage = Stage()
        stage.play(injection("scale", slot=-1, params={"by": 2}))
        assert stage.cluster.calls == [("scale", WEB, 5), ("scale", WEB, 3)]

    def test_a_lost_node_comes_back_when_the_campaign_ends_before(self) -> None:
        stage = Stage()
        stage.play(injection("lost_node", workload="", slot=-1, minutes=5.0))
        assert stage.cluster.calls == [("lose_node", True), ("lose_node", False)]

    def test_two_rollouts_of_one_workload_do_not_mix(self) -> None:
        stage = Stage()
        stage.play(
            injection("image_pull_error", slot=-1, minutes=5.0),
            injection("rollout", slot=-1, id="i2"),
        )
        assert [call[0] for call in stage.cluster.calls] == ["rollout"]

    def test_node_pressure_makes_pods_of_the_small_node_leak_together(self) -> None:
        stage = Stage()
        stage.cluster.pods = {f"shop/web-{n}": pod(f"web-{n}") for n in range(6)}
        stage.play(injection("node_pressure", workload="", slot=-1, params={"pods": 3}))
        started = [event for event in stage.events if event.kind == "fault_started"]
        assert len(started) == 3
        assert {event.node for event in started} == {"small"}

    def test_the_group_fills_the_node_before_its_own_limits(self) -> None:
        pods = [pod(f"web-{n}", limit_mib=48 + 8 * n) for n in range(8)]
        assert choose_members(pods, 150.0, least=3) == pods[:-4:-1]

    def test_a_node_with_too_much_room_is_left_alone(self) -> None:
        assert choose_members([pod()], 500.0, least=3) == []


class TestLedger:
    def test_a_failure_without_a_fault_is_unexplained(self) -> None:
        ledger = Ledger()
        assert "injection" not in ledger.explain(failure()).detail
        assert ledger.tally.unexplained == 1

    def test_of_two_faults_the_one_that_ends_this_way_is_blamed(self) -> None:
        ledger = Ledger()
        for kind in ("leak_linear", "cpu_ramp"):
            ledger.begin(Active(injection=injection(kind, id=kind), subject="uid-web-1"))
        assert ledger.explain(failure(cause="oom")).detail["injection"] == "leak_linear"

    def test_a_new_pod_of_a_bad_rollout_is_blamed_on_it(self) -> None:
        ledger = Ledger()
        ledger.begin(Active(injection=injection("bad_rollout"), subject=WEB))
        assert ledger.explain(failure(cause="exit")).detail["injection_kind"] == "bad_rollout"

    @pytest.mark.parametrize(("after", "repeat"), [(599.0, True), (601.0, False)])
    def test_a_failure_within_ten_minutes_repeats_the_last(
        self, after: float, repeat: bool
    ) -> None:
        ledger = Ledger()
        ledger.explain(failure(at=100.0))
        assert ledger.explain(failure(at=100.0 + after)).detail["repeat"] is repeat


class TestEvents:
    def test_come_back_as_they_were(self, tmp_path: Path) -> None:
        written = [failure(), Event(at=2.0, kind="rollout", workload="web", detail={"a": 1})]
        with JsonLines(tmp_path / "events.jsonl") as lines:
            for event in written:
                lines.write_event(event)
        assert list(read_events(tmp_path / "events.jsonl")) == written

    def test_a_line_cut_short_ends_the_reading(self, tmp_path: Path) -> None:
        path = tmp_path / "events.jsonl"
        path.write_text('{"at": 1.0, "kind": "rollout"}\n{"at": 2.0, "ki', encoding="utf-8")
        assert [event.at for event in read_events(path)] == [1.0]


class FakeServer:
    """Answers ``POST /failures`` with statuses in turn."""

    def __init__(self, *statuses: int) -> None:
        self._statuses = list(statuses)
        self.bodies: list[Any] = []

    async def post(self, ip: str, body: Mapping[str, Any]) -> int | None:
        self.bodies.append(body)
        return self._statuses.pop(0)


class TestFailureToggles:
    def _switch(self, monkeypatch: pytest.MonkeyPatch, server: FakeServer) -> bool:
        async def no_wait(_: float) -> None:
            return None

        def client(session: Any) -> Awaitable[bool]:
            toggles = FailureToggles(session)
            monkeypatch.setattr(toggles, "_post", server.post)
            return toggles.switch("127.9.0.1", "crash", True)

        monkeypatch.setattr("lab.campaign.toggles.asyncio.sleep", no_wait)
        return asyncio.run(client(None))  # type: ignore[arg-type]

    def test_refused_parameters_are_not_tried_again(self, monkeypatch: pytest.MonkeyPatch) -> None:
        server = FakeServer(422)
        assert not self._switch(monkeypatch, server)
        assert server.bodies == [{"crash": True}]

    def test_a_starving_app_gets_another_chance(self, monkeypatch: pytest.MonkeyPatch) -> None:
        assert self._switch(monkeypatch, FakeServer(500, 500, 200))


class TestLoad:
    @pytest.mark.parametrize(
        ("name", "workload"),
        [
            pytest.param("web-api-7c9-x2x", "shop/web-api", id="the longest name wins"),
            pytest.param("web-0", "shop/web", id="a StatefulSet's pod"),
            pytest.param("other-1", "", id="unknown"),
        ],
    )
    def test_finds_the_workload(self, name: str, workload: str) -> None:
        assert workload_of(name, "shop", {"shop/web": 1.0, "shop/web-api": 1.0}) == workload

    def test_stays_around_its_mean(self) -> None:
        rng = Random(1)
        rhythm = Rhythm.draw(rng, 0.5)
        rates = []
        for step in range(5000):
            rhythm.step(rng)
            rates.append(rhythm.rate(5.0 * step))
        assert 0.4 < sum(rates) / len(rates) < 0.65
        assert min(rates) > 0.15


def test_prometheus_scrapes_every_job_at_the_agents_port(tmp_path: Path) -> None:
    settings = PrometheusSettings(port=1, agent_port=19999, run_dir=tmp_path)
    config = configuration(settings)
    jobs = {job["job_name"]: json.dumps(job) for job in config["scrape_configs"]}
    assert set(jobs) == {"cadvisor", "kube-state-metrics", "probes", "node-exporter", "demo-app"}
    assert all("127.0.0.1:19999" in job for job in jobs.values())
    assert all('"honor_labels": true' in job for job in jobs.values())
