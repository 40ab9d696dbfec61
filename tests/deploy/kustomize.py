"""Manifests as kustomize renders them."""

from __future__ import annotations

import functools
import shutil
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
K8S = ROOT / "k8s"
OVERLAYS = ("overlays/local", "overlays/production")
FOLDERS = (*OVERLAYS, "monitoring", "demo", "chaos")
"""All that a user applies."""
WORKLOADS = ("DaemonSet", "Deployment", "StatefulSet")

Manifest = dict[str, Any]


def command() -> list[str]:
    """Return the program on this machine; kubectl has kustomize within."""
    if shutil.which("kubectl"):
        return ["kubectl", "kustomize"]
    return ["kustomize", "build"]


def build(folder: Path) -> str:
    """Render a folder; a fault in it is a fault of the test."""
    done = subprocess.run([*command(), str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "deprecated" not in done.stderr.lower(), done.stderr
    return done.stdout


@functools.cache
def rendered(folder: str) -> tuple[Manifest, ...]:
    """Return the objects of a folder below k8s/; shared, so not to be changed."""
    return tuple(each for each in yaml.safe_load_all(build(K8S / folder)) if each)


def everything(overlay: str) -> tuple[Manifest, ...]:
    """Return what a cluster has with one overlay, the monitoring and the demo."""
    return rendered(overlay) + rendered("monitoring") + rendered("demo")


def of_kind(objects: Iterable[Manifest], *kinds: str) -> list[Manifest]:
    return [each for each in objects if each["kind"] in kinds]


def name(manifest: Manifest) -> str:
    return f"{manifest['kind']}/{manifest['metadata']['name']}"


def namespace(manifest: Manifest) -> str:
    return manifest["metadata"]["namespace"]


def pod(workload: Manifest) -> Manifest:
    return workload["spec"]["template"]["spec"]


def pod_labels(workload: Manifest) -> dict[str, str]:
    return workload["spec"]["template"]["metadata"]["labels"]


def containers(spec: Manifest) -> list[Manifest]:
    return [*spec.get("initContainers", ()), *spec["containers"]]


def environment(workload: Manifest, objects: Iterable[Manifest]) -> Iterator[tuple[str, str]]:
    """Yield the variables that are written down; those from Secrets and fields are not."""
    maps = {
        each["metadata"]["name"]: each.get("data", {}) for each in of_kind(objects, "ConfigMap")
    }
    for container in containers(pod(workload)):
        for source in container.get("envFrom", ()):
            yield from maps[source["configMapRef"]["name"]].items()
        for variable in container.get("env", ()):
            if "value" in variable:
                yield variable["name"], variable["value"]
