"""API keys: how one is shown, and whether it is one of ours."""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Iterator, Sequence
from hashlib import sha256

Header = tuple[bytes, bytes]

AUTHORIZATION = b"authorization"
API_KEY = b"x-api-key"
_BEARER = b"bearer "


class ApiKeys:
    """Knows the keys by their digests only, so that no dump of memory or log can show one.

    >>> keys = ApiKeys(["correct horse battery"])
    >>> keys.accept([(b"authorization", b"Bearer correct horse battery")])
    True
    >>> keys.accept([(b"x-api-key", b"correct horse")])
    False
    """

    def __init__(self, keys: Sequence[str]) -> None:
        self._digests = tuple(sha256(key.encode()).digest() for key in keys)

    def accept(self, headers: Iterable[Header]) -> bool:
        """Say whether one of the keys is shown.

        Digests are equally long and each is compared to its end, so the time this takes tells
        nothing about a key.
        """
        matches = [
            hmac.compare_digest(sha256(key).digest(), known)
            for key in shown_keys(headers)
            for known in self._digests
        ]
        return any(matches)


def shown_keys(headers: Iterable[Header]) -> Iterator[bytes]:
    """Yield what a request shows as a key, in either header."""
    for name, value in headers:
        if name == API_KEY:
            yield value
        elif name == AUTHORIZATION and value[: len(_BEARER)].lower() == _BEARER:
            yield value[len(_BEARER) :].strip()
