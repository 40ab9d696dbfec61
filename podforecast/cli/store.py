"""``python -m podforecast store``: what shape the store has, and bringing it up to date."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from podforecast.cli.console import out
from podforecast.settings import Settings, read_settings

store = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Look after the store of forecasts, PODFORECAST_STORE__URL. The service brings it up to"
    " date by itself when it starts.",
)


@store.command()
def current(
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Print the revision of the store, and the one this program knows. Changes nothing."""
    from podforecast.store.schema import revisions

    settings = read_settings()
    found = revisions(_url(settings), timeout=settings.store.timeout)
    if as_json:
        typer.echo(json.dumps({"store": found.store, "current": found.current,
                               "known": found.known}))  # fmt: skip
        return
    out.print(f"{found.store}: revision {found.current or 'none'}, known here {found.known}",
              highlight=False, soft_wrap=True)  # fmt: skip


@store.command()
def upgrade() -> None:
    """Bring the store to the revision this program knows: the service then starts at once."""
    from podforecast.store.schema import bring_up_to_date

    settings = read_settings()
    done = bring_up_to_date(_url(settings), timeout=settings.store.timeout)
    out.print(f"{done.store}: revision {done.current}", highlight=False, soft_wrap=True)


def _url(settings: Settings) -> str:
    return settings.store.url.get_secret_value()
