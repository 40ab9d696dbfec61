"""Answers that are read where they stand, against the JSON parser."""

from __future__ import annotations

import gc
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from podforecast.errors import TelemetryMalformed
from podforecast.telemetry.pod_table import PodTable
from podforecast.telemetry.prometheus import vectors
from podforecast.telemetry.prometheus.answers import QueryRejected
from podforecast.telemetry.prometheus.pod_labels import PodLabels
from podforecast.telemetry.prometheus.samples import VectorReader, parse_vector

SIGNALS = ("cpu_usage_ratio", "restarts", "memory_usage_ratio")
SAMPLE = 117_582_720
TIME = 15 * SAMPLE
ROWS = [
    ("shop", "cart-0", "cpu_usage_ratio", "0.25"),
    ("shop", "pay-0", "cpu_usage_ratio", "0.1234567890123456"),
    ("kube-system", "dns-7d9f-x", "cpu_usage_ratio", "3e-05"),
    ("shop", "cart-0", "restarts", "7"),
    ("shop", "pay-0", "memory_usage_ratio", "1"),
]


def answer(rows, *, time=TIME, write=lambda text: json.dumps(text, ensure_ascii=False), **more):
    """A vector as Prometheus writes it: no spaces, labels in order of their names."""
    series = ",".join(
        '{"metric":{' + ",".join(
            f'"{name}":{write(value)}'
            for name, value in sorted(
                {"namespace": namespace, "pod": pod, "signal": signal, **more}.items()
            )
        ) + f'}},"value":[{time},"{value}"]}}'
        for namespace, pod, signal, value in rows
    )  # fmt: skip
    head = '{"status":"success","data":{"resultType":"vector","result":['
    return (head + series + "]}}").encode()


def named(pods, vector):
    """Rows of a vector, with the names of pods."""
    return [
        (pods[pod].namespace, pods[pod].name, SIGNALS[place], value)
        for pod, place, value in zip(vector.pod, vector.place, vector.values.tolist(), strict=True)
    ]


def in_place(body, table=None):
    table = PodTable() if table is None else table
    return vectors.read_in_place(body, SIGNALS, PodLabels(table))


def parsed(body):
    table = PodTable()
    return named(table.pods, parse_vector(body, SIGNALS, table))


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"<html>504</html>", id="a proxy"),
        pytest.param(answer([]), id="no series"),
        pytest.param(answer(ROWS)[:-20], id="broken off"),
        pytest.param(answer(ROWS).replace(b'},"value"', b'}, "value"'), id="spaces"),
        pytest.param(answer(ROWS).replace(b"restarts", b"starts"), id="another signal"),
        pytest.param(answer(ROWS, uid="u-1"), id="a label after the signal"),
        pytest.param(answer(ROWS[:2])[:-1] + b',"warnings":[}', id="a broken end"),
        pytest.param(answer(ROWS).replace(b"vector", b"scalar"), id="another type"),
        pytest.param(answer(ROWS).replace(b"success", b"error"), id="another status"),
        pytest.param(answer([("shop", "a[0]{x}", *ROWS[0][2:])]), id="brackets in a name"),
        pytest.param(answer([("shop", "cart-0", "restarts", "x")]), id="no number"),
        pytest.param(answer([("shop", "cart-0", "restarts", "")]), id="empty value"),
        pytest.param(answer(ROWS).replace(b'"pod":"pay-0"', b'"pad":"pay-0"'), id="no pod"),
        pytest.param(answer(ROWS, time="null"), id="no time"),
        pytest.param(answer(ROWS, time="1,2"), id="two times"),
        pytest.param(
            answer(ROWS).replace(b'"7"]', b'"7","8"]'), id="two values"
        ),
        pytest.param(answer(ROWS).replace(b'},"value"', b'},"when"', 1), id="another key"),
    ],
)  # fmt: skip
def test_an_answer_that_looks_different_is_left_to_the_parser(body):
    assert in_place(body) is None


def test_values_of_different_times_are_left_to_the_parser():
    body = answer(ROWS).replace(b"[%d" % TIME, b"[%d" % (TIME + 1), 1)
    assert in_place(body) is None


@pytest.mark.parametrize("pods_first", [False, True])
def test_an_answer_is_read_as_the_parser_reads_it(pods_first):
    rows = sorted(ROWS) if pods_first else ROWS
    table = PodTable()
    assert named(table.pods, in_place(answer(rows), table)) == parsed(answer(rows))


@pytest.mark.parametrize(
    ("head", "tail"),
    [
        pytest.param(b"", b"\n", id="a line break"),
        pytest.param(b'"isPartial":false,', b"", id="a head of VictoriaMetrics"),
        pytest.param(b"", b',"stats":{"seriesFetched":"5"}', id="statistics"),
        pytest.param(b"", b',"infos":["no counter: x[1]{}"]', id="an info"),
    ],
)
def test_what_servers_tell_around_the_series_does_no_harm(head, tail):
    body = answer(ROWS).replace(b'"data"', head + b'"data"')
    body = body + tail if tail.isspace() else body[:-1] + tail + b"}"
    table = PodTable()
    assert named(table.pods, in_place(body, table)) == parsed(body)


def test_a_warning_of_the_server_is_logged(caplog):
    body = answer(ROWS)[:-1] + b',"warnings":["results are incomplete"]}'
    assert len(in_place(body).pod) == len(ROWS)
    assert "results are incomplete" in caplog.text


@pytest.mark.parametrize("time", ["1763740800", "1763740800.25"])
def test_the_time_is_that_of_the_series(time):
    assert in_place(answer(ROWS, time=time)).time == float(time)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        pytest.param("NaN", np.nan, id="NaN"),
        pytest.param("+Inf", np.inf, id="infinite"),
        pytest.param("-0", 0.0, id="minus zero"),
        pytest.param("123456789012345678901234567890", 1.2345678901234568e29, id="large"),
        pytest.param("0.1", 0.1, id="not a binary fraction"),
        pytest.param("5e-324", 5e-324, id="the smallest"),
    ],
)
def test_values_are_what_prometheus_may_write(text, value):
    found = in_place(answer([*ROWS, ("shop", "cart-0", "restarts", text)])).values[-1]
    np.testing.assert_equal(found, value)


@pytest.mark.parametrize(
    "name",
    [
        pytest.param('we"ird', id="quote"),
        pytest.param("back\\slash", id="backslash"),
        pytest.param('a","signal":"restarts"', id="looks like a label"),
        pytest.param('"]},"metric":"', id="looks like the end of a series"),
        pytest.param("käse-🧀", id="not ASCII"),
        pytest.param("line\nbreak", id="line break"),
        pytest.param("x" * 300, id="long"),
        pytest.param("", id="empty"),
    ],
)
@pytest.mark.parametrize("write", [json.dumps, lambda text: json.dumps(text, ensure_ascii=False)])
def test_odd_names_are_read_as_the_parser_reads_them(name, write):
    body = answer([*ROWS, ("shop", name, "restarts", "2"), *ROWS[:2]], write=write)
    table = PodTable()
    reader = VectorReader()
    for _ in range(2):
        samples = reader.read(body, SIGNALS, SAMPLE, table)
        found = [
            (table.pods[pod].namespace, table.pods[pod].name, SIGNALS[place], value)
            for pod, place, value in zip(
                samples.pod, samples.signal, samples.values.tolist(), strict=True
            )
        ]
        assert found == parsed(body)


def test_two_ways_to_write_a_name_are_one_pod():
    table = PodTable()
    labels = PodLabels(table)
    for write in (json.dumps, lambda text: json.dumps(text, ensure_ascii=False)):
        body = answer([("shop", "käse-0", "restarts", "2")], write=write)
        assert vectors.read_in_place(body, SIGNALS, labels).pod.tolist() == [0]
    assert len(table) == 1


NAMES = st.text("ab-c9", min_size=1, max_size=30)


@given(
    st.lists(
        st.tuples(NAMES, NAMES, st.sampled_from(SIGNALS), st.floats(allow_nan=False).map(repr)),
        min_size=1,
        max_size=30,
    ),
    st.randoms(use_true_random=False),
    st.integers(1, 7),
)
def test_any_order_and_any_change_of_pods_is_read_alike(rows, random, at_once):
    table = PodTable()
    labels = PodLabels(table)
    some = rows[: len(rows) // 2 + 1]
    before = vectors.SERIES_AT_ONCE
    vectors.SERIES_AT_ONCE = at_once
    try:
        for part in (some, rows, random.sample(rows, len(rows))):
            body = answer(
                [(n, p, s, v.replace("inf", "+Inf").replace("-+", "-")) for n, p, s, v in part]
            )
            assert named(table.pods, vectors.read_in_place(body, SIGNALS, labels)) == parsed(body)
    finally:
        vectors.SERIES_AT_ONCE = before


def test_pods_keep_their_numbers_from_answer_to_answer():
    reader, table = VectorReader(), PodTable()
    first = reader.read(answer(ROWS), SIGNALS, SAMPLE, table).pod
    again = reader.read(answer(ROWS[::-1], time=TIME + 15), SIGNALS, SAMPLE + 1, table).pod
    assert again[::-1].tolist() == first.tolist()


def test_another_table_gives_other_numbers():
    reader, other = VectorReader(), PodTable()
    reader.read(answer(ROWS), SIGNALS, SAMPLE, PodTable())
    other.number("shop", "pay-0")
    assert reader.read(answer(ROWS[:2]), SIGNALS, SAMPLE, other).pod.tolist() == [1, 0]


def test_infinite_values_are_unknown():
    read = VectorReader().read(
        answer([("shop", "cart-0", "restarts", "-Inf")]), SIGNALS, SAMPLE, PodTable()
    )
    assert np.isnan(read.values).all()


def test_an_answer_about_another_time_is_refused():
    with pytest.raises(TelemetryMalformed, match="another time"):
        VectorReader().read(answer(ROWS), SIGNALS, SAMPLE + 1, PodTable())


@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_is_as_before_after_an_error(enabled):
    before = gc.isenabled()
    try:
        (gc.enable if enabled else gc.disable)()
        with pytest.raises(QueryRejected, match="too bad"):
            VectorReader().read(
                b'{"status":"error","errorType":"x","error":"too bad"}', SIGNALS, 0, PodTable()
            )
        assert gc.isenabled() is enabled
    finally:
        (gc.enable if before else gc.disable)()
