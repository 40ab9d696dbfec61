"""What node-exporter would say on a node of the lab, which is a share of this machine."""

from __future__ import annotations

import math
import os
import platform
from dataclasses import dataclass, field

from lab.node_agent.cgroup import Cgroup
from lab.node_agent.exposition import Page, labels
from lab.node_agent.state import NodeSpec


@dataclass(slots=True)
class NodeExporter:
    """One node's page. CPU counters must never fall, so it remembers the idle ones."""

    spec: NodeSpec
    cgroup: Cgroup
    booted_at: float
    _idle_seconds: float = field(default=0.0)

    def render(self, now: float) -> str:
        """Return the page."""
        page = Page()
        self._add_memory(page)
        self._add_cpu(page, now)
        _add_filesystem(page)
        uname = platform.uname()
        text = labels(
            nodename=self.spec.name,
            sysname=uname.system,
            release=uname.release,
            version=uname.version,
            machine=uname.machine,
            domainname="(none)",
        )
        page.add("node_uname_info", text, 1)
        page.add("node_boot_time_seconds", "", self.booted_at)
        page.add("node_load1", "", os.getloadavg()[0])
        return page.text()

    def _add_memory(self, page: Page) -> None:
        used_bytes = self.cgroup.memory().working_set_bytes
        available_bytes = max(0, self.spec.memory_bytes - used_bytes)
        page.add("node_memory_MemTotal_bytes", "", self.spec.memory_bytes)
        page.add("node_memory_MemAvailable_bytes", "", available_bytes)
        waiting_seconds = self.cgroup.memory_waiting_seconds()
        if waiting_seconds is not None:
            page.add("node_pressure_memory_waiting_seconds_total", "", waiting_seconds)

    def _add_cpu(self, page: Page, now: float) -> None:
        cpus = math.ceil(self.spec.cpu_cores)
        used_seconds = self.cgroup.cpu().usage_seconds
        idle_seconds = (now - self.booted_at) * self.spec.cpu_cores - used_seconds
        self._idle_seconds = max(self._idle_seconds, idle_seconds)
        for cpu in range(cpus):
            for mode, seconds in (("user", used_seconds), ("idle", self._idle_seconds)):
                text = labels(cpu=str(cpu), mode=mode)
                page.add("node_cpu_seconds_total", text, seconds / cpus)


def _add_filesystem(page: Page) -> None:
    disk = os.statvfs("/")
    text = labels(device="/dev/root", fstype="ext4", mountpoint="/")
    page.add("node_filesystem_size_bytes", text, disk.f_blocks * disk.f_frsize)
    page.add("node_filesystem_avail_bytes", text, disk.f_bavail * disk.f_frsize)
