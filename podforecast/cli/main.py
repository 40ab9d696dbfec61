"""``python -m podforecast``: the commands that are not scripts of their own."""

from __future__ import annotations

import signal
from pathlib import Path
from typing import Annotated

import typer

from podforecast.cli import docs as pages
from podforecast.cli.backtest import backtest
from podforecast.cli.console import err, guarded
from podforecast.cli.doctor import doctor
from podforecast.cli.fleet_line import fleet_line
from podforecast.cli.outside import Outside, outside_of
from podforecast.cli.run import Address
from podforecast.cli.run import run as run_servers
from podforecast.cli.store import store
from podforecast.cli.watch import watch
from podforecast.settings import read_settings

ROOT = Path(__file__).parents[2]

application = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    rich_markup_mode="markdown",
    help="Which pods will fail in the next minutes. Training and evaluation are `train_model.py`"
    " and `evaluate_model.py`.",
)


@application.command()
def run() -> None:
    """Start the service and the dashboard, and print one forecast.

    Trains first if there is no model yet. Ports and the model's folder are settings, see
    docs/settings.md. Ctrl-C stops both.
    """
    # A shell's background jobs ignore Ctrl-C, and so would we; `kill` should end the servers too.
    for ending in (signal.SIGINT, signal.SIGTERM):
        signal.signal(ending, signal.default_int_handler)
    settings = read_settings()
    key = settings.api_keys[0].get_secret_value() if settings.api_keys else ""
    api = Address("API", settings.api.host, settings.api.port, "PODFORECAST_API__PORT", key)
    ui = Address(
        "dashboard", settings.dashboard.host, settings.dashboard.port, "PODFORECAST_DASHBOARD__PORT"
    )
    err.print(f"fleet view: {fleet_line(settings)}", highlight=False)
    run_servers(root=ROOT, model_dir=settings.model_dir, api=api, ui=ui, console=err)


@application.command()
def docs(
    context: typer.Context,
    check: Annotated[
        bool, typer.Option("--check", help="Change nothing; fail if a page is out of date.")
    ] = False,
) -> None:
    """Write the generated pages of docs/: features, signals, settings, OpenAPI."""
    changed = pages.write(ROOT / "docs", check=check, more=outside_of(context).pages)
    typer.echo(f"written: {', '.join(changed)}" if changed else "all pages are up to date")


application.command()(doctor)
application.command()(backtest)
application.command()(watch)
application.add_typer(store, name="store")


def main(outside: Outside | None = None) -> int:
    """Run the command; an error of ours is two lines and exit code 1.

    Parameters
    ----------
    outside
        Parts that the commands do not know.
    """
    return guarded(lambda: application(obj=outside))
