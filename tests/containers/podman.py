"""Podman from the command line, on storage and a network of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.containers.engine import run, wait_until
from tests.containers.kube import Played

LOAD_SECONDS = 300
CONFIG = """\
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
[network]
network_config_dir = "{folder}/networks"
[engine]
events_logger = "file"
"""
WITHOUT_SYSTEMD = 'cgroup_manager = "cgroupfs"\n'


@dataclass(frozen=True)
class Podman:
    """Everything it makes lies in one folder, and goes with it."""

    folder: Path
    network: str

    def __call__(self, *arguments: str) -> str:
        return run(*self._command(), *arguments).strip()

    def _command(self) -> list[str]:
        places = ["--root", str(self.folder / "root"), "--runroot", str(self.folder / "run")]
        # Its monitor of containers leaves a file named oom where podman was called, each time a
        # container runs out of memory (containers/conmon issue 504).
        return ["env", f"--chdir={self.folder}", f"CONTAINERS_CONF={self.folder}/containers.conf",
                "podman", "--log-level=error", *places]  # fmt: skip

    def load(self, image: str) -> str:
        """Take an image over from Docker; returns its name here."""
        with subprocess.Popen(["docker", "save", image], stdout=subprocess.PIPE) as saved:
            done = subprocess.run([*self._command(), "load"], stdin=saved.stdout, check=False,
                                  capture_output=True, text=True, timeout=LOAD_SECONDS)  # fmt: skip
        assert saved.returncode == done.returncode == 0, done.stderr
        return f"localhost/{image}"

    def play(self, pod: Played, images: Mapping[str, str]) -> None:
        folders = {volume: self._folder(pod, volume) for volume in pod.volumes}
        file = self.folder / f"{pod.name}.yaml"
        file.write_text(yaml.safe_dump(pod.manifest(images, folders)))
        options = ",".join(f"alias={alias}" for alias in pod.aliases)
        network = f"{self.network}:{options}" if options else self.network
        self("kube", "play", "--network", network, str(file))

    def _folder(self, pod: Played, volume: str) -> str:
        """Make a volume as a kubelet does: writable for the pod's group."""
        folder = self.folder / "volumes" / pod.name / volume
        folder.mkdir(parents=True)
        for name, text in pod.volumes[volume].items():
            (folder / name).write_text(text)
            (folder / name).chmod(0o644)
        os.chown(folder, 0, pod.group)
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

    def logs(self, container: str) -> str:
        """Return the last lines of a container, of both its outputs."""
        command = [*self._command(), "logs", "--tail", "40", container]
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
        return done.stdout + done.stderr

    def deaths(self, container: str) -> list[int]:
        """Return the exit codes of a container's lives so far, by its id: names are used again."""
        wanted = ("--filter", "event=died", "--filter", f"container={container}")
        events = self("events", "--stream=false", "--since", "1h", *wanted, "--format", "json")
        return [json.loads(line).get("ContainerExitCode", 0) for line in events.splitlines()]

    def clear(self) -> None:
        """End all pods and give the disk back; what others do with podman stays as it is.

        A pod that ends just then is refused, so podman is asked again.
        """
        wait_until(self._is_clear, seconds=60, what="podman has ended its pods")
        if (storage := self.folder / "root" / "overlay").is_mount():
            run("umount", str(storage))
        shutil.rmtree(self.folder)

    def _is_clear(self) -> bool:
        done = subprocess.run([*self._command(), "pod", "rm", "--all", "--force", "--time", "0"],
                              capture_output=True, check=False, timeout=60)  # fmt: skip
        return done.returncode == 0


@contextmanager
def podman(folder: Path) -> Iterator[Podman]:
    """Give a Podman of its own; ends and removes what it started."""
    systemd = Path("/run/systemd/system").is_dir()
    config = CONFIG.format(folder=folder) + ("" if systemd else WITHOUT_SYSTEMD)
    (folder / "containers.conf").write_text(config)
    mine = Podman(folder, f"podforecast-{folder.name}")
    mine("network", "create", mine.network)
    try:
        yield mine
    finally:
        mine.clear()
