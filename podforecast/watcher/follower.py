"""Who looks at each new scan: what keeps it, grades it, alerts on it."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Protocol

from podforecast.errors import PodforecastError
from podforecast.watcher.snapshot import Snapshot

logger = logging.getLogger(__name__)


class Follower(Protocol):
    """Shown every snapshot, in the watcher's thread.

    Whoever talks to a network bounds how long: the next scan waits for it.
    """

    @property
    def name(self) -> str:
        """One word for logs, metrics and readiness: ``store``, ``alerts``."""
        ...

    def follow(self, snapshot: Snapshot) -> None:
        """Look at a new snapshot.

        Raises
        ------
        PodforecastError
            What can not be done now. It is shown the next snapshot all the same.
        """
        ...

    def start_over(self) -> None:
        """Forget everything: the source has gone back in time, as a replay does."""
        ...

    def close(self) -> None:
        """Finish; no snapshot follows."""
        ...


class Followers:
    """Shows snapshots to all, whatever each of them makes of it."""

    def __init__(self, followers: Sequence[Follower]) -> None:
        self._followers = tuple(followers)
        self._troubles: dict[str, PodforecastError] = {}

    @property
    def troubles(self) -> Mapping[str, PodforecastError]:
        """What those failed at that failed last time, by name."""
        return dict(self._troubles)

    def show(self, snapshot: Snapshot) -> None:
        self._each(lambda follower: follower.follow(snapshot))

    def start_over(self) -> None:
        self._each(lambda follower: follower.start_over())

    def close(self) -> None:
        self._each(lambda follower: follower.close())

    def _each(self, act: Callable[[Follower], None]) -> None:
        for follower in self._followers:
            with self._noted(follower.name):
                act(follower)

    @contextmanager
    def _noted(self, name: str) -> Iterator[None]:
        try:
            yield
        except PodforecastError as error:
            self._note(name, error)
        except Exception as error:
            # Outermost, as in the watcher: the next scan must be made whatever happens here.
            logger.exception("event=follower_failed name=%s kind=%s", name, type(error).__name__)
            reason = f"{name} failed for a reason nobody foresaw ({type(error).__name__})"
            self._troubles[name] = PodforecastError(reason, hint="The log has the cause.")
        else:
            if self._troubles.pop(name, None) is not None:
                logger.info("event=follower_recovered name=%s", name)

    def _note(self, name: str, error: PodforecastError) -> None:
        before = self._troubles.get(name)
        # The same reason at every scan would bury the rest of the log.
        if before is None or before.message != error.message:
            kind, reason = type(error).__name__, json.dumps(error.message)
            logger.warning("event=follower_failed name=%s kind=%s reason=%s", name, kind, reason)
        self._troubles[name] = error
