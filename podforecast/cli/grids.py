"""Tables of an evaluation on a terminal."""

from __future__ import annotations

from rich import box
from rich.markup import escape
from rich.table import Table as Grid

from podforecast.evaluation.cells import Table


def grid(table: Table) -> Grid:
    """Lay a table out; its first column, and lines that a cell is made of, are never broken."""
    found = Grid(title=table.title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for place, name in enumerate(table.header):
        lines = [
            len(line) for row in table.rows if "\n" in row[place] for line in row[place].split()
        ]
        found.add_column(name, no_wrap=place == 0, min_width=max(lines, default=None))
    for row in table.rows:
        found.add_row(*(escape(cell) for cell in row))
    return found
