"""The lab's tree of control groups: ``podforecast-lab/<cluster>/<node>/<pod uid>/<container>``.

In version 2 of the kernel's interface where the machine has it, else in the version 1 controllers.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

from lab.errors import LabRefused
from lab.node_agent.cgroup import Cgroup
from lab.node_agent.cgroup_v1 import CgroupV1
from lab.node_agent.cgroup_v2 import CgroupV2
from lab.node_agent.kernel_files import read_text

LAB = "podforecast-lab"
MOUNT_POINT = Path("/sys/fs/cgroup")


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


def original_process_files(pid: int, top: Cgroup) -> Sequence[Path]:
    """Return the files that take a process back to where it is now, see :func:`detect`."""
    paths: dict[str, str] = {}
    for line in read_text(f"/proc/{pid}/cgroup").splitlines():
        _, controllers, path = line.split(":", 2)
        paths.update(dict.fromkeys(controllers.split(","), path.lstrip("/")))
    return [
        folder / paths.get(key if key != "unified" else "", "") / "cgroup.procs"
        for key, folder in top.folder_of.items()
    ]
