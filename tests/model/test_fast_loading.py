"""The fast path serves when it is proven; otherwise the pipeline does, and says why."""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from podforecast.domain.catalogue import CATALOGUE
from podforecast.errors import ModelNotReady, ModelRefused
from podforecast.model import artifact, portable, scorer
from podforecast.model.export import form_of, portable_form
from podforecast.model.portable import PORTABLE_FILE, NotPortable
from podforecast.model.reference import BOUNDARY_ROWS, SPREAD_ROWS, reference

ROOT = Path(__file__).parents[2]
N = len(CATALOGUE)


class OpensTheDoor:
    """A fake payload that would run code when unpickled."""

    def __reduce__(self):
        return (exec, ("raise SystemExit('the payload ran')",))


@pytest.fixture
def folder(tmp_path, linear):
    artifact.save(tmp_path / "models", linear.pipeline, linear.manifest)
    return tmp_path / "models"


def change(folder, **fields):
    path = folder / artifact.MANIFEST_FILE
    path.write_text(json.dumps({**json.loads(path.read_text()), **fields}))


def swap(folder, payload):
    """Replace the portable form, and its hash in the manifest too."""
    (folder / PORTABLE_FILE).write_bytes(payload)
    files = json.loads((folder / artifact.MANIFEST_FILE).read_text())["files"]
    change(folder, files=files | {PORTABLE_FILE: hashlib.sha256(payload).hexdigest()})


def archive(**arrays):
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def arrays_of(payload):
    with np.load(io.BytesIO(payload)) as stored:
        return {name: stored[name] for name in stored.files}


def assert_falls_back(folder, why):
    loaded = scorer.load(folder)
    assert (loaded.path, loaded.is_quick) == ("pipeline", False)
    assert why in loaded.path_reason
    assert str(folder) not in loaded.path_reason


class TestFallingBack:
    def test_a_changed_file(self, folder):
        with (folder / PORTABLE_FILE).open("ab") as file:
            file.write(b"\0")
        assert_falls_back(folder, "npz is not the file its manifest describes")

    def test_a_file_that_is_gone(self, folder):
        (folder / PORTABLE_FILE).unlink()
        assert_falls_back(folder, "there is no pod_failure_predictor.npz")

    def test_a_model_saved_before_there_was_a_fast_path(self, folder):
        files = json.loads((folder / artifact.MANIFEST_FILE).read_text())["files"]
        change(folder, files={artifact.MODEL_FILE: files[artifact.MODEL_FILE]})
        assert_falls_back(folder, "saved without pod_failure_predictor.npz")

    @pytest.mark.parametrize(
        "payload",
        [
            pytest.param(b"", id="empty"),
            pytest.param(b"PK\x03\x04 half an archive", id="half-an-archive"),
            pytest.param(b"not an archive", id="text"),
            pytest.param(archive(), id="nothing-in-it"),
        ],
    )
    def test_bytes_that_are_no_portable_model(self, folder, payload):
        swap(folder, payload)
        assert_falls_back(folder, "pod_failure_predictor.npz can not be read")

    def test_objects_are_never_unpickled(self, folder):
        objects = np.array([OpensTheDoor()], dtype=object)
        swap(folder, archive(format=np.array(1), kind=objects))
        assert_falls_back(folder, "can not be read")

    @pytest.mark.parametrize(
        ("name", "value", "why"),
        [
            pytest.param("format", np.array(2), "format 2, this release reads 1", id="format"),
            pytest.param("kind", np.array("nets"), "'nets', this release knows", id="kind"),
        ],
    )
    def test_a_form_of_another_release(self, folder, linear, name, value, why):
        swap(folder, archive(**arrays_of(linear.portable) | {name: value}))
        assert_falls_back(folder, why)

    @pytest.mark.parametrize(
        "name", ["form/slope", "form/unknown", "form/intercept", "calibration/slope"]
    )
    def test_other_probabilities_say_how_far_off_they_are(self, folder, linear, name):
        arrays = arrays_of(linear.portable)
        swap(folder, archive(**arrays | {name: arrays[name] + 0.01}))
        assert_falls_back(folder, "off, 1e-06 is accepted")

    def test_the_pipeline_that_takes_over_scores_as_it_was_saved(self, folder, linear, dataset):
        (folder / PORTABLE_FILE).unlink()
        found = scorer.load(folder).score(dataset.x[:50])
        assert found.tobytes() == linear.expected(dataset.x[:50]).tobytes()


class TestRefusing:
    """What makes the folder suspicious is refused on either path."""

    def test_another_catalogue(self, folder):
        change(folder, catalogue="another")
        with pytest.raises(ModelRefused, match="feature catalogue another"):
            scorer.load(folder)

    def test_a_pickle_that_is_not_the_manifests(self, folder):
        (folder / artifact.MODEL_FILE).write_bytes(b"something else")
        with pytest.raises(ModelRefused, match=r"pkl is not the file its manifest describes"):
            scorer.load(folder)

    def test_a_pickle_that_is_gone(self, folder):
        (folder / artifact.MODEL_FILE).unlink()
        with pytest.raises(ModelNotReady, match=r"no pod_failure_predictor\.pkl"):
            scorer.load(folder)

    @pytest.mark.parametrize(
        ("rows", "probabilities"),
        [
            pytest.param([], [], id="none"),
            pytest.param([[1.0]], [0.5], id="a-column-only"),
            pytest.param([[None] * N], [0.5, 0.5], id="fewer-rows-than-probabilities"),
            pytest.param([[None] * N, [1.0]], [0.5, 0.5], id="ragged"),
        ],
    )
    def test_without_a_reference_batch_nothing_is_proven(self, folder, rows, probabilities):
        change(folder, reference={"rows": rows, "probabilities": probabilities})
        with pytest.raises(ModelRefused, match=f"no reference batch of {N} features a row"):
            scorer.load(folder)


class TestServing:
    def test_a_saved_model_is_served_by_the_fast_path(self, tmp_path, small, dataset):
        artifact.save(tmp_path, small.pipeline, small.manifest)
        loaded = scorer.load(tmp_path)
        assert (loaded.path, loaded.path_reason, loaded.is_quick) == ("fast", "", True)
        assert loaded.threshold == loaded.manifest.threshold == small.manifest.threshold
        np.testing.assert_allclose(loaded.score(dataset.x), small.expected(dataset.x), atol=1e-6)

    def test_other_library_versions_do_not_matter_where_nothing_is_unpickled(self, folder):
        change(folder, libraries={**artifact.libraries(), "scikit-learn": "0.1"})
        assert scorer.load(folder).path == "fast"
        with pytest.raises(ModelRefused, match=r"saved with scikit-learn 0\.1"):
            scorer.load_pipeline(folder)

    def test_the_same_model_is_written_to_the_same_bytes(self, small):
        assert portable_form(small.pipeline) == small.portable

    def test_loading_it_imports_nothing_that_only_training_needs(self, folder):
        heavy = ["pandas", "streamlit", "sklearn", "scipy", "xgboost", "matplotlib", "joblib",
                 "sqlalchemy", "alembic", "psycopg"]  # fmt: skip
        program = (
            "import sys, pathlib\n"
            "from podforecast.serving.application import create_app\n"
            "from podforecast.model.scorer import load\n"
            "scorer = load(pathlib.Path(sys.argv[1]))\n"
            "create_app(pathlib.Path(sys.argv[1]), load=load)\n"
            "scorer.contributions(scorer.manifest.reference.values())\n"
            f"print(scorer.path, [name for name in {heavy} if name in sys.modules])"
        )
        done = subprocess.run(
            [sys.executable, "-c", program, str(folder)],
            cwd=ROOT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert done.stdout == "fast []\n"


class TestForms:
    """Arrays that no exporter wrote are refused before they can lead out of bounds."""

    @pytest.mark.parametrize(
        ("change", "why"),
        [
            pytest.param({"form/slope": np.zeros(3)}, "for 3 features", id="too-few"),
            pytest.param({"form/slope": np.full(N, np.nan)}, "slope is not finite", id="nan"),
            pytest.param({"form/hinge_at": np.zeros((N, 9))}, "do not fit", id="hinges"),
            pytest.param({"form/intercept": np.array(np.inf)}, "do not fit", id="intercept"),
            pytest.param({"form/logged": None}, "form/logged|logged", id="missing"),
            pytest.param({"calibration/slope": np.array(np.nan)}, "not finite", id="calibration"),
            pytest.param({"calibration/share": np.array(0.5)}, "of 0 steps", id="no-steps"),
            pytest.param({"calibration/step_odds": np.zeros(2)}, "steps of shapes", id="steps"),
        ],
    )
    def test_of_a_line(self, linear, change, why):
        self.assert_refused(linear, change, why)

    @pytest.mark.parametrize(
        ("name", "place", "value", "why"),
        [
            pytest.param("left", 0, 10**6, "a child that is none", id="beyond"),
            pytest.param("left", 5, 0, "a child that is none", id="in-a-circle"),
            pytest.param("left", 0, -1, "a child that is none", id="before"),
            pytest.param("left", 0, 2, "in no tree, or in more than one", id="another's"),
            pytest.param("root", 0, -1, "begins outside", id="root"),
            pytest.param("feature", 0, N, f"not among {N}", id="feature"),
            pytest.param("unknown_right", 0, 2, "neither left nor right", id="direction"),
            pytest.param("threshold", 0, np.nan, "not finite", id="threshold"),
            pytest.param("value", 0, np.inf, "not finite", id="value"),
        ],
    )
    def test_of_trees(self, boosted, name, place, value, why):
        array = arrays_of(boosted.portable)[f"form/{name}"].copy()
        array[place] = value
        self.assert_refused(boosted, {f"form/{name}": array}, why)

    def test_of_trees_with_too_few_nodes(self, boosted):
        self.assert_refused(boosted, {"form/value": np.zeros(2)}, "value has shape")

    def test_of_another_number_of_features(self, boosted):
        fill = np.full(N + 8, np.nan)
        self.assert_refused(
            boosted, {"form/fill": fill}, f"{N + 8} features, the catalogue has {N}"
        )

    def assert_refused(self, model, change, why):
        arrays = arrays_of(model.portable) | change
        payload = archive(**{name: a for name, a in arrays.items() if a is not None})
        with pytest.raises(NotPortable, match=why):
            portable.read(payload)


class TestExporting:
    def test_a_pipeline_of_another_kind_has_no_portable_form(self, linear):
        assert portable_form(linear.pipeline[:1]) is None
        bare = type(linear.pipeline)([*linear.pipeline.steps[:1], ("classify", "passthrough")])
        assert portable_form(bare) is None


class TestReference:
    @pytest.fixture
    def batch(self, small, dataset):
        class Fitted:
            """A fake: what a reference batch is drawn from."""

            pipeline = small.pipeline
            out_of_fold = small.expected(dataset.x)

        return reference(Fitted(), dataset).values()

    def test_it_has_rows_exactly_on_every_kind_of_boundary(self, small, batch):
        edge = batch[SPREAD_ROWS : SPREAD_ROWS + BOUNDARY_ROWS]
        for column, cuts in small.cuts.items():
            on = np.isin(edge[::3, column], cuts.astype(np.float32))
            assert on.all(), column

    def test_it_has_nothing_known_no_category_and_the_extremes(self, batch):
        *_, nothing, uncategorised, miscoded, lowest, highest = batch
        assert np.isnan(nothing).all()
        assert np.isnan(uncategorised).sum() > np.isnan(miscoded).sum()
        assert (lowest <= highest).all()

    def test_it_would_show_a_split_that_is_one_float32_off(self, boosted, dataset):
        form = {name: array.copy() for name, array in form_of(boosted.pipeline).items()}
        nudged = np.nextafter(form["threshold"].astype(np.float32), np.float32(np.inf))
        arrays = arrays_of(boosted.portable) | {"form/threshold": nudged}
        fitted = type("Fitted", (), {})()
        fitted.pipeline, fitted.out_of_fold = boosted.pipeline, boosted.expected(dataset.x)
        batch = reference(fitted, dataset)
        (curve,) = [portable.read(archive(**arrays))]
        found = curve[1].probability(curve[0].odds(batch.values()))
        assert np.abs(found - batch.probabilities).max() > artifact.TOLERANCE
