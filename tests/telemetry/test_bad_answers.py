"""Whatever stands behind the address, the caller learns what it can do."""

from __future__ import annotations

import itertools
import logging
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from podforecast.domain.pods import PodRef
from podforecast.domain.telemetry import STEP
from podforecast.errors import TelemetryMalformed, TelemetryRefused, TelemetryUnavailable
from podforecast.telemetry.prometheus.answers import QueryTooLarge
from podforecast.telemetry.prometheus.api import QueryApi
from podforecast.telemetry.prometheus.client import Connection, connect
from podforecast.telemetry.prometheus.source import PrometheusSource
from tests.telemetry.misbehaving import (
    by_turns,
    cut_short,
    drip,
    failure,
    hang_up,
    matrix,
    misbehaving,
    nothing,
    text,
)
from tests.telemetry.prometheus_server import free_port

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
SECONDS = NOON.timestamp()
EMPTY = text(matrix())
SECRET = "s3cr3t"  # noqa: S105


def row(*points: tuple[float, str], signal: str = "restarts", **labels: str) -> dict[str, object]:
    metric = {"signal": signal, "namespace": "shop", "pod": "web", **labels}
    return {"metric": metric, "values": [list(point) for point in points]}


def read(url: str, signals=("restarts",), *, timeout: float = 5.0, **how):
    with connect(Connection(url=url, timeout=timedelta(seconds=timeout)), **how) as client:
        return PrometheusSource(client).read(signals, start=NOON, end=NOON + 2 * STEP)


def test_a_refused_connection_may_work_later():
    with pytest.raises(TelemetryUnavailable, match="did not answer") as caught:
        read(f"http://127.0.0.1:{free_port()}")
    assert "URL" in caught.value.hint


@pytest.mark.parametrize(
    ("answer", "error", "words"),
    [
        pytest.param(nothing, TelemetryUnavailable, "in time", id="hangs"),
        pytest.param(hang_up, TelemetryUnavailable, "did not answer", id="hangs up"),
        pytest.param(text("busy", status=503), TelemetryUnavailable, "503: busy", id="503"),
        pytest.param(text("slow down", status=429), TelemetryUnavailable, "429", id="429"),
        pytest.param(text("no", status=401), TelemetryRefused, "401: no", id="401"),
        pytest.param(text("no", status=403), TelemetryRefused, "403", id="403"),
        pytest.param(text("", status=302, Location="/login"), TelemetryRefused, "302", id="login"),
        pytest.param(text("nothing here", status=404), TelemetryRefused, "404", id="404"),
        pytest.param(failure(400, "parse error"), TelemetryRefused, "parse error", id="400"),
        pytest.param(failure(422, "duplicate series"), TelemetryRefused, "duplicate", id="422"),
        pytest.param(failure(200, "no store"), TelemetryRefused, "no store", id="error with 200"),
        pytest.param(
            text("<html>Sign in</html>", kind="text/html"), TelemetryMalformed, "Sign in", id="HTML"
        ),
        pytest.param(text(matrix()[:-9]), TelemetryMalformed, "expected the JSON", id="half JSON"),
        pytest.param(text("[]"), TelemetryMalformed, "expected the JSON", id="a list"),
        pytest.param(text(b"\xff\xfe"), TelemetryMalformed, "expected the JSON", id="binary"),
        pytest.param(text("{}"), TelemetryMalformed, "expected the JSON", id="no status"),
        pytest.param(
            text('{"status":"success","data":{}}'), TelemetryMalformed, "result", id="no result"
        ),
        pytest.param(
            text('{"status":"success","data":null}'), TelemetryMalformed, "shape", id="no data"
        ),
        pytest.param(
            text(matrix({"metric": {}})), TelemetryMalformed, "shape", id="series without values"
        ),
        pytest.param(
            text(matrix(row((SECONDS, "one")))), TelemetryMalformed, "one", id="no number"
        ),
        pytest.param(
            text(matrix({"metric": {"signal": "restarts"}, "values": []})),
            TelemetryMalformed,
            "namespace",
            id="no pod",
        ),
        pytest.param(
            text(matrix(row((SECONDS, "1"), signal="other"))),
            TelemetryMalformed,
            "nobody asked",
            id="other signal",
        ),
        pytest.param(
            text(matrix(row((SECONDS + 3600, "1")))), TelemetryMalformed, "outside", id="other time"
        ),
        pytest.param(cut_short(matrix()), TelemetryMalformed, "broke off", id="truncated"),
        pytest.param(
            text(b"not gzip", **{"Content-Encoding": "gzip"}),
            TelemetryMalformed,
            "broke off",
            id="not what the encoding says",
        ),
    ],
)
def test_each_way_of_failing_has_its_error(answer, error, words):
    with misbehaving(answer) as server, pytest.raises(error, match=words) as caught:
        read(server.url, timeout=0.2)
    assert caught.value.hint or error is TelemetryMalformed


def test_an_answer_that_never_ends_is_ended():
    """Each byte comes in time, all of them do not."""
    clock = itertools.count(step=20.0).__next__
    with misbehaving(drip) as server, pytest.raises(TelemetryUnavailable, match="in time"):
        read(server.url, timeout=30.0, clock=clock)


def test_half_a_series_is_nan_where_it_is_missing():
    middle = text(matrix(row((SECONDS + 15, "3"))))
    with misbehaving(by_turns(middle, EMPTY)) as server:
        block = read(server.url)
    assert block.pods == (PodRef("shop", "web"),)
    np.testing.assert_array_equal(block.signal("restarts"), [[np.nan, 3.0, np.nan]])
    assert block.workloads == ("shop/web",)


@pytest.mark.parametrize("said", ["NaN", "+Inf", "-Inf"])
def test_what_is_no_number_is_unknown(said):
    points = text(matrix(row((SECONDS, "1"), (SECONDS + 15, said))))
    with misbehaving(by_turns(points, EMPTY)) as server:
        block = read(server.url)
    np.testing.assert_array_equal(block.signal("restarts"), [[1.0, np.nan, np.nan]])


def test_a_pod_without_any_known_sample_is_not_listed():
    with misbehaving(text(matrix(row((SECONDS, "NaN"))))) as server:
        assert read(server.url).pods == ()


def test_a_rejected_pack_is_asked_for_signal_by_signal():
    answers = by_turns(
        failure(422, "many-to-many matching not allowed"),
        text(matrix(row((SECONDS, "1")))),
        failure(422, "many-to-many matching not allowed"),
        EMPTY,
    )
    with misbehaving(answers) as server:
        block = read(server.url, ["restarts", "status_code"])
    assert set(block.signals) == {"restarts"}
    assert np.isnan(block.signal("status_code")).all()


def test_a_signal_that_is_left_out_is_logged(caplog):
    answers = by_turns(failure(400, "bad"), EMPTY, failure(400, "bad"), EMPTY)
    with misbehaving(answers) as server, caplog.at_level(logging.WARNING):
        read(server.url, ["restarts", "status_code"])
    assert "signal=status_code" in caplog.text


def test_rejected_credentials_are_not_tried_signal_by_signal():
    with misbehaving(text("no", status=403)) as server:
        with pytest.raises(TelemetryRefused):
            read(server.url, ["restarts", "status_code"])
        assert len(server.asked) == 1


def test_too_many_samples_are_asked_for_namespace_by_namespace():
    too_many = failure(422, "query processing would load too many samples into memory")
    names = text('{"status":"success","data":["ops","shop"]}')
    found = [text(matrix(row((SECONDS, "1"), namespace=name))) for name in ("ops", "shop")]
    with misbehaving(by_turns(too_many, names, *found, EMPTY)) as server:
        block = read(server.url)
    assert [str(pod) for pod in block.pods] == ["ops/web", "shop/web"]
    assert 'namespace="ops"' in server.asked[2].fields["query"]


def test_an_answer_that_would_fill_the_memory_is_not_read():
    endless = text("x" * 5000)
    with (
        misbehaving(endless) as server,
        connect(Connection(url=server.url)) as client,
        pytest.raises(QueryTooLarge, match="exceeds 1000 bytes"),
    ):
        QueryApi(client, most_bytes=1000).at("up", SECONDS)


def test_one_namespace_with_too_many_samples_is_refused():
    too_many = failure(422, "query processing would load too many samples into memory")
    names = text('{"status":"success","data":["shop"]}')
    with (
        misbehaving(by_turns(too_many, names, too_many)) as server,
        pytest.raises(TelemetryRefused, match="too many samples") as caught,
    ):
        read(server.url)
    assert "max-samples" in caught.value.hint


def test_an_end_before_the_start_is_an_error_of_the_caller():
    with (
        connect(Connection(url="http://127.0.0.1:1")) as client,
        pytest.raises(ValueError, match="end"),
    ):
        PrometheusSource(client).read(["restarts"], start=NOON, end=NOON - STEP)


def test_secrets_are_in_no_message_and_no_log(caplog):
    with misbehaving(text("no", status=401)) as server, caplog.at_level(logging.DEBUG):
        url = server.url.replace("http://", f"http://reader:{SECRET}@")
        with pytest.raises(TelemetryRefused) as caught:
            read(url)
    assert SECRET not in f"{caught.value} {caught.value.hint} {caplog.text}"
