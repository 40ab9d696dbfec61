"""A webhook: every change as JSON, in order, tried again until it is taken or too old."""

from __future__ import annotations

import json
import logging
import math
import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock

from podforecast.alerting.channels.documents import document
from podforecast.alerting.channels.posting import Answer, Poster
from podforecast.alerting.channels.sending import SendingThread
from podforecast.alerting.channels.wording import Links
from podforecast.alerting.tally import ChannelKind, Delivery, Tally
from podforecast.domain.alerts import Standing
from podforecast.errors import ChannelFailed

logger = logging.getLogger(__name__)

MOST_WAITING = 1000
"""Changes; beyond, the oldest are given up."""
TOO_OLD = 900.0
"""Seconds after which a change is no news, and is given up."""
LONGEST_WAIT = 60.0
"""Seconds between two attempts."""


@dataclass(frozen=True, slots=True)
class _Waiting:
    since: float
    key: str
    body: bytes


class WebhookChannel:
    """Tells one webhook.

    Parameters
    ----------
    clock
        Seconds of a clock that never goes back.
    chance
        Returns a number in [0, 1), for the jitter.
    """

    kind = ChannelKind.WEBHOOK

    def __init__(
        self,
        poster: Poster,
        *,
        links: Links,
        tally: Tally,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._poster, self._links, self._tally = poster, links, tally
        self._clock, self._chance = clock, chance
        self._lock = Lock()
        self._waiting: deque[_Waiting] = deque()
        self._failures = 0
        self._trouble: ChannelFailed | None = None
        self._thread = SendingThread(f"to {poster.name}", self.work)

    @property
    def trouble(self) -> ChannelFailed | None:
        return self._trouble

    def tell(self, standing: Standing) -> None:
        """Queue the changes."""
        if not standing.changes:
            return
        now = self._clock()
        with self._lock:
            for change in standing.changes:
                key = f"{change.alert.id}-{change.alert.revision}"
                body = document(change, standing, self._links)
                self._waiting.append(_Waiting(now, key, body))
            n_dropped = max(0, len(self._waiting) - MOST_WAITING)
            for _ in range(n_dropped):
                self._waiting.popleft()
        self._dropped(n_dropped, "too many wait")
        self._thread.wake()

    def finish(self) -> None:
        self._thread.stop()

    def close(self) -> None:
        if self._thread.ended(within=self._poster.timeout_seconds):
            self._poster.close()
        self._dropped(len(self._waiting), "the service ends")

    def work(self) -> float:
        """Send the oldest change; returns the seconds until the next is due."""
        waiting = self._oldest()
        if waiting is None:
            return math.inf
        headers = {"Idempotency-Key": waiting.key}
        answer = self._poster.post(waiting.body, headers)
        self._tally.delivered(self.kind, answer.result)
        self._note(answer.trouble)
        if answer.result is not Delivery.FAILED:
            self._done(waiting)
            return 0.0
        return self._wait(answer)

    def _wait(self, answer: Answer) -> float:
        """Twice as long after every failure, and never in step with others."""
        self._failures = min(self._failures + 1, 10)
        longest = min(2.0**self._failures, LONGEST_WAIT)
        return max(answer.pause_seconds, longest * (0.5 + self._chance() / 2))

    def _oldest(self) -> _Waiting | None:
        n_dropped, now = 0, self._clock()
        with self._lock:
            while self._waiting and now - self._waiting[0].since > TOO_OLD:
                self._waiting.popleft()
                n_dropped += 1
            found = self._waiting[0] if self._waiting else None
        self._dropped(n_dropped, "too old")
        return found

    def _done(self, waiting: _Waiting) -> None:
        self._failures = 0
        with self._lock:
            # It may have been given up in the meantime.
            if self._waiting and self._waiting[0] is waiting:
                self._waiting.popleft()

    def _dropped(self, number: int, why: str) -> None:
        for _ in range(number):
            self._tally.delivered(self.kind, Delivery.DROPPED)
        if number:
            name, reason = json.dumps(self._poster.name), json.dumps(why)
            logger.warning("event=webhook_dropped name=%s changes=%d why=%s", name, number, reason)

    def _note(self, trouble: ChannelFailed | None) -> None:
        before, self._trouble = self._trouble, trouble
        if trouble is not None and (before is None or before.message != trouble.message):
            logger.warning("event=webhook_failed reason=%s", json.dumps(trouble.message))
        elif trouble is None and before is not None:
            logger.info("event=webhook_recovered name=%s", json.dumps(self._poster.name))
