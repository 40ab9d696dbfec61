"""Reading a request's body without trusting its size."""

from __future__ import annotations

from starlette.requests import Request

from podforecast.serving.refusals import BodyTooLarge, EncodedBody

MEBIBYTE = 1024 * 1024
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


async def read_body(request: Request, *, limit: int = MEBIBYTE) -> bytes:
    """Read the body, at most ``limit`` bytes of it, whatever Content-Length claims.

    A byte order mark, which PowerShell and Excel put before their UTF-8, is taken off.

    Raises
    ------
    BodyTooLarge
        As soon as it is known; the rest is not read.
    EncodedBody
        For a Content-Encoding: undoing one lets a small request become a large one.
    """
    encoding = request.headers.get("content-encoding", "identity")
    if encoding != "identity":
        raise EncodedBody(
            f"the body is sent with Content-Encoding {encoding[:40]!r}",
            hint="Send it as it is, without compression.",
        )
    announced = request.headers.get("content-length", "")
    if announced.isdecimal() and int(announced) > limit:
        raise _too_large(limit)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise _too_large(limit)
    return bytes(body.removeprefix(_BYTE_ORDER_MARK))


def _too_large(limit: int) -> BodyTooLarge:
    return BodyTooLarge(
        f"the body is larger than {limit} bytes", hint="One pod takes about 400 bytes."
    )
