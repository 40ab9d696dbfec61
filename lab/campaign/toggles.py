"""Client of a demo app's ``/failures``."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

import aiohttp

log = logging.getLogger(__name__)

PORT = 8080
TIMEOUT_SECONDS = 3.0
TRIES = 3


class FailureToggles:
    """Switches toggles of pods, with patience for apps that starve."""

    def __init__(self, session: aiohttp.ClientSession) -> None:
        self._session = session

    async def switch(self, ip: str, toggle: str, state: Mapping[str, Any] | bool) -> bool:
        """Post one toggle; return whether the app answered that it obeys."""
        for attempt in range(TRIES):
            if attempt:
                await asyncio.sleep(1.0)
            status = await self._post(ip, {toggle: state})
            if status == 422:
                log.error("toggle refused toggle=%s state=%s", toggle, state)
                return False
            if status == 200:
                return True
        return False

    async def _post(self, ip: str, body: Mapping[str, Any]) -> int | None:
        timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
        url = f"http://{ip}:{PORT}/failures"
        try:
            async with self._session.post(url, json=body, timeout=timeout) as answer:
                await answer.read()
                return answer.status
        except (aiohttp.ClientError, TimeoutError, OSError):
            return None
