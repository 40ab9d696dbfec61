"""What the app tells about itself: metrics and log lines."""

from __future__ import annotations

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Literal

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
)

Level = Literal["info", "warning", "error", "critical"]

BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
LEVELS: dict[Level, int] = {
    "info": logging.INFO,
    "warning": logging.WARNING,
    "error": logging.ERROR,
    "critical": logging.CRITICAL,
}

disable_created_metrics()  # type: ignore[no-untyped-call]


class Telemetry:
    """The metrics and the log of one app, on a registry of its own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        self._durations = Histogram(
            "http_server_request_duration_seconds",
            "Duration of HTTP server requests.",
            ("http_request_method", "http_route", "http_response_status_code"),
            buckets=BUCKETS,
            registry=self.registry,
        )
        messages = Counter(
            "container_log_messages_total",
            "Log messages by level.",
            ("level",),
            registry=self.registry,
        )
        self._messages = {level: messages.labels(level) for level in LEVELS}
        self._by_status: dict[int, Histogram] = {}
        self._logger = logging.getLogger("lab.app")

    def observe_work(self, status: int, seconds: float) -> None:
        """Count one answer of ``/work``."""
        histogram = self._by_status.get(status)
        if histogram is None:
            histogram = self._durations.labels("GET", "/work", str(status))
            self._by_status[status] = histogram
        histogram.observe(seconds)

    def log(self, level: Level, message: str, *args: object) -> None:
        """Write and count one log line."""
        self._messages[level].inc()
        self._logger.log(LEVELS[level], message, *args)


class JsonLines(logging.Formatter):
    """One JSON object a line, as log collectors like it."""

    def format(self, record: logging.LogRecord) -> str:
        """Render time, level, logger and message."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line)


def log_to_stdout() -> None:
    """Send warnings and worse of the whole process to stdout, replacing other handlers."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
