"""Troubles that last: logged when they begin, not at every scan, which would bury the rest."""

from __future__ import annotations

import logging

from podforecast.errors import PodforecastError

log = logging.getLogger(__name__)


class LastingTroubles:
    """Remembers what is wrong already.

    >>> troubles = LastingTroubles()
    >>> troubles.begin("owners are left out", PodforecastError("busy"))
    >>> troubles.begin("owners are left out", PodforecastError("busy"))  # logs nothing
    >>> troubles.end("owners are left out")
    """

    def __init__(self) -> None:
        self._begun: set[str] = set()

    def begin(self, what: str, error: PodforecastError) -> None:
        if what not in self._begun:
            log.warning("%s reason=%s", what, error.message)
            self._begun.add(what)

    def end(self, what: str) -> None:
        self._begun.discard(what)
