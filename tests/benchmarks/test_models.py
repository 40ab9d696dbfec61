"""Comparisons of further models on made-up rows: what is counted, not how it comes out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.models import __main__ as command
from benchmarks.models import anomalies, promise
from benchmarks.models.campaigns import ranking_line
from podforecast.domain.catalogue import CATALOGUE, feature_index
from podforecast.errors import DataUnusable
from podforecast.evaluation.trial import Trial
from podforecast.model import splits

MEMORY = feature_index("memory_usage_pct")


@pytest.fixture(scope="module")
def trial(dataset):
    half = replace(
        dataset,
        campaign=(dataset.pod >= 6).astype(np.int64),
        campaigns=("one", "two"),
    )
    split = splits.campaign_split(half, ["two"])
    return Trial.of(half, split, rounds=10, rng=np.random.default_rng(1))


class TestCommand:
    def test_an_unknown_comparison_is_refused_with_those_there_are(self, capsys):
        assert command.main(["horoscope"]) == 2
        assert "no comparison 'horoscope'" in (said := capsys.readouterr().err)
        assert "promise, anomalies" in said

    def test_campaigns_that_are_missing_are_named_with_the_way_out(self, monkeypatch, capsys):
        def nothing():
            raise DataUnusable("no campaign of role test", hint="Record one.")

        monkeypatch.setattr(command, "trial_of", nothing)
        assert command.main([]) == 1
        assert "Record one." in capsys.readouterr().err


class TestPromise:
    def rows(self, *memory):
        x = np.tile([feature.typical[0] for feature in CATALOGUE], (len(memory), 1))
        x[:, MEMORY] = memory
        return x

    def test_a_fall_is_how_much_lower_the_score_is_five_percent_higher(self):
        x = self.rows(40.0, 60.0)
        fall = promise.fall_of(lambda rows: -rows[:, MEMORY], x, MEMORY)
        assert fall == pytest.approx([2.0, 3.0])

    @pytest.mark.parametrize(
        "value",
        [
            pytest.param(np.nan, id="unknown"),
            pytest.param(0.0, id="five-percent-of-nothing"),
            pytest.param(CATALOGUE[MEMORY].high, id="as-high-as-it-gets"),
        ],
    )
    def test_what_can_not_rise_is_not_counted(self, value):
        fall = promise.fall_of(lambda rows: rows[:, MEMORY], self.rows(value, 50.0), MEMORY)
        assert np.isnan(fall).tolist() == [True, False]

    def test_candidates_that_promise_it_keep_it(self, trial, monkeypatch):
        promising = promise.CANDIDATES[0]
        monkeypatch.setattr(promise, "CANDIDATES", [promising])
        *_, last = promise.promises(trial)
        assert (last["candidate"], last["feature"]) == (promising.name, "any of them")
        assert (last["share_lower"], last["largest_fall"]) == (0.0, 0.0)
        assert last["rows"] == len(trial.test)


class TestAnomalies:
    def test_no_forest_gets_the_score_it_is_compared_with(self):
        column = feature_index(anomalies.DEVIATION)
        sizes = {name: len(columns) for name, columns in anomalies.inputs().items()}
        assert all(column not in columns for columns in anomalies.inputs().values())
        assert sizes["isolation forest, all features"] == len(CATALOGUE) - 1
        assert 5 < sizes["isolation forest, CPU and memory"] < len(CATALOGUE) / 2

    def test_rows_that_are_far_from_all_others_are_strange(self, trial):
        strange = replace(trial.test, x=trial.test.x.copy())
        strange.x[:5, :40] += 1e4
        found = anomalies.isolated(
            replace(trial, test=strange), "forest", np.arange(len(CATALOGUE))
        )
        assert found.test[:5].min() > found.test[5:].max()

    def test_labels_change_nothing_but_which_rows_are_healthy(self, trial):
        columns = np.arange(len(CATALOGUE))
        healthy = trial.train.rows(trial.train.y == 0)
        alone = anomalies.isolated(replace(trial, train=healthy), "forest", columns)
        assert np.array_equal(alone.test, anomalies.isolated(trial, "forest", columns).test)

    def test_a_figure_names_what_it_was_judged_on(self, trial):
        columns = np.arange(len(CATALOGUE))
        line = ranking_line(trial, anomalies.isolated(trial, "forest", columns))
        assert (line["judged_on"], line["rows"]) == (["two"], len(trial.test))
        assert len(line["roc_auc"]) == 3
