"""The service's log: one line per event, ``key=value``, that no input can break or forge.

Requests go to standard output, everything else to standard error.
"""

from __future__ import annotations

import json
import logging
import logging.config
import time
from typing import Any

OURS = "podforecast"
_requests = logging.getLogger("podforecast.requests")


def configure(level: str) -> None:
    """Write this process's log as the service does; called once, by an entry point.

    Parameters
    ----------
    level
        Nothing below it is written. Uvicorn's ``--log-level`` can quiet Uvicorn further.
    """
    # Documented switches of the standard library: nothing of this is written, so nothing of it
    # needs to be found out for every record.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging.config.dictConfig(configuration(level))


def configuration(level: str) -> dict[str, Any]:
    """For :func:`logging.config.dictConfig`."""
    upper = level.upper()
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"line": {"()": KeyValueFormatter}},
        "handlers": {
            name: {
                "class": "logging.StreamHandler",
                "stream": f"ext://sys.{name}",
                "formatter": "line",
                "level": upper,
            }
            for name in ("stdout", "stderr")
        },
        "root": {"handlers": ["stderr"], "level": "WARNING"},
        "loggers": {
            OURS: {"level": upper},
            _requests.name: {"handlers": ["stdout"], "propagate": False, "level": "INFO"},
            "uvicorn": {"handlers": [], "propagate": True, "level": "INFO"},
            # A logger without handlers keeps Uvicorn from writing a second line per request.
            "uvicorn.access": {"handlers": [], "propagate": False},
        },
    }


def log_request(line: str, *, level: int) -> None:
    """Write the line of one request, which has to be free of anything a caller could choose.

    Straight to the handlers: looking for the calling line would cost more than all the rest.
    """
    if _requests.isEnabledFor(level):
        _requests.handle(logging.LogRecord(_requests.name, level, "", 0, line, None, None))


def quoted(text: str) -> str:
    r"""Write text as one value, whatever is in it.

    >>> print(quoted('a "b"\n'))
    "a \"b\"\n"
    """
    return json.dumps(text)


class KeyValueFormatter(logging.Formatter):
    """Puts time and level before our own messages, and the messages of others into quotes."""

    def __init__(self) -> None:
        super().__init__()
        self._second = -1
        self._stamp = ""

    def format(self, record: logging.LogRecord) -> str:
        head = f"ts={self._time(record.created)} level={record.levelname.lower()}"
        if record.name == _requests.name:
            return f"{head} {record.msg}"
        line = f"{head} logger={record.name} {self._said(record)}"
        if record.exc_info:
            line += f" traceback={quoted(self.formatException(record.exc_info))}"
        return line

    def _said(self, record: logging.LogRecord) -> str:
        message = record.getMessage()
        is_ours = record.name.partition(".")[0] == OURS
        return message if is_ours and message.isprintable() else f"message={quoted(message)}"

    def _time(self, created: float) -> str:
        second = int(created)
        if second != self._second:
            self._second = second
            self._stamp = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        return f"{self._stamp}.{int(created % 1 * 1000):03d}Z"
