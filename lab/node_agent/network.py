"""Network counters of the machine, which every pod of the lab shares.

Pods here are what Kubernetes calls ``hostNetwork`` pods, and cAdvisor reports the host's interfaces
for those, too.
"""

from __future__ import annotations

from lab.node_agent.kernel_files import read_text

IGNORED_PREFIXES = ("lo", "veth", "docker", "ifb")  # cAdvisor's and kubelet's ignored devices
RECEIVE = ("bytes", "packets", "errors", "packets_dropped")
TRANSMIT_OFFSET = 8  # columns of /proc/net/dev that describe receiving


def interface_counters(path: str = "/proc/net/dev") -> dict[str, dict[str, int]]:
    """Return interface -> ``receive_bytes`` and so on -> count."""
    counters: dict[str, dict[str, int]] = {}
    for line in read_text(path).splitlines()[2:]:
        interface, _, columns = line.strip().partition(":")
        if interface.startswith(IGNORED_PREFIXES):
            continue
        values = [int(word) for word in columns.split()]
        counters[interface] = {
            f"{direction}_{quantity}": values[offset + index]
            for direction, offset in (("receive", 0), ("transmit", TRANSMIT_OFFSET))
            for index, quantity in enumerate(RECEIVE)
        }
    return counters
