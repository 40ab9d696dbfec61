"""What every request passes: it gets an id, is counted and timed, and leaves a line in the log.

One pure ASGI layer for all of it. Each layer costs a coroutine and a call per message, and
Starlette's ``BaseHTTPMiddleware`` would cost more than the rest of a request.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from podforecast.serving.envelope import accepted_id, headers_for, random_id
from podforecast.serving.logs import log_request
from podforecast.serving.metrics import METHODS, OTHER
from podforecast.serving.state import ServiceState

logger = logging.getLogger(__name__)

CHUNK_BYTES = 64 * 1024
"""As much as Uvicorn buffers before it lets an application wait."""


class FrontDoor:
    """The outermost layer of ours."""

    def __init__(
        self,
        app: ASGIApp,
        *,
        state: ServiceState,
        new_id: Callable[[], str] = random_id,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._app = app
        self._metrics = state.metrics
        self._occupancy = state.occupancy
        self._logs = state.options.log_requests
        self._answer_timeout = state.options.answer_timeout
        self._new_id = new_id
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        passing = scope.setdefault("state", {})
        passing["request_id"] = accepted_id(scope) or self._new_id()
        passing["bytes_in"] = 0
        # What an exception that nobody handles is answered with, outside of this.
        status = 500

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message.get("headers", ()), *headers_for(scope)]
            elif len(message.get("body", b"")) > CHUNK_BYTES:
                await self._send_large(message, send)
                return
            await send(message)

        self._occupancy.enter()
        started = self._clock()
        try:
            await self._app(scope, receive, send_with_headers)
        finally:
            self._occupancy.leave(body_bytes=passing["bytes_in"])
            self._report(scope, status, self._clock() - started)

    async def _send_large(self, message: Message, send: Send) -> None:
        """Send a body bit by bit, and give up a caller who does not take it.

        The server waits between two messages until the one before is nearly through. Sent as one,
        the whole body would lie in its buffer for as long as the caller likes.
        """
        body = message["body"]
        try:
            async with asyncio.timeout(self._answer_timeout.total_seconds()):
                for start in range(0, len(body), CHUNK_BYTES):
                    end = start + CHUNK_BYTES
                    more = end < len(body) or message.get("more_body", False)
                    await send({**message, "body": body[start:end], "more_body": more})
        except TimeoutError:
            # The server closes a connection whose answer is not complete.
            logger.warning("event=answer_not_taken bytes=%d", len(body))

    def _report(self, scope: Scope, status: int, seconds: float) -> None:
        route = getattr(scope.get("route"), "path", OTHER)
        method = scope["method"] if scope["method"] in METHODS else OTHER
        self._metrics.request(method, route, status, seconds)
        if self._logs:
            # Route and method are ours and the id was checked: nothing here can forge a line.
            log_request(
                f"event=request method={method} route={route} status={status}"
                f" ms={seconds * 1000:.1f} request_id={scope['state']['request_id']}"
                f" bytes_in={scope['state']['bytes_in']}",
                level=logging.INFO if status < 500 else logging.WARNING,
            )
