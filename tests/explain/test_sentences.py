"""Every feature has words, and they read like somebody said them."""

from __future__ import annotations

import math

import pytest

from podforecast.domain.catalogue import CATALOGUE, FEATURE_NAMES, feature_index
from podforecast.explain.phrases import CATEGORIES, PHRASES
from podforecast.explain.sentences import plain, sentence

NUMBERS = [feature for feature in CATALOGUE if not feature.categories]
named = pytest.mark.parametrize("feature", CATALOGUE, ids=lambda f: f.name)


def test_every_feature_has_a_phrase_and_no_phrase_is_left_over():
    assert set(PHRASES) == set(FEATURE_NAMES)


def test_every_category_has_a_sentence_for_each_of_its_values():
    spoken = {name: tuple(sentences) for name, sentences in CATEGORIES.items()}
    assert spoken == {f.name: f.categories for f in CATALOGUE if f.categories}


def test_subjects_are_distinct_where_the_words_behind_them_are():
    spoken = [(phrase.subject, phrase.says) for phrase in PHRASES.values()]
    assert len(set(spoken)) == len(spoken)


@named
def test_what_was_not_measured_is_said_to_be_so(feature):
    said = sentence(feature, math.nan)
    assert said.endswith(" was not measured.")
    assert said[0].isupper()


@pytest.mark.parametrize("feature", NUMBERS, ids=lambda f: f.name)
def test_a_number_is_said_with_what_is_usual_and_without_an_exponent(feature):
    said = sentence(feature, feature.typical[1])
    assert ("; usually " in said) == (feature.usual is not None)
    assert "e+" not in said
    assert "{" not in said


@named
def test_usual_is_nothing_that_widgets_do_not_span(feature):
    low, high = feature.usual or feature.typical
    assert feature.typical[0] <= low <= high <= feature.typical[1]


@pytest.mark.parametrize("feature", [f for f in CATALOGUE if f.required], ids=lambda f: f.name)
def test_the_healthy_pod_of_the_form_is_usual(feature):
    low, high = feature.usual or feature.typical
    assert low <= feature.default <= high


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        pytest.param(
            "memory_usage_pct", 98.5,
            "Memory usage is 98.5 % of its limit; usually 10 to 70 %.", id="percentage",
        ),
        pytest.param(
            "memory_leak_rate", 1.2,
            "Memory growth over the last hour is 120 % of the limit per hour; usually 0 to 10 %.",
            id="share-as-percentage",
        ),
        pytest.param(
            "restart_count_24h", 9.0, "Restart count of 24 hours is 9; usually 0.", id="count",
        ),
        pytest.param(
            "memory_vs_own_past", 30.0,
            "Memory against the pod's own past hour is +30 % of the limit; usually -10 to +10 %.",
            id="signed",
        ),
        pytest.param(
            "memory_minutes_to_limit", 120.0,
            "Time to the memory limit is at least 120 min (10-minute pace);"
            " usually at least 60 min.", id="cut-off",
        ),
        pytest.param("replica_count", 3.0, "Number of desired replicas is 3.", id="nothing-usual"),
        pytest.param(
            "autoscaler_action", 1.0, "The autoscaler is adding pods.", id="category",
        ),
    ],
)  # fmt: skip
def test_sentences_read_like_this(name, value, said):
    assert sentence(CATALOGUE[feature_index(name)], value) == said


@pytest.mark.parametrize(
    ("value", "written"),
    [(0.0, "0"), (-0.0, "0"), (100.0, "100"), (99.96, "100"), (1e12, "1000000000000"),
     (0.001, "0.001"), (-12.34, "-12.3")],
)  # fmt: skip
def test_numbers_have_three_figures_and_no_exponent(value, written):
    assert plain(value) == written
