"""Our manifests as ``podman kube play`` takes them.

Podman plays pods and knows neither controllers, Services, ServiceAccounts nor NetworkPolicies. So:

- a Deployment or StatefulSet becomes its pods, a Service the names of its pods on podman's network;
- settings from ConfigMaps, fields and references between variables are written out, and Secrets
  that are optional are left out, as Kubernetes does where there is none;
- a volume becomes a folder that belongs to the pod's fsGroup, which podman does not know, with the
  files of its ConfigMap or Secret;
- what only a kubelet or a scheduler reads is dropped, see ``DROPPED``.

Images, commands, users, capabilities, the read-only root, limits and restarts stay as they are.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.deploy.kustomize import Manifest, name, namespace, of_kind, pod_labels

DROPPED = {
    "pod": ("serviceAccountName", "automountServiceAccountToken", "enableServiceLinks",
            "topologySpreadConstraints", "terminationGracePeriodSeconds"),
    # Podman would run httpGet probes by curl, which no image of ours has, and publish every port.
    "container": ("startupProbe", "livenessProbe", "readinessProbe", "ports", "imagePullPolicy",
                  "envFrom"),
}  # fmt: skip
INDEX = "metadata.labels['apps.kubernetes.io/pod-index']"
_REFERENCE = re.compile(r"\$\((\w+)\)")


@dataclass(frozen=True)
class Played:
    """One pod, and what a kubelet and an API server would know of it."""

    name: str
    namespace: str
    kind: str
    workload: str
    replicas: int
    labels: Mapping[str, str]
    aliases: Sequence[str]
    """Names under which Services are found."""
    spec: Manifest
    group: int
    """Owns the volumes."""
    volumes: Mapping[str, Mapping[str, str]]
    """Volume to the files in it."""

    def manifest(self, images: Mapping[str, str], folders: Mapping[str, str]) -> Manifest:
        """Return the pod with the images, and folders for its volumes, that this machine has."""
        containers = [{**each, "image": images[each["image"]]} for each in self.spec["containers"]]
        volumes = [
            {"name": volume, "hostPath": {"path": folders[volume], "type": "Directory"}}
            for volume in self.volumes
        ]
        return {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": self.name, "labels": dict(self.labels)},
            "spec": {**self.spec, "containers": containers, "volumes": volumes},
        }

    @property
    def container(self) -> str:
        """What podman calls the pod's container; each of ours has one."""
        return f"{self.name}-{self.spec['containers'][0]['name']}"


def pods(objects: Sequence[Manifest]) -> list[Played]:
    """Return the pods of all Deployments and StatefulSets."""
    return [
        _pod(workload, number, objects)
        for workload in of_kind(objects, "Deployment", "StatefulSet")
        for number in range(1, workload["spec"]["replicas"] + 1)
    ]


def _pod(workload: Manifest, number: int, objects: Sequence[Manifest]) -> Played:
    spec = workload["spec"]["template"]["spec"]
    return Played(
        name=f"{workload['metadata']['name']}-{number}",
        namespace=namespace(workload),
        kind=workload["kind"],
        workload=workload["metadata"]["name"],
        replicas=workload["spec"]["replicas"],
        labels=pod_labels(workload),
        aliases=_aliases(workload, objects),
        spec=_spec(spec, str(number), objects),
        group=spec["securityContext"]["fsGroup"],
        volumes=dict(_volumes(workload, objects)),
    )


def _volumes(
    workload: Manifest, objects: Sequence[Manifest]
) -> Iterator[tuple[str, Mapping[str, str]]]:
    named = {name(each): each.get("data", {}) for each in objects}
    for volume in workload["spec"]["template"]["spec"].get("volumes", ()):
        if "configMap" in volume:
            yield volume["name"], named[f"ConfigMap/{volume['configMap']['name']}"]
        elif "secret" in volume:
            secret = named[f"Secret/{volume['secret']['secretName']}"]
            yield (
                volume["name"],
                {file: base64.b64decode(text).decode() for file, text in secret.items()},
            )
        else:
            yield volume["name"], {}
    for claim in workload["spec"].get("volumeClaimTemplates", ()):
        yield claim["metadata"]["name"], {}


def _aliases(workload: Manifest, objects: Sequence[Manifest]) -> list[str]:
    found = [each["metadata"]["name"] for each in of_kind(objects, "Service")
             if namespace(each) == namespace(workload)
             and each["spec"]["selector"].items() <= pod_labels(workload).items()]  # fmt: skip
    return [*found, *(f"{service}.{namespace(workload)}" for service in found)]


def _spec(spec: Manifest, number: str, objects: Sequence[Manifest]) -> Manifest:
    kept = {key: value for key, value in spec.items()
            if key not in (*DROPPED["pod"], "volumes")}  # fmt: skip
    containers = [_container(each, number, objects) for each in spec["containers"]]
    return {**kept, "restartPolicy": "Always", "containers": containers}


def _container(container: Manifest, number: str, objects: Sequence[Manifest]) -> Manifest:
    kept = {key: value for key, value in container.items() if key not in DROPPED["container"]}
    variables = dict(_variables(container, number, objects))
    return {**kept, "env": [{"name": key, "value": value} for key, value in variables.items()]}


def _variables(container: Manifest, number: str,
               objects: Sequence[Manifest]) -> Iterator[tuple[str, str]]:  # fmt: skip
    maps = {
        each["metadata"]["name"]: each.get("data", {}) for each in of_kind(objects, "ConfigMap")
    }
    known: dict[str, str] = {}
    for source in container.get("envFrom", ()):
        known.update(maps[source["configMapRef"]["name"]])
    for variable in container.get("env", ()):
        value = _value(variable, number)
        if value is not None:
            known[variable["name"]] = _REFERENCE.sub(lambda found: known[found[1]], value)
    yield from known.items()


def _value(variable: Manifest, number: str) -> str | None:
    source: Mapping[str, Any] = variable.get("valueFrom", {})
    if "secretKeyRef" in source:
        assert source["secretKeyRef"].get("optional"), f"{variable['name']} needs its Secret"
        return None
    if "fieldRef" in source:
        assert source["fieldRef"]["fieldPath"] == INDEX
        return number
    return str(variable["value"])
