"""Which pods their owners have muted, by an annotation."""

from __future__ import annotations

import re
from collections.abc import Sequence

from podforecast.domain.pods import PodRef
from podforecast.errors import PodforecastError
from podforecast.telemetry.prometheus.api import QueryApi
from podforecast.telemetry.prometheus.lasting import LastingTroubles
from podforecast.telemetry.prometheus.queries import Scope
from podforecast.telemetry.prometheus.samples import read_pods

_STALE = "muted pods are those of before"


class Muting:
    """Asks for the annotation; where nobody answers, those of before stay muted.

    Parameters
    ----------
    annotation
        Empty mutes nobody, and asks for nothing.
    """

    def __init__(self, annotation: str) -> None:
        self._annotation = annotation
        self._muted: frozenset[PodRef] = frozenset()
        self._troubles = LastingTroubles()
        self._stale = False

    def ask(self, api: QueryApi, scopes: Sequence[Scope], at: float) -> frozenset[PodRef]:
        """Return the pods that are muted at a time, Unix seconds."""
        if not self._annotation:
            return frozenset()
        query = mute_query(self._annotation)
        try:
            bodies = [api.body_at(scope.render(query), at) for scope in scopes]
            found = [PodRef(name, pod) for body in bodies for name, pod, _ in read_pods(body)]
        except PodforecastError as error:
            self._stale = True
            self._troubles.begin(_STALE, error)
            return self._muted
        self._stale = False
        self._troubles.end(_STALE)
        self._muted = frozenset(found)
        return self._muted

    def tell(self) -> str:
        """Say whether the answer is one of before."""
        return "Who is muted could not be asked: it is taken from before." if self._stale else ""


def mute_query(annotation: str) -> str:
    """Write the PromQL template of pods with an annotation, named as kube-state-metrics does.

    >>> print(mute_query("podforecast.io/mute"))
    group by (namespace, pod) (kube_pod_annotations{annotation_podforecast_io_mute="true",<pods>})
    """
    plain = re.sub(r"[^a-zA-Z0-9_]", "_", annotation)
    label = re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", plain).lower()
    return f'group by (namespace, pod) (kube_pod_annotations{{annotation_{label}="true",<pods>}})'
