"""HTTP probes, the way the kubelet makes them: a fresh connection, a short patience."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

from lab.node_agent.state import Container, ProbeSpec

BODY_LIMIT_BYTES = 10_240  # as the kubelet


async def http_ok(host: str, port: int, path: str, timeout_seconds: float) -> bool:
    """Return whether the answer came in time with a status of 200 to 399."""
    try:
        async with asyncio.timeout(timeout_seconds):
            return 200 <= await _http_status(host, port, path) < 400
    except (TimeoutError, OSError, ValueError):
        return False


async def _http_status(host: str, port: int, path: str) -> int:
    reader, writer = await asyncio.open_connection(host, port, limit=BODY_LIMIT_BYTES)
    try:
        request = f"GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: kube-probe\r\n"
        writer.write(f"{request}Connection: close\r\n\r\n".encode())
        answer = await reader.read(BODY_LIMIT_BYTES)
        return int(answer.split(b" ", 2)[1]) if answer.startswith(b"HTTP/") else 0
    except IndexError:
        return 0
    finally:
        writer.close()


async def watch(
    probe: ProbeSpec,
    *,
    kind: str,
    container: Container,
    address: tuple[str, int],
    rng: random.Random,
    on_change: Callable[[bool], Awaitable[None]],
) -> None:
    """Probe for ever; tell of the first success and of every full run of failures.

    ``on_change(False)`` is awaited when ``failure_threshold`` probes in a row have failed,
    ``on_change(True)`` when one succeeds after that, or the first time.
    """
    await asyncio.sleep(probe.initial_delay_seconds + rng.uniform(0, probe.period_seconds))
    good: bool | None = None
    failures = 0
    while True:
        succeeded = await http_ok(*address, probe.path, probe.timeout_seconds)
        key = (kind, "successful" if succeeded else "failed")
        container.probe_results[key] = container.probe_results.get(key, 0) + 1
        failures = 0 if succeeded else failures + 1
        verdict = True if succeeded else (False if failures >= probe.failure_threshold else good)
        if verdict is not None and verdict is not good:
            good = verdict
            await on_change(verdict)
        await asyncio.sleep(probe.period_seconds * rng.uniform(0.97, 1.03))
