"""One pin per package, although images install parts of the requirements."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2]
FILES = [ROOT / "requirements.txt", ROOT / "requirements-dev.txt",
         *sorted((ROOT / "requirements").glob("*.txt"))]  # fmt: skip


def requirements(path: Path) -> list[str]:
    lines = [line.strip() for line in path.read_text().splitlines()]
    return [line for line in lines if line and not line.startswith("#")]


def test_a_package_has_the_same_pin_everywhere():
    pins = defaultdict(set)
    for file in FILES:
        for line in requirements(file):
            if not line.startswith("-r "):
                name, version = line.split(";")[0].strip().split("==")
                pins[name].add(version)
    assert {name: versions for name, versions in pins.items() if len(versions) > 1} == {}


def test_requirements_name_parts_and_nothing_that_no_image_would_get():
    assert all(line.startswith("-r requirements/") for line in requirements(FILES[0]))


def test_every_part_that_is_pulled_in_is_there():
    pulled = [(file.parent / line.removeprefix("-r ")) for file in FILES
              for line in requirements(file) if line.startswith("-r ")]  # fmt: skip
    assert pulled
    assert [path for path in pulled if not path.is_file()] == []
