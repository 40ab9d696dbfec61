"""Tables, JSON, model card and pictures of an evaluation."""

from __future__ import annotations

import json

import pytest

from podforecast.errors import ConfigurationError
from podforecast.evaluation import cells, document, model_card, tables
from podforecast.evaluation.plots import album

PNG = b"\x89PNG\r\n"


@pytest.fixture(scope="session")
def report(outcome):
    return outcome.report


def test_a_value_that_json_does_not_know_is_refused():
    with pytest.raises(TypeError, match="set has no JSON form"):
        document.as_json({"a": {1}})


def test_the_json_has_every_split_with_bounds_and_no_nan(report):
    found = json.loads(document.to_json(report), parse_constant=pytest.fail)
    assert [split["name"] for split in found["splits"]] == [s.name for s in report.splits]
    area = found["splits"][0]["judgements"][0]["ranked"]["all"]["roc_auc"]
    assert area["low"] <= area["high"]
    assert 0.5 < area["value"] < 1.0


def test_every_row_of_a_table_has_a_cell_for_every_heading(report):
    for table in tables.all_tables(report):
        assert {len(row) for row in table.rows} <= {len(table.header)}


def test_every_table_of_a_split_names_its_data_prevalence_and_split(report):
    for split in report.splits[:-1]:
        about = cells.about(split, report)
        for wanted in (split.name, "prevalence", "95 %", *split.test.campaigns):
            assert wanted in about
        for table in (tables.ranking_table, tables.alarms_table, tables.causes_table,
                      tables.calibration_table, tables.differences_table):  # fmt: skip
            assert about in table(split, report).about


def test_every_estimate_of_the_alarms_has_an_interval(report):
    table = tables.alarms_table(report.headline, report)
    for row in table.rows:
        for cell in row[3:8]:
            assert cell == cells.UNKNOWN or cell.endswith("]")


def test_a_budget_that_is_too_small_for_the_rows_is_starred(report):
    budgets = {row[1] for row in tables.alarms_table(report.headline, report).rows}
    assert {"usual", "1 *"} <= budgets


def test_the_report_shows_the_pictures_first(report, tmp_path):
    text = document.to_markdown(report, plots=[tmp_path / "lead_times.png"])
    assert text.index("![lead times](lead_times.png)") < text.index("## Splits side by side")


def test_the_model_card_says_what_where_how_well_and_what_not(report, saved):
    text = model_card.render(saved.manifest, report)
    for wanted in ("# Model card", "## Use", "## Training data", "## How it was chosen",
                   "## Splits side by side", "## Alarms, campaign-disjoint split", "## Canaries",
                   "## Limits", saved.manifest.data.fingerprint):  # fmt: skip
        assert wanted in text


def test_the_model_card_admits_that_chance_is_not_beaten(report, saved):
    humble = saved.manifest.model_copy(update={"beats_chance": False})
    assert "does not beat chance" in model_card.render(humble, report)


@pytest.fixture(scope="module")
def pictures(outcome):
    return album.figures(outcome)


def test_every_picture_is_saved(pictures, tmp_path):
    paths = album.write(pictures, tmp_path / "results")
    assert sorted(path.name for path in paths) == [
        "alarms.png", "calibration.png", "confusion.png", "importance.png", "lead_times.png",
        "precision_recall.png", "roc.png",
    ]  # fmt: skip
    assert all(path.read_bytes().startswith(PNG) for path in paths)


def test_every_picture_names_its_data(outcome, pictures):
    subtitle = album.subtitle(outcome.headline)
    for figure in pictures.values():
        texts = [text.get_text() for axes in figure.axes for text in axes.texts]
        assert subtitle in texts


def test_a_folder_that_can_not_be_written_is_refused(tmp_path):
    (tmp_path / "results").write_text("a file")
    with pytest.raises(ConfigurationError, match="results/ can not be written"):
        album.write({}, tmp_path / "results")
