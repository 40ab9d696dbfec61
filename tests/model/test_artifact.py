"""What is saved is what is served, or it is refused with a reason."""

from __future__ import annotations

import hashlib
import json
import pickle
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest
from sklearn.pipeline import Pipeline

from podforecast.domain.catalogue import CATALOGUE
from podforecast.errors import ConfigurationError, ModelNotReady, ModelRefused
from podforecast.model import artifact, describe, scorer, training
from podforecast.model.candidates import candidate
from podforecast.model.portable import PORTABLE_FILE

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


class OpensTheDoor:
    """A fake payload that would run code when unpickled."""

    def __reduce__(self):
        return (exec, ("raise SystemExit('the payload ran')",))


ONE_SMALL_CANDIDATE = (
    replace(candidate("XGBoost"), usual={"n_estimators": 10, "max_depth": 3}, tries=()),
)


@pytest.fixture(scope="module")
def model(dataset):
    """A pipeline with its manifest, not saved yet."""
    trained = training.train(dataset, seed=1, candidates=ONE_SMALL_CANDIDATE)
    return trained.fitted.pipeline, describe.describe(trained, dataset, trained_at=NOON)


@pytest.fixture
def folder(tmp_path, model):
    artifact.save(tmp_path / "models", *model)
    return tmp_path / "models"


def change(folder, **fields):
    path = folder / artifact.MANIFEST_FILE
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def swap(folder, payload):
    """Replace the pickle, and its hash in the manifest too."""
    (folder / artifact.MODEL_FILE).write_bytes(payload)
    change(folder, files={artifact.MODEL_FILE: hashlib.sha256(payload).hexdigest()})


def test_an_empty_folder_says_what_to_run(tmp_path):
    with pytest.raises(ModelNotReady, match=r"no manifest\.json") as caught:
        scorer.load(tmp_path)
    assert caught.value.hint == "Run `python train_model.py` first."


def test_a_manifest_without_its_model_says_what_to_run(folder):
    (folder / artifact.MODEL_FILE).unlink()
    with pytest.raises(ModelNotReady, match=r"no pod_failure_predictor\.pkl"):
        scorer.load(folder)


def test_a_changed_file_is_refused_before_any_of_it_runs(folder):
    (folder / artifact.MODEL_FILE).write_bytes(pickle.dumps(OpensTheDoor()))
    with pytest.raises(ModelRefused, match="is not the file its manifest describes"):
        scorer.load(folder)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        pytest.param("", "the document: Invalid JSON", id="empty"),
        pytest.param("{", "the document: Invalid JSON", id="half"),
        pytest.param("[]", "the document: Input should be an object", id="no-object"),
        pytest.param("{}", "trained_at: Field required", id="nothing-in-it"),
    ],
)
def test_a_manifest_that_is_none_is_refused(folder, text, says):
    (folder / artifact.MANIFEST_FILE).write_text(text)
    with pytest.raises(ModelRefused, match=says) as caught:
        scorer.load(folder)
    assert "python train_model.py" in caught.value.hint


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        pytest.param({"format": 2}, "format", id="of-a-later-release"),
        pytest.param({"threshold": "high"}, "threshold", id="no-number"),
        pytest.param({"surprise": 1}, "surprise", id="unknown-field"),
        pytest.param({"trained_at": "2026-01-01T12:00:00"}, "trained_at", id="no-time-zone"),
        pytest.param({"catalogue": "abc"}, "feature catalogue abc, this", id="other-catalogue"),
        pytest.param({"files": {}}, "expected nothing", id="no-hash"),
    ],
)
def test_a_manifest_that_does_not_fit_is_refused(folder, fields, says):
    change(folder, **fields)
    with pytest.raises(ModelRefused, match=says):
        scorer.load(folder)


@pytest.mark.parametrize(
    ("library", "version", "accepted"),
    [
        pytest.param("scikit-learn", "1.2.0", False, id="scikit-learn-minor"),
        pytest.param("xgboost", "1.7.6", False, id="xgboost-minor"),
        pytest.param("numpy", "1.26.4", False, id="numpy-major"),
        pytest.param("joblib", "0.1", True, id="joblib-any"),
        pytest.param("python", "3.13.1", True, id="python-any"),
    ],
)
def test_libraries_must_promise_to_read_each_others_pickles(folder, library, version, accepted):
    change(folder, libraries={**artifact.libraries(), library: version})
    if accepted:
        scorer.load_pipeline(folder)
        return
    with pytest.raises(ModelRefused, match=f"saved with {library} {version}") as caught:
        scorer.load_pipeline(folder)
    assert f"{library}=={version}" in caught.value.hint


def test_a_patch_release_is_accepted(folder):
    here = artifact.libraries()["scikit-learn"].split(".")
    change(folder, libraries={**artifact.libraries(), "scikit-learn": ".".join([*here[:2], "99"])})
    scorer.load_pipeline(folder)


@pytest.mark.parametrize(
    "payload",
    [
        pytest.param(b"", id="empty"),
        pytest.param(b"not a pickle", id="text"),
        pytest.param(b"cno_such_module\nThing\n.", id="class-that-is-gone"),
    ],
)
def test_what_can_not_be_unpickled_is_refused(folder, payload):
    swap(folder, payload)
    with pytest.raises(ModelRefused, match="can not be unpickled"):
        scorer.load(folder)


def test_what_is_no_model_is_refused(folder):
    swap(folder, pickle.dumps({"a": 1}))
    with pytest.raises(ModelRefused, match="can not score"):
        scorer.load(folder)


def test_a_model_that_scores_differently_here_is_refused(folder):
    reference = json.loads((folder / artifact.MANIFEST_FILE).read_text())["reference"]
    reference["probabilities"][3] += 2e-6
    change(folder, reference=reference)
    with pytest.raises(ModelRefused, match="reference batch 2e-06 off, 1e-06 is accepted"):
        scorer.load(folder)


def test_a_folder_that_can_not_be_written_is_refused(tmp_path, model):
    (tmp_path / "models").write_text("a file, where a folder should be")
    with pytest.raises(ConfigurationError, match="can not be written") as caught:
        artifact.save(tmp_path / "models", *model)
    assert "--out" in caught.value.hint


def test_a_loaded_model_scores_as_the_saved_one_to_the_last_bit(folder, model, dataset):
    loaded = scorer.load_pipeline(folder)
    assert isinstance(loaded.pipeline, Pipeline)
    expected = model[0].predict_proba(dataset.x)[:, 1]
    assert loaded.score(dataset.x).tobytes() == expected.tobytes()
    assert loaded.threshold == loaded.manifest.threshold == model[1].threshold


def test_saving_fills_in_hashes_and_version(folder):
    manifest = artifact.read_manifest(folder)
    digests = {
        name: hashlib.sha256((folder / name).read_bytes()).hexdigest()
        for name in (artifact.MODEL_FILE, PORTABLE_FILE)
    }
    assert manifest.files == digests
    assert manifest.model_version == f"20260101-120000-{digests[artifact.MODEL_FILE][:8]}"


def test_saving_again_replaces_all_files_and_leaves_no_draft(folder, model):
    artifact.save(folder, *model)
    assert sorted(path.name for path in folder.iterdir()) == [
        artifact.MANIFEST_FILE,
        PORTABLE_FILE,
        artifact.MODEL_FILE,
    ]


@pytest.mark.parametrize(
    "shape", [(len(CATALOGUE),), (2, len(CATALOGUE) - 1)], ids=["one-row", "a-column-short"]
)
def test_a_table_of_another_shape_is_refused(folder, shape):
    with pytest.raises(ValueError, match=r"expected shape \(n, "):
        scorer.load(folder).score(np.zeros(shape))


def test_no_rows_have_no_scores(folder):
    assert scorer.load(folder).score(np.empty((0, len(CATALOGUE)))).shape == (0,)


def test_rows_are_scored_one_by_one_as_together(folder, dataset):
    loaded = scorer.load(folder)
    x = dataset.x[:20]
    one_by_one = [loaded.score(row[None])[0] for row in x]
    assert one_by_one == pytest.approx(loaded.score(x), abs=1e-12)
