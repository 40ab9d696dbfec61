"""What we demand of every pod: each rule with a way to break it, so that a test can prove it bites.

A rule takes the specification of a pod and yields one complaint per fault.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.deploy.kustomize import Manifest, containers

PROBES = ("startupProbe", "livenessProbe", "readinessProbe")
UNITS = {"m": 1e-3, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30}


@dataclass(frozen=True)
class Rule:
    complaints: Callable[[Manifest], Iterator[str]]
    broken_by: Callable[[Manifest], object]
    """Changes a good pod into one that the rule has to refuse."""


def quantity(text: str) -> float:
    """Read an amount of CPU or memory.

    >>> quantity("250m"), quantity("2"), quantity("1Ki")
    (0.25, 2.0, 1024.0)
    """
    for unit, factor in UNITS.items():
        if text.endswith(unit):
            return float(text.removesuffix(unit)) * factor
    return float(text)


def _first(pod: Manifest) -> Manifest:
    return pod["containers"][0]


def _user(pod: Manifest) -> Iterator[str]:
    context = pod.get("securityContext", {})
    if not (context.get("runAsNonRoot") and context.get("runAsUser", 0) > 0):
        yield "may run as root"


def _seccomp(pod: Manifest) -> Iterator[str]:
    if pod.get("securityContext", {}).get("seccompProfile") != {"type": "RuntimeDefault"}:
        yield "makes any system call"


def _read_only(pod: Manifest) -> Iterator[str]:
    for each in containers(pod):
        if not each.get("securityContext", {}).get("readOnlyRootFilesystem"):
            yield f"{each['name']} writes to its root"


def _capabilities(pod: Manifest) -> Iterator[str]:
    for each in containers(pod):
        context = each.get("securityContext", {})
        if context.get("capabilities") != {"drop": ["ALL"]} or context.get("privileged"):
            yield f"{each['name']} holds capabilities"
        if context.get("allowPrivilegeEscalation") is not False:
            yield f"{each['name']} can gain rights"


def _limits(pod: Manifest) -> Iterator[str]:
    for each in containers(pod):
        resources = each.get("resources", {})
        for what in ("cpu", "memory"):
            amounts = [resources.get(kind, {}).get(what) for kind in ("requests", "limits")]
            if None in amounts or quantity(amounts[0]) > quantity(amounts[1]):
                yield f"{each['name']} asks for {amounts[0]} of {what} and is held to {amounts[1]}"


def _probes(pod: Manifest) -> Iterator[str]:
    for each in containers(pod):
        yield from (f"{each['name']} has no {probe}" for probe in PROBES if probe not in each)


def _liveness(pod: Manifest) -> Iterator[str]:
    for each in containers(pod):
        if each.get("livenessProbe", {}).get("httpGet", {}).get("path", "").startswith("/ready"):
            yield f"{each['name']} is killed while something else is down"


def _probed_ports(pod: Manifest) -> Iterator[str]:
    for each in containers(pod):
        declared = {port["name"] for port in each.get("ports", ())}
        asked = {each[probe]["httpGet"]["port"] for probe in PROBES if "httpGet" in each[probe]}
        yield from (f"{each['name']} has no port {port}" for port in asked - declared)


def _image(pod: Manifest) -> Iterator[str]:
    for each in containers(pod):
        tag = each["image"].rpartition("/")[2].partition(":")[2]
        if tag in ("", "latest"):
            yield f"{each['image']} may be any version"


def _volumes(pod: Manifest) -> Iterator[str]:
    given = {volume["name"] for volume in pod.get("volumes", ())}
    used = {mount["name"] for each in containers(pod) for mount in each.get("volumeMounts", ())}
    yield from (f"nobody mounts {volume}" for volume in given - used)
    for volume in pod.get("volumes", ()):
        if "emptyDir" in volume and "sizeLimit" not in volume["emptyDir"]:
            yield f"{volume['name']} may fill the node's disk"


def _links(pod: Manifest) -> Iterator[str]:
    if pod.get("enableServiceLinks") is not False:
        yield "gets a variable for every service of its namespace"


RULES: dict[str, Rule] = {
    "a user without rights": Rule(_user, lambda pod: pod["securityContext"].update(runAsUser=0)),
    "system calls of a service only": Rule(
        _seccomp, lambda pod: pod["securityContext"].pop("seccompProfile")
    ),
    "a read-only root": Rule(
        _read_only, lambda pod: _first(pod)["securityContext"].update(readOnlyRootFilesystem=False)
    ),
    "no capability": Rule(
        _capabilities,
        lambda pod: _first(pod)["securityContext"]["capabilities"].update(add=["NET_ADMIN"]),
    ),
    "no way to gain rights": Rule(
        _capabilities, lambda pod: _first(pod)["securityContext"].pop("allowPrivilegeEscalation")
    ),
    "requests below limits": Rule(
        _limits, lambda pod: _first(pod)["resources"]["requests"].update(memory="64Gi")
    ),
    "a limit for memory": Rule(
        _limits, lambda pod: _first(pod)["resources"]["limits"].pop("memory")
    ),
    "three probes": Rule(_probes, lambda pod: _first(pod).pop("readinessProbe")),
    "a liveness that is its own": Rule(
        _liveness, lambda pod: _first(pod)["livenessProbe"]["httpGet"].update(path="/readyz")
    ),
    "ports that are probed": Rule(
        _probed_ports, lambda pod: _first(pod)["livenessProbe"]["httpGet"].update(port="htp")
    ),
    "a version of its image": Rule(_image, lambda pod: _first(pod).update(image="x:latest")),
    "volumes of a limited size": Rule(_volumes, lambda pod: pod["volumes"][0].update(emptyDir={})),
    "volumes that are used": Rule(_volumes, lambda pod: _first(pod)["volumeMounts"].clear()),
    "no variables of other services": Rule(_links, lambda pod: pod.pop("enableServiceLinks")),
}
