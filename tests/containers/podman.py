"""Podman from the command line, on storage and a network of its own."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.containers.engine import run
from tests.containers.kube import Played

LOAD_SECONDS = 300
CONFIG = """\
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
[engine]
events_logger = "file"
"""
WITHOUT_SYSTEMD = 'cgroup_manager = "cgroupfs"\n'


@dataclass(frozen=True)
class Podman:
    """Everything it makes lies in one folder, and goes with it."""

    folder: Path
    network: str

    def __call__(self, *arguments: str, seconds: float = 120) -> str:
        return run("env", f"CONTAINERS_CONF={self.folder / 'containers.conf'}",
                   *self._command(), *arguments, seconds=seconds).strip()  # fmt: skip

    def _command(self) -> list[str]:
        return ["podman", "--root", str(self.folder / "root"),
                "--runroot", str(self.folder / "run"), "--log-level=error"]  # fmt: skip

    def load(self, image: str) -> str:
        """Take an image over from Docker; returns its name here."""
        docker_save = subprocess.Popen(["docker", "save", image], stdout=subprocess.PIPE)
        done = subprocess.run([*self._command(), "load"], stdin=docker_save.stdout, check=False,
                              capture_output=True, text=True, timeout=LOAD_SECONDS)  # fmt: skip
        assert docker_save.wait() == done.returncode == 0, done.stderr
        return f"localhost/{image}"

    def play(self, pod: Played, images: Mapping[str, str]) -> None:
        folders = {
            volume: self._folder(pod, volume, group) for volume, group in pod.folders.items()
        }
        file = self.folder / f"{pod.name}.yaml"
        file.write_text(yaml.safe_dump(pod.manifest(images, folders)))
        names = "".join(f"{':' if place == 0 else ','}alias={alias}"
                        for place, alias in enumerate(pod.aliases))  # fmt: skip
        self("kube", "play", "--network", self.network + names, str(file))

    def _folder(self, pod: Played, volume: str, group: int) -> str:
        """Make a volume as a kubelet does: writable for the group."""
        folder = self.folder / "volumes" / pod.name / volume
        folder.mkdir(parents=True)
        os.chown(folder, 0, group)
        folder.chmod(0o2770)
        return str(folder)

    def inspect(self, *containers: str) -> list[dict[str, Any]]:
        return json.loads(self("inspect", *containers))

    def address(self, pod: str) -> str:
        infra = self("pod", "inspect", pod, "--format", "{{.InfraContainerID}}")
        return self.inspect(infra)[0]["NetworkSettings"]["Networks"][self.network]["IPAddress"]

    def gateway(self) -> str:
        """Return this machine's address on the network."""
        return json.loads(self("network", "inspect", self.network))[0]["subnets"][0]["gateway"]

    def deaths(self, container: str) -> list[int]:
        """Return the exit codes of a container's lives so far."""
        wanted = ("--filter", "event=died", "--filter", f"container={container}")
        events = self("events", "--stream=false", "--since", "1h", *wanted, "--format", "json")
        return [json.loads(line).get("ContainerExitCode", 0) for line in events.splitlines()]


@contextmanager
def podman(folder: Path) -> Iterator[Podman]:
    """Give a Podman of its own; ends and removes what it started."""
    systemd = Path("/run/systemd/system").is_dir()
    (folder / "containers.conf").write_text(CONFIG + ("" if systemd else WITHOUT_SYSTEMD))
    mine = Podman(folder, f"podforecast-{folder.name}")
    mine("network", "create", mine.network)
    try:
        yield mine
    finally:
        mine("pod", "rm", "--all", "--force", "--time", "2")
        mine("network", "rm", mine.network)
        mine("system", "reset", "--force")
