"""The node agent's decisions, without processes."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from lab.errors import LabRefused
from lab.node_agent import cgroups
from lab.node_agent.autoscaler import desired_replicas
from lab.node_agent.cgroup import Limits
from lab.node_agent.cgroup_v2 import CgroupV2
from lab.node_agent.controllers import Controllers
from lab.node_agent.exposition import labels
from lab.node_agent.journal import Journal
from lab.node_agent.kubelet import Kubelet
from lab.node_agent.names import Addresses
from lab.node_agent.network import interface_counters
from lab.node_agent.pods import Pods
from lab.node_agent.scheduler import choose_node
from lab.node_agent.state import (
    AutoscalerSpec,
    Container,
    ContainerSpec,
    Event,
    Node,
    NodeSpec,
    Phase,
    Pod,
    WorkloadSpec,
)
from lab.node_agent.timing import Timing, next_backoff

MIB = 2**20
NOW = 1_800_000_000.0


class FakeUnifiedTree:
    """Files with the names and formats of a kernel's cgroup v2 tree; no kernel behind them."""

    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "cgroup.controllers").write_text("cpuset cpu io memory pids\n")

    def fill(self, path: str, **files: str) -> None:
        """Write control files; ``memory_stat`` becomes ``memory.stat``."""
        for name, content in files.items():
            (self.root / path / name.replace("_", ".", 1)).write_text(content)


class FakeKubelet(Kubelet):
    """Runs nothing: a started pod is running and becomes ready when the test says so."""

    def __init__(self) -> None:
        self.runs = {}

    def start(self, pod: Pod, node: str) -> None:
        """Show the pod as running."""
        pod.phase = Phase.RUNNING

    async def stop(self, pod: Pod) -> None:
        """Forget the pod at once."""


class Workshop:
    """Controllers over a fake kubelet, advanced step by step."""

    def __init__(self, spec: WorkloadSpec) -> None:
        self.events: list[Event] = []
        rng = random.Random(7)
        journal = Journal(self.events.append, lambda: NOW)
        self.pods = Pods(
            kubelet=FakeKubelet(),
            nodes={"n1": Node(spec=NodeSpec(name="n1", memory_bytes=4096 * MIB, cpu_cores=2))},
            journal=journal,
            timing=Timing(),
            rng=rng,
            addresses=Addresses("127.9"),
        )
        self.key = f"{spec.namespace}/{spec.name}"
        self.controllers = Controllers(
            pods=self.pods, journal=journal, rng=rng, clock=lambda: NOW, specs={self.key: spec}
        )
        self.controllers.start()

    @property
    def present(self) -> list[Pod]:
        """Pods that are not being deleted."""
        return self.controllers.pods_of(self.controllers.workloads[self.key])

    def mark_ready(self, *, image: str) -> None:
        """Let the pods of an image pass their readiness probe."""
        for pod in self.present:
            if pod.image == image:
                pod.containers[0].ready = True

    async def step(self) -> None:
        """Reconcile once and let deletions finish."""
        self.controllers.reconcile()
        await self.pods.tasks.finish()


def shop(**changes: object) -> WorkloadSpec:
    """Return a workload of three pods."""
    spec = WorkloadSpec(namespace="shop", name="web", replicas=3, created_at=NOW - 3600)
    return replace(spec, **changes)  # type: ignore[arg-type]


def pod_requesting(mib: int, *, node: str | None = None) -> Pod:
    """Return a pod that requests this much memory."""
    return Pod(
        namespace="shop",
        name=f"web-{mib}",
        uid=f"u{mib}",
        workload="web",
        kind="Deployment",
        replicaset="web-abc",
        image="registry.lab/demo:1",
        ip="127.9.1.1",
        created_at=NOW,
        containers=[Container(spec=ContainerSpec(memory_request_bytes=mib * MIB))],
        node=node,
    )


class TestCgroupV2:
    @pytest.fixture
    def tree(self, tmp_path: Path) -> FakeUnifiedTree:
        return FakeUnifiedTree(tmp_path)

    def test_is_preferred_where_the_machine_has_it(self, tree: FakeUnifiedTree) -> None:
        assert isinstance(cgroups.detect(tree.root), CgroupV2)

    def test_a_machine_without_accounting_is_refused(self, tmp_path: Path) -> None:
        with pytest.raises(LabRefused, match="No control groups"):
            cgroups.detect(tmp_path)

    def test_limits_are_written_in_its_units(self, tree: FakeUnifiedTree) -> None:
        group = cgroups.detect(tree.root).child("web")
        group.create(Limits(memory_bytes=64 * MIB, cpu_cores=0.05, cpu_shares=1024))

        folder = tree.root / "web"
        assert (folder / "memory.max").read_text() == str(64 * MIB)
        assert (folder / "cpu.max").read_text() == "5000 100000"
        assert (folder / "cpu.weight").read_text() == "39"

    def test_working_set_leaves_inactive_file_pages_out(self, tree: FakeUnifiedTree) -> None:
        group = cgroups.detect(tree.root).child("web")
        group.create()
        tree.fill(
            "web",
            memory_current="1000\n",
            memory_peak="1500\n",
            memory_stat="anon 600\nfile 350\ninactive_file 300\n",
            memory_events="low 0\nhigh 0\nmax 9\noom 2\noom_kill 1\n",
            memory_pressure="some avg10=0.00 avg60=0.00 avg300=0.00 total=2500000\n",
        )
        stats = group.memory()
        assert (stats.working_set_bytes, stats.rss_bytes, stats.oom_kills) == (700, 600, 1)
        assert stats.max_usage_bytes == 1500
        assert group.memory_waiting_seconds() == 2.5

    def test_cpu_counters_are_seconds(self, tree: FakeUnifiedTree) -> None:
        group = cgroups.detect(tree.root).child("web")
        group.create()
        tree.fill(
            "web",
            cpu_stat="usage_usec 2500000\nnr_periods 40\nnr_throttled 10\nthrottled_usec 500000\n",
        )
        stats = group.cpu()
        assert (stats.usage_seconds, stats.throttled_seconds) == (2.5, 0.5)
        assert (stats.periods, stats.throttled_periods) == (40, 10)


class TestBackoff:
    def test_first_restart_is_immediate_then_it_doubles_up_to_five_minutes(self) -> None:
        waits, previous = [], -1.0
        for _ in range(8):
            previous = next_backoff(previous, 1.0, Timing())
            waits.append(previous)
        assert waits == [0, 10, 20, 40, 80, 160, 300, 300]

    def test_ten_minutes_of_running_forgive_everything(self) -> None:
        assert next_backoff(300.0, 600.0, Timing()) == 0


class TestChooseNode:
    def test_none_without_room(self) -> None:
        node = Node(spec=NodeSpec(name="n1", memory_bytes=100 * MIB, cpu_cores=1))
        residents = [pod_requesting(60, node="n1")]
        assert choose_node(pod_requesting(50), [node], residents) is None

    def test_an_evicted_pod_takes_no_room(self) -> None:
        node = Node(spec=NodeSpec(name="n1", memory_bytes=100 * MIB, cpu_cores=1))
        evicted = pod_requesting(60, node="n1")
        evicted.phase = Phase.FAILED
        assert choose_node(pod_requesting(50), [node], [evicted]) == "n1"

    def test_the_emptiest_node_is_taken(self) -> None:
        nodes = [
            Node(spec=NodeSpec(name=name, memory_bytes=200 * MIB, cpu_cores=1))
            for name in ("n1", "n2")
        ]
        assert choose_node(pod_requesting(20), nodes, [pod_requesting(60, node="n1")]) == "n2"

    @pytest.mark.parametrize("trouble", ["lost", "memory_pressure"])
    def test_a_node_in_trouble_is_left_alone(self, trouble: str) -> None:
        node = Node(spec=NodeSpec(name="n1", memory_bytes=200 * MIB, cpu_cores=1))
        setattr(node, trouble, True)
        assert choose_node(pod_requesting(20), [node], []) is None


class TestControllers:
    def test_first_pods_are_as_old_as_their_workload_allows(self) -> None:
        workshop = Workshop(shop())
        assert all(NOW - 3600 <= pod.created_at <= NOW for pod in workshop.present)
        assert len({pod.created_at for pod in workshop.present}) == 3

    async def test_a_broken_rollout_stops_at_one_pod_until_it_is_rolled_back(self) -> None:
        workshop = Workshop(shop())
        workshop.mark_ready(image="registry.lab/demo:1")
        workshop.controllers.rollout(workshop.key, image="registry.lab/demo:2", env=None)
        for _ in range(5):
            await workshop.step()
        assert sorted(pod.image[-1] for pod in workshop.present) == ["1", "1", "1", "2"]

        workshop.controllers.rollback(workshop.key)
        for _ in range(5):
            await workshop.step()
        assert [pod.image[-1] for pod in workshop.present] == ["1", "1", "1"]

    @pytest.mark.parametrize("kind", ["Deployment", "StatefulSet"])
    async def test_a_good_rollout_replaces_every_pod_and_none_fails(self, kind: str) -> None:
        workshop = Workshop(shop(kind=kind))
        workshop.mark_ready(image="registry.lab/demo:1")
        workshop.controllers.rollout(workshop.key, image="registry.lab/demo:2", env=None)
        for _ in range(12):
            await workshop.step()
            workshop.mark_ready(image="registry.lab/demo:2")
            assert sum(pod.containers[0].ready for pod in workshop.present) >= 2
        assert [pod.image[-1] for pod in workshop.present] == ["2", "2", "2"]
        assert "failure" not in {event.kind for event in workshop.events}

    async def test_a_statefulset_keeps_its_names_but_not_its_uids(self) -> None:
        workshop = Workshop(shop(kind="StatefulSet"))
        before = {pod.name: pod.uid for pod in workshop.present}
        workshop.pods.delete(workshop.pods.table["shop/web-1"])
        await workshop.pods.tasks.finish()
        await workshop.step()
        after = {pod.name: pod.uid for pod in workshop.present}
        assert set(after) == {"web-0", "web-1", "web-2"}
        assert after["web-1"] != before["web-1"]

    async def test_scaling_down_takes_unready_pods_first(self) -> None:
        workshop = Workshop(shop())
        ready = workshop.present[0]
        ready.containers[0].ready = True
        workshop.controllers.scale(workshop.key, 1, by="operator")
        await workshop.step()
        assert workshop.present == [ready]


@pytest.mark.parametrize(
    ("share", "wanted"),
    [
        pytest.param(0.63, 3, id="within the tolerance"),
        pytest.param(0.9, 5, id="up"),
        pytest.param(0.1, 2, id="not below the minimum"),
        pytest.param(3.0, 6, id="not above the maximum"),
    ],
)
def test_the_autoscaler_aims_at_its_target(share: float, wanted: int) -> None:
    assert desired_replicas(3, share, AutoscalerSpec(min_replicas=2, max_replicas=6)) == wanted


def test_label_values_are_escaped_and_empty_ones_left_out() -> None:
    assert labels(pod='a"b\\c', container="") == r'pod="a\"b\\c"'


def test_network_counters_leave_loopback_out(tmp_path: Path) -> None:
    path = tmp_path / "dev"
    path.write_text(
        "Inter-|   Receive\n face |bytes\n"
        "    lo: 1 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n"
        "  eth0: 10 2 3 4 0 0 0 0 50 6 7 8 0 0 0 0\n"
    )
    counters = interface_counters(str(path))
    assert set(counters) == {"eth0"}
    assert counters["eth0"]["receive_packets_dropped"] == 4
    assert counters["eth0"]["transmit_bytes"] == 50
