"""One store for all that follow the scans, opened by the first that needs it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from podforecast.store.store import ForecastStore


class SharedStore:
    """Opens the store when it is asked for. Used in the watcher's thread only.

    Parameters
    ----------
    url
        As of :meth:`podforecast.store.store.ForecastStore.open`, and so are the others.
    """

    def __init__(self, url: str, *, cluster: str, shard: str, timeout: timedelta) -> None:
        self._url = url
        self._cluster, self._shard = cluster, shard
        self._timeout = timeout
        self._opened: ForecastStore | None = None

    def open(self) -> ForecastStore:
        """Return the store; whoever it is recorded in closes it.

        Raises
        ------
        StoreUnavailable, StoreRefused
            If it can not be opened; the next call tries again.
        """
        if self._opened is None:
            # SQLAlchemy alone takes half a second, which readiness need not wait for.
            from podforecast.store.store import ForecastStore

            self._opened = ForecastStore.open(
                self._url, cluster=self._cluster, shard=self._shard, timeout=self._timeout
            )
        return self._opened

    def recall(self, name: str) -> bytes | None:
        """Return what a follower has left there."""
        return self.open().recall(name)

    def remember(self, name: str, document: bytes) -> None:
        """Leave something for the next process."""
        self.open().remember(name, document)
