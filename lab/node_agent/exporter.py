"""The HTTP side of the cluster: metrics under real names, and service discovery."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from lab.errors import LabRefused
from lab.node_agent import cadvisor, kube_objects, kube_state
from lab.node_agent.autoscaler import Autoscalers
from lab.node_agent.container import FIRST_PORT
from lab.node_agent.controllers import Controllers
from lab.node_agent.exposition import Page, labels
from lab.node_agent.kubelet import Kubelet
from lab.node_agent.node_exporter import NodeExporter
from lab.node_agent.nodes import NodeKeeper
from lab.node_agent.state import Node, Pod

TEXT = "text/plain; version=0.0.4"


@dataclass(slots=True, kw_only=True)
class Exporter:
    """Serves on 127.0.0.1; reads control groups only when asked."""

    port: int
    nodes: dict[str, Node]
    kubelet: Kubelet
    controllers: Controllers
    autoscalers: Autoscalers
    keeper: NodeKeeper
    clock: Callable[[], float]
    node_exporters: dict[str, NodeExporter] = field(default_factory=dict)
    _runner: web.AppRunner | None = None

    async def start(self) -> None:
        """Begin to listen.

        Raises
        ------
        LabRefused
            If the port is taken.
        """
        for name, node in self.nodes.items():
            cgroup = self.kubelet.node_cgroup(name)
            self.node_exporters[name] = NodeExporter(node.spec, cgroup, self.clock())
        app = web.Application()
        app.add_routes(
            [
                web.get("/metrics/cadvisor", self._cadvisor),
                web.get("/metrics/kube-state-metrics", self._kube_state),
                web.get("/metrics/probes", self._probes),
                web.get("/metrics/node/{node}", self._node),
                web.get("/sd/pods", self._discover_pods),
                web.get("/sd/nodes", self._discover_nodes),
            ]
        )
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        except OSError as error:
            raise LabRefused(
                f"Port {self.port} can not be listened on: {error.strerror}.",
                hint="Choose another --listen-port.",
            ) from error

    async def stop(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    async def _cadvisor(self, _: web.Request) -> web.Response:
        return _text(await cadvisor.render(self.kubelet, self.nodes))

    async def _kube_state(self, _: web.Request) -> web.Response:
        page = Page()
        for pod in self._pods():
            kube_state.add_pod(page, pod)
        for workload in self.controllers.workloads.values():
            kube_objects.add_workload(page, self.controllers, workload)
        for key, scaler in self.autoscalers.table.items():
            workload = self.controllers.workloads[key]
            current = len(self.controllers.pods_of(workload))
            kube_objects.add_autoscaler(page, workload, scaler, current)
        for name, node in self.nodes.items():
            kube_objects.add_node(page, node, unknown=self.keeper.is_unknown(name))
        return _text(page.text())

    async def _probes(self, _: web.Request) -> web.Response:
        page = Page()
        for pod in self._answering_pods():
            for container in pod.containers:
                for (kind, result), count in container.probe_results.items():
                    text = labels(
                        probe_type=kind,
                        result=result,
                        container=container.spec.name,
                        pod=pod.name,
                        namespace=pod.namespace,
                        pod_uid=pod.uid,
                    )
                    page.add("prober_probe_total", text, count)
        return _text(page.text())

    async def _node(self, request: web.Request) -> web.Response:
        exporter = self.node_exporters.get(request.match_info["node"])
        if exporter is None:
            raise web.HTTPNotFound
        if self.nodes[exporter.spec.name].lost:
            raise web.HTTPServiceUnavailable
        return _text(exporter.render(self.clock()))

    async def _discover_pods(self, _: web.Request) -> web.Response:
        return web.json_response(
            [target for pod in self._answering_pods() for target in _targets(pod)]
        )

    async def _discover_nodes(self, _: web.Request) -> web.Response:
        return web.json_response(
            [
                {
                    "targets": [f"127.0.0.1:{self.port}"],
                    "labels": {"__metrics_path__": f"/metrics/node/{name}", "instance": name},
                }
                for name in self.nodes
            ]
        )

    def _pods(self) -> Iterator[Pod]:
        yield from self.controllers.pods.table.values()

    def _answering_pods(self) -> Iterator[Pod]:
        for pod in self._pods():
            if pod.node is not None and not self.nodes[pod.node].lost:
                yield pod


def _targets(pod: Pod) -> Iterator[dict[str, Any]]:
    for index, container in enumerate(pod.containers):
        if container.state == "running":
            pod_labels = {"namespace": pod.namespace, "pod": pod.name, "node": pod.node or ""}
            yield {
                "targets": [f"{pod.ip}:{FIRST_PORT + index}"],
                "labels": {**pod_labels, "container": container.spec.name},
            }


def _text(body: str) -> web.Response:
    return web.Response(body=body.encode(), headers={"Content-Type": TEXT})
