"""Where the node agent says what happened: one :class:`Event` per line of the ground truth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from lab.node_agent.state import Container, Event, FailureCause, Pod


@dataclass(frozen=True, slots=True)
class Journal:
    """Stamps events and hands them on."""

    on_event: Callable[[Event], None]
    clock: Callable[[], float]

    def cluster(self, kind: str, *, node: str = "", workload: str = "", **detail: object) -> None:
        """Record something that is not about one pod; ``workload`` is ``namespace/name``."""
        namespace, _, name = workload.rpartition("/")
        self.on_event(
            Event(
                at=self.clock(),
                kind=kind,
                namespace=namespace,
                workload=name,
                node=node,
                detail=detail,
            )
        )

    def pod(self, kind: str, pod: Pod, *, reason: str = "", **detail: object) -> None:
        """Record something about a pod."""
        self.on_event(replace(self._of(kind, pod), reason=reason, detail=detail))

    def container(self, kind: str, pod: Pod, container: Container, **detail: object) -> None:
        """Record something about a container that is not a failure."""
        event = self._of(kind, pod)
        self.on_event(replace(event, container=container.spec.name, detail=detail))

    def failure(
        self, pod: Pod, container: Container, cause: FailureCause, *, exit_code: int, reason: str
    ) -> None:
        """Record that a container failed."""
        event = replace(
            self._of("failure", pod),
            container=container.spec.name,
            cause=cause,
            exit_code=exit_code,
            reason=reason,
            detail={"restarts": container.restarts, "started_at": container.started_at},
        )
        self.on_event(event)

    def _of(self, kind: str, pod: Pod) -> Event:
        return Event(
            at=self.clock(),
            kind=kind,
            namespace=pod.namespace,
            pod=pod.name,
            uid=pod.uid,
            workload=pod.workload,
            node=pod.node or "",
        )
