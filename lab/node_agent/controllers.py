"""Deployments and StatefulSets: keep the wanted number of pods of the wanted revision."""

from __future__ import annotations

import logging
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

from lab.node_agent import names
from lab.node_agent.journal import Journal
from lab.node_agent.pods import Pods
from lab.node_agent.state import ContainerSpec, Phase, Pod, WorkloadSpec

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A pod template: a ReplicaSet of a Deployment, a ControllerRevision of a StatefulSet."""

    name: str
    image: str
    containers: tuple[ContainerSpec, ...]
    created_at: float


@dataclass(slots=True)
class Workload:
    """A Deployment or StatefulSet and its history."""

    spec: WorkloadSpec
    revisions: list[Revision]
    """Oldest first; the last one is wanted."""
    revision_of: dict[str, str] = field(default_factory=dict)
    """Pod uid -> name of the revision it was made from."""

    @property
    def key(self) -> str:
        """``namespace/name``."""
        return f"{self.spec.namespace}/{self.spec.name}"

    @property
    def wanted(self) -> Revision:
        """The revision that new pods are made from."""
        return self.revisions[-1]

    def is_current(self, pod: Pod) -> bool:
        """Return whether a pod was made from the wanted revision."""
        return self.revision_of.get(pod.uid) == self.wanted.name


def is_ready(pod: Pod) -> bool:
    """Return whether all containers of a pod are ready."""
    return all(container.ready for container in pod.containers)


@dataclass(slots=True, kw_only=True)
class Controllers:
    """All workloads of the cluster."""

    pods: Pods
    journal: Journal
    rng: random.Random
    clock: Callable[[], float]
    specs: dict[str, WorkloadSpec]
    """``namespace/name`` -> spec with the replicas wanted now."""
    workloads: dict[str, Workload] = field(default_factory=dict)

    def start(self) -> None:
        """Make the first revision of everything, and its pods, in random order."""
        now = self.clock()
        for key, spec in self.specs.items():
            created_at = spec.created_at or now
            self.workloads[key] = Workload(spec, [self._revision(spec, created_at)])
        missing = [
            workload for workload in self.workloads.values() for _ in range(workload.spec.replicas)
        ]
        self.rng.shuffle(missing)
        for workload in missing:
            age = now - workload.wanted.created_at
            self._create_pod(workload, created_at=now - age * self.rng.uniform(0.4, 1.0))

    def reconcile(self) -> None:
        """Take one step of every workload towards what is wanted."""
        for workload in self.workloads.values():
            mine = self.pods_of(workload)
            present = [pod for pod in mine if pod.phase is not Phase.FAILED]
            if workload.spec.kind == "Deployment":
                self._reconcile_deployment(workload, present)
            else:
                self._reconcile_statefulset(workload, present)

    def pods_of(self, workload: Workload) -> list[Pod]:
        """Return a workload's pods that are not being deleted."""
        return [
            pod
            for pod in self.pods.table.values()
            if pod.workload == workload.spec.name
            and pod.namespace == workload.spec.namespace
            and not pod.deleting
        ]

    def scale(self, key: str, replicas: int, *, by: str) -> None:
        """Want another number of pods."""
        workload = self.workloads[key]
        before = workload.spec.replicas
        if replicas == before:
            return
        workload.spec = self.specs[key] = replace(workload.spec, replicas=replicas)
        self.journal.cluster("scaled", workload=key, before=before, after=replicas, by=by)

    def rollout(self, key: str, *, image: str | None, env: Mapping[str, str] | None) -> None:
        """Want another image or environment, pod by pod."""
        workload = self.workloads[key]
        containers = tuple(
            replace(container, env={**container.env, **(env or {})})
            for container in workload.wanted.containers
        )
        spec = replace(workload.spec, image=image or workload.wanted.image, containers=containers)
        workload.revisions.append(self._revision(spec, self.clock()))
        self._tell_rollout(workload, rollback=False)

    def rollback(self, key: str) -> None:
        """Want the revision before the wanted one again."""
        workload = self.workloads[key]
        if len(workload.revisions) < 2:
            log.warning("nothing_to_roll_back workload=%s", key)
            return
        workload.revisions[-2:] = reversed(workload.revisions[-2:])
        self._tell_rollout(workload, rollback=True)

    def _tell_rollout(self, workload: Workload, *, rollback: bool) -> None:
        workload.spec = self.specs[workload.key] = replace(
            workload.spec, image=workload.wanted.image, containers=workload.wanted.containers
        )
        self.journal.cluster(
            "rollout",
            workload=workload.key,
            revision=workload.wanted.name,
            image=workload.wanted.image,
            rollback=rollback,
        )

    def _revision(self, spec: WorkloadSpec, created_at: float) -> Revision:
        return Revision(
            name=f"{spec.name}-{names.suffix(self.rng, 10)}",
            image=spec.image,
            containers=spec.containers,
            created_at=created_at,
        )

    def _reconcile_deployment(self, workload: Workload, present: list[Pod]) -> None:
        """One surplus pod at most, and never fewer than wanted: surge 1, unavailable 0."""
        wanted = workload.spec.replicas
        current = [pod for pod in present if workload.is_current(pod)]
        outdated = [pod for pod in present if not workload.is_current(pod)]
        if not outdated:
            self._fit(workload, current, wanted)
            return
        ready = sum(map(is_ready, current))
        if ready + len(outdated) > wanted:
            self.pods.delete(min(outdated, key=is_ready))
        elif len(current) < wanted and len(present) <= wanted:
            self._create_pod(workload)

    def _fit(self, workload: Workload, current: list[Pod], wanted: int) -> None:
        for _ in range(wanted - len(current)):
            self._create_pod(workload)
        surplus = sorted(current, key=lambda pod: (is_ready(pod), -pod.created_at))
        for pod in surplus[: max(0, len(current) - wanted)]:
            self.pods.delete(pod)

    def _reconcile_statefulset(self, workload: Workload, present: list[Pod]) -> None:
        """Make missing ordinals, drop those beyond, replace outdated ones from the top."""
        by_ordinal = {int(pod.name.rpartition("-")[2]): pod for pod in present}
        for ordinal in range(workload.spec.replicas):
            name = f"{workload.spec.namespace}/{workload.spec.name}-{ordinal}"
            if ordinal not in by_ordinal and self._is_free(name):
                self._create_pod(workload)
        for ordinal in [key for key in by_ordinal if key >= workload.spec.replicas]:
            self.pods.delete(by_ordinal.pop(ordinal))
        outdated = [key for key, pod in by_ordinal.items() if not workload.is_current(pod)]
        current = [pod for pod in by_ordinal.values() if workload.is_current(pod)]
        complete = len(by_ordinal) == workload.spec.replicas
        if outdated and complete and all(map(is_ready, current)):
            self.pods.delete(by_ordinal[max(outdated)])

    def _is_free(self, key: str) -> bool:
        holder = self.pods.table.get(key)
        if holder is not None and holder.phase is Phase.FAILED:
            self.pods.delete(holder)  # a StatefulSet needs the name of an evicted pod again
        return holder is None

    def _create_pod(self, workload: Workload, *, created_at: float | None = None) -> None:
        spec, revision = workload.spec, workload.wanted
        deployment = spec.kind == "Deployment"
        pod = self.pods.create(
            spec,
            name=self._pod_name(workload),
            replicaset=revision.name if deployment else "",
            image=revision.image,
            containers=revision.containers,
            created_at=self.clock() if created_at is None else created_at,
        )
        workload.revision_of[pod.uid] = revision.name

    def _pod_name(self, workload: Workload) -> str:
        spec = workload.spec
        if spec.kind == "Deployment":
            return f"{workload.wanted.name}-{names.suffix(self.rng)}"
        ordinals = range(spec.replicas)
        candidates = (f"{spec.name}-{ordinal}" for ordinal in ordinals)
        return next(
            name for name in candidates if f"{spec.namespace}/{name}" not in self.pods.table
        )
