"""Rules that Dockerfile linters have, on the Dockerfiles here."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOCKERFILES = [ROOT / "Dockerfile", ROOT / "Dockerfile.streamlit", ROOT / "lab" / "Dockerfile"]
each_dockerfile = pytest.mark.parametrize(
    "dockerfile", DOCKERFILES, ids=lambda path: str(path.relative_to(ROOT))
)
VERSION = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
LABELS = ("title", "description", "version", "revision", "licenses")


def instructions(path: Path) -> list[tuple[str, str]]:
    """Return name and argument of each instruction, continued lines joined, comments left out."""
    lines = [line for line in path.read_text().splitlines() if not line.lstrip().startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    pairs = (line.split(maxsplit=1) for line in joined.splitlines() if line.strip())
    return [(name.upper(), argument) for name, argument in pairs]


def last_stage(path: Path) -> dict[str, str]:
    """Return the last argument of each instruction of the stage that becomes the image."""
    found = instructions(path)
    start = max(k for k, (name, _) in enumerate(found) if name == "FROM")
    return dict(found[start:])


@each_dockerfile
def test_the_image_runs_as_a_user_with_a_number_and_no_rights(dockerfile):
    """By number, so that Kubernetes can tell that it is not root."""
    user, _, group = last_stage(dockerfile)["USER"].partition(":")
    assert int(user) > 0
    assert int(group) > 0


@each_dockerfile
def test_the_image_can_be_asked_for_its_health_without_curl(dockerfile):
    check = last_stage(dockerfile)["HEALTHCHECK"]
    command = json.loads(check.partition("CMD ")[2])
    assert command[:2] == ["python", "-c"]
    compile(command[2], "health check", "exec")


@each_dockerfile
def test_the_process_gets_the_signals(dockerfile):
    command = json.loads(last_stage(dockerfile)["CMD"])
    assert command[0] == "python" or re.match(r"(\w+=\S+ )*exec ", command[-1])


@each_dockerfile
def test_nothing_is_added_from_elsewhere(dockerfile):
    assert "ADD" not in dict(instructions(dockerfile))


@each_dockerfile
def test_every_stage_begins_with_the_pinned_base_or_another_stage(dockerfile):
    found = instructions(dockerfile)
    begun = [argument.split() for name, argument in found if name == "FROM"]
    stages = {words[-1] for words in begun if "AS" in words}
    bases = {words[0] for words in begun}
    assert bases - stages == {"${PYTHON_IMAGE}"}
    assert dict(found[:1]) == {"ARG": "PYTHON_IMAGE=python:3.12-slim"}


@each_dockerfile
def test_packages_come_from_our_pinned_files_alone(dockerfile):
    installs = [argument for name, argument in instructions(dockerfile)
                if name == "RUN" and "pip install" in argument]  # fmt: skip
    assert installs
    pinned = re.compile(r"pip install (--no-compile )?-r /requirements/\w+\.txt$")
    assert all(pinned.search(line) for line in installs)


@each_dockerfile
def test_the_image_says_what_it_is(dockerfile):
    labels = last_stage(dockerfile)["LABEL"]
    assert [name for name in LABELS if f"org.opencontainers.image.{name}=" not in labels] == []
    assert f"ARG VERSION={VERSION}\n" in dockerfile.read_text()


def test_nothing_enters_a_build_that_is_not_named():
    rules = [line for line in (ROOT / ".dockerignore").read_text().splitlines()
             if line and not line.startswith("#")]  # fmt: skip
    assert rules[0] == "*"
    named = {rule[1:] for rule in rules if rule.startswith("!")}
    assert not named & {".git", ".env", "models", "tests", ".venv", "."}
    assert [name for name in named if not (ROOT / name).exists()] == []


@each_dockerfile
def test_what_a_build_copies_is_let_in(dockerfile):
    allowed = (ROOT / ".dockerignore").read_text().splitlines()
    copied = [source for name, argument in instructions(dockerfile)
              if name == "COPY" and "--from" not in argument
              for source in argument.split()[:-1]]  # fmt: skip
    assert [source for source in copied if f"!{source.split('/')[0]}" not in allowed] == []
