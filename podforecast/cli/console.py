"""What all commands share: where they write, how they fail, what their progress looks like.

Results go to stdout and everything else to stderr, so that ``--json | jq`` works. Bars and
messages share one console, or they would overwrite each other.
"""

from __future__ import annotations

from collections.abc import Callable

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from podforecast.errors import ConfigurationError, PodforecastError

OK, FAILED, WRONG_USAGE = 0, 1, 2

out = Console()
"""Results."""
err = Console(stderr=True)
"""Progress, remarks, errors."""


def one_command() -> typer.Typer:
    """Begin a program of one command, whose errors :func:`guarded` tells."""
    return typer.Typer(
        add_completion=False, pretty_exceptions_enable=False, rich_markup_mode="markdown"
    )


def guarded(command: Callable[[], object]) -> int:
    """Run a command and return its exit code; an error of ours becomes two lines on stderr.

    0 fine, 1 the work failed, 2 wrong usage. Bugs keep their traceback.
    """
    try:
        command()
    except ConfigurationError as exc:
        return _explained(exc, WRONG_USAGE)
    except PodforecastError as exc:
        return _explained(exc, FAILED)
    except SystemExit as exc:  # typer leaves this way, whatever happened
        return exc.code if isinstance(exc.code, int) else (FAILED if exc.code else OK)
    return OK


def progress() -> Progress:
    """Return a bar on stderr that disappears when it is done."""
    return Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f}%"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
        console=err,
        transient=True,
    )


def _explained(exc: PodforecastError, code: int) -> int:
    err.print(f"[bold red]error:[/] {escape(exc.message)}", soft_wrap=True, highlight=False)
    if exc.hint:
        err.print(f"[bold]hint:[/] {escape(exc.hint)}", soft_wrap=True, highlight=False)
    return code
