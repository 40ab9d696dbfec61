"""What longer scrape intervals cost: what is compared, not how it comes out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks import scraping
from podforecast.model.scorer import load


@pytest.fixture
def without_the_first(dataset):
    """The same, less the rows of its first pod and with its pods in another order."""
    kept = dataset.pod > 0
    rows = {name: getattr(dataset, name)[kept] for name in ("x", "y", "time", "workload")}
    last = len(dataset.pods) - 1
    return replace(dataset, pod=last - dataset.pod[kept], pods=dataset.pods[::-1], **rows)


def test_a_folder_that_holds_no_campaign_is_named_with_the_way_out(
    folder, tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(scraping, "MODELS", folder)
    assert scraping.main([str(tmp_path)]) == 1
    said = capsys.readouterr().err
    assert "is not a recording" in said
    assert "hint:" in said


def test_rows_are_compared_that_are_there_at_both_intervals(dataset, without_the_first):
    rows, same = scraping.in_both(dataset, without_the_first)
    assert set(dataset.pod[rows]) == set(range(1, 12))
    np.testing.assert_array_equal(dataset.x[rows], without_the_first.x[same])


def test_what_is_lost_is_told_against_the_same_rows(dataset, folder):
    score, rows = load(folder).score(dataset.x), np.arange(len(dataset))
    same = scraping.ranked(dataset, rows, score, score)
    reversed_ = scraping.ranked(dataset, rows, score, -score)
    assert same["roc_auc_less_that_at_15_s"] == [0.0, 0.0, 0.0]
    lost = 1.0 - 2.0 * same["roc_auc"][0]
    assert reversed_["roc_auc_less_that_at_15_s"][0] == pytest.approx(lost, abs=1e-3)
