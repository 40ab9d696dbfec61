"""Why, and what to do, as plain functions."""

from __future__ import annotations

import pytest

from podforecast.api_schema.explanation import ExplanationOut, RecommendationOut
from podforecast.ui.cards import why_list
from podforecast.ui.palette import INKS
from podforecast.ui.viewmodels.explanation import (
    Action,
    Query,
    effect,
    probability_of,
    remedy_views,
    why_view,
)


@pytest.fixture
def make_explanation():
    def make(*reasons, other=0.0, base=-3.0):
        total = base + other + sum(reason["contribution"] for reason in reasons)
        return ExplanationOut.model_validate(
            {"method": "exact", "base_log_odds": base, "log_odds": total, "reasons": reasons,
             "other": other}
        )  # fmt: skip

    return make


class TestWhy:
    def test_it_leads_from_a_typical_pod_to_this_one(self, make_explanation, make_reason):
        view = why_view(make_explanation(make_reason(contribution=3.0)))
        assert view.start == "A typical pod has 4.7 %. This moves it to 50.0 %:"

    def test_a_sentence_is_parted_from_what_is_usual(self, make_explanation, make_reason):
        (line,) = why_view(make_explanation(make_reason())).lines
        assert (line.fact, line.remark) == (
            "Memory usage is 95.2 % of its limit", "usually 10 to 70 %",
        )  # fmt: skip

    def test_a_sentence_that_names_nothing_usual_is_left_whole(self, make_explanation, make_reason):
        reason = make_reason(sentence="The autoscaler is adding pods.")
        (line,) = why_view(make_explanation(reason)).lines
        assert (line.fact, line.remark) == ("The autoscaler is adding pods", "")

    def test_bars_go_both_ways_from_the_middle_on_one_scale(self, make_explanation, make_reason):
        raises, lowers = make_reason(contribution=2.0), make_reason(contribution=-1.0)
        view = why_view(make_explanation(raises, lowers, other=-4.0))
        assert [line.effect.share for line in view.lines] == [0.5, -0.25]
        assert view.other.effect.share == -1.0

    def test_a_rest_too_small_to_show_is_not_shown(self, make_explanation, make_reason):
        assert why_view(make_explanation(make_reason(), other=0.004)).other is None

    def test_many_small_parts_are_said_to_be_that(self, make_explanation):
        view = why_view(make_explanation(other=1.0))
        assert view.lines == ()
        assert view.other.fact == "Many measurements, each a little"

    def test_queries_are_of_the_reasons_that_have_one(self, make_explanation, make_reason):
        asked = make_reason(promql='up{pod="cart-0"}', window="10 min")
        view = why_view(make_explanation(asked, make_reason(promql=None)))
        assert view.queries == (
            Query("Memory usage is 95.2 % of its limit (10 min)", 'up{pod="cart-0"}'),
        )  # fmt: skip

    @pytest.mark.parametrize(
        ("contribution", "text"),
        [
            pytest.param(0.0, "▲ raises x 1.0", id="none"),
            pytest.param(2.1, "▲ raises x 8.2", id="raises"),
            pytest.param(-0.59, "▼ lowers ÷ 1.8", id="lowers"),
            pytest.param(3.0, "▲ raises x 20", id="much"),
            pytest.param(9.0, "▲ raises x > 1000", id="beyond-telling"),
            pytest.param(-900.0, "▼ lowers ÷ > 1000", id="no-overflow"),
        ],
    )
    def test_direction_is_in_sign_and_word_and_size_in_a_factor(self, contribution, text):
        assert effect(contribution, 10.0).text == text.replace("x ", "\N{MULTIPLICATION SIGN} ")

    @pytest.mark.parametrize("log_odds", [-1e6, -30.0, 0.0, 30.0, 1e6])
    def test_log_odds_of_any_size_are_a_probability(self, log_odds):
        assert 0.0 <= probability_of(log_odds) <= 1.0
        assert probability_of(log_odds) + probability_of(-log_odds) == pytest.approx(1.0)

    @pytest.mark.parametrize("scheme", INKS)
    def test_what_the_service_says_is_no_markup(self, make_explanation, make_reason, scheme):
        reason = make_reason(sentence="<script>alert(1)</script>; usually <b>")
        drawn = why_list(why_view(make_explanation(reason, other=1.0)), scheme)
        assert "<script>" not in drawn
        assert "<b>" not in drawn
        assert "&lt;script&gt;" in drawn


class TestWhatToDo:
    def test_commands_are_told_from_steps(self):
        remedy = RecommendationOut(
            title="Look", description="Why.", actions=("kubectl get pods", "Read the log.")
        )
        (view,) = remedy_views([remedy])
        assert view.title == "Look"
        assert view.actions == (Action("kubectl get pods", True), Action("Read the log.", False))

    @pytest.mark.parametrize(
        ("runbook", "more"),
        [
            pytest.param(None, "", id="none"),
            pytest.param("memory-runs-out", "docs/runbook.md#memory-runs-out", id="an-entry"),
        ],
    )
    def test_it_says_where_to_read_on(self, runbook, more):
        remedy = RecommendationOut(title="Look", description="", actions=(), runbook=runbook)
        assert remedy_views([remedy])[0].more == more

    def test_several_are_numbered(self):
        remedy = RecommendationOut(title="Look", description="Why.", actions=())
        assert [view.title for view in remedy_views([remedy] * 2)] == ["1. Look", "2. Look"]
