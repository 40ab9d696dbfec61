"""What a setting may be: durations as people write them, ports, keys, shards."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated

from annotated_types import Gt, Interval
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr

SHORTEST_KEY = 16
"""Characters; as hexadecimal digits they are 64 bits, which nobody guesses over a network."""
LONGEST_KEY = 256
_SHORT = re.compile(r"(\d{1,8}(?:\.\d{1,6})?)\s*(s|m|h|d|)")
_UNITS = {"": 1.0, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


def as_span(text: object) -> object:
    """Read a duration as people and Prometheus write it; leave clocks and ISO 8601 to Pydantic.

    >>> str(as_span("30")), str(as_span("1m")), as_span("0:00:30")
    ('0:00:30', '0:01:00', '0:00:30')
    """
    if not isinstance(text, str):
        return text
    if found := _SHORT.fullmatch(text.strip()):
        return timedelta(seconds=float(found[1]) * _UNITS[found[2]])
    if ":" not in text and "P" not in text:
        raise ValueError("is no duration: write 30s, 1m or 0:00:30")
    return text


Written = BeforeValidator(as_span)
Duration = Annotated[timedelta, Gt(timedelta(0)), Written]
Port = Annotated[int, Interval(ge=1, le=65535)]


def _is_key(key: SecretStr) -> SecretStr:
    """Refuse what is guessed or can not be sent in a header; says nothing of what it is."""
    text = key.get_secret_value()
    if not SHORTEST_KEY <= len(text) <= LONGEST_KEY:
        raise ValueError(f"a key has {SHORTEST_KEY} to {LONGEST_KEY} characters, not {len(text)}")
    if not (text.isascii() and text.isprintable()) or " " in text:
        raise ValueError("a key has visible ASCII characters only")
    return key


def _is_part(shard: str) -> str:
    part, _, parts = shard.partition("/")
    if int(part) > int(parts):
        raise ValueError(f"there is no part {part} of {parts}")
    return shard


ApiKey = Annotated[SecretStr, AfterValidator(_is_key)]
Shard = Annotated[str, Field(pattern=r"^[1-9]\d{0,3}/[1-9]\d{0,3}$"), AfterValidator(_is_part)]


class Group(BaseModel):
    """Settings that belong together; frozen, and a misspelt name in them is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)
