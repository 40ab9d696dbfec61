"""PromQL that several signals share: which pods count, where they run, who owns them.

Queries are written as templates, so that one text serves every cluster. ``<name>`` stands for
an entry of ``JOINS`` or one of

======================= ====================================================================
``<rate>``              the window of ``rate()``
``<quantile>``          the same where a percentile is taken: three minutes at least
``<where>``             extra label matchers, for example ``cluster="prod"``
``<pods>``              the same, and the namespace when a read is split by namespace
======================= ====================================================================

A trailing comma inside braces is legal PromQL, so both matchers may be empty.

Three rules hold in every template. Series are reduced with ``max by`` before they are joined or
summed, because a pair of kube-state-metrics or a pair of Prometheus servers delivers everything
twice. The "one" side of a join is made unique with ``topk``, because a single duplicate there
fails the query for the whole cluster. And what belongs to one life of a pod is matched by its
uid, because a StatefulSet gives a new pod the name of the old one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

JOINS: Mapping[str, str] = {
    # Range functions go on answering for deleted pods for the length of their window; the pods
    # kube-state-metrics still lists are the ones that exist. Completed ones will not fail.
    "listed": """(
  group by (namespace, pod) (kube_pod_info{<pods>})
  unless on (namespace, pod) (kube_pod_status_phase{phase="Succeeded",<pods>} == 1)
)""",
    # The latest life of each name. kube_pod_info is 1, so any time of creation is above it.
    "newest": """topk by (namespace, pod) (1,
  max by (namespace, pod, uid) (kube_pod_created{<pods>})
  or max by (namespace, pod, uid) (kube_pod_info{<pods>})
)""",
    "node": """topk by (namespace, pod) (1,
  max by (namespace, pod, node) (kube_pod_info{node!="",<pods>})
)""",
    # Deployment through its ReplicaSet, CronJob through its Job, any other owner by its name,
    # and where nothing owns the pod, or only its node does, the pod itself.
    "workload": """topk by (namespace, pod) (1, max by (namespace, pod, workload) (
  label_replace(
    max by (namespace, pod, owner_name) (kube_pod_owner{owner_kind="ReplicaSet",<pods>}),
    "replicaset", "$1", "owner_name", "(.+)"
  ) * on (namespace, replicaset) group_left (workload) topk by (namespace, replicaset) (1,
    label_replace(
      max by (namespace, replicaset, owner_name) (
        kube_replicaset_owner{owner_kind!="",owner_kind!="<none>",<pods>}
      ), "workload", "$1", "owner_name", "(.+)"
    )
  )
  or on (namespace, pod)
  label_replace(
    max by (namespace, pod, owner_name) (kube_pod_owner{owner_kind="Job",<pods>}),
    "job_name", "$1", "owner_name", "(.+)"
  ) * on (namespace, job_name) group_left (workload) topk by (namespace, job_name) (1,
    label_replace(
      max by (namespace, job_name, owner_name) (
        kube_job_owner{owner_kind="CronJob",<pods>}
      ), "workload", "$1", "owner_name", "(.+)"
    )
  )
  or on (namespace, pod)
  label_replace(
    max by (namespace, pod, owner_name) (
      kube_pod_owner{owner_kind!="",owner_kind!="<none>",owner_kind!="Node",<pods>}
    ), "workload", "$1", "owner_name", "(.+)"
  )
  or on (namespace, pod)
  label_replace(
    max by (namespace, pod) (kube_pod_info{<pods>}), "workload", "$1", "pod", "(.+)"
  )
))""",
    # node-exporter knows an instance, everything else knows nodes by name.
    "nodename": """on (instance) group_left (nodename) topk by (instance) (1,
    max by (instance, nodename) (node_uname_info{<where>})
  )""",
    # A container that was replaced keeps its rate until the window has passed: only series
    # that have a sample now count.
    "cores": """max by (namespace, pod, container) (
  rate(container_cpu_usage_seconds_total{container!="",container!="POD",cpu=~"|total",<pods>}[<rate>])
  and container_cpu_usage_seconds_total{container!="",container!="POD",cpu=~"|total",<pods>}
)""",
    "working_set": """max by (namespace, pod, container) (
  container_memory_working_set_bytes{container!="",container!="POD",<pods>}
)""",
    "restarts": """max by (namespace, pod, uid, container) (
  kube_pod_container_status_restarts_total{<pods>}
) and on (namespace, pod, uid) <newest>""",
    "node_memory": """max by (node) (label_replace(
  (1 - node_memory_MemAvailable_bytes{<where>} / node_memory_MemTotal_bytes{<where>})
  * <nodename>,
  "node", "$1", "nodename", "(.+)"
))""",
    "node_disk": """max by (node) (label_replace(
  (1 - node_filesystem_avail_bytes{mountpoint="/",fstype!~"tmpfs|overlay",<where>}
    / node_filesystem_size_bytes{mountpoint="/",fstype!~"tmpfs|overlay",<where>})
  * <nodename>,
  "node", "$1", "nodename", "(.+)"
))""",
    # Where a pod's endpoint is scraped twice, these labels are all that differs.
    "twice": "without (instance, job, endpoint, service, prometheus, prometheus_replica, replica)",
}

_PLACE = re.compile(r"<([a-z_]+)>")


def expand(template: str, places: Mapping[str, str]) -> str:
    """Fill a template in, joins within joins included.

    Names that are in neither table stay as they are: ``<none>`` is a value that
    kube-state-metrics uses.

    >>> expand('up{<where>} * rate(x{owner="<none>"}[<rate>])', {"where": "", "rate": "1m"})
    'up{} * rate(x{owner="<none>"}[1m])'
    """

    def fill(found: re.Match[str]) -> str:
        name = found[1]
        if name in places:
            return places[name]
        return expand(JOINS[name], places) if name in JOINS else found[0]

    return _PLACE.sub(fill, template)
