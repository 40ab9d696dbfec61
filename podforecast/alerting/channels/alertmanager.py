"""Alertmanager's API v2: what is firing is sent again and again, until it no longer is.

Alertmanager keeps nothing for ever and may be restarted at any time, so it is told the whole truth
every time instead of news. An alert that nobody sends any more ends by itself after ``EXPIRES``.
"""

from __future__ import annotations

import json
import logging
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any, TypeAlias

import orjson

from podforecast.alerting.channels.posting import Answer, Poster
from podforecast.alerting.channels.sending import SendingThread
from podforecast.alerting.channels.wording import Links, issue, percent, pods, summary, utc
from podforecast.alerting.tally import ChannelKind, Delivery, Tally
from podforecast.alerting.tracking import BLIND
from podforecast.domain.alerts import Alert, Cause, Standing
from podforecast.domain.issues import IssueType
from podforecast.errors import ChannelFailed

logger = logging.getLogger(__name__)

PATH = "api/v2/alerts"
RESEND = 30.0
"""Seconds; a scan is told of at once."""
EXPIRES = 300.0
"""Seconds that an alert outlives the last word about it: a restart of ours takes less."""
RESOLVED_FOR = 900.0
"""Seconds that the end of an alert is repeated, as Prometheus does."""
LONGEST_WAIT = 30.0
"""Seconds between attempts while it does not answer."""
MOST_AT_ONCE = 64
"""Alerts per request, as Prometheus does."""
LONGEST_LABEL = 256
LONGEST_ANNOTATION = 2048

Labels: TypeAlias = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class _Told:
    """An alert in Alertmanager's terms, but for when it ends."""

    labels: Labels
    annotations: Mapping[str, str]
    link: str
    started_at: float

    def posted(self, now: float, ends_at: float) -> dict[str, Any]:
        # A clock of the telemetry that is ahead of ours must not make a begin after the end.
        begins = min(self.started_at, now)
        alert = {
            "labels": dict(self.labels),
            "annotations": self.annotations,
            "startsAt": utc(begins),
            "endsAt": utc(max(begins, ends_at)),
        }
        return alert | ({"generatorURL": self.link} if self.link else {})


class AlertmanagerChannel:
    """Tells one Alertmanager; those of a cluster each get a channel of their own.

    Parameters
    ----------
    poster
        Of its address, ``PATH`` included.
    clock
        Unix seconds.
    """

    kind = ChannelKind.ALERTMANAGER

    def __init__(
        self,
        poster: Poster,
        *,
        links: Links,
        tally: Tally,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._poster, self._links, self._tally, self._clock = poster, links, tally, clock
        self._lock = Lock()
        self._firing: dict[Labels, _Told] = {}
        self._resolved: dict[Labels, tuple[_Told, float]] = {}
        self._told_at = -math.inf
        self._failures = 0
        self._trouble: ChannelFailed | None = None
        self._thread = SendingThread(f"to {poster.name}", self.work)

    @property
    def trouble(self) -> ChannelFailed | None:
        return self._trouble

    def tell(self, standing: Standing) -> None:
        """Replace what is firing; what no longer is, has ended."""
        firing = {}
        for alert in standing.alerts:
            told = _told(alert, standing, self._links)
            firing[told.labels] = told
        now = self._clock()
        with self._lock:
            ended = {labels: (told, now) for labels, told in self._firing.items()}
            both = (self._resolved | ended).items()
            self._resolved = {labels: end for labels, end in both if labels not in firing}
            self._firing, self._told_at = firing, now
        self._thread.wake()

    def finish(self) -> None:
        self._thread.stop()

    def close(self) -> None:
        if self._thread.ended(within=self._poster.timeout_seconds):
            self._poster.close()

    def work(self) -> float:
        """Send all there is; returns the seconds until that is due again."""
        worst: Answer | None = None
        for batch in _batches(self._due(self._clock())):
            answer = self._posted(batch)
            worst = worst if answer.result is Delivery.OK else answer
            if answer.result is Delivery.FAILED:
                # Each of the others would wait for as long.
                break
        self._note(None if worst is None else worst.trouble)
        if worst is None:
            return RESEND
        return max(worst.pause_seconds, min(2.0**self._failures, LONGEST_WAIT))

    def _posted(self, batch: Sequence[Mapping[str, Any]]) -> Answer:
        answer = self._poster.post(orjson.dumps(batch), {})
        # That it would take alerts is no delivery.
        if batch or answer.result is not Delivery.OK:
            self._tally.delivered(self.kind, answer.result)
        return answer

    def _due(self, now: float) -> list[dict[str, Any]]:
        with self._lock:
            self._resolved = {
                labels: (told, at)
                for labels, (told, at) in self._resolved.items()
                if now - at <= RESOLVED_FOR
            }
            # Without a scan for so long, nobody knows: it ends by itself.
            known = now - self._told_at <= BLIND.total_seconds()
            firing = tuple(self._firing.values()) if known else ()
            ended = tuple(self._resolved.values())
        return [
            *(told.posted(now, now + EXPIRES) for told in firing),
            *(told.posted(now, at) for told, at in ended),
        ]

    def _note(self, trouble: ChannelFailed | None) -> None:
        before, self._trouble = self._trouble, trouble
        self._failures = 0 if trouble is None else min(self._failures + 1, 10)
        if trouble is not None and (before is None or before.message != trouble.message):
            logger.warning("event=alertmanager_failed reason=%s", json.dumps(trouble.message))
        elif trouble is None and before is not None:
            logger.info("event=alertmanager_recovered name=%s", json.dumps(self._poster.name))


def _batches(alerts: Sequence[dict[str, Any]]) -> Iterator[Sequence[dict[str, Any]]]:
    """Requests to send; an empty one where nothing is firing, to see that it would be taken."""
    for first in range(0, max(1, len(alerts)), MOST_AT_ONCE):
        yield alerts[first : first + MOST_AT_ONCE]


def _told(alert: Alert, standing: Standing, links: Links) -> _Told:
    return _Told(
        labels=_labels(alert),
        annotations=_annotations(alert, standing, links),
        link=links.dashboard(alert),
        started_at=alert.started_at,
    )


def _labels(alert: Alert) -> Labels:
    """Nothing that changes from scan to scan: another label is another alert to Alertmanager."""
    print_ = alert.fingerprint
    counts = print_.cause is Cause.MANY
    labels = {
        "alertname": "PodFailureForecastMany" if counts else "PodFailureForecast",
        "severity": alert.severity.value,
        "cluster": print_.cluster,
        "namespace": print_.namespace,
        "shard" if counts else "workload": print_.workload,
        "cause": print_.cause.value,
        "issue_type": "" if alert.issue_type is IssueType.NONE else alert.issue_type.value,
    }
    # An empty label is no label to Alertmanager.
    return tuple((name, _sane(text, LONGEST_LABEL)) for name, text in labels.items() if text)


def _annotations(alert: Alert, standing: Standing, links: Links) -> Mapping[str, str]:
    texts = {
        "summary": summary(alert, standing.horizon),
        "description": " ".join(alert.why.reasons),
        "advice": alert.why.advice,
        "action": alert.why.actions[0] if alert.why.actions else "",
        "pods": pods(alert),
        "pod_count": str(alert.pod_count),
        "probability": f"{alert.probability:.3f}",
        "probability_peak": percent(alert.peak),
        "issue_confidence": issue(alert),
        "pod_status": "" if alert.why.pod_status is None else alert.why.pod_status.value,
        "horizon_minutes": f"{standing.horizon.total_seconds() / 60:g}",
        "model_version": standing.model_version,
        "runbook_url": links.runbook(alert.fingerprint.cause),
        "dashboard_url": links.dashboard(alert),
    }
    return {name: _sane(text, LONGEST_ANNOTATION) for name, text in texts.items() if text}


def _sane(text: str, longest: int) -> str:
    r"""Take out what is no text, and cut what is too long.

    >>> _sane("a\x00b" + "c" * 9, 6)
    'a bcc…'
    """
    clean = "".join(letter if letter.isprintable() else " " for letter in text)
    return clean if len(clean) <= longest else f"{clean[: longest - 1]}…"
