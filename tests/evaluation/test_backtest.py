"""A stretch of history, walked through as it was known then."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from podforecast.domain.pods import FailureCause, PodRef
from podforecast.errors import ConfigurationError, DataUnusable
from podforecast.evaluation.backtest import comparing, run, truth, walk, words
from podforecast.evaluation.backtest.stretch import Stretch, stretch
from podforecast.model.resampling import Interval
from podforecast.model.threshold import AlertBudget
from podforecast.telemetry.recording import Recording
from tests.api.conftest import fake_manifest
from tests.watcher.made_up import (
    CALM,
    CRASH,
    LEAK,
    MINUTES,
    PODS,
    MemoryModel,
    at,
    block,
    write_campaign,
)

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
STEP = timedelta(seconds=15)
SHOWN = {LEAK: 20.25, CRASH: 16.25}
"""Minutes at which the signals show what happened."""


def with_restarts():
    """The made-up campaign, as kube-state-metrics would have shown it."""
    plain = block()
    since = (plain.times - NOON.timestamp()) / 60.0
    restarts = np.where(np.isnan(plain.signals["status_code"]), np.nan, 0.0)
    ended = restarts.copy()
    for pod, minute in SHOWN.items():
        row = PODS.index(pod)
        restarts[row] += since >= minute
        ended[row] = np.where(since >= minute, 3.0 if pod == LEAK else 2.0, ended[row])
    more = {"restarts": restarts, "last_termination_code": ended}
    return replace(plain, signals={**plain.signals, **more})


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    data = write_campaign(tmp_path_factory.mktemp("data"), block=with_restarts())
    return Recording.open(data / "brook")


@pytest.fixture(scope="module")
def model():
    return MemoryModel(manifest=fake_manifest(threshold=0.8))


def whole(recording, first=5.0, **changes):
    return stretch(at(first), recording.end, known_until=recording.end, **changes)


# ------------------------------------------------------------------ which moments


@pytest.mark.parametrize(
    ("start", "end", "says"),
    [
        pytest.param(10, 10, "is not after the start", id="empty"),
        pytest.param(20, 10, "is not after the start", id="backwards"),
        pytest.param(10, 31, "is in the future", id="future"),
        pytest.param(28, 30, "no forecast has had its 5 minutes yet", id="too young"),
    ],
)
def test_what_can_not_be_graded_is_refused(start, end, says):
    with pytest.raises(ConfigurationError, match=says) as caught:
        stretch(at(start), at(end), known_until=at(30))
    assert caught.value.hint


@pytest.mark.parametrize("seconds", [0, 10, 20], ids=str)
def test_forecasts_between_samples_are_refused(seconds):
    with pytest.raises(ConfigurationError, match=f"--every {seconds}"):
        stretch(at(0), at(20), known_until=at(30), every=timedelta(seconds=seconds))


def test_the_last_horizon_is_left_out_and_counted():
    found = stretch(at(10), at(30), known_until=at(30))
    assert (found.start, found.end) == (at(10), at(25))
    assert found.censored == timedelta(minutes=5)


def test_moments_lie_on_the_grid_of_the_samples():
    anchor = at(0) + timedelta(seconds=5)
    found = stretch(at(10), at(20), known_until=at(30), anchor=anchor)
    assert (found.start - anchor) % STEP == timedelta(0)
    assert found.start >= at(10)
    assert found.end <= at(20)


@pytest.mark.parametrize("pods", [1, 100, 2000, 1_000_000])
@pytest.mark.parametrize("every", [15, 60])
def test_pieces_cover_every_moment_once(pods, every):
    whole = Stretch(start=at(0), end=at(600), every=timedelta(seconds=every), censored=STEP)
    moments = [
        first + step * whole.every
        for first, last in whole.pieces(pods)
        for step in range((last - first) // whole.every + 1)
    ]
    assert moments == [at(0) + step * whole.every for step in range(whole.moments)]


def test_more_pods_are_read_in_shorter_pieces():
    whole = Stretch(start=at(0), end=at(600), every=STEP, censored=STEP)
    assert len(list(whole.pieces(100))) == 6
    assert len(list(whole.pieces(100_000))) == 41


# ------------------------------------------------------------------ what happened


def test_failures_are_read_off_the_signals(recording):
    found, pods = truth.failures_in(recording, whole(recording))
    assert {failure.pod: failure.at for failure in found} == {
        pod: at(minute).timestamp() for pod, minute in SHOWN.items()
    }
    assert {failure.pod: failure.cause for failure in found}[LEAK] is FailureCause.OOM
    assert pods == len(PODS)


def test_only_failures_that_forecasts_could_announce_count(recording):
    later = stretch(at(17), at(25), known_until=recording.end)
    found, _ = truth.failures_in(recording, later)
    assert [failure.pod for failure in found] == [LEAK]


def test_pieces_of_the_truth_overlap_without_counting_twice(recording, monkeypatch):
    monkeypatch.setattr(truth, "LONGEST_PIECE", timedelta(minutes=2))
    in_pieces = truth.failures_in(recording, whole(recording))[0]
    assert sorted(f.at for f in in_pieces) == sorted(at(m).timestamp() for m in SHOWN.values())


def test_a_record_says_which_failures_had_a_precursor(recording):
    found, _ = truth.failures_in(recording, whole(recording))
    known = [replace(failure, at=failure.at - 10.0, precursor=True) for failure in found[:1]]
    completed = truth.with_precursors(found, known)
    assert [failure.precursor for failure in completed] == [True, False]
    assert [failure.at for failure in completed] == [failure.at for failure in found]


# ------------------------------------------------------------------ the walk


def walked(recording, model, chosen, **changes):
    failures, pods = truth.failures_in(recording, chosen)
    return walk.walk(recording, chosen, failures, {"model": model.score}, pods=pods, **changes)


def test_nothing_to_score_is_refused_with_a_way_out(recording, model):
    silent = replace(recording, block=replace(recording.block, signals={
        "status_code": recording.block.signals["status_code"]}))  # fmt: skip
    with pytest.raises(DataUnusable, match="no pod could be scored") as caught:
        walked(silent, model, whole(recording))
    assert "doctor" in caught.value.hint


def test_more_rows_than_memory_holds_are_refused(recording, model, monkeypatch):
    monkeypatch.setattr(walk, "MOST_ROWS", 100)
    with pytest.raises(DataUnusable, match="forecasts, more than the 100") as caught:
        walked(recording, model, whole(recording))
    assert "--every 60" in caught.value.hint


def test_rows_are_those_a_training_would_have(recording, model):
    """As :func:`~podforecast.pipeline.examples.build_dataset` does, but for the later truth."""
    chosen = whole(recording)
    found = walked(recording, model, chosen)
    dataset = found.dataset
    assert dataset.x.shape == (len(dataset), 0)
    announcing = dataset.y == 1
    times = {pod: dataset.time[announcing & (dataset.pod == dataset.pods.index(str(pod)))]
             for pod in (LEAK, CRASH, CALM)}  # fmt: skip
    for pod, minute in SHOWN.items():
        onset = at(minute).timestamp()
        assert times[pod].min() == onset - 300
        assert times[pod].max() < onset
    assert len(times[CALM]) == 0
    assert found.left_out.failing > 0
    assert found.left_out.just_failed > 0


def test_scores_come_from_what_was_known_then(recording, model):
    """A walk that ends earlier says the same until then: nothing comes from the future."""
    short = stretch(at(5), at(15), known_until=recording.end)
    early, late = (walked(recording, model, one) for one in (short, whole(recording)))
    same = late.dataset.time <= short.end.timestamp()
    np.testing.assert_array_equal(early.scores["model"], late.scores["model"][same])
    np.testing.assert_array_equal(early.dataset.time, late.dataset.time[same])


def test_pieces_say_the_same_as_the_whole(recording, model, monkeypatch):
    expected = walked(recording, model, whole(recording))
    short = timedelta(minutes=3)
    monkeypatch.setattr("podforecast.evaluation.backtest.stretch.LONGEST_PIECE", short)
    monkeypatch.setattr("podforecast.evaluation.backtest.stretch.SHORTEST_PIECE", short)
    found = walked(recording, model, whole(recording))
    np.testing.assert_array_equal(found.scores["model"], expected.scores["model"])
    np.testing.assert_array_equal(found.dataset.y, expected.dataset.y)


def test_progress_ends_with_all_moments(recording, model):
    told = []
    chosen = whole(recording, every=timedelta(minutes=1))
    walked(recording, model, chosen, progress=lambda done, total: told.append((done, total)))
    assert told[-1] == (chosen.moments, chosen.moments)
    assert chosen.moments == 21


# ------------------------------------------------------------------ figures and words


@pytest.fixture(scope="module")
def found(recording, model):
    terms = comparing.Terms(source="brook", budget=AlertBudget(20.0), rounds=50)
    return run.backtest(recording, whole(recording), model, terms)


def test_the_model_is_lived_through_beside_every_rule(found):
    usual = {method.name: method for method in found.methods if not method.tuned}
    assert list(usual) == ["model", "static_rules", "memory_rule", "throttling_rule",
                           "restart_rule", "memory_extrapolated"]  # fmt: skip
    assert usual["model"].threshold == 0.8
    assert usual["model"].recall["all"].failures == 2
    assert usual["model"].recall["all"].caught == 1
    assert usual["model"].recall["all"].lead_minutes_median == 4.5
    # Two minutes of high memory that nothing followed.
    assert usual["model"].false_alarms >= 1


def test_a_budget_adds_thresholds_that_keep_to_it(found):
    tuned = [method for method in found.methods if method.tuned]
    assert len(tuned) == len(found.methods) / 2
    allowed = 20.0 * found.judged.pod_hours / 100.0
    assert all(method.false_alarms <= allowed for method in tuned)


def test_the_best_rule_is_compared_at_equal_false_alarms(found):
    tuned = {method.name: method.recall["all"].share.value for method in found.methods
             if method.tuned}  # fmt: skip
    best = max(value for name, value in tuned.items() if name != "model")
    difference = found.best_tuned_rule.recall_difference
    assert difference.value == pytest.approx(tuned["model"] - best)
    assert "Both tuned to the same false alarms" in list(words.verdict(found))[-1]


def test_few_failures_are_said_to_be_few(found):
    sentences = list(words.verdict(found))
    assert "2 failures could have been announced: too few" in sentences[0]
    assert "which may be chance" in sentences[1]


@pytest.mark.parametrize(
    ("low", "high", "says"),
    [
        pytest.param(0.1, 0.3, "the model has more of them", id="more"),
        pytest.param(-0.3, -0.1, "the model has fewer of them", id="fewer"),
        pytest.param(-0.1, 0.3, "which may be chance", id="chance"),
    ],
)
def test_differences_are_said_in_words(found, low, high, says):
    found = replace(found, recall_difference=Interval((low + high) / 2, low, high))
    assert says in list(words.verdict(found))[1]


def test_without_a_failure_there_is_no_recall_and_no_comparison(recording, model):
    calm = stretch(at(5), at(9), known_until=recording.end)
    terms = comparing.Terms(source="brook", rounds=20)
    found = run.backtest(recording, calm, model, terms)
    [sentence] = words.verdict(found)
    assert "Nothing failed" in sentence
    assert [row[1] for table in words.tables(found) for row in table.rows] == ["-"] * 6


def test_what_was_left_out_is_told_with_its_reason(found):
    told = " ".join(words.left_out(found))
    assert "the pod was down already" in told
    assert "The last 5 minutes are left out" in told
    missing = replace(found.judged, failures=5)
    assert "3 of 5 failures are in no recall" in " ".join(
        words.left_out(replace(found, judged=missing))
    )


def test_the_columns_of_precursors_are_there_where_they_are_known(found):
    header = next(words.tables(found)).header
    known = replace(found, judged=replace(found.judged, precursors_known=True))
    assert "precursor (of 0)" not in header
    assert "precursor (of 0)" in next(words.tables(known)).header


def test_the_stretch_is_half_an_hour_of_a_made_up_fleet(recording):
    assert recording.end == at(MINUTES)
    assert PodRef("shop", "cart-0") in recording.pods
