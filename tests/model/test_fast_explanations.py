"""What each feature adds: the sum is the forecast, and a typical value adds nothing."""

from __future__ import annotations

import numpy as np
import pytest

from podforecast.domain.catalogue import CATALOGUE, feature_index
from podforecast.model import masking
from podforecast.model.attribution import log_odds_of, stretched
from podforecast.model.pipeline_scorer import PipelineScorer
from podforecast.model.preprocessing import CATEGORIES
from podforecast.model.typical import typical_values

N = len(CATALOGUE)
MEMORY = feature_index("memory_usage_pct")


@pytest.fixture(params=["fast", "pipeline"])
def scorer(request, small):
    """Both paths of every kind of model."""
    if request.param == "fast":
        return small.fast
    return PipelineScorer(small.pipeline, small.manifest)


def test_parts_and_base_add_up_to_the_log_odds_of_the_probability(scorer, dataset):
    rows = np.concatenate([dataset.x[:40], masking.required_only(dataset.x[40:60])])
    found = scorer.contributions(rows)
    np.testing.assert_allclose(found.base + found.parts.sum(axis=1), found.log_odds, atol=1e-9)
    np.testing.assert_allclose(found.log_odds, log_odds_of(scorer.score(rows)), atol=1e-6)


def test_no_rows_have_no_contributions(scorer):
    found = scorer.contributions(np.empty((0, N)))
    assert (found.base.shape, found.parts.shape, found.log_odds.shape) == ((0,), (0, N), (0,))


def test_a_table_of_another_shape_is_refused(scorer):
    with pytest.raises(ValueError, match=r"expected shape \(n, "):
        scorer.contributions(np.zeros((1, N + 1)))


def test_a_typical_pod_has_nothing_to_explain(scorer):
    found = scorer.contributions(typical_values(scorer.manifest)[None])
    np.testing.assert_allclose(found.parts, 0, atol=1e-9)
    np.testing.assert_allclose(found.base, found.log_odds, atol=1e-9)


def test_what_was_not_measured_adds_nothing(scorer, dataset):
    found = scorer.contributions(masking.required_only(dataset.x[:20]))
    np.testing.assert_allclose(found.parts[:, 12:], 0, atol=1e-12)


def test_what_raises_the_probability_alone_is_above_0(scorer):
    row = typical_values(scorer.manifest)[None].copy()
    row[0, MEMORY] = 160.0
    found = scorer.contributions(row)
    assert found.log_odds[0] > found.base[0]
    assert found.parts[0].argmax() == MEMORY


def test_rows_are_explained_one_by_one_as_together(scorer, dataset):
    rows = dataset.x[:80]
    together = scorer.contributions(rows).parts
    for row in (0, 41, 79):
        alone = scorer.contributions(rows[row : row + 1]).parts[0]
        np.testing.assert_allclose(alone, together[row], atol=1e-9)


def test_each_way_says_what_it_is(small):
    of_the_fast_path = "exact" if small.name == "LogisticRegression" else "path"
    one = np.zeros((1, N))
    assert small.fast.contributions(one).method == of_the_fast_path
    slow = PipelineScorer(small.pipeline, small.manifest)
    assert slow.contributions(one).method == "occlusion"


class TestLinear:
    def test_a_feature_changes_its_own_part_only(self, linear, dataset):
        rows = np.repeat(dataset.x[5:6], 2, axis=0)
        rows[:, MEMORY] = 50.0, 95.0
        before, after = linear.fast.contributions(rows).parts
        changed = np.flatnonzero(np.abs(after - before) > 1e-9)
        assert changed.tolist() == [MEMORY]

    def test_a_part_is_the_change_of_the_log_odds(self, linear, dataset):
        row = dataset.x[5:6].copy()
        row[0, MEMORY] = 95.0
        without = row.copy()
        without[0, MEMORY] = typical_values(linear.manifest)[MEMORY]
        odds = log_odds_of(linear.expected(np.concatenate([row, without])))
        part = linear.fast.contributions(row).parts[0, MEMORY]
        assert part == pytest.approx(odds[0] - odds[1], abs=1e-6)

    def test_a_category_belongs_to_its_feature(self, linear):
        typical = typical_values(linear.manifest)
        [column] = CATEGORIES[:1]
        row = typical[None].copy()
        row[0, column] = (typical[column] + 1) % len(CATALOGUE[column].categories)
        parts = linear.fast.contributions(row).parts[0]
        assert np.flatnonzero(np.abs(parts) > 1e-9).tolist() == [column]


class TestStretching:
    BOTH = np.array([[True, True, True]])

    def stretch(self, parts, total):
        return stretched(np.array([parts]), np.array([total]), self.BOTH)[0]

    @pytest.mark.parametrize("total", [-9.0, -1.0, 0.0, 1e-12, 1.0, 30.0])
    def test_signs_and_order_stay(self, total):
        found = self.stretch([3.0, 1.0, -2.0], total)
        assert found.sum() == pytest.approx(total, abs=1e-9)
        assert found[0] > found[1] > 0 > found[2]

    @pytest.mark.parametrize(
        ("parts", "total", "expected"),
        [
            pytest.param([2.0, 1.0, 0.0], 6.0, [4.0, 2.0, 0.0], id="all-raise"),
            pytest.param([-2.0, -1.0, 0.0], -6.0, [-4.0, -2.0, 0.0], id="all-lower"),
            pytest.param([2.0, 1.0, 0.0], 0.0, [0.0, 0.0, 0.0], id="to-nothing"),
            pytest.param([0.0, 0.0, 0.0], 0.0, [0.0, 0.0, 0.0], id="nothing-to-nothing"),
            pytest.param([0.0, 0.0, 0.0], 3.0, [1.0, 1.0, 1.0], id="nothing-to-something"),
        ],
    )
    def test_the_ends(self, parts, total, expected):
        np.testing.assert_allclose(self.stretch(parts, total), expected, atol=1e-9)

    def test_only_features_that_differ_share_what_no_part_can_explain(self):
        found = stretched(np.zeros((1, 3)), np.array([4.0]), np.array([[True, False, True]]))
        assert found.tolist() == [[2.0, 0.0, 2.0]]
