"""Control groups in version 2: one tree."""

from __future__ import annotations

from lab.node_agent.cgroup import PERIOD_MICROSECONDS, Cgroup, CpuStats, Limits, MemoryStats
from lab.node_agent.kernel_files import read_pairs, read_pressure, read_text


class CgroupV2(Cgroup):
    """The unified tree."""

    def create(self, limits: Limits | None = None) -> None:
        """Make the group; its parent hands the controllers down."""
        for folder in self.folders:
            folder.mkdir(parents=True, exist_ok=True)
            (folder.parent / "cgroup.subtree_control").write_text("+memory +cpu")
        self._set_limits(limits or Limits())

    def memory(self) -> MemoryStats:
        """Read ``memory.stat`` and its neighbours."""
        folder = self.folder_of["unified"]
        usage = int(read_text(f"{folder}/memory.current") or 0)
        stats = read_pairs(f"{folder}/memory.stat")
        return MemoryStats(
            usage_bytes=usage,
            working_set_bytes=max(0, usage - stats.get("inactive_file", 0)),
            rss_bytes=stats.get("anon", 0),
            max_usage_bytes=int(read_text(f"{folder}/memory.peak") or usage),
            oom_kills=read_pairs(f"{folder}/memory.events").get("oom_kill", 0),
        )

    def cpu(self) -> CpuStats:
        """Read ``cpu.stat`` (microseconds)."""
        stats = read_pairs(f"{self.folder_of['unified']}/cpu.stat")
        return CpuStats(
            usage_seconds=stats.get("usage_usec", 0) / 1e6,
            periods=stats.get("nr_periods", 0),
            throttled_periods=stats.get("nr_throttled", 0),
            throttled_seconds=stats.get("throttled_usec", 0) / 1e6,
        )

    def memory_waiting_seconds(self) -> float | None:
        """Read ``memory.pressure``."""
        return read_pressure(f"{self.folder_of['unified']}/memory.pressure")

    def _set_limits(self, limits: Limits) -> None:
        folder = self.folder_of["unified"]
        if limits.memory_bytes is not None:
            (folder / "memory.max").write_text(str(limits.memory_bytes))
        if limits.quota_microseconds is not None:
            value = f"{limits.quota_microseconds} {PERIOD_MICROSECONDS}"
            (folder / "cpu.max").write_text(value)
        if limits.cpu_shares is not None:
            (folder / "cpu.weight").write_text(str(weight_of_shares(limits.cpu_shares)))


def weight_of_shares(shares: int) -> int:
    """Convert v1 shares into a v2 weight the way container runtimes do.

    >>> weight_of_shares(2), weight_of_shares(1024), weight_of_shares(262144)
    (1, 39, 10000)
    """
    return 1 + ((max(2, min(shares, 262_144)) - 2) * 9_999) // 262_142
