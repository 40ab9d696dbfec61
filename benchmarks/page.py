"""Puts the figures of a run into ``docs/performance.md``, so that none is typed by hand.

The page is prose with a place for each benchmark's table: between ``<!-- bench: NAME -->`` and
``<!-- end -->``. What stands there is replaced; everything else stays as it is.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

Line = Mapping[str, Any]
MACHINE = "machine"
PLACE = re.compile(r"(<!-- bench: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


class NotAPage(ValueError):
    """The page or the figures are not what they should be; the message says which."""


def filled(page: str, lines: Sequence[Line]) -> str:
    """Replace every table of a page by the figures of a run.

    A benchmark that was not run keeps the table it has; each names its own date, so that nothing
    old looks new.

    Raises
    ------
    NotAPage
        If there is no place for a benchmark that was run.
    """
    where: Mapping[str, str] = next((line[MACHINE] for line in lines if MACHINE in line), {})
    tables: dict[str, list[Line]] = {}
    for line in lines:
        if "benchmark" in line:
            tables.setdefault(line["benchmark"], []).append(line)
    lost = [name for name in tables if name not in {found[1] for found in PLACE.findall(page)}]
    if lost:
        raise NotAPage(f"there is no place <!-- bench: {lost[0]} --> in the page")

    def place(found: re.Match[str]) -> str:
        before, name, after = found.groups()
        if name == MACHINE and where:
            return f"{before}{_facts(where)}{after}"
        if name in tables:
            return f"{before}{table(tables[name])}\n{_taken(name, where)}\n{after}"
        return found[0]

    return PLACE.sub(place, page)


def table(lines: Iterable[Line]) -> str:
    """One row a figure; whether its target was met is said in words."""
    rows = ["| figure | value | target | |", "|---|---:|---:|---|"]
    for line in lines:
        unit = line["unit"]
        target = f"{_sign(line['target'])} {unit}" if line.get("target") else ""
        met = {True: "met", False: "**missed**", None: ""}[line.get("met")]
        rows.append(f"| {line['figure']} | {line['value']:g} {unit} | {target} | {met} |")
    return "\n".join(rows) + "\n"


def read_lines(path: Path) -> list[Line]:
    """Read what a run printed.

    Raises
    ------
    NotAPage
        If a line is no JSON object.
    """
    lines: list[Line] = []
    for number, text in enumerate(path.read_text().splitlines(), start=1):
        if not text.strip():
            continue
        try:
            line = json.loads(text)
        except json.JSONDecodeError as error:
            raise NotAPage(f"{path}, line {number}: {error.msg}") from error
        if not isinstance(line, dict):
            raise NotAPage(f"{path}, line {number}: not a JSON object")
        lines.append(line)
    return lines


def _sign(target: str) -> str:
    return target.replace(">=", "≥").replace("<=", "≤")


def _facts(facts: Mapping[str, str]) -> str:
    rows = "\n".join(f"| {name} | {value} |" for name, value in facts.items())
    return f"| | |\n|---|---|\n{rows}\n"


def _taken(name: str, where: Mapping[str, str]) -> str:
    date, commit = where.get("date", "date unknown"), where.get("commit", "unknown")
    return f"`python -m benchmarks {name}`, {date}, commit {commit}\n"
