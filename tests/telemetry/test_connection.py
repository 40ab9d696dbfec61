"""How a Prometheus is reached: credentials, certificates, tenants, prefixes."""

from __future__ import annotations

import base64
import ssl
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from podforecast.domain.telemetry import STEP
from podforecast.errors import ConfigurationError, TelemetryUnavailable
from podforecast.telemetry.prometheus.client import Connection, connect
from podforecast.telemetry.prometheus.source import PrometheusSource
from tests.telemetry.misbehaving import matrix, misbehaving, text

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def ask(connection: Connection) -> None:
    with connect(connection) as client:
        PrometheusSource(client).read(["restarts"], start=NOON, end=NOON + STEP)


@pytest.fixture
def server():
    with misbehaving(text(matrix())) as server:
        yield server


@pytest.mark.parametrize(
    ("url", "words"),
    [
        pytest.param("prometheus:9090", "no http", id="no scheme"),
        pytest.param("ftp://host/", "no http", id="other scheme"),
        pytest.param("http://", "no http", id="no host"),
        pytest.param("http://host:nine", "no URL", id="no port"),
    ],
)
def test_an_address_that_is_none_is_refused(url, words):
    with pytest.raises(ConfigurationError, match=words) as caught:
        connect(Connection(url=url))
    assert "http://host:9090" in caught.value.hint


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(None, "can not be read", id="missing"),
        pytest.param("\n", "is empty", id="empty"),
        pytest.param("tökén", "can not be read", id="not ASCII"),
    ],
)
def test_a_token_file_without_a_token_is_refused(tmp_path, content, words):
    path = tmp_path / "token"
    if content is not None:
        path.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=words):
        connect(Connection(url="http://host", token_file=path))


def test_two_kinds_of_credentials_are_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="both a user name"):
        connect(Connection(url="http://host", username="reader", token_file=tmp_path / "token"))


def test_certificates_that_are_none_are_refused(tmp_path):
    with pytest.raises(ConfigurationError, match="does not exist"):
        connect(Connection(url="https://host", ca_file=tmp_path / "ca.pem"))
    (tmp_path / "ca.pem").write_text("no certificate")
    with pytest.raises(ConfigurationError, match="can not be used"):
        connect(Connection(url="https://host", ca_file=tmp_path / "ca.pem"))


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_path_prefix_is_kept(server, slash):
    ask(Connection(url=f"{server.url}/tenants/prometheus{slash}"))
    assert server.asked[0].path == "/tenants/prometheus/api/v1/query_range"


def test_queries_are_posted(server):
    ask(Connection(url=server.url))
    asked = server.asked[0]
    assert asked.method == "POST"
    assert asked.fields["step"] == "15"
    assert asked.fields["start"] == f"{NOON.timestamp():.3f}"


def test_without_credentials_none_are_sent(server):
    ask(Connection(url=server.url))
    assert "Authorization" not in server.asked[0].headers


@pytest.mark.parametrize(
    "how",
    [
        pytest.param(lambda url: {"url": url, "username": "reader", "password": "p:w"}, id="given"),
        pytest.param(
            lambda url: {"url": url.replace("http://", "http://reader:p%3Aw@")}, id="in the URL"
        ),
    ],
)
def test_basic_credentials_are_sent(server, how):
    ask(Connection(**how(server.url)))
    expected = base64.b64encode(b"reader:p:w").decode()
    assert server.asked[0].headers["Authorization"] == f"Basic {expected}"


def test_a_renewed_token_is_read_again(server, tmp_path):
    token = tmp_path / "token"
    token.write_text("first\n")
    with connect(Connection(url=server.url, token_file=token)) as client:
        source = PrometheusSource(client)
        source.read(["restarts"], start=NOON, end=NOON)
        token.write_text("second\n")
        source.read(["restarts"], start=NOON, end=NOON)
    sent = [asked.headers["Authorization"] for asked in server.asked]
    assert sent == ["Bearer first", "Bearer second"]


def test_extra_headers_name_the_tenant(server):
    ask(Connection(url=server.url, headers={"X-Scope-OrgID": "team-a"}))
    assert server.asked[0].headers["X-Scope-OrgID"] == "team-a"


def test_secrets_are_not_in_the_repr():
    connection = Connection(url="http://host", password="p4ss", headers={"X-Key": "k3y"})  # noqa: S106
    assert "p4ss" not in repr(connection)
    assert "k3y" not in repr(connection)


# ------------------------------------------------------------------ TLS


def openssl(*words: str) -> None:
    subprocess.run(["openssl", *words], check=True, capture_output=True)


@pytest.fixture(scope="module")
def certificates(tmp_path_factory) -> Path:
    """A certificate authority, and a server and a client it vouches for."""
    folder = tmp_path_factory.mktemp("certificates")
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    ca = ["-CA", str(folder / "ca.pem"), "-CAkey", str(folder / "ca.key")]
    for name, more in (
        ("ca", ["-subj", "/CN=test authority"]),
        ("server", ["-subj", "/CN=server", "-addext", "subjectAltName=IP:127.0.0.1", *ca]),
        ("client", ["-subj", "/CN=client", *ca]),
    ):
        files = ["-keyout", str(folder / f"{name}.key"), "-out", str(folder / f"{name}.pem")]
        openssl("req", "-x509", "-days", "2", *key, *more, *files)
    return folder


@pytest.fixture
def tls_server(certificates):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificates / "server.pem", certificates / "server.key")
    context.load_verify_locations(certificates / "ca.pem")
    context.verify_mode = ssl.CERT_REQUIRED
    with misbehaving(text(matrix()), tls=context) as server:
        yield server


def test_mutual_tls_with_an_authority_of_ones_own(tls_server, certificates):
    ask(
        Connection(
            url=tls_server.url,
            ca_file=certificates / "ca.pem",
            client_cert_file=certificates / "client.pem",
            client_key_file=certificates / "client.key",
        )
    )
    assert len(tls_server.asked) == 1


def test_an_unknown_authority_is_not_trusted(tls_server):
    with pytest.raises(TelemetryUnavailable, match="certificate"):
        ask(Connection(url=tls_server.url))


def test_a_server_that_wants_a_certificate_does_not_answer_without(tls_server, certificates):
    with pytest.raises(TelemetryUnavailable):
        ask(Connection(url=tls_server.url, ca_file=certificates / "ca.pem"))
