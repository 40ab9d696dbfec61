"""The HTTP client to a Prometheus: credentials, certificates, and an end to waiting."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import httpx

from podforecast.errors import ConfigurationError

CONNECT_TIMEOUT = timedelta(seconds=5)
TOTAL = "total"
"""Extension of a request: seconds that its answer may take, where that is less than usual."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """Where a Prometheus is and as whom it is read. Secrets stay out of its ``repr``."""

    url: str
    """Base address with any path prefix; a trailing slash does not matter."""
    username: str = ""
    password: str = field(default="", repr=False)
    token_file: Path | None = None
    """Bearer token, read again for every request: Kubernetes renews it."""
    ca_file: Path | None = None
    client_cert_file: Path | None = None
    client_key_file: Path | None = None
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """For example ``X-Scope-OrgID``."""
    timeout: timedelta = timedelta(seconds=30)
    """Bound of one query from the request to the last byte of the answer."""


def connect(connection: Connection, *, clock: Callable[[], float] = time.monotonic) -> httpx.Client:
    """Build a client; nothing is sent yet. The caller closes it.

    Proxies and ``.netrc`` of the environment are not used: credentials go where this says.

    Raises
    ------
    ConfigurationError
        If the address is none, credentials contradict each other, or a file can not be read.
    """
    url = _base_url(connection.url)
    tls = _tls(connection) if url.scheme == "https" else True
    timeout = connection.timeout.total_seconds()
    return httpx.Client(
        base_url=url.copy_with(userinfo=b""),
        auth=_auth(connection, url),
        headers={**connection.headers, "Accept": "application/json"},
        timeout=httpx.Timeout(timeout, connect=min(timeout, CONNECT_TIMEOUT.total_seconds())),
        transport=BoundedTransport(httpx.HTTPTransport(verify=tls), connection.timeout, clock),
        trust_env=False,
    )


def address_of(connection: Connection) -> str:
    """The address without the credentials it may carry.

    >>> address_of(Connection(url="https://me:secret@host/prefix"))
    'https://host/prefix'
    """
    scheme, _, rest = connection.url.partition("://")
    host, slash, path = rest.partition("/")
    return f"{scheme}://{host.rpartition('@')[2]}{slash}{path}"


def _base_url(text: str) -> httpx.URL:
    hint = "Give it as http://host:9090 or https://host/prefix."
    try:
        url = httpx.URL(text)
    except httpx.InvalidURL as error:
        raise ConfigurationError(f"the Prometheus address is no URL: {error}", hint=hint) from error
    if url.scheme not in {"http", "https"} or not url.host:
        raise ConfigurationError(f"the Prometheus address has no http(s) host: {url!r}", hint=hint)
    return url


def _auth(connection: Connection, url: httpx.URL) -> httpx.Auth | None:
    username = connection.username or url.username
    if connection.token_file is not None:
        if username:
            raise ConfigurationError(
                f"both a user name ({username}) and a token file ({connection.token_file}) are set",
                hint="Keep one of the two.",
            )
        token = TokenFile(connection.token_file)
        token.read()
        return token
    return httpx.BasicAuth(username, connection.password or url.password) if username else None


class TokenFile(httpx.Auth):
    """Bearer authentication with a token that is renewed in its file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> str:
        """Return the token as it is now.

        Raises
        ------
        ConfigurationError
            If the file can not be read, or holds nothing.
        """
        try:
            token = self._path.read_text(encoding="ascii").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise ConfigurationError(
                f"the token file {self._path} can not be read: {error.__class__.__name__}",
                hint="Check that it is mounted and readable for this user.",
            ) from error
        if not token:
            raise ConfigurationError(
                f"the token file {self._path} is empty", hint="Write the token into it."
            )
        return token

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """Add the header."""
        request.headers["Authorization"] = f"Bearer {self.read()}"
        yield request


def _tls(connection: Connection) -> ssl.SSLContext:
    files = (connection.ca_file, connection.client_cert_file, connection.client_key_file)
    for path in files:
        if path is not None and not path.is_file():
            raise ConfigurationError(
                f"the certificate file {path} does not exist", hint="Check where it is mounted."
            )
    try:
        context = ssl.create_default_context(cafile=connection.ca_file)
        if connection.client_cert_file is not None:
            context.load_cert_chain(connection.client_cert_file, connection.client_key_file)
    except (OSError, ssl.SSLError) as error:
        named = ", ".join(str(path) for path in files if path is not None)
        raise ConfigurationError(
            f"the certificates can not be used: {error.__class__.__name__} ({named})",
            hint="They must be PEM, and the key must belong to the certificate.",
        ) from error
    return context


class BoundedTransport(httpx.BaseTransport):
    """Ends an answer that takes too long altogether.

    The timeouts of httpx bound the time between two bytes, so that a server could keep a scan
    waiting forever by sending one byte a second.
    """

    def __init__(
        self, inner: httpx.BaseTransport, total: timedelta, clock: Callable[[], float]
    ) -> None:
        self._inner = inner
        self._total = total
        self._clock = clock

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Pass the request on, and watch the clock over its answer."""
        usual = self._total.total_seconds()
        deadline = self._clock() + min(usual, request.extensions.get(TOTAL, usual))
        response = self._inner.handle_request(request)
        assert isinstance(response.stream, httpx.SyncByteStream)  # noqa: S101 - narrows the type
        response.stream = _BoundedStream(response.stream, deadline, self._clock)
        return response

    def close(self) -> None:
        """Close the connections."""
        self._inner.close()


class _BoundedStream(httpx.SyncByteStream):
    def __init__(
        self, inner: httpx.SyncByteStream, deadline: float, clock: Callable[[], float]
    ) -> None:
        self._inner = inner
        self._deadline = deadline
        self._clock = clock

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._inner:
            if self._clock() > self._deadline:
                raise httpx.ReadTimeout("the answer took too long altogether")
            yield chunk

    def close(self) -> None:
        self._inner.close()
