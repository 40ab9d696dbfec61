"""The service with a model that was really saved: the same numbers, and no second guess."""

from __future__ import annotations

import json

import numpy as np
import pytest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from podforecast.api_schema.predict import PredictRequest
from podforecast.domain.catalogue import CATALOGUE, feature_index
from podforecast.model import artifact, scorer
from podforecast.model.manifest import Reference


@pytest.fixture(scope="module")
def pipeline():
    """Learned from noise: memory above 90 % fails."""
    rng = np.random.default_rng(7)
    x = rng.uniform(0, 100, size=(300, len(CATALOGUE)))
    y = x[:, feature_index("memory_usage_pct")] > 90
    steps = SimpleImputer(), StandardScaler(), LogisticRegression()
    return make_pipeline(*steps).fit(x, y)


@pytest.fixture
def folder(tmp_path, pipeline, make_manifest):
    rows = np.linspace(0, 100, 4 * len(CATALOGUE)).reshape(4, -1)
    reference = Reference.of(rows, pipeline.predict_proba(rows)[:, 1])
    manifest = make_manifest(reference=reference, libraries=artifact.libraries())
    artifact.save(tmp_path / "models", pipeline, manifest)
    return tmp_path / "models"


async def test_a_file_that_changed_on_disk_is_refused_by_every_route(serve, folder, example):
    with (folder / artifact.MODEL_FILE).open("ab") as file:
        file.write(b"\0")
    async with serve(scorer.load, folder=folder) as client:
        for answer in (
            await client.get("/readyz"),
            await client.get("/model"),
            await client.post("/predict", json=example),
        ):
            assert answer.status_code == 503
            assert answer.json()["title"] == "Model refused"
            assert "is not the file its manifest describes" in answer.json()["detail"]
            assert "python train_model.py" in answer.json()["hint"]
            assert str(folder.parent) not in answer.text


async def test_a_model_of_another_catalogue_is_refused(serve, folder):
    path = folder / artifact.MANIFEST_FILE
    manifest = json.loads(path.read_text()) | {"catalogue": "another"}
    path.write_text(json.dumps(manifest))
    async with serve(scorer.load, folder=folder) as client:
        answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert "feature catalogue" in answer.json()["detail"]


async def test_the_service_answers_what_the_pipeline_does(serve, folder, pipeline, example):
    expected = pipeline.predict_proba(PredictRequest(**example).row())[0, 1]
    async with serve(scorer.load, folder=folder) as client:
        answer = (await client.post("/predict", json=example)).json()
        assert answer["failure_probability"] == pytest.approx(expected, abs=1e-12)
        assert answer["model_version"] == (await client.get("/model")).json()["model_version"]
