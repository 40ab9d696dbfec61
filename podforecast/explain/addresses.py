"""A pod as ``kubectl`` is told of it, from the little that is known of its name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Self

_LABEL = r"[a-z0-9](?:[-a-z0-9]*[a-z0-9])?"
_POD = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_NAMESPACE = re.compile(_LABEL)
_RANDOM = "[bcdfghjklmnpqrstvwxz2456789]"
"""What Kubernetes makes random endings of: no vowels, and nothing that looks like one."""
_OF_DEPLOYMENT = re.compile(rf"(?P<name>.+)-{_RANDOM}{{6,10}}-{_RANDOM}{{5}}")


@dataclass(frozen=True, slots=True, kw_only=True)
class PodAddress:
    """Where a pod is. What is None, or is no name that Kubernetes allows, is not used."""

    name: str
    namespace: str | None = None

    @classmethod
    def parse(cls, pod_id: str) -> Self:
        """Read ``namespace/name`` or a name alone.

        >>> PodAddress.parse("shop/cart-0").arguments
        '-n shop cart-0'
        """
        namespace, slash, name = pod_id.partition("/")
        return cls(name=name, namespace=namespace) if slash else cls(name=pod_id)

    @property
    def in_namespace(self) -> str:
        """``-n`` and the namespace; empty where it is not known, for that of the context.

        >>> PodAddress(name="cart-0").in_namespace
        ''
        """
        known = self.namespace is not None and _NAMESPACE.fullmatch(self.namespace)
        return f"-n {self.namespace}" if known else ""

    @property
    def arguments(self) -> str:
        """Arguments that name the pod, fit to be pasted into a shell.

        >>> PodAddress(name="x; reboot").arguments
        'POD'
        """
        name = self.name if _POD.fullmatch(self.name) else "POD"
        return f"{self.in_namespace} {name}".strip()

    @property
    def deployment(self) -> str | None:
        """Deployment that made the pod, where the name shows it.

        >>> PodAddress(name="checkout-5d4f8c7b9-k2m4x").deployment
        'checkout'
        >>> PodAddress(name="sessions-0").deployment
        """
        found = _OF_DEPLOYMENT.fullmatch(self.name)
        return found["name"] if found and _POD.fullmatch(self.name) else None
