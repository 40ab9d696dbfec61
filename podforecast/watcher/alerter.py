"""Follows the scans and tells people: snapshot, policy, channels."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from podforecast.alerting.channels.alertmanager import PATH, AlertmanagerChannel
from podforecast.alerting.channels.channel import Channel
from podforecast.alerting.channels.posting import Address, Poster, checked_url
from podforecast.alerting.channels.webhook import WebhookChannel
from podforecast.alerting.channels.wording import Links
from podforecast.alerting.memory import recalled, remembered
from podforecast.alerting.policy import PolicyState, step
from podforecast.alerting.tally import ChannelKind, Tally
from podforecast.alerting.tracking import Rules
from podforecast.domain.alerts import Change, Standing
from podforecast.domain.telemetry import HORIZON
from podforecast.errors import ChannelFailed, DataUnusable, PodforecastError
from podforecast.watcher.observing import observations
from podforecast.watcher.snapshot import Snapshot

logger = logging.getLogger(__name__)

MEMORY = "alerts"
"""What the store knows the policy's state by."""
STORE_PAUSE = 60.0
"""Seconds until the store is tried again after it failed: each try may take its timeout."""

Recall = Callable[[str], bytes | None]
Remember = Callable[[str, bytes], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class AlertPlan:
    """Who is told, and when; see ``AlertSettings`` for what each value does."""

    enter: float | None = None
    leave_ratio: float = 0.8
    hold: timedelta = timedelta(0)
    rest: timedelta = timedelta(minutes=5)
    most_per_10_minutes: int = 20
    cluster: str = ""
    shard: str = "1/1"
    """Part of the cluster that is watched; another part has alerts of its own."""
    alertmanager_urls: Sequence[str] = ()
    webhook_urls: Sequence[str] = field(default=(), repr=False)
    token_file: Path | None = None
    timeout: timedelta = timedelta(seconds=5)
    runbook_url: str = ""
    dashboard_url: str = ""

    def rules(self, threshold: float) -> Rules:
        """Rules for forecasts of a model with this threshold."""
        enter = threshold if self.enter is None else self.enter
        return Rules(
            enter=enter,
            leave=self.leave_ratio * enter,
            hold=self.hold,
            rest=self.rest,
            most_per_10_minutes=self.most_per_10_minutes,
            cluster=self.cluster,
            shard="" if self.shard == "1/1" else self.shard,
        )


class Alerter:
    """A follower of the scans.

    Parameters
    ----------
    plan
        When somebody is told.
    channels
        Who is told.
    recall, remember
        Keep the policy's state across restarts. While they fail it goes on in memory.
    tally
        Counts what happens.
    clock
        Seconds of a clock that never goes back.
    """

    name = "alerts"

    def __init__(
        self,
        plan: AlertPlan,
        *,
        channels: Sequence[Channel],
        recall: Recall,
        remember: Remember,
        tally: Tally,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._plan, self._channels, self._tally = plan, tuple(channels), tally
        self._recall, self._remember, self._clock = recall, remember, clock
        self._state = PolicyState()
        self._recalled = False
        self._kept = b""
        self._store_again_at = 0.0

    @property
    def tally(self) -> Tally:
        """What has happened since the process began."""
        return self._tally

    def follow(self, snapshot: Snapshot) -> None:
        """Step the policy, hand the result to the channels, and keep it.

        Raises
        ------
        ChannelFailed
            While no channel of a kind takes alerts. All is done by then.
        """
        self._recall_once()
        rules = self._plan.rules(snapshot.model.threshold)
        seen = observations(snapshot, enter=rules.enter, followed=self._state.pods)
        self._state, changes = step(self._state, seen, snapshot.present.at, rules=rules)
        self._tally.stepped(self._state.alerts, changes)
        _log(changes)
        self._tell(snapshot, changes)
        self._keep()
        self._check()

    def start_over(self) -> None:
        """Keep all alerts: a clock that was set back has not made the fleet well.

        The policy starts all waiting anew by itself.
        """

    def close(self) -> None:
        """Leave firing alerts as they are, for the next process to go on with."""
        for channel in self._channels:
            channel.finish()
        for channel in self._channels:
            channel.close()

    def _tell(self, snapshot: Snapshot, changes: Sequence[Change]) -> None:
        standing = Standing(
            at=snapshot.present.at,
            alerts=self._state.told,
            changes=tuple(change for change in changes if change.kind.is_told),
            model_version=snapshot.model.manifest.model_version,
            horizon=HORIZON,
        )
        for channel in self._channels:
            channel.tell(standing)

    def _recall_once(self) -> None:
        """Take up where the process before ended; later, if the store does not answer now."""
        if self._recalled or self._clock() < self._store_again_at:
            return
        try:
            document = self._recall(MEMORY)
            # What was raised while the store was away is newer than what it remembers.
            if document is not None and not self._state.tracks:
                self._state, self._kept = recalled(document), document
        except DataUnusable as error:
            logger.warning("event=alerts_not_recalled reason=%s", json.dumps(error.message))
        except PodforecastError as error:
            self._store_failed(error)
            return
        self._recalled = True

    def _keep(self) -> None:
        if not self._recalled or self._clock() < self._store_again_at:
            return
        state = self._state
        if not state.tracks and self._kept == _NOTHING:
            return
        document = remembered(state) if state.tracks else _NOTHING
        try:
            self._remember(MEMORY, document)
        except PodforecastError as error:
            self._store_failed(error)
        else:
            self._kept = document

    def _store_failed(self, error: PodforecastError) -> None:
        # The store's own follower shows the trouble; alerts go on without it.
        logger.warning("event=alerts_not_kept reason=%s", json.dumps(error.message))
        self._store_again_at = self._clock() + STORE_PAUSE

    def _check(self) -> None:
        for kind in ChannelKind:
            troubles = [each.trouble for each in self._channels if each.kind is kind]
            failed = [trouble for trouble in troubles if trouble is not None]
            if failed and len(failed) == len(troubles):
                # Afresh: a raised error collects a traceback, which must not pile up.
                raise ChannelFailed(failed[0].message, hint=failed[0].hint)


_NOTHING = b"{}"
"""What is kept while nothing is at risk."""


def _log(changes: Sequence[Change]) -> None:
    for change in changes:
        if change.kind.is_told:
            print_ = change.alert.fingerprint
            logger.info(
                "event=alert change=%s id=%s namespace=%s workload=%s cause=%s probability=%.3f",
                change.kind,
                change.alert.id,
                json.dumps(print_.namespace),
                json.dumps(print_.workload),
                print_.cause,
                change.alert.probability,
            )


def alerter_from(
    plan: AlertPlan, *, recall: Recall, remember: Remember, tally: Tally | None = None
) -> Alerter:
    """Build the alerter with a channel for each address of the plan; nothing is sent yet.

    Raises
    ------
    ConfigurationError
        If an address is none.
    """
    tally = Tally() if tally is None else tally
    links = Links(runbook_url=plan.runbook_url, dashboard_url=plan.dashboard_url)
    managers = (
        AlertmanagerChannel(Poster(_alertmanager(url, plan)), links=links, tally=tally)
        for url in plan.alertmanager_urls
    )
    hooks = (
        WebhookChannel(Poster(_webhook(url, number, plan)), links=links, tally=tally)
        for number, url in enumerate(plan.webhook_urls, 1)
    )
    return Alerter(
        plan, channels=(*managers, *hooks), recall=recall, remember=remember, tally=tally
    )


def _alertmanager(url: str, plan: AlertPlan) -> Address:
    host = checked_url(url, "an Alertmanager").netloc.decode("ascii")
    return Address(
        url=f"{url.rstrip('/')}/{PATH}",
        name=f"Alertmanager at {host}",
        token_file=plan.token_file,
        timeout=plan.timeout,
    )


def _webhook(url: str, number: int, plan: AlertPlan) -> Address:
    """A webhook's path and query are its password: it is known by its number and host."""
    name = f"webhook {number}"
    host = checked_url(url, name).host
    return Address(url=url, name=f"{name} at {host}", timeout=plan.timeout)
