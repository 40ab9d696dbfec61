"""Keeps a ring filled from a Prometheus: the newest samples first, gaps as time permits."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from podforecast.domain.telemetry import HISTORY, STEP, WINDOW
from podforecast.errors import PodforecastError
from podforecast.telemetry.backlog import Backlog, Want
from podforecast.telemetry.prometheus.api import QueryApi
from podforecast.telemetry.prometheus.bulk import BulkQueries, Got, Piece
from podforecast.telemetry.prometheus.owners import Owners
from podforecast.telemetry.prometheus.parts import ClusterPart
from podforecast.telemetry.prometheus.queries import PACKS
from podforecast.telemetry.prometheus.samples import VectorReader, read_matrix
from podforecast.telemetry.ring import DEPTH, STEP_SECONDS, Ring, Samples

log = logging.getLogger(__name__)

FIRST_ASKED = ("cpu_usage_ratio", "memory_usage_ratio", "status_code", "restarts")
"""Where time is short, the packs of these have come: there is no forecast without."""
MOST_POINTS = 500_000
"""Of one answer; so many are 15 MB of JSON, and a dozen answers are read at the same time."""
SIGNALS_OF_A_PACK = 4
AT_FIRST = WINDOW // STEP + 1
"""Samples asked for while nobody knows how many pods there are: those of the window."""
ROUND_SECONDS = 2.0
"""Queries about the past are made about so long: other people ask the server too."""


class RingFiller:
    """Asks for what a ring lacks.

    Parameters
    ----------
    ring
        Filled; nobody else writes into it.
    look_back
        Which signals to ask for, and how far back they are needed.
    part
        Of the cluster; the whole, if not given.
    """

    def __init__(
        self,
        ring: Ring,
        *,
        look_back: Mapping[str, timedelta],
        part: ClusterPart | None = None,
    ) -> None:
        self.rejected: dict[str, PodforecastError] = {}
        """Signals that the server does not evaluate."""
        self.failed: dict[tuple[str, ...], PodforecastError] = {}
        """Signals without an answer when they were last asked for."""
        self._ring = ring
        self._part = part or ClusterPart()
        self._owners = Owners(ring)
        self._reader = VectorReader()
        depths = {name: back // STEP + 1 for name, back in look_back.items()}
        self._packs = packs_of(look_back)
        self._needed = Backlog(self._packs, depths)
        self._everything = Backlog(self._packs, dict.fromkeys(depths, DEPTH))
        self._owns_the_past = False
        self._round = AT_FIRST
        self._longest = DEPTH

    @property
    def gap(self) -> int:
        """Samples of the hour that are still to be asked for."""
        return self._needed.left(newest=self._ring.newest)

    @property
    def is_whole(self) -> bool:
        """Whether the hour is there even of what is only looked at now."""
        return not self._everything.left(newest=self._ring.newest)

    def fill(self, api: QueryApi, newest: int, *, past_seconds: Callable[[], float]) -> None:
        """Ask for everything up to a sample.

        Parameters
        ----------
        api
            Bounds how long all of it may take.
        past_seconds
            How much longer gaps in the past may be asked for.

        Raises
        ------
        TelemetryUnavailable, TelemetryRefused, TelemetryMalformed
            If there is no answer to any query about the newest sample.
        """
        begins = not self._ring.pods
        self._ring.advance(newest)
        for backlog in (self._needed, self._everything):
            backlog.forget(self._ring.oldest)
        self._part.find(api, *self._hour)
        if not self._part.scopes:
            return
        left = past_seconds()
        self._fill_the_present(self._queries(api))
        self._find_owners(api, timedelta(0), newest)
        # Of a small cluster there is time for everything, so that the past, too, can be scanned.
        window_seconds = left - past_seconds()
        small = begins and window_seconds * DEPTH / AT_FIRST < past_seconds()
        if begins:
            self._round = in_a_round(AT_FIRST, window_seconds)
        self._fill_the_past(
            self._everything if small else self._needed,
            self._queries(api.within(past_seconds)),
            past_seconds,
        )
        if not self.gap and not self._owns_the_past and past_seconds() > 0.0:
            self._find_owners(api.within(past_seconds), HISTORY, self._ring.oldest)
            self._owns_the_past = True

    def _fill_the_present(self, queries: BulkQueries) -> None:
        most = self._largest if self._ring.pods else AT_FIRST
        wants = self._needed.wants(newest=self._ring.newest, most=most)
        got = self._take(queries, wants)
        asked = {name for each in wants for name in each.signals}
        self.failed = {
            **{each.want.signals: each.error for each in got if each.error is not None},
            **{names: error for names, error in self.failed.items() if asked.isdisjoint(names)},
        }
        rejected = {
            **{name: error for name, error in self.rejected.items() if name not in asked},
            **{name: error for each in got for name, error in each.rejected.items()},
        }
        for name in rejected.keys() - self.rejected.keys():
            log.warning("signal is left out signal=%s reason=%s", name, rejected[name].message)
        self.rejected = rejected
        answered = any(
            each.error is None and len(each.rejected) < len(each.want.signals) for each in got
        )
        if wants and not answered:
            raise next(iter([*self.failed.values(), *rejected.values()]))

    def _fill_the_past(
        self, backlog: Backlog, queries: BulkQueries, left_seconds: Callable[[], float]
    ) -> None:
        """Ask in rounds, for as many samples as take the time of a round."""
        enough = 0.0
        while (left := left_seconds()) > enough:
            most = min(self._round, self._largest)
            wants = backlog.wants(newest=self._ring.newest, most=most)
            if not wants:
                return
            self._owns_the_past = False
            if any(each.error is not None for each in self._take(queries, wants)):
                self._round = max(1, self._round // 2)
                return
            seconds = left - left_seconds()
            enough = 1.5 * seconds
            self._round = in_a_round(most, seconds)

    @property
    def _largest(self) -> int:
        """Samples of the largest answer that is asked for."""
        few = MOST_POINTS // (SIGNALS_OF_A_PACK * max(1, len(self._ring.pods)))
        return max(1, min(few, self._longest))

    def _take(self, queries: BulkQueries, wants: Sequence[Want]) -> list[Got]:
        """Ask, and enter what is answered."""
        samples: list[Samples] = []
        taken: list[Got] = []
        for got in queries.ask_all(wants):
            try:
                read = [self._samples(piece) for piece in got.pieces]
            except PodforecastError as error:
                taken.append(replace(got, error=error))
                continue
            taken.append(got)
            if got.error is None:
                samples += read
        self._ring.put(*samples)
        for got in taken:
            # What the server found too large once is not tried again.
            self._longest = min([self._longest, *(piece.want.span for piece in parts_of(got))])
            if got.error is None:
                self.failed.pop(got.want.signals, None)
                self._needed.done(got.want)
                if got.want.signals == self._packs[got.want.pack]:
                    self._everything.done(got.want)
        return taken

    def _samples(self, piece: Piece) -> Samples:
        want, table = piece.want, self._ring.table
        if len(want) == 1:
            return self._reader.read(piece.body, want.signals, want.first, table)
        return read_matrix(piece.body, want.signals, want.first, want.last, table)

    def _queries(self, api: QueryApi) -> BulkQueries:
        names = lambda: self._part.all_namespaces(api, *self._hour)  # noqa: E731
        return BulkQueries(api, self._part.scopes, names)

    def _find_owners(self, api: QueryApi, span: timedelta, since: int) -> None:
        self._owners.find(api, self._part.scopes, span=span, since=since)

    @property
    def _hour(self) -> tuple[float, float]:
        return STEP_SECONDS * self._ring.oldest, STEP_SECONDS * self._ring.newest


def in_a_round(samples: int, seconds: float) -> int:
    """Return how many samples to ask for next, after so many took so long.

    >>> in_a_round(13, 26.0), in_a_round(13, 1.0), in_a_round(13, 0.0)
    (1, 26, 241)
    """
    return max(1, min(DEPTH, int(samples * ROUND_SECONDS / max(seconds, 1e-3))))


def parts_of(got: Got) -> list[Piece]:
    """Answers to less than what was wanted at a time."""
    return [piece for piece in got.pieces if len(piece.want) < len(got.want)]


def packs_of(signals: Iterable[str]) -> list[tuple[str, ...]]:
    """Return the packs of some signals, those without which there is no forecast first.

    >>> packs_of(["memory_usage_ratio", "scrape_up", "scrape_seconds"])
    [('memory_usage_ratio',), ('scrape_up', 'scrape_seconds')]
    """
    wanted = frozenset(signals)
    packs = [tuple(name for name in pack if name in wanted) for pack in PACKS]
    return sorted(filter(None, packs), key=lambda pack: not any(n in FIRST_ASKED for n in pack))
