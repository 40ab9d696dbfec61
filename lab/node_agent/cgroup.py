"""One control group: what limits, counts and ends the processes of a container."""

from __future__ import annotations

import logging
import os
import signal
import time
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from lab.node_agent.kernel_files import read_text

PERIOD_MICROSECONDS = 100_000  # the kernel's and the kubelet's default
LEAST_QUOTA_MICROSECONDS = 1_000  # the kernel refuses less

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
        self.folder_of = dict(folders)

    @property
    def folders(self) -> list[Path]:
        """The group's folder in each hierarchy, without repeats."""
        return list(dict.fromkeys(self.folder_of.values()))

    @property
    def name(self) -> str:
        """Last part of the path."""
        return self.folders[0].name

    def child(self, name: str) -> Cgroup:
        """Return the group below this one; :meth:`create` makes it."""
        return type(self)({key: folder / name for key, folder in self.folder_of.items()})

    def parent(self) -> Cgroup:
        """Return the group above this one."""
        return type(self)({key: folder.parent for key, folder in self.folder_of.items()})

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
