"""Docker and Compose from the command line, as a user types them."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).parents[2]
BUILD_SECONDS = 1500
"""Three minutes on two quiet cores; other work on them may take most of their time."""
COMMAND_SECONDS = 120
TAG = "container-test"
IMAGES = API, DASHBOARD, DEMO = tuple(
    f"podforecast-{name}:{TAG}" for name in ("api", "dashboard", "demo")
)


def run(*command: str, seconds: float = COMMAND_SECONDS) -> str:
    """Run a command in the root of the repository and return what it prints."""
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True,
                          timeout=seconds, check=False)  # fmt: skip
    assert done.returncode == 0, (
        f"{' '.join(command)}\n{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    )
    return done.stdout


def docker(*arguments: str) -> str:
    return run("docker", *arguments).strip()


def inspect(name: str) -> dict:
    return json.loads(docker("inspect", name))[0]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(holds: Callable[[], object], *, seconds: float, what: str) -> None:
    """Ask twice a second until it holds."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, f"after {seconds} s still not: {what}"
        time.sleep(0.5)


def compose_command() -> list[str]:
    plugin = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    if plugin.returncode == 0:
        return ["docker", "compose"]
    found = shutil.which("docker-compose")
    assert found, "neither `docker compose` nor `docker-compose` is there"
    return [found]


@dataclass(frozen=True)
class Stack:
    """The compose file under a project name and ports of its own."""

    project: str
    ports: dict[str, int]
    """Port on this machine per published service."""
    command: list[str] = field(default_factory=compose_command)

    def compose(self, *arguments: str, seconds: float = COMMAND_SECONDS) -> str:
        chosen = [f"{service.upper()}_PORT={port}" for service, port in self.ports.items()]
        command = ["env", f"TAG={TAG}", *chosen, *self.command, "-p", self.project, *arguments]
        return run(*command, seconds=seconds)

    def container(self, service: str) -> str:
        """Return the id of a service's container."""
        label = "label=com.docker.compose"
        return docker("ps", "--all", "--quiet", "--filter", f"{label}.project={self.project}",
                      "--filter", f"{label}.service={service}")  # fmt: skip

    def inside(self, service: str, *command: str) -> str:
        """Run a command in a service's container and return what it prints."""
        return docker("exec", self.container(service), *command)

    def health(self, service: str) -> str:
        return inspect(self.container(service))["State"]["Health"]["Status"]

    def url(self, service: str) -> str:
        return f"http://127.0.0.1:{self.ports[service]}"
