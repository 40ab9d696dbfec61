"""Which format a batch comes in, and which its answer takes."""

from __future__ import annotations

from starlette.requests import Request

from podforecast.api_schema.batch import ARROW_FILE, ARROW_STREAM, JSON
from podforecast.errors import PodforecastError

_SHOWN_CHARACTERS = 80
READ = (JSON, ARROW_STREAM, ARROW_FILE)
WRITTEN = (JSON, ARROW_STREAM)


class UnknownFormat(PodforecastError):
    """The body is of a media type that the route does not read."""


class NotAcceptable(PodforecastError):
    """The client accepts no media type that the route writes."""


def is_arrow(request: Request) -> bool:
    """Tell Arrow from JSON, which is what a body without a Content-Type is taken for.

    Raises
    ------
    UnknownFormat
        For any other Content-Type.
    """
    sent = request.headers.get("content-type", JSON)
    media_type = _media_type(sent)
    if media_type not in READ:
        raise UnknownFormat(
            f"the body is sent with Content-Type {sent[:_SHOWN_CHARACTERS]!r}",
            hint=f"Send JSON or Arrow with one of {', '.join(READ)}.",
        )
    return media_type != JSON


def answer_format(request: Request, *, arrow: bool) -> str:
    """Choose the format of the request where the client accepts it, else the other one.

    The client's order of preference does not count, only what it accepts.

    Raises
    ------
    NotAcceptable
        If it accepts neither.
    """
    accept = ",".join(request.headers.getlist("accept")) or "*/*"
    ranges = {_media_type(entry) for entry in accept.split(",") if not _is_ruled_out(entry)}
    by_preference = (ARROW_STREAM, JSON) if arrow else (JSON, ARROW_STREAM)
    for offered in by_preference:
        if not ranges.isdisjoint((offered, "application/*", "*/*")):
            return offered
    raise NotAcceptable(
        f"the answer can not be written as {accept[:_SHOWN_CHARACTERS]!r}",
        hint=f"Accept one of {', '.join(WRITTEN)}, or leave the header out.",
    )


def _media_type(entry: str) -> str:
    return entry.partition(";")[0].strip().lower()


def _is_ruled_out(entry: str) -> bool:
    """A weight of 0 means "not this".

    >>> _is_ruled_out("application/json;q=0"), _is_ruled_out("application/json;q=0.1")
    (True, False)
    """
    parameters = entry.replace(" ", "").lower().split(";")[1:]
    return any(name in {"q=0", "q=0.0", "q=0.00", "q=0.000"} for name in parameters)
