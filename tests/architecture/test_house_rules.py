"""What the linters do not check."""

from __future__ import annotations

import ast
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
MODULES = sorted(
    path
    for folder in ("podforecast", "lab", "benchmarks")
    for path in (ROOT / folder).rglob("*.py")
)
SCRIPTS = [ROOT / name for name in ("app.py", "streamlit_app.py", "train_model.py",
                                    "evaluate_model.py")]  # fmt: skip


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("module", MODULES, ids=named)
def test_no_module_outgrows_400_lines(module):
    assert len(module.read_text().splitlines()) <= 400


@pytest.mark.parametrize("module", [m for m in MODULES if m.name != "__main__.py"], ids=named)
def test_every_module_says_why_it_exists(module):
    assert ast.get_docstring(ast.parse(module.read_text()))


@pytest.mark.parametrize("script", SCRIPTS, ids=named)
def test_top_level_scripts_only_import_and_run(script):
    """What is pickled from a script would be pickled as ``__main__.X`` and not load elsewhere."""
    tree = ast.parse(script.read_text())
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    assert len(script.read_text().splitlines()) <= 30


def test_no_check_is_made_unable_to_fail():
    swallowed = "||" + " true"
    files = [ROOT / "Makefile", ROOT / ".ci" / "run", *(ROOT / "scripts").glob("*.sh")]
    assert [named(f) for f in files if swallowed in f.read_text()] == []


def test_no_test_is_skipped_by_hand():
    marks = ("pytest.mark." + "skip", "pytest." + "skip(", "mark." + "xfail")
    found = [named(f) for f in (ROOT / "tests").rglob("*.py")
             if any(mark in f.read_text() for mark in marks)]  # fmt: skip
    assert found == []


def test_the_fixed_top_level_names_are_there():
    names = ("train_model.py", "evaluate_model.py", "app.py", "streamlit_app.py", "example.json",
             "models", "tests", "requirements.txt", "README.md")  # fmt: skip
    assert [name for name in names if not (ROOT / name).exists()] == []


def test_the_repository_holds_no_large_file_but_recordings():
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True)
    tracked = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    outside = [path for path in tracked if path.exists() and path.parent.parent.name != "data"]
    assert [named(path) for path in outside if path.stat().st_size > 2**20] == []
