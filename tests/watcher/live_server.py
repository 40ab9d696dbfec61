"""A fake Prometheus for live sources: it answers the packs' queries with what a test says."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from podforecast.domain.telemetry import STEP
from tests.telemetry.misbehaving import Answer, Handler, failure, text

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
STEP_SECONDS = STEP.total_seconds()
SIGNAL = re.compile(r'"signal", "([a-z0-9_]+)"')
STEADY: Mapping[str, float] = {
    "cpu_usage_ratio": 0.1,
    "memory_usage_ratio": 0.3,
    "status_code": 0.0,
    "containers_ready_ratio": 1.0,
    "restarts": 0.0,
    "last_termination_code": 0.0,
    "container_age_minutes": 600.0,
}
Pod = tuple[str, str]
Value = Callable[[str, Pod, float], float | None]


def steady(signal: str, pod: Pod, at: float) -> float | None:
    """Whatever the pod, nothing happens to it."""
    return STEADY.get(signal)


@dataclass
class Cluster:
    """What the fake knows; tests change it between two scans."""

    pods: Sequence[Pod] = (("shop", "cart-0"), ("shop", "pay-0"))
    value: Value = steady
    now: float = NOON.timestamp()
    muted: Sequence[Pod] = ()
    asked_of: list[dict[str, str]] = field(default_factory=list)
    """Fields of the queries about signals."""
    trouble: dict[str, Answer] = field(default_factory=dict)
    """Answers to queries that have these words, instead of the right one; "" is any."""

    def tick(self, samples: int = 1) -> datetime:
        """Let time pass, and return what time it is."""
        self.now += samples * STEP_SECONDS
        return datetime.fromtimestamp(self.now, UTC)

    def __call__(self, handler: Handler) -> None:
        fields = handler.asked.fields
        query = fields.get("query", "")
        for words, answer in self.trouble.items():
            if words in query:
                return answer(handler)
        if not query:
            names = sorted({namespace for namespace, _ in self.pods})
            return text(json.dumps({"status": "success", "data": names}))(handler)
        return text(_success(*self._result(query, fields)))(handler)

    def _result(self, query: str, fields: Mapping[str, str]) -> tuple[str, object]:
        if query == "time()":
            return "scalar", [self.now, f"{self.now}"]
        if "kube_pod_annotations" in query:
            return "vector", [_named(pod) for pod in self.muted]
        signals = SIGNAL.findall(query)
        if not signals:
            return "vector", [
                _named(pod, workload=pod[1].rpartition("-")[0] or pod[1])
                for pod in self._within(query)
            ]
        self.asked_of.append(dict(fields))
        if "time" in fields:
            rows = self._rows(query, signals, [float(fields["time"])])
            return "vector", [{"metric": row["metric"], "value": row["values"][0]} for row in rows]
        first, last = float(fields["start"]), float(fields["end"])
        step = float(fields["step"])
        times = [first + step * n for n in range(int((last - first) / step) + 1)]
        return "matrix", list(self._rows(query, signals, times))

    def _rows(
        self, query: str, signals: Sequence[str], times: Sequence[float]
    ) -> Iterator[dict[str, object]]:
        for pod in self._within(query):
            for signal in signals:
                values = [(at, self.value(signal, pod, at)) for at in times]
                known = [[at, str(value)] for at, value in values if value is not None]
                if known:
                    yield {"metric": _labels(pod, signal=signal), "values": known}

    def _within(self, query: str) -> list[Pod]:
        """Pods that a matcher of namespaces lets through."""
        found = re.search(r'namespace=(~?)"((?:[^"\\]|\\.)*)"', query)
        if found is None:
            return list(self.pods)
        pattern = json.loads(f'"{found[2]}"')
        if not found[1]:
            return [pod for pod in self.pods if pod[0] == pattern]
        return [pod for pod in self.pods if re.fullmatch(pattern, pod[0])]


def _success(kind: str, result: object) -> str:
    return json.dumps(
        {"status": "success", "data": {"resultType": kind, "result": result}},
        separators=(",", ":"),
    )


def _named(pod: Pod, **labels: str) -> dict[str, object]:
    return {"metric": _labels(pod, **labels), "value": [0, "1"]}


def _labels(pod: Pod, **labels: str) -> dict[str, str]:
    return {"namespace": pod[0], "pod": pod[1], **labels}


def rejected(words: str = "many-to-many matching not allowed") -> Answer:
    """What Prometheus says of a query that it does not evaluate."""
    return failure(422, words)
