"""What a run tells the person who waits for it, on stderr."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator

from rich.console import Console
from rich.live import Live
from rich.table import Table

from lab.campaign.recording import Run

log = logging.getLogger(__name__)

LIVE_SECONDS = 1.0
LOG_SECONDS = 60.0


def status(run: Run) -> dict[str, str]:
    """Return the state of a run, in a few words each."""
    tally, minutes = run.ledger.tally, run.settings.minutes
    elapsed = run.elapsed_minutes
    left = "until Ctrl-C" if minutes is None else f"{max(0.0, minutes - elapsed):.1f} min left"
    by_cause = " ".join(f"{cause} {n}" for cause, n in sorted(tally.failures.items()))
    return {
        "elapsed": f"{elapsed:.1f} min, {left}",
        "pods": f"{run.running_pods} of {len(run.cluster.pods)} running",
        "active": f"{run.ledger.faults} faults, {run.ledger.lookalikes} look-alikes",
        "failures": by_cause or "none",
        "first": str(sum(tally.first_failures.values())),
        "unexplained": str(tally.unexplained),
    }


class Progress:
    """A live table on a terminal, a log line a minute elsewhere."""

    def __init__(self, console: Console) -> None:
        self._console = console

    @contextlib.asynccontextmanager
    async def __call__(self, run: Run) -> AsyncIterator[None]:
        """Show `run` while the body runs."""
        show = self._live(run) if self._console.is_terminal else self._log(run)
        task = asyncio.create_task(show)
        try:
            yield
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def _live(self, run: Run) -> None:
        with Live(console=self._console, auto_refresh=False) as live:
            while True:
                live.update(_as_table(run), refresh=True)
                await asyncio.sleep(LIVE_SECONDS)

    async def _log(self, run: Run) -> None:
        while True:
            log.info(" ".join(f"{key}=%s" for key in status(run)), *status(run).values())
            await asyncio.sleep(LOG_SECONDS)


def _as_table(run: Run) -> Table:
    table = Table(title=f"campaign {run.settings.name}", show_header=False, title_justify="left")
    for key, value in status(run).items():
        table.add_row(key, value)
    return table
