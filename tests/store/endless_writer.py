"""A process that records and grades until it is killed; says what is acknowledged.

``python -m tests.store.endless_writer URL CLUSTER FIRST``
"""

from __future__ import annotations

import sys
from datetime import timedelta
from itertools import count

from podforecast.store.store import ForecastStore
from tests.store.made_up import graded, many

PODS = 1000
GRADED_AFTER = 3


def main(url: str, cluster: str, first: str) -> None:
    store = ForecastStore.open(url, cluster=cluster, timeout=timedelta(seconds=5))
    for number in count(int(first)):
        store.record(many(PODS, number))
        _say(f"recorded {number}")
        if number >= int(first) + GRADED_AFTER:
            store.grade([graded(many(PODS, number - GRADED_AFTER), notified=[(1, True)])])
            _say(f"graded {number - GRADED_AFTER}")


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
