"""Reading a request's body without trusting its size, or that it ever arrives."""

from __future__ import annotations

import asyncio

from starlette.requests import ClientDisconnect, Request

from podforecast.serving.refusals import BodyTooLarge, BodyTooSlow, EncodedBody, Overloaded
from podforecast.serving.state import ServiceState, state_of

MEBIBYTE = 1024 * 1024
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


async def read_body(request: Request, *, limit: int = MEBIBYTE) -> bytes:
    """Read the body, at most ``limit`` bytes of it, whatever Content-Length claims.

    A byte order mark, which PowerShell and Excel put before their UTF-8, is taken off.

    Raises
    ------
    BodyTooLarge
        As soon as it is known; the rest is not read.
    BodyTooSlow
        If it is not complete within the service's time-out.
    EncodedBody
        For a Content-Encoding: undoing one lets a small request become a large one.
    Overloaded
        If the bodies of all requests in flight would take more memory than they may.
    """
    _refuse_before_reading(request, limit)
    state = state_of(request)
    patience = state.options.body_timeout.total_seconds()
    try:
        async with asyncio.timeout(patience):
            body = await _received(request, state, limit)
    except TimeoutError as error:
        raise BodyTooSlow(
            f"the body did not arrive within {patience:g} s", hint="Send it faster, or less of it."
        ) from error
    return body.removeprefix(_BYTE_ORDER_MARK)


def _refuse_before_reading(request: Request, limit: int) -> None:
    for name, value in request.scope["headers"]:
        if name == b"content-encoding" and value != b"identity":
            raise EncodedBody(
                f"the body is sent with Content-Encoding {value.decode('latin-1')[:40]!r}",
                hint="Send it as it is, without compression.",
            )
        if name == b"content-length" and value.isdigit() and int(value) > limit:
            raise _too_large(limit)


async def _received(request: Request, state: ServiceState, limit: int) -> bytes:
    # Not by Request.stream(), which costs more than all the rest of this.
    chunks: list[bytes] = []
    size, more = 0, True
    passing = request.scope["state"]
    while more:
        message = await request.receive()
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        chunk, more = message.get("body", b""), message.get("more_body", False)
        if chunk:  # with an empty last one, a body that came whole would be copied
            chunks.append(chunk)
        size += len(chunk)
        # The front door gives this back when the answer is complete.
        passing["bytes_in"] = size
        state.occupancy.body_bytes += len(chunk)
        if size > limit:
            raise _too_large(limit)
        if state.occupancy.body_bytes > state.options.body_memory_mib * MEBIBYTE:
            raise Overloaded(
                "the bodies of the requests in flight take all the memory they may",
                hint="Try again in a moment, or send smaller batches.",
            )
    return b"".join(chunks)


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(
        f"the body is larger than {limit} bytes", hint="One pod takes about 400 bytes."
    )
