"""What is kept of scans, and what came of them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import Connection, Select, insert, select, update

from podforecast.domain.history import GradedScan, ScanRecord, Track
from podforecast.domain.pods import PodRef
from podforecast.errors import StoreUnavailable
from podforecast.store import grades, record, retention, scans
from podforecast.store.address import address
from podforecast.store.database import Database
from podforecast.store.names import kept
from podforecast.store.pods import Known, PodBook, scanned
from podforecast.store.schema import migrate
from podforecast.store.tables import SCANS, STATE, WATCHERS
from podforecast.store.troubles import AGAIN

ATTEMPTS = 5
"""To begin a transaction without having to connect again in between; two do, where all is well."""


class ForecastStore:
    """Scans and grades of one watcher: a cluster, and a shard of it.

    One thread writes; others may read at the same time. Every method that changes something does
    it in one transaction, which is on disk when the method returns.

    Raises
    ------
    StoreUnavailable
        From any method: the database did not answer in time. The next call connects again.
    StoreRefused
        From any method: it answered that it will not, now or later.

    Examples
    --------
    >>> store = ForecastStore.open("", cluster="prod", timeout=timedelta(seconds=5))
    >>> store.remember("alerts", b"{}")
    >>> store.recall("alerts")
    b'{}'
    >>> store.close()
    """

    def __init__(self, database: Database, *, cluster: str, shard: str) -> None:
        self._database = database
        self._name = {"cluster": kept(cluster), "shard": kept(shard)}
        self._preparing = threading.Lock()
        self._prepare()

    @classmethod
    def open(
        cls, url: str, *, cluster: str = "", shard: str = "1/1", timeout: timedelta
    ) -> ForecastStore:
        """Connect, and bring the tables to the shape this program knows.

        Parameters
        ----------
        url
            ``sqlite:///FILE``, ``postgresql://...``, or empty for memory.
        timeout
            How long a connection, a lock or an answer may take.
        """
        database = Database(address(url), timeout=timeout)
        try:
            return cls(database, cluster=cluster, shard=shard)
        except BaseException:
            database.close()
            raise

    def _prepare(self) -> None:
        with self._preparing:
            self._database.leave_lost_file()
            if self._database.is_new:
                migrate(self._database)
                with self._database.writing() as connection:
                    self._watcher = _number(connection, self._name)
                self._book = PodBook(self._watcher)
                self._database.settle()

    def _reading(self) -> AbstractContextManager[Connection]:
        return self._prepared(self._database.reading)

    def _writing(self) -> AbstractContextManager[Connection]:
        return self._prepared(self._database.writing)

    @contextmanager
    def _prepared(
        self, transaction: Callable[[], AbstractContextManager[Connection]]
    ) -> Iterator[Connection]:
        """Begin a transaction in a database whose numbers are those that are remembered."""
        for _ in range(ATTEMPTS):
            self._prepare()
            with transaction() as connection:
                if not self._database.is_new:  # as it is after connecting again
                    yield connection
                    return
        raise StoreUnavailable(
            f"the store ({self._database.address}) breaks each connection",
            hint=f"See what ends them: a proxy, or the server. {AGAIN}",
        )

    def record(self, scan: ScanRecord) -> None:
        """Keep a scan. One that is kept already stays as it is."""
        per_pod = (scan.workloads, scan.probability, scan.at_risk, scan.failing)
        if any(len(values) != len(scan.pods) for values in per_pod):
            raise ValueError(f"a scan of {len(scan.pods)} pods with {[*map(len, per_pod)]} values")
        with self._writing() as connection:
            if scans.is_kept(connection, self._watcher, scan.at):
                return
            pods = self._book.enter(connection, scanned(scan.pods, scan.workloads), scan.at)
            scans.write(connection, self._watcher, scan, pods)
        self._book.keep(pods)

    def due(self, until: float, *, limit: int = 20) -> list[ScanRecord]:
        """Scans until then that are not graded, oldest first."""
        wanted = select(SCANS).where(SCANS.c.at <= until, ~SCANS.c.graded).limit(limit)
        with self._reading() as connection:
            return scans.read(connection, self._mine(wanted), self._book)

    def recent(self, since: float) -> list[ScanRecord]:
        """Scans from then on, graded or not, oldest first."""
        wanted = select(SCANS).where(SCANS.c.at >= since)
        with self._reading() as connection:
            return scans.read(connection, self._mine(wanted), self._book)

    def _mine(self, wanted: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
        return wanted.where(SCANS.c.watcher_id == self._watcher).order_by(SCANS.c.at)

    def grade(self, graded: Sequence[GradedScan]) -> None:
        """Write down what came of scans; those that are graded already stay as they are."""
        entered: dict[PodRef, Known] = {}
        with self._writing() as connection:
            for one in graded:
                entered |= self._grade(connection, one)
        self._book.keep(entered)

    def _grade(self, connection: Connection, graded: GradedScan) -> dict[PodRef, Known]:
        scan = grades.ungraded(connection, self._watcher, graded)
        if scan is None:
            return {}
        named = [told.pod for told in graded.notifications]
        named += [told.failure.pod for told in graded.failures]
        pods = self._book.enter(connection, dict.fromkeys(named), graded.at)
        grades.write(connection, scan, graded, pods)
        return pods

    def track(self, *, since: float, model_version: str | None = None) -> Track:
        """What the forecasts graded since then add up to, of one model or of all."""
        with self._reading() as connection:
            return record.track(connection, self._watcher, since=since, model_version=model_version)

    def remember(self, name: str, document: bytes) -> None:
        """Keep a small document until it is replaced."""
        with self._writing() as connection:
            row = {"watcher_id": self._watcher, "name": name, "document": document}
            replaced = update(STATE).filter_by(watcher_id=self._watcher, name=name).values(row)
            if not connection.execute(replaced).rowcount:
                connection.execute(insert(STATE), row)

    def recall(self, name: str) -> bytes | None:
        """Read a document; None if there is none of that name."""
        with self._reading() as connection:
            asked = select(STATE.c.document).filter_by(watcher_id=self._watcher, name=name)
            found = connection.execute(asked).scalar()
        return None if found is None else bytes(found)

    def purge(self, before: float) -> int:
        """Delete some of the scans before then, oldest first; call it again while it is not 0."""
        with self._writing() as connection:
            scans_deleted, pods_deleted = retention.purge(connection, self._watcher, before)
        if pods_deleted:
            self._book.forget()
        return scans_deleted

    def clear(self) -> None:
        """Delete everything of this watcher, as a replay does that starts over."""
        with self._writing() as connection:
            retention.clear(connection, self._watcher)
        self._book.forget()

    def close(self) -> None:
        self._database.close()

    def __repr__(self) -> str:
        return f"ForecastStore({self._database.address})"


def _number(connection: Connection, watcher: Mapping[str, str]) -> int:
    """Find the row of a watcher, or make it."""
    found = connection.execute(select(WATCHERS.c.id).filter_by(**watcher)).scalar()
    if found is None:
        made = insert(WATCHERS).returning(WATCHERS.c.id)
        found = connection.execute(made, dict(watcher)).scalar_one()
    return int(found)
