"""What commands use of parts that they do not know; ``__main__`` knows both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import typer

from podforecast.settings import Settings


def _nobody(_: Settings) -> None:
    raise NotImplementedError("start the command as `python -m podforecast`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """Handed to every command."""

    pages: Mapping[str, Callable[[], str]] = field(default_factory=dict)
    """Generated pages about other parts, by file name."""
    serve_watcher: Callable[[Settings], None] = _nobody
    """Watches and answers until it is told to end."""


def outside_of(context: typer.Context) -> Outside:
    return context.obj if isinstance(context.obj, Outside) else Outside()
