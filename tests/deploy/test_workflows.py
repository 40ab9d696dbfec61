"""Every workflow and every other YAML file, against its schema."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").iterdir())
TRACKED = subprocess.run(["git", "ls-files", "-z", "*.yml", "*.yaml"], cwd=ROOT, check=True,
                         capture_output=True, text=True).stdout.split("\0")  # fmt: skip
YAML_FILES = sorted(name for name in TRACKED if name and (ROOT / name).exists())


def check(path: Path, schema: str) -> subprocess.CompletedProcess[str]:
    """Hold a file against a schema that the checker brings along; nothing is downloaded."""
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def named(path: Path) -> str:
    return path.name


def test_a_workflow_with_a_misspelt_field_is_refused(tmp_path):
    workflow = yaml.safe_load(WORKFLOWS[0].read_text())
    workflow["jobs"]["quick"]["step"] = workflow["jobs"]["quick"].pop("steps")
    wrong = tmp_path / "ci.yml"
    wrong.write_text(yaml.safe_dump(workflow))
    assert check(wrong, "vendor.github-workflows").returncode == 1


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=named)
def test_a_workflow_keeps_to_its_schema(workflow):
    done = check(workflow, "vendor.github-workflows")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=named)
def test_every_job_ends_by_itself(workflow):
    done = check(workflow, "custom.github-workflows-require-timeout")
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=named)
def test_a_workflow_may_read_and_no_more(workflow):
    assert yaml.safe_load(workflow.read_text())["permissions"] == {"contents": "read"}


@pytest.mark.parametrize("workflow", WORKFLOWS, ids=named)
def test_the_folders_a_workflow_tests_are_there(workflow):
    words = workflow.read_text().split()
    assert [
        word for word in words if word.startswith("tests/") and not (ROOT / word).is_dir()
    ] == []


def test_continuous_integration_leaves_nothing_out():
    thorough = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    commands = [step.get("run", "") for step in thorough["jobs"]["thorough"]["steps"]]
    assert any("make test" in command for command in commands)
    for file in (ROOT / ".ci" / "run", *WORKFLOWS):
        assert "CONTAINERS=no" not in file.read_text()


@pytest.mark.parametrize("name", YAML_FILES)
def test_a_yaml_file_can_be_read(name):
    assert yaml.safe_load((ROOT / name).read_text()) is not None
