"""The Model page in each of its states."""

from __future__ import annotations

import pytest
from streamlit.testing.v1 import AppTest

from podforecast.api_schema.problems import Problem
from podforecast.ui.dashboard import PAGES
from podforecast.ui.outcomes import Answered, Declined, Unreachable

GONE = Unreachable("http://service:8000", "it did not answer in time")
CHARTS = 6
"""Candidates, ROC, precision-recall, calibration, alarms, importances."""


class FakeService:
    """Not the service: answers what it was told to; about the model, one thing after the other."""

    def __init__(self, model, curves):
        self._models = list(model) if isinstance(model, list) else [model]
        self._curves = curves

    def model(self):
        return self._models.pop(0) if len(self._models) > 1 else self._models[0]

    def curves(self):
        return self._curves


def _script(service):
    from podforecast.ui.pages import model

    model.render(service)


def opened(model, curves):
    service = FakeService(model, curves)
    page = AppTest.from_function(_script, kwargs={"service": service}, default_timeout=20).run()
    assert not page.exception
    return page


def shown(page):
    kinds = (page.title, page.subheader, page.error, page.success, page.warning, page.info,
             page.markdown, page.caption)  # fmt: skip
    return "\n".join(element.value for kind in kinds for element in kind)


def charts(page):
    return page.get("vega_lite_chart")


@pytest.fixture
def no_curves():
    return Problem(
        type="urn:podforecast:problem:curves-missing",
        title="Curves missing",
        status=404,
        detail="model fake-1 was saved without curves",
        hint="Run `python train_model.py`.",
        request_id="r-3",
    )


class TestWithoutAModel:
    def test_the_service_is_down(self):
        page = opened(GONE, GONE)
        assert "it did not answer in time" in shown(page)
        assert "uvicorn app:app" in shown(page)
        assert len(page.error) == 1
        assert not charts(page)

    def test_the_service_has_no_model(self, no_model):
        page = opened(Declined(no_model), Declined(no_model))
        assert "There is no model." in shown(page)
        assert "python train_model.py" in shown(page)
        assert not charts(page)


class TestWithoutCurves:
    def test_the_model_is_described_all_the_same(self, make_model, no_curves):
        page = opened(Answered(make_model()), Declined(no_curves))
        assert "RandomForest answers now" in shown(page)
        assert "Its curves are missing" in shown(page)
        assert "Model fake-1 was saved without curves." in shown(page)
        assert "python train_model.py" in shown(page)
        assert len(charts(page)) == 1

    def test_curves_of_another_model_are_not_drawn(self, make_model, make_curves):
        page = opened(Answered(make_model()), Answered(make_curves(model_version="fake-2")))
        assert "Another model was loaded" in page.warning[0].value
        assert len(charts(page)) == 1


class TestModel:
    @pytest.fixture
    def page(self, make_model, make_curves):
        return opened(Answered(make_model()), Answered(make_curves()))

    def test_every_plot_has_a_sentence_that_says_what_to_see(self, page):
        assert len(charts(page)) == CHARTS
        for part in (
            "RandomForest ranks best",
            "puts the right one first 91 times of 100",
            "75 % were followed by a failure",
            "Of the moments forecast at 30 %, 28 % were followed by a failure",
            "announces 50 % of failures",
            "The model leans on memory most",
        ):
            assert part in shown(page)

    def test_what_it_learned_from_is_named(self, page):
        for part in ("harbor, meadow", "1 261", "180", "5.3 %", "2026-01-02 03:04 UTC"):
            assert part in shown(page)

    def test_it_says_that_these_are_not_figures_of_an_unseen_campaign(self, page):
        assert "cross-validation on the training campaigns" in shown(page)
        assert "docs/results.md" in shown(page)

    def test_every_candidate_is_in_the_table(self, page):
        table = page.dataframe[0].value
        assert list(table["candidate"]) == [
            "RandomForest", "XGBoost", "LogisticRegression", "NeuralNetwork",
        ]  # fmt: skip
        assert list(table[""]) == ["✔ answers", "", "", "compared only"]
        assert "0.910 [0.880, 0.940]" in list(table["ROC-AUC [95 % interval]"])

    def test_a_model_that_does_not_beat_chance_says_so_in_red_and_in_words(
        self, make_model, make_curves
    ):
        page = opened(Answered(make_model(beats_chance=False)), Answered(make_curves()))
        assert "does not beat chance" in page.error[0].value
        assert "Do not act on its forecasts" in page.error[0].value


class TestSinceItWasDeployed:
    @pytest.fixture
    def page_of(self, make_model, make_curves):
        def page(live):
            return opened(Answered(make_model(live=live)), Answered(make_curves()))

        return page

    def test_where_nothing_is_watched_it_says_so_instead_of_showing_other_figures(self, page_of):
        page = page_of(None)
        assert "This service watches no fleet" in page.info[0].value
        assert len(charts(page)) == CHARTS

    def test_before_the_first_horizon_has_passed(self, page_of, nothing_graded):
        page = page_of(nothing_graded)
        assert "Nothing graded yet" in page.info[0].value
        assert "graded 5 minutes after it was made" in page.info[0].value
        assert "22 scans wait" in page.info[0].value
        assert "Precision  \n" not in shown(page)
        assert len(charts(page)) == CHARTS

    def test_graded_forecasts_are_shown_with_what_they_rest_on(self, page_of, make_live):
        page = page_of(make_live())
        for part in (
            "Precision  \n**75 %**",
            "9 of 12 notifications right",
            "Recall  \n**60 %**",
            "95 % interval: 36 to 80 %",
            "**3.5 minutes**",
            "Of the 140 forecasts around 62 %, 50 % were followed by a failure within 5 minutes",
        ):
            assert part in shown(page)
        assert not page.info
        assert len(charts(page)) == CHARTS + 1

    def test_newer_figures_take_their_place(
        self, make_model, make_curves, make_live, nothing_graded
    ):
        answers = [Answered(make_model(live=live)) for live in (nothing_graded, make_live())]
        page = opened(answers, Answered(make_curves()))
        assert "Recall  \n**60 %**" in shown(page)

    def test_figures_stay_while_the_service_does_not_answer(
        self, make_model, make_curves, make_live
    ):
        page = opened([Answered(make_model(live=make_live())), GONE], Answered(make_curves()))
        assert "Recall  \n**60 %**" in shown(page)

    def test_figures_of_another_model_are_not_put_under_this_one(
        self, make_model, make_curves, make_live
    ):
        models = [make_model(live=make_live()), make_model(live=make_live(), model_version="new")]
        page = opened([Answered(model) for model in models], Answered(make_curves()))
        assert page.warning[0].value == "Another model answers now. Reload the page."
        assert "Recall  \n" not in shown(page)

    def test_a_store_that_is_gone_is_said_above_the_figures_of_before(self, page_of, make_live):
        page = page_of(make_live(trouble="the database does not answer"))
        assert "The database does not answer." in page.warning[0].value
        assert "Recall  \n**60 %**" in shown(page)


def test_the_page_is_in_the_navigation():
    assert "model" in [page.url_path for page in PAGES]
