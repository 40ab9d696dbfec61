"""Control groups: what limits, counts and ends the processes of a container.

One tree, ``podforecast-lab/<cluster>/<node>/<pod uid>/<container>``, in version 2 of the kernel's
interface where the machine has it, else in the version 1 controllers.
"""

from __future__ import annotations

import logging
import os
import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lab.errors import LabRefused
from lab.node_agent.kernel_files import read_pairs, read_pressure, read_text

LAB = "podforecast-lab"
PERIOD_MICROSECONDS = 100_000  # the kernel's and the kubelet's default
LEAST_QUOTA_MICROSECONDS = 1_000  # the kernel refuses less
MOUNT_POINT = Path("/sys/fs/cgroup")

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class MemoryStats:
    """Bytes, except for the number of kernel OOM kills."""

    usage_bytes: int
    working_set_bytes: int
    rss_bytes: int
    max_usage_bytes: int
    oom_kills: int


@dataclass(frozen=True, slots=True)
class CpuStats:
    """Counters since the group was made."""

    usage_seconds: float
    periods: int
    throttled_periods: int
    throttled_seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """``None`` leaves the kernel's default."""

    memory_bytes: int | None = None
    cpu_cores: float | None = None
    cpu_shares: int | None = None
    """Weight against the siblings in version 1 units: 1024 is the default."""

    @property
    def quota_microseconds(self) -> int | None:
        """CPU time per period."""
        if self.cpu_cores is None:
            return None
        return max(LEAST_QUOTA_MICROSECONDS, round(self.cpu_cores * PERIOD_MICROSECONDS))


class Cgroup(ABC):
    """One group, in every hierarchy that the lab uses."""

    def __init__(self, folders: Mapping[str, Path]) -> None:
        self._folders = dict(folders)

    @property
    def folders(self) -> list[Path]:
        """The group's folder in each hierarchy, without repeats."""
        return list(dict.fromkeys(self._folders.values()))

    @property
    def name(self) -> str:
        """Last part of the path."""
        return self.folders[0].name

    def child(self, name: str) -> Cgroup:
        """Return the group below this one; :meth:`create` makes it."""
        return type(self)({key: folder / name for key, folder in self._folders.items()})

    def parent(self) -> Cgroup:
        """Return the group above this one."""
        return type(self)({key: folder.parent for key, folder in self._folders.items()})

    def create(self, limits: Limits | None = None) -> None:
        """Make the group, which may exist, and set its limits."""
        for folder in self.folders:
            folder.mkdir(parents=True, exist_ok=True)
        self._set_limits(limits or Limits())

    @property
    def process_files(self) -> list[Path]:
        """Files that take a process id; ``0`` stands for the writer."""
        return [folder / "cgroup.procs" for folder in self.folders]

    def attach(self, pid: int) -> None:
        """Move a process here."""
        for path in self.process_files:
            path.write_text(str(pid))

    def process_ids(self) -> set[int]:
        """Return the processes of this group and of all below it."""
        found: set[int] = set()
        for folder in self.folders:
            for parent, _, _ in os.walk(folder):
                found.update(int(line) for line in read_text(f"{parent}/cgroup.procs").split())
        return found

    def kill(self, *, spare: Iterable[int] = ()) -> None:
        """Send SIGKILL to every process of this group and of those below."""
        for pid in self.process_ids() - set(spare):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def try_remove(self) -> bool:
        """Remove this group and those below; False while a process is still leaving."""
        removed = [_remove_tree(folder) for folder in self.folders]  # each, even after a failure
        return all(removed)

    def remove(self, *, patience_seconds: float = 5.0) -> bool:
        """Remove, blocking, for as long as the patience lasts."""
        deadline = time.monotonic() + patience_seconds
        while not self.try_remove():
            if time.monotonic() > deadline:
                log.warning("cgroup_stays path=%s", self.folders[0])
                return False
            time.sleep(0.02)
        return True

    @abstractmethod
    def memory(self) -> MemoryStats:
        """Read the memory accounting."""

    @abstractmethod
    def cpu(self) -> CpuStats:
        """Read the CPU accounting."""

    @abstractmethod
    def memory_waiting_seconds(self) -> float | None:
        """Time in which some process waited for memory; ``None`` where not accounted."""

    @abstractmethod
    def _set_limits(self, limits: Limits) -> None: ...


class CgroupV1(Cgroup):
    """Separate trees per controller; on hybrid machines a bare v2 tree for pressure."""

    def memory(self) -> MemoryStats:
        """Read ``memory.stat`` and its neighbours."""
        folder = self._folders["memory"]
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
        usage = read_text(f"{self._folders['cpuacct']}/cpuacct.usage")
        stats = read_pairs(f"{self._folders['cpu']}/cpu.stat")
        return CpuStats(
            usage_seconds=int(usage or 0) / 1e9,
            periods=stats.get("nr_periods", 0),
            throttled_periods=stats.get("nr_throttled", 0),
            throttled_seconds=stats.get("throttled_time", 0) / 1e9,
        )

    def memory_waiting_seconds(self) -> float | None:
        """Read the pressure of the bare v2 tree, if there is one."""
        unified = self._folders.get("unified")
        return None if unified is None else read_pressure(f"{unified}/memory.pressure")

    def _set_limits(self, limits: Limits) -> None:
        cpu, memory = self._folders["cpu"], self._folders["memory"]
        if limits.memory_bytes is not None:
            (memory / "memory.limit_in_bytes").write_text(str(limits.memory_bytes))
        if limits.quota_microseconds is not None:
            (cpu / "cpu.cfs_period_us").write_text(str(PERIOD_MICROSECONDS))
            (cpu / "cpu.cfs_quota_us").write_text(str(limits.quota_microseconds))
        if limits.cpu_shares is not None:
            (cpu / "cpu.shares").write_text(str(max(2, limits.cpu_shares)))


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
        folder = self._folders["unified"]
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
        stats = read_pairs(f"{self._folders['unified']}/cpu.stat")
        return CpuStats(
            usage_seconds=stats.get("usage_usec", 0) / 1e6,
            periods=stats.get("nr_periods", 0),
            throttled_periods=stats.get("nr_throttled", 0),
            throttled_seconds=stats.get("throttled_usec", 0) / 1e6,
        )

    def memory_waiting_seconds(self) -> float | None:
        """Read ``memory.pressure``."""
        return read_pressure(f"{self._folders['unified']}/memory.pressure")

    def _set_limits(self, limits: Limits) -> None:
        folder = self._folders["unified"]
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


def detect(mount_point: Path = MOUNT_POINT) -> Cgroup:
    """Return the top group of this machine's tree.

    Raises
    ------
    LabRefused
        If the machine offers neither version with memory and CPU accounting.
    """
    controllers = read_text(str(mount_point / "cgroup.controllers")).split()
    if {"memory", "cpu"} <= set(controllers):
        return CgroupV2({"unified": mount_point})
    folders = {key: mount_point / key for key in ("memory", "cpu", "cpuacct")}
    if not all((folder / "cgroup.procs").exists() for folder in folders.values()):
        raise LabRefused(
            f"No control groups with memory and CPU accounting under {mount_point}.",
            hint="Run the lab on a Linux machine with cgroup v2, or v1 with memory, cpu, cpuacct.",
        )
    if (mount_point / "unified" / "memory.pressure").exists():
        folders["unified"] = mount_point / "unified"
    return CgroupV1({key: folder.resolve() for key, folder in folders.items()})


def require_writable(top: Cgroup) -> None:
    """Refuse unless groups can be made here.

    Raises
    ------
    LabRefused
        If this is not root, or the tree is read-only.
    """
    if os.geteuid() != 0:
        raise LabRefused(
            "The lab limits and kills processes by control groups, and this user may not.",
            hint="Run it as root.",
        )
    try:
        top.child(LAB).create()
    except OSError as error:
        raise LabRefused(
            f"Control groups can not be made under {top.folders[0]}: {error.strerror}.",
            hint="In a container, run it privileged with a writable /sys/fs/cgroup.",
        ) from error


def _remove_tree(folder: Path) -> bool:
    removed = True
    for parent, _, _ in os.walk(folder, topdown=False):
        try:
            Path(parent).rmdir()
        except FileNotFoundError:
            continue
        except OSError:
            removed = False
    return removed


def original_process_files(pid: int, top: Cgroup) -> Sequence[Path]:
    """Return the files that take a process back to where it is now, see :func:`detect`."""
    paths: dict[str, str] = {}
    for line in read_text(f"/proc/{pid}/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        paths.update(dict.fromkeys(controllers.split(","), path.lstrip("/")))
    return [
        folder / paths.get(key if key != "unified" else "", "") / "cgroup.procs"
        for key, folder in top._folders.items()
    ]
