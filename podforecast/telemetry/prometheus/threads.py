"""Several queries in flight at the same time."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")


def in_threads(work: Callable[[T], R], tasks: Sequence[T], at_once: int) -> Iterator[R]:
    """Yield results as they come; the first exception ends it.

    The threads are daemons: a service that stops does not wait for a server that hangs.

    >>> sorted(in_threads(lambda number: 2 * number, [1, 2, 3], at_once=2))
    [2, 4, 6]
    """
    todo: queue.SimpleQueue[T] = queue.SimpleQueue()
    results: queue.SimpleQueue[R | BaseException] = queue.SimpleQueue()
    for task in tasks:
        todo.put(task)
    for _ in range(min(at_once, len(tasks))):
        threading.Thread(
            target=_run, args=(work, todo, results), name="prometheus-query", daemon=True
        ).start()
    for _ in tasks:
        result = results.get()
        if isinstance(result, BaseException):
            raise result
        yield result


def _run(
    work: Callable[[T], R],
    todo: queue.SimpleQueue[T],
    results: queue.SimpleQueue[R | BaseException],
) -> None:
    while True:
        try:
            task = todo.get_nowait()
        except queue.Empty:
            return
        try:
            results.put(work(task))
        except BaseException as error:  # noqa: BLE001 - raised where the results are read
            results.put(error)
