"""A cluster as its Prometheus knows it, a bulk query per pack of signals and scan."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import httpx

from podforecast.domain.memory import MemorySize
from podforecast.domain.outcomes import Failure
from podforecast.domain.pods import PodRef
from podforecast.domain.telemetry import STEP, TelemetryBlock
from podforecast.errors import TelemetryUnavailable
from podforecast.features.look_back import LOOK_BACK
from podforecast.telemetry.failures import failures_of
from podforecast.telemetry.prometheus.api import QueryApi
from podforecast.telemetry.prometheus.client import Connection, connect
from podforecast.telemetry.prometheus.filling import RingFiller
from podforecast.telemetry.prometheus.parts import ClusterPart
from podforecast.telemetry.prometheus.queries import RATE_WINDOW, Scope
from podforecast.telemetry.prometheus.shards import Shard
from podforecast.telemetry.ring import STEP_SECONDS, Ring
from podforecast.watcher.asked_sizes import MemorySizes
from podforecast.watcher.live_story import story
from podforecast.watcher.muting import Muting
from podforecast.watcher.server_clock import ServerClock
from podforecast.watcher.source import SourceFacts

TICK_INTERVALS = 2
"""A scan may take so long altogether; by then it is old news."""
PAST_SHARE = 0.5
"""Of an interval, after which a scan asks for no more of the past: it has come to be punctual."""
FAILURE_SIGNALS = (
    "restarts",
    "last_termination_code",
    "liveness_failures",
    "status_code",
    "container_age_minutes",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class LivePlan:
    """Which cluster to watch, and how."""

    connection: Connection
    selector: str = ""
    """Label matchers for every series, for example ``cluster="prod"``."""
    rate_window: timedelta = RATE_WINDOW
    """Of every rate; holds four scrapes."""
    interval: timedelta = STEP
    """From one scan to the next."""
    delay: timedelta = timedelta(0)
    """How far behind the server's clock a scan looks."""
    cluster: str = ""
    """Its name, for people."""
    shard: str = "1/1"
    mute_annotation: str = ""
    """Pods that have it set to ``true`` are muted; empty asks for none."""


class LiveSource:
    """A :class:`~podforecast.watcher.source.FleetSource` on a Prometheus.

    The last hour of every pod is kept between scans, and only what is not yet known is asked for:
    a dozen instant queries a scan, range queries over exactly the missing samples after a gap.
    A pack of signals that is not answered is unknown in that scan.

    Parameters
    ----------
    plan
        What to watch.
    clock
        Of this machine, Unix seconds; compared with the server's, whose time is used.
    elapsed
        Seconds of a clock that never goes back, for the time that a scan may take.

    Raises
    ------
    ConfigurationError
        If there is no such shard.
    """

    def __init__(
        self,
        plan: LivePlan,
        *,
        clock: Callable[[], float] = time.time,
        elapsed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._plan = plan
        self._elapsed = elapsed
        self._clock = ServerClock(clock=clock, delay=plan.delay)
        self._ring = Ring()
        self._scope = Scope(extra_selector=plan.selector, rate_window=plan.rate_window)
        self._part = ClusterPart(self._scope, shard=Shard.read(plan.shard))
        self._filler = RingFiller(self._ring, look_back=LOOK_BACK, part=self._part)
        self._muting = Muting(plan.mute_annotation)
        self._sizes = MemorySizes()
        self._client: httpx.Client | None = None
        self._began = float("inf")
        """When the scan of now began; nothing is bounded before the first."""
        self._filled = -1

    @property
    def facts(self) -> SourceFacts:
        return SourceFacts(
            kind="prometheus",
            name=address(self._plan.connection.url),
            interval=self._plan.interval,
            scope=self._scope,
        )

    def open(self) -> None:
        """Read credentials and certificates; nothing is sent yet.

        Raises
        ------
        ConfigurationError
        """
        self._client = connect(self._plan.connection)

    def close(self) -> None:
        """Hang up."""
        if self._client is not None:
            self._client.close()

    def now(self) -> datetime:
        """Ask the server what time it is, less the delay; never goes back.

        Raises
        ------
        TelemetryUnavailable, TelemetryRefused, TelemetryMalformed
            As any query: one small question tells whether it is worth asking a dozen large ones.
        """
        self._began = self._elapsed()
        return self._clock.look(self._api().now)

    def begins(self) -> datetime | None:
        """Return None if the hour before the start is known as well as the present.

        Else the present: of a large cluster only what the present needs is asked for.
        """
        if self._filler.is_whole:
            return None
        return datetime.fromtimestamp(STEP_SECONDS * self._ring.newest, UTC)

    def read(self, signals: Sequence[str], *, start: datetime, end: datetime) -> TelemetryBlock:
        """Return samples of the last hour; what was before it is left out.

        The arrays are views, good until the next read.

        Raises
        ------
        ValueError
            If the end is before the start, before the hour, or not on the grid of the samples.
        TelemetryUnavailable, TelemetryRefused, TelemetryMalformed
            If no query is answered. Where some are, the other signals are unknown.
        """
        first, last = -(-start.timestamp() // STEP_SECONDS), end.timestamp() / STEP_SECONDS
        if end < start or last != int(last):
            raise ValueError(f"expected an end on the grid and after the start {start}, got {end}")
        if int(last) > self._filled:
            self._fill(int(last))
        if int(last) < self._ring.oldest:
            raise ValueError(f"{end} is before the hour that is kept")
        return self._ring.block(signals, max(int(first), self._ring.oldest), int(last))

    def failures_until(self, moment: datetime) -> tuple[Failure, ...]:
        """Failures that the samples of the hour show."""
        ring, last = self._ring, int(moment.timestamp() // STEP_SECONDS)
        if last < ring.oldest or not ring.pods:
            return ()
        return failures_of(ring.block(FAILURE_SIGNALS, ring.oldest, min(last, ring.newest)))

    def muted(self, moment: datetime) -> frozenset[PodRef]:
        """Ask for the annotation; those of before where there is no answer."""
        return self._muting.ask(self._api(), self._part.scopes, moment.timestamp())

    def sizes(self, pods: Sequence[PodRef], moment: datetime) -> Mapping[PodRef, MemorySize]:
        """Ask for the memory of a few pods; none is known where there is no answer."""
        if not pods:
            return {}
        return self._sizes.ask(self._api(), self._scope, pods, moment.timestamp())

    def tell(self, moment: datetime) -> str:  # noqa: ARG002 - of the protocol
        told = (
            story(self._watched, self._ring, self._filler),
            self._clock.tell(),
            self._muting.tell(),
        )
        return " ".join(filter(None, told))

    @property
    def _watched(self) -> str:
        name, cluster = self.facts.name, self._plan.cluster
        return (f"the cluster {cluster} through {name}" if cluster else name) + str(self._part)

    def _fill(self, newest: int) -> None:
        interval = self._plan.interval.total_seconds()
        share = PAST_SHARE if self._ring.pods else TICK_INTERVALS
        if not 0.0 <= self._elapsed() - self._began <= TICK_INTERVALS * interval:
            self._began = self._elapsed()
        self._filler.fill(self._api(), newest, past_seconds=lambda: self._left(share * interval))
        self._filled = newest

    def _api(self) -> QueryApi:
        if self._client is None:
            raise TelemetryUnavailable(
                "the connection to Prometheus is not open yet", hint="Try again shortly."
            )
        longest = TICK_INTERVALS * self._plan.interval.total_seconds()
        return QueryApi(self._client).within(lambda: self._left(longest))

    def _left(self, seconds: float) -> float:
        return self._began + seconds - self._elapsed()


def address(url: str) -> str:
    """Name a server without credentials.

    >>> address("https://reader:secret@thanos.example:9090/prefix/")
    'thanos.example:9090/prefix'
    """
    parts = urlsplit(url)
    return f"{parts.netloc.rpartition('@')[2]}{parts.path.rstrip('/')}" or "a Prometheus"
