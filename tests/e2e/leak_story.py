"""A memory leak from its first byte to its grade, on real parts.

``python -m tests.e2e.leak_story FOLDER MODELS`` tells it.

Pods of the lab, Prometheus, Alertmanager and the service run while other tests do: the story takes
thirteen minutes, most of which is waiting. A leak takes five to be certain, and a forecast can be
graded when its horizon of five minutes is over. It is a process of its own, so that nothing that a
test puts in the place of something else gets into it.
"""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from typing import Any

import httpx

from tests.alerting.receivers import Alertmanager
from tests.telemetry.prometheus_server import free_port

ROOT = Path(__file__).parents[2]
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
TOLD = "told.json"
LEAK_MINUTES = 6.5
"""A leak that fills the container in this time. Quicker ones are over before they are certain."""
PATIENCE_SECONDS = 1200.0
START_SECONDS = 120.0
TRAINING_SECONDS = 600.0
"""Of the model, which other tests slow down."""
POLL_SECONDS = 1.0
NOT_YET = (httpx.TransportError, ValueError, KeyError)
"""What a program says that is starting, or busy with other tests."""


class LeakStory:
    """Starts everything, switches a leak on, and writes down what happens when.

    What it found out is in ``told``: times are Unix seconds of this machine.
    """

    def __init__(self, folder: Path, models: Path) -> None:
        self._folder, self._models = folder, models
        self.told: dict[str, Any] = {}

    def tell(self) -> None:
        """Return when the leak was graded, or patience has come to its end."""
        eventually(
            (self._models / "manifest.json").exists, "a trained model", within=TRAINING_SECONDS
        )
        with ExitStack() as stack:
            self._start(stack)
            self._write()
            deadline = time.monotonic() + PATIENCE_SECONDS
            while "graded_at" not in self.told and time.monotonic() < deadline:
                with suppress(*NOT_YET):
                    self._look()
                time.sleep(POLL_SECONDS)

    def _start(self, stack: ExitStack) -> None:
        (self._folder / "alertmanager").mkdir()
        self._alertmanager = Alertmanager(self._folder / "alertmanager")
        self._alertmanager.start()
        stack.callback(self._alertmanager.stop)
        self._agent, self._prometheus, self._service = (
            f"http://127.0.0.1:{free_port()}" for _ in range(3)
        )
        stack.enter_context(self._running(self._lab(), "lab", {}))
        targets = eventually(self._running_pods, "nine pods run")
        command, environment = [sys.executable, "app.py"], self._environment()
        stack.enter_context(self._running(command, "service", environment))
        fleet = eventually(self._fleet, "the service has seen nine pods")
        self._leak(targets[0])
        self.told |= {"fleet": fleet, "ready": self._get("/readyz")}

    def _lab(self) -> list[str]:
        return [
            sys.executable, "-m", "lab", "serve", "--pods", "9", "--name", "leak-story",
            "--run-dir", str(self._folder / "lab"), "--ip-prefix", "127.83",
            "--listen-port", self._agent.rpartition(":")[2],
            "--prometheus-port", self._prometheus.rpartition(":")[2], "--load-scale", "0.5",
        ]  # fmt: skip

    def _environment(self) -> dict[str, str]:
        return {
            "PODFORECAST_API__PORT": self._service.rpartition(":")[2],
            "PODFORECAST_MODEL_DIR": str(self._models),
            "PODFORECAST_SOURCE": "prometheus",
            "PODFORECAST_PROMETHEUS__URL": self._prometheus,
            "PODFORECAST_STORE__URL": f"sqlite:///{self._folder}/forecasts.db",
            "PODFORECAST_ALERTS__ALERTMANAGER_URLS": json.dumps([self._alertmanager.url]),
            "PODFORECAST_LOG__REQUESTS": "false",
        }

    @contextmanager
    def _running(
        self, command: list[str], name: str, environment: dict[str, str]
    ) -> Iterator[None]:
        with (self._folder / f"{name}.log").open("wb") as log:
            child = subprocess.Popen(
                command, cwd=ROOT, env={"PATH": PATH} | environment, stdout=log, stderr=log
            )
            try:
                yield
            finally:
                child.terminate()
                child.wait(60)

    def _running_pods(self) -> list[dict[str, Any]]:
        """All nine by name, once Prometheus has scraped their memory."""
        found = httpx.get(f"{self._agent}/sd/pods", timeout=5, trust_env=False).json()
        targets = sorted(found, key=lambda target: target["labels"]["pod"])
        return targets if len(targets) == 9 and all(self._room(targets[0])) else []

    def _room(self, target: dict[str, Any]) -> tuple[float, float]:
        """Memory of a pod and its limit, in MiB; 0 where Prometheus does not know them."""
        pod = f'pod="{target["labels"]["pod"]}"'
        return (
            self._mebibytes(f"max(container_memory_working_set_bytes{{{pod}}})"),
            self._mebibytes(f'max(kube_pod_container_resource_limits{{resource="memory",{pod}}})'),
        )

    def _mebibytes(self, query: str) -> float:
        url = f"{self._prometheus}/api/v1/query"
        answer = httpx.get(url, params={"query": query}, timeout=5, trust_env=False)
        result = answer.json()["data"]["result"]
        return float(result[0]["value"][1]) / 2**20 if result else 0.0

    def _fleet(self) -> dict[str, Any]:
        fleet = self._get("/pods")
        return fleet if fleet["total"] == 9 else {}

    def _leak(self, target: dict[str, Any]) -> None:
        used, limit = self._room(target)
        toggle = {"memory_leak": {"mib_per_minute": (limit - used) / LEAK_MINUTES}}
        url = f"http://{target['targets'][0]}/failures"
        httpx.post(url, json=toggle, timeout=10, trust_env=False).raise_for_status()
        self.told["leak_at"] = time.time()
        self.told["leaking"] = {key: target["labels"][key] for key in ("namespace", "pod")}

    def _look(self) -> None:
        if "alerted_at" not in self.told:
            self._look_for_the_alert()
        if "killed_at" not in self.told:
            self._look_for_the_kill()
        elif "alerted_at" in self.told:
            self._look_for_the_grade()

    def _look_for_the_alert(self) -> None:
        """When the Alertmanager has it, and what the service says of the pod then."""
        namespace, pod = self.told["leaking"].values()
        for alert in self._alertmanager.alerts(namespace=namespace):
            if pod in json.dumps(alert["annotations"]):
                now = time.time()
                listed = self._get("/prediction")["predictions"]
                prediction = next((each for each in listed if each["pod"] == pod), {})
                self.told |= {"alerted_at": now, "alert": alert, "prediction": prediction}
                self._write()

    def _look_for_the_kill(self) -> None:
        """When the kernel killed the pod, by the lab's own account."""
        *lines, _ = (self._folder / "lab" / "events.jsonl").read_text().split("\n")
        for event in map(json.loads, lines):
            if event["kind"] == "failure" and event["pod"] == self.told["leaking"]["pod"]:
                self.told |= {"killed_at": event["at"], "failure": event}
                self._write()

    def _look_for_the_grade(self) -> None:
        live = self._get("/model")["live"]
        if live["announced"]:
            page = self._get("/pods/{namespace}/{pod}".format(**self.told["leaking"]))
            metrics = httpx.get(f"{self._service}/metrics", timeout=10, trust_env=False).text
            self.told |= {"live": live, "page": page, "metrics": metrics}
            self.told["graded_at"] = time.time()
            self._write()

    def _write(self) -> None:
        half = self._folder / "half"
        half.write_text(json.dumps(self.told))
        half.replace(self._folder / TOLD)

    def _get(self, path: str) -> dict[str, Any]:
        answer = httpx.get(f"{self._service}{path}", timeout=10, trust_env=False)
        found: dict[str, Any] = answer.json()
        return found


def eventually(look: Callable[[], Any], what: str, *, within: float = START_SECONDS) -> Any:
    """Wait for a program that starts, with an end to patience."""
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        with suppress(*NOT_YET):
            if found := look():
                return found
        time.sleep(0.2)
    raise AssertionError(f"not within {within:g} s: {what}")


if __name__ == "__main__":
    # Whoever ends it wants its programs ended too.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        LeakStory(Path(sys.argv[1]), Path(sys.argv[2])).tell()
