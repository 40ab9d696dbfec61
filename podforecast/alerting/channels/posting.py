"""One POST to one address: bounded, and without a word about secrets in any log."""

from __future__ import annotations

import time
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx

from podforecast.alerting.tally import Delivery
from podforecast.errors import ChannelFailed, ConfigurationError
from podforecast.telemetry.prometheus.client import BoundedTransport, TokenFile

MOST_READ = 4096
"""Bytes of an answer: enough for the reason of a refusal."""
MOST_QUOTED = 160
LONGEST_PAUSE = 60.0
"""Seconds that an answer may ask to be left alone."""
_COME_BACK = frozenset({408, 425, 429})
"""Not 5xx, but no refusal either."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where to post to. The address itself stays out of its ``repr``: it may be a password."""

    url: str = field(repr=False)
    name: str
    """How it is spoken of in logs and status, for example ``Alertmanager at am:9093``."""
    token_file: Path | None = None
    """Bearer token, read again for every request: Kubernetes renews it."""
    timeout: timedelta = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of one attempt."""

    result: Delivery
    trouble: ChannelFailed | None = None
    pause_seconds: float = 0.0
    """How long the answer asked to be left alone."""


class Poster:
    """Posts JSON. Speaks to the transport, not through a client, because clients log addresses.

    Certificates are checked against the file that ``SSL_CERT_FILE`` names, else against those that
    come with Python; proxies of the environment are not used.

    Raises
    ------
    ConfigurationError
        If the address is none; says which, and not what it is.
    """

    def __init__(self, address: Address) -> None:
        self.name = address.name
        url = checked_url(address.url, address.name)
        self._url = url.copy_with(userinfo=b"")
        self._userinfo = f"{url.username}:{url.password}".encode() if url.userinfo else b""
        self._token = None if address.token_file is None else TokenFile(address.token_file)
        seconds = address.timeout.total_seconds()
        self.timeout_seconds = seconds
        self._extensions = {"timeout": httpx.Timeout(seconds).as_dict()}
        self._inner = httpx.HTTPTransport(verify=True, trust_env=True)
        self._transport = BoundedTransport(self._inner, address.timeout, time.monotonic)

    def post(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Send once. Never raises for what the other side does."""
        try:
            request = httpx.Request(
                "POST",
                self._url,
                content=body,
                headers={"Content-Type": "application/json", **self._authorization(), **headers},
                extensions=self._extensions,
            )
            response = self._transport.handle_request(request)
            try:
                return self._judged(response, _beginning(response))
            finally:
                response.close()
        except httpx.TransportError as error:
            return Answer(Delivery.FAILED, self._unreachable(error))
        except ConfigurationError as error:
            return Answer(Delivery.FAILED, ChannelFailed(error.message, hint=error.hint))

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()

    def _authorization(self) -> Mapping[str, str]:
        if self._token is not None:
            return {"Authorization": f"Bearer {self._token.read()}"}
        if self._userinfo:
            return {"Authorization": f"Basic {b64encode(self._userinfo).decode('ascii')}"}
        return {}

    def _judged(self, response: httpx.Response, text: str) -> Answer:
        status = response.status_code
        is_page = response.headers.get("content-type", "").startswith("text/html")
        if 200 <= status < 300 and not is_page:
            return Answer(Delivery.OK)
        said = "a web page" if is_page else repr(text[:MOST_QUOTED])
        message = f"{self.name} answered {status} with {said}"
        if status >= 500 or status in _COME_BACK:
            trouble = ChannelFailed(message, hint="It is tried again; look at its own log.")
            return Answer(Delivery.FAILED, trouble, _pause(response))
        hint = "Check the address and the credentials; what was refused is not sent again."
        return Answer(Delivery.REFUSED, ChannelFailed(message, hint=hint))

    def _unreachable(self, error: httpx.TransportError) -> ChannelFailed:
        # Only its kind: the text of such an error may hold the address.
        late = isinstance(error, httpx.TimeoutException)
        how = "in time" if late else f"({type(error).__name__})"
        return ChannelFailed(
            f"{self.name} did not answer {how}",
            hint="It is tried again; check that it runs, and the network policy.",
        )


def checked_url(text: str, name: str) -> httpx.URL:
    """Read an address.

    Raises
    ------
    ConfigurationError
        If it is none; names it by ``name`` alone.
    """
    hint = "Give it as http://host:port/path or https://host/path."
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL:
        # Not chained: the original error carries the address.
        raise ConfigurationError(f"the address of {name} is no URL", hint=hint) from None
    if url.scheme not in {"http", "https"} or not url.host:
        raise ConfigurationError(f"the address of {name} has no http(s) host", hint=hint)
    return url


def _beginning(response: httpx.Response) -> str:
    """Read the first bytes of an answer, whatever its length."""
    read = b""
    for chunk in response.iter_raw():
        read += chunk
        if len(read) >= MOST_READ:
            break
    return read[:MOST_READ].decode("utf-8", "replace").strip()


def _pause(response: httpx.Response) -> float:
    asked = response.headers.get("retry-after", "")
    return min(float(asked), LONGEST_PAUSE) if asked.isascii() and asked.isdigit() else 0.0
