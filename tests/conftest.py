"""What is left out where, and why; and that CI leaves nothing out."""

from __future__ import annotations

import json
import os
import platform
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)  # a busy machine is no bug
settings.load_profile("any machine")

IN_CI = os.environ.get("CI") == "true"
LEFT_OUT = pytest.StashKey[list[tuple[str, str]]]()


def _missing_for_the_lab() -> str:
    if os.geteuid() != 0:
        return "needs root, to make cgroups"
    roots = (Path("/sys/fs/cgroup"), Path("/sys/fs/cgroup/memory"))
    if not any(os.access(root / "cgroup.procs", os.W_OK) for root in roots):
        return "needs a writable cgroup tree"
    return _missing_for_prometheus()


def _missing_for_prometheus() -> str:
    absent = [name for name in ("prometheus", "promtool") if shutil.which(name) is None]
    return f"needs {' and '.join(absent)}, see scripts/install_components.sh" if absent else ""


def _missing_for_postgresql() -> str:
    debian = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    if shutil.which("initdb") or any(debian):
        return ""
    return "needs PostgreSQL's initdb and pg_ctl, see scripts/install_components.sh"


def _missing_for_alertmanager() -> str:
    programs = ("prometheus-alertmanager", "amtool")
    absent = [name for name in programs if shutil.which(name) is None]
    return f"needs {' and '.join(absent)}, see scripts/install_components.sh" if absent else ""


def _missing_for_memory() -> str:
    return "" if platform.libc_ver()[0] == "glibc" else "needs Linux and glibc"


def _missing_for_systemd() -> str:
    return "" if shutil.which("systemd-analyze") else "needs systemd-analyze"


def _missing_for_kubernetes() -> str:
    if any(shutil.which(name) for name in ("kubectl", "kustomize")):
        return ""
    return "needs kubectl or kustomize, see scripts/install_components.sh"


def _missing_for_containers() -> str:
    if os.environ.get("PODFORECAST_CONTAINER_JOB") == "1":
        return ""
    return "builds images and runs them, which is what `make containers` is for"


def _missing_for_podman() -> str:
    if os.geteuid() != 0:
        return "needs root, to give volumes to the users of pods"
    return "" if shutil.which("podman") else "needs podman, see scripts/container_job.sh"


def _missing_for_the_browser() -> str:
    if any(shutil.which(name) for name in ("chromium", "google-chrome")):
        return ""
    return "needs chromium, see scripts/install_components.sh"


class BegunTraining:
    """A training that was begun before the tests, by scripts/run_all_tests.sh."""

    def __init__(self, folder: Path) -> None:
        self._code = folder.with_suffix(".exit")

    def wait(self, timeout: float) -> int:
        """Its exit code, when it has ended."""
        deadline = time.monotonic() + timeout
        while not self._code.exists():
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired("train_model.py", timeout)
            time.sleep(0.2)
        return int(self._code.read_text())


@pytest.fixture(scope="session")
def training(tmp_path_factory):
    """A training on the recorded campaigns that has begun: its process, and where it writes to."""
    if begun := os.environ.get("PODFORECAST_TRAINING_BEGUN"):
        yield BegunTraining(Path(begun)), Path(begun)
        return
    folder = tmp_path_factory.mktemp("models")
    # Into a file: nobody may read for minutes what the process says.
    with (folder / "report.json").open("wb") as report:
        process = subprocess.Popen(
            [sys.executable, "train_model.py", "--out", str(folder), "--json"],
            cwd=Path(__file__).parents[1], stdout=report,
        )  # fmt: skip
    yield process, folder
    process.kill()
    process.wait()


@pytest.fixture(scope="session")
def trained(training):
    """Folder of a model trained on the recorded campaigns as users train it, and its report."""
    process, folder = training
    assert process.wait(540) == 0
    return folder, json.loads((folder / "report.json").read_bytes())


def pytest_collection_modifyitems(config, items):
    """Leave out, by name, what this machine can not run. CI has to run everything."""
    reasons = {
        "lab": _missing_for_the_lab(),
        "prometheus": _missing_for_prometheus(),
        "alertmanager": _missing_for_alertmanager(),
        "postgres": _missing_for_postgresql(),
        "glibc": _missing_for_memory(),
        "browser": _missing_for_the_browser(),
        "systemd": _missing_for_systemd(),
        "kubernetes": _missing_for_kubernetes(),
        "containers": _missing_for_containers(),
        "podman": _missing_for_podman(),
    }
    kept, left_out = [], []
    for item in items:
        why = next((reason for mark, reason in reasons.items()
                    if reason and item.get_closest_marker(mark)), "")  # fmt: skip
        if why:
            left_out.append((item, why))
        else:
            kept.append(item)
    if IN_CI and left_out:
        names = "\n  ".join(f"{item.nodeid}: {why}" for item, why in left_out)
        raise pytest.UsageError(f"CI must run every test, but can not run:\n  {names}")
    items[:] = kept
    config.stash[LEFT_OUT] = [(item.nodeid, why) for item, why in left_out]


def pytest_terminal_summary(terminalreporter, config):
    left_out = config.stash.get(LEFT_OUT, [])
    if left_out:
        terminalreporter.section(f"left out on this machine: {len(left_out)}")
        for name, why in left_out:
            terminalreporter.line(f"{name}: {why}")


def pytest_sessionfinish(session, exitstatus):
    """A skipped test is a failed run in CI."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if IN_CI and reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED
