"""The systemd units: valid, and confined."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UNITS = sorted((ROOT / "deploy" / "systemd").glob("*.service"))
each_unit = pytest.mark.parametrize("unit", UNITS, ids=lambda path: path.name)
MOST_EXPOSED = 2.0
"""On systemd's scale of 10; a unit without any of the options has 9.6."""


@each_unit
def test_a_unit_starts_what_is_there(unit):
    command = re.search(r"^ExecStart=(.+)$", unit.read_text(), re.MULTILINE).group(1).split()
    script = next(word for word in command[1:] if word.endswith(".py"))
    assert command[0] == "/opt/podforecast/.venv/bin/python"
    assert (ROOT / script).is_file()


@each_unit
def test_a_system_call_that_is_not_allowed_is_refused_and_kills_nobody(unit):
    """Arrow asks for a NUMA policy when it is imported, and does without."""
    assert "SystemCallErrorNumber=EPERM" in unit.read_text().splitlines()


@pytest.mark.systemd
@each_unit
def test_systemd_understands_a_unit(unit, tmp_path):
    there = tmp_path / unit.name
    text = unit.read_text().replace("/opt/podforecast/.venv/bin/python", "/bin/sh")
    there.write_text(text.replace("/opt/podforecast", "/"))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", str(there)], check=False,
                          capture_output=True, text=True)  # fmt: skip
    complaints = [line for line in done.stderr.splitlines() if unit.name in line]
    assert (done.returncode, complaints) == (0, [])


@pytest.mark.systemd
@each_unit
def test_a_unit_is_confined(unit):
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", str(unit)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    exposure = re.search(r"exposure level for \S+: ([\d.]+)", done.stdout).group(1)
    assert float(exposure) <= MOST_EXPOSED
