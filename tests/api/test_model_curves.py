"""GET /model/curves: the curves of the model that answers, or why there are none."""

from __future__ import annotations

import hashlib
import shutil

import pytest

from podforecast.model.curves import (
    CURVES_FILE,
    AlarmLine,
    CalibrationCurve,
    CandidateCurves,
    Curves,
    GroupImportance,
    RowsAtThreshold,
)

DRAWN = Curves(
    measured_on="no rows at all",
    prevalence=0.1,
    threshold=0.3,
    at_threshold=RowsAtThreshold(false_positive_rate=0.01, recall=0.6, precision=None),
    candidates=(
        CandidateCurves(
            name="FakeScorer",
            false_positive_rate=(0.0, 1.0),
            true_positive_rate=(0.0, 1.0),
            recall=(0.5, 1.0),
            precision=(1.0, 0.1),
        ),
    ),
    calibration=CalibrationCurve(forecast=(0.1,), observed=(0.12,), rows=(50,)),
    alarms=AlarmLine(threshold=(), false_alarms_per_100_pod_hours=(), failures_announced=()),
    importances=(
        GroupImportance(
            group="memory", features=("memory_usage_pct",), loss=0.2, loss_low=0.1, loss_high=0.3
        ),
    ),
)


@pytest.fixture
def payload():
    return DRAWN.model_dump_json().encode()


@pytest.fixture
def folder(tmp_path, payload):
    (tmp_path / CURVES_FILE).write_bytes(payload)
    return tmp_path


@pytest.fixture
def with_curves(scorer, make_manifest, payload):
    scorer.manifest = make_manifest(files={CURVES_FILE: hashlib.sha256(payload).hexdigest()})
    return scorer


async def asked(serve, scorer, folder):
    async with serve(lambda _: scorer, folder) as client:
        ready = await client.get("/readyz")
        assert ready.status_code == 200, "a model answers without its curves"
        return await client.get("/model/curves")


def says(answer, status, part):
    problem = answer.json()
    assert answer.status_code == problem["status"] == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert part in problem["detail"]
    assert "python train_model.py" in problem["hint"]
    return problem


async def test_without_a_model_there_are_no_curves(serve, folder):
    from podforecast.errors import ModelNotReady

    def load(_):
        raise ModelNotReady("there is no model", hint="Run `python train_model.py` first.")

    async with serve(load, folder) as client:
        says(await client.get("/model/curves"), 503, "there is no model")


async def test_a_model_that_was_saved_without_curves_says_so(serve, scorer, folder):
    says(await asked(serve, scorer, folder), 404, "model fake-1 was saved without curves")


async def test_a_lost_file_is_named_without_its_place(serve, with_curves, folder):
    (folder / CURVES_FILE).unlink()
    problem = says(await asked(serve, with_curves, folder), 404, "curves.json can not be read")
    assert str(folder) not in str(problem)


async def test_curves_of_another_model_are_not_shown(serve, with_curves, folder):
    (folder / CURVES_FILE).write_bytes(b"{}")
    says(await asked(serve, with_curves, folder), 404, "not the file that was saved with model")


async def test_curves_of_another_release_are_not_shown(serve, scorer, make_manifest, tmp_path):
    (tmp_path / CURVES_FILE).write_bytes(b"{}")
    digest = hashlib.sha256(b"{}").hexdigest()
    scorer.manifest = make_manifest(files={CURVES_FILE: digest})
    says(await asked(serve, scorer, tmp_path), 404, "written by another release")


async def test_the_curves_come_with_the_version_of_their_model(serve, with_curves, folder):
    answer = (await asked(serve, with_curves, folder)).json()
    assert answer.pop("model_version") == "fake-1"
    assert answer == DRAWN.model_dump(mode="json", exclude={"format"})


async def test_they_stay_those_of_the_model_that_answers(serve, with_curves, folder):
    async with serve(lambda _: with_curves, folder) as client:
        shutil.rmtree(folder)
        answer = await client.get("/model/curves")
    assert answer.status_code == 200
