"""Names of pods as numbers, so that a forecast takes few bytes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Row, Select, select

from podforecast.domain.pods import PodRef
from podforecast.errors import StoreRefused
from podforecast.store.bulk import given_pods
from podforecast.store.names import restored
from podforecast.store.tables import PODS

SEEN_EVERY_SECONDS = 3600.0
"""``seen_at`` is written this rarely: it only tells retention which pods nobody refers to."""
AT_ONCE = 1000
"""Numbers in one query; SQLite takes 32 766 parameters."""
MOST_REMEMBERED = 400_000
"""Pods kept in memory, some 300 bytes each; beyond that they are asked for again."""

SEE_AGAIN = """
UPDATE pods SET
    workload = coalesce(given.workload, pods.workload),
    seen_at = CASE WHEN :at > pods.seen_at THEN :at ELSE pods.seen_at END
FROM given
WHERE watcher_id = :watcher AND pods.namespace = given.namespace AND pods.name = given.name
"""
SEE_FIRST = """
INSERT INTO pods (watcher_id, namespace, name, workload, seen_at)
SELECT :watcher, namespace, name, coalesce(workload, ''), :at FROM given
WHERE NOT EXISTS (
    SELECT 1 FROM pods
    WHERE watcher_id = :watcher AND namespace = given.namespace AND name = given.name
)
"""
FIND = """
SELECT given.place, pods.id, pods.workload, pods.seen_at
FROM given CROSS JOIN pods
WHERE watcher_id = :watcher AND pods.namespace = given.namespace AND pods.name = given.name
"""
"""A cross join, since SQLite keeps its order: names first, each looked up in the index."""


LOST = "Rows of pods were deleted by hand: restore a backup, or delete the scans they were in."


class Known(NamedTuple):
    """A pod's row."""

    pod: PodRef
    number: int
    workload: str
    seen_at: float


class PodBook:
    """Numbers of one watcher's pods, kept in memory as far as they are committed."""

    def __init__(self, watcher: int) -> None:
        self._watcher = watcher
        self._by_name: dict[PodRef, Known] = {}
        self._by_number: dict[int, Known] = {}

    def enter(
        self, connection: Connection, workloads: Mapping[PodRef, str | None], at: float
    ) -> dict[PodRef, Known]:
        """Find the rows of pods that are seen now, or make them.

        Parameters
        ----------
        workloads
            Of each pod; None leaves what is known of it.

        Returns
        -------
        dict of PodRef to Known
            To be given to :meth:`keep` once the transaction is committed; a number must not be
            remembered if the row behind it may be rolled back.
        """
        rows = {pod: self._by_name[pod] for pod in workloads if pod in self._by_name}
        stale = [pod for pod, workload in workloads.items() if _stale(rows.get(pod), workload, at)]
        if stale:
            given = given_pods(connection, [(pod, workloads[pod]) for pod in stale])
            place = {"watcher": self._watcher, "at": at}
            for change in (SEE_AGAIN, SEE_FIRST):
                connection.execute(given.statement(change), {**given.values, **place})
            for row in connection.execute(given.statement(FIND), {**given.values, **place}):
                pod = stale[row.place]
                rows[pod] = Known(pod, row.id, restored(row.workload), row.seen_at)
        return rows

    def keep(self, rows: Mapping[PodRef, Known]) -> None:
        """Remember rows that are committed."""
        if len(self._by_name) > MOST_REMEMBERED:
            self.forget()
        self._by_name.update(rows)
        self._by_number.update((row.number, row) for row in rows.values())

    def forget(self) -> None:
        """Remember nothing: rows may have gone."""
        self._by_name.clear()
        self._by_number.clear()

    def of(self, connection: Connection, numbers: Sequence[int]) -> list[Known]:
        """Look pods up by number.

        Raises
        ------
        StoreRefused
            If one is not there: a scan with fewer names than forecasts would shift them all.
        """
        known = {number: self._by_number.get(number) for number in numbers}
        for chunk in _chunks([number for number, row in known.items() if row is None]):
            rows = _read(connection, select(PODS).where(PODS.c.id.in_(chunk)))
            known.update((row.number, row) for row in rows)
            self.keep({row.pod: row for row in rows})
        rows = [row for number in numbers if (row := known[number]) is not None]
        if len(rows) < len(numbers):
            lost = next(number for number, row in known.items() if row is None)
            raise StoreRefused(
                f"the store has forecasts of pod {lost}, but not its name", hint=LOST
            )
        return rows


def _stale(row: Known | None, workload: str | None, at: float) -> bool:
    if row is None or at - row.seen_at > SEEN_EVERY_SECONDS:
        return True
    return workload is not None and workload != row.workload


def _read(connection: Connection, query: Select[*tuple[Any, ...]]) -> list[Known]:
    return [_known(row) for row in connection.execute(query)]


def _known(row: Row[*tuple[Any, ...]]) -> Known:
    pod = PodRef(restored(row.namespace), restored(row.name))
    return Known(pod, row.id, restored(row.workload), row.seen_at)


def _chunks(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (items[start : start + AT_ONCE] for start in range(0, len(items), AT_ONCE))


def scanned(pods: Iterable[PodRef], workloads: Iterable[str]) -> dict[PodRef, str | None]:
    """Workloads of a scan's pods, as :meth:`PodBook.enter` takes them."""
    return dict(zip(pods, workloads, strict=True))
