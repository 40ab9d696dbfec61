"""Control groups in version 1: a tree per controller."""

from __future__ import annotations

from lab.node_agent.cgroup import PERIOD_MICROSECONDS, Cgroup, CpuStats, Limits, MemoryStats
from lab.node_agent.kernel_files import read_pairs, read_pressure, read_text


class CgroupV1(Cgroup):
    """Separate trees per controller; on hybrid machines a bare v2 tree for pressure."""

    def memory(self) -> MemoryStats:
        """Read ``memory.stat`` and its neighbours."""
        folder = self.folder_of["memory"]
        usage = int(read_text(f"{folder}/memory.usage_in_bytes") or 0)
        stats = read_pairs(f"{folder}/memory.stat")
        return MemoryStats(
            usage_bytes=usage,
            working_set_bytes=max(0, usage - stats.get("total_inactive_file", 0)),
            rss_bytes=stats.get("total_rss", 0),
            max_usage_bytes=int(read_text(f"{folder}/memory.max_usage_in_bytes") or 0),
            oom_kills=read_pairs(f"{folder}/memory.oom_control").get("oom_kill", 0),
        )

    def cpu(self) -> CpuStats:
        """Read ``cpuacct.usage`` and ``cpu.stat`` (nanoseconds)."""
        usage = read_text(f"{self.folder_of['cpuacct']}/cpuacct.usage")
        stats = read_pairs(f"{self.folder_of['cpu']}/cpu.stat")
        return CpuStats(
            usage_seconds=int(usage or 0) / 1e9,
            periods=stats.get("nr_periods", 0),
            throttled_periods=stats.get("nr_throttled", 0),
            throttled_seconds=stats.get("throttled_time", 0) / 1e9,
        )

    def memory_waiting_seconds(self) -> float | None:
        """Read the pressure of the bare v2 tree, if there is one."""
        unified = self.folder_of.get("unified")
        return None if unified is None else read_pressure(f"{unified}/memory.pressure")

    def _set_limits(self, limits: Limits) -> None:
        cpu, memory = self.folder_of["cpu"], self.folder_of["memory"]
        if limits.memory_bytes is not None:
            (memory / "memory.limit_in_bytes").write_text(str(limits.memory_bytes))
        if limits.quota_microseconds is not None:
            (cpu / "cpu.cfs_period_us").write_text(str(PERIOD_MICROSECONDS))
            (cpu / "cpu.cfs_quota_us").write_text(str(limits.quota_microseconds))
        if limits.cpu_shares is not None:
            (cpu / "cpu.shares").write_text(str(max(2, limits.cpu_shares)))
