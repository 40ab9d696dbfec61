"""A trained model on disk: one joblib file, its portable form, and one readable manifest.

``models/pod_failure_predictor.pkl`` is a scikit-learn ``Pipeline``. Unpickling runs whatever
the file says, so nothing is unpickled before its hash is found in the manifest. The hash
proves that the file is the one the manifest was written with; who wrote the two is for the
file system's permissions to guarantee. Whoever scores by the portable form unpickles nothing,
and so joblib and what the pickle needs are imported only where one is written or read.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import io
import pickle
import platform
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
from pydantic import ValidationError

from podforecast import __version__
from podforecast.domain.catalogue import CATALOGUE, fingerprint
from podforecast.domain.telemetry import Array
from podforecast.errors import ConfigurationError, ModelNotReady, ModelRefused
from podforecast.model.curves import CURVES_FILE, Curves
from podforecast.model.manifest import Manifest
from podforecast.model.portable import PORTABLE_FILE, NotPortable

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

MODEL_FILE = "pod_failure_predictor.pkl"
MANIFEST_FILE = "manifest.json"
TOLERANCE = 1e-6
"""How far the reference batch may be off; XGBoost computes in float32."""

CHECKED_LIBRARIES = {"scikit-learn": 2, "xgboost": 2, "numpy": 1}
"""How many leading numbers of the version must agree: what each project promises of pickles."""
DISTRIBUTIONS = {"xgboost": ("xgboost", "xgboost-cpu")}

RETRAIN = "Run `python train_model.py` to train one that fits."


def libraries() -> dict[str, str]:
    """Versions that a saved model depends on.

    >>> sorted(libraries())
    ['joblib', 'numpy', 'podforecast', 'python', 'scikit-learn', 'xgboost']
    """
    found = {name: _version(name) for name in (*CHECKED_LIBRARIES, "joblib")}
    return {"podforecast": __version__, "python": platform.python_version(), **found}


def save(
    folder: Path,
    pipeline: Pipeline,
    manifest: Manifest,
    curves: Curves | None = None,
    *,
    beside: Mapping[str, bytes] = MappingProxyType({}),
) -> Manifest:
    """Write the files, each at once or not at all; the manifest last.

    A reader that comes between the two finds a hash that does not fit and refuses.

    Parameters
    ----------
    beside
        Further files by name, such as those of other targets.

    Returns
    -------
    Manifest
        With ``files`` and ``model_version`` filled in.

    Raises
    ------
    ConfigurationError
        If the folder can not be written.
    """
    contents = {**_contents(pipeline, curves), **beside}
    digests = _digests(contents)
    version = f"{manifest.trained_at:%Y%m%d-%H%M%S}-{digests[MODEL_FILE][:8]}"
    complete = manifest.model_copy(update={"files": digests, "model_version": version})
    _write(folder, contents, complete)
    return complete


def add(folder: Path, manifest: Manifest, beside: Mapping[str, bytes]) -> Manifest:
    """Put further files beside a saved model, and say so in its manifest.

    Parameters
    ----------
    manifest
        Of the saved model, with what is to be known about the files.

    Raises
    ------
    ConfigurationError
        If the folder can not be written.
    """
    complete = manifest.model_copy(update={"files": {**manifest.files, **_digests(beside)}})
    _write(folder, beside, complete)
    return complete


def _digests(contents: Mapping[str, bytes]) -> dict[str, str]:
    return {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}


def _write(folder: Path, contents: Mapping[str, bytes], manifest: Manifest) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            _replace(folder / name, content)
        _replace(folder / MANIFEST_FILE, manifest.to_json().encode())
    except OSError as exc:
        raise ConfigurationError(
            f"{folder}/ can not be written: {exc.strerror or exc}",
            hint="Choose another folder with --out.",
        ) from exc


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest alone; nothing of the model is touched.

    Raises
    ------
    ModelNotReady, ModelRefused
    """
    path = folder / MANIFEST_FILE
    try:
        return Manifest.model_validate_json(_bytes(path))
    except ValidationError as exc:
        first = exc.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "the document"
        raise ModelRefused(f"{path}: {where}: {first['msg']}", hint=RETRAIN) from exc


def load(folder: Path) -> tuple[Pipeline, Manifest]:
    """Check, unpickle, check again.

    In this order: the file's hash, the catalogue, the versions of the libraries, and once
    unpickled whether the reference batch scores as it did when the model was saved.

    Raises
    ------
    ModelNotReady
        If no model has been trained.
    ModelRefused
        If there is one that must not be used.
    """
    manifest = checked_manifest(folder)
    _check_libraries(manifest)
    path = folder / MODEL_FILE
    # Checked once more: what is unpickled is these very bytes, not those of a moment ago.
    payload = _bytes(path)
    _check_hash(path, payload, manifest)
    pipeline = _unpickle(path, payload)
    _check_reference(path, pipeline, manifest)
    return pipeline, manifest


def checked_manifest(folder: Path) -> Manifest:
    """Read the manifest of a model that belongs to it and to this release.

    Raises
    ------
    ModelNotReady, ModelRefused
        As :func:`load`; nothing is unpickled for it.
    """
    manifest = read_manifest(folder)
    _check_hash(folder / MODEL_FILE, _bytes(folder / MODEL_FILE), manifest)
    _check_catalogue(manifest)
    _check_batch(folder, manifest)
    return manifest


def portable_bytes(folder: Path, manifest: Manifest) -> bytes:
    """Read the portable form of the model.

    Raises
    ------
    NotPortable
        If there is none, or not the one that the manifest describes.
    """
    path = folder / PORTABLE_FILE
    if path.name not in manifest.files:
        raise NotPortable(f"the model was saved without {path.name}")
    try:
        payload = _bytes(path)
        _check_hash(path, payload, manifest)
    except (ModelNotReady, ModelRefused) as exc:
        raise NotPortable(exc.message.replace(str(folder), folder.name)) from exc
    return payload


def distance(score: Callable[[Array], Array], manifest: Manifest) -> float:
    """Largest difference between some scoring and the reference batch; NaN if it is no number."""
    expected = np.array(manifest.reference.probabilities)
    return float(np.abs(score(manifest.reference.values()) - expected).max(initial=0.0))


def _contents(pipeline: Pipeline, curves: Curves | None) -> dict[str, bytes]:
    """Files of a model but for its manifest, by name."""
    import joblib

    from podforecast.model.export import portable_form

    buffer = io.BytesIO()
    joblib.dump(pipeline, buffer, compress=3)
    contents = {MODEL_FILE: buffer.getvalue()}
    form = portable_form(pipeline)
    if form is not None:
        contents[PORTABLE_FILE] = form
    if curves is not None:
        contents[CURVES_FILE] = curves.model_dump_json().encode()
    return contents


def _check_hash(path: Path, payload: bytes, manifest: Manifest) -> None:
    digest = hashlib.sha256(payload).hexdigest()
    expected = manifest.files.get(path.name, "nothing")
    if digest != expected:
        raise ModelRefused(
            f"{path} is not the file its manifest describes:"
            f" SHA-256 {digest[:12]}, expected {expected[:12]}",
            hint="Restore the file, or run `python train_model.py` to write both anew.",
        )


def _check_libraries(manifest: Manifest) -> None:
    for name, parts in CHECKED_LIBRARIES.items():
        saved, here = manifest.libraries.get(name, "none"), _version(name)
        if saved.split(".")[:parts] != here.split(".")[:parts]:
            raise ModelRefused(
                f"model {manifest.model_version} was saved with {name} {saved}, here is {here}",
                hint=f"Install {name}=={saved}, or run `python train_model.py` to retrain.",
            )


def _check_catalogue(manifest: Manifest) -> None:
    if manifest.catalogue != fingerprint():
        raise ModelRefused(
            f"model {manifest.model_version} was trained on feature catalogue"
            f" {manifest.catalogue}, this release has {fingerprint()}",
            hint="Run `python train_model.py`, or deploy the release it was trained with.",
        )


def _check_batch(folder: Path, manifest: Manifest) -> None:
    """Without rows to hold a model against, nothing about it could be proven."""
    rows, expected = manifest.reference.rows, manifest.reference.probabilities
    if not rows or len(rows) != len(expected) or {len(row) for row in rows} != {len(CATALOGUE)}:
        raise ModelRefused(
            f"{folder / MANIFEST_FILE} has no reference batch of {len(CATALOGUE)} features a row",
            hint=RETRAIN,
        )


UNREADABLE = (
    pickle.UnpicklingError,
    zlib.error,
    AttributeError,
    EOFError,
    ImportError,
    IndexError,
    KeyError,
    TypeError,
    ValueError,
)
"""What unpickling raises for bytes that are no pickle, or one of classes that are gone."""


def _unpickle(path: Path, payload: bytes) -> Pipeline:
    import joblib

    try:
        return joblib.load(io.BytesIO(payload))
    except UNREADABLE as exc:
        raise ModelRefused(f"{path} can not be unpickled: {exc}", hint=RETRAIN) from exc


def _check_reference(path: Path, pipeline: Pipeline, manifest: Manifest) -> None:
    try:
        off = distance(lambda values: pipeline.predict_proba(values)[:, 1], manifest)
    except (AttributeError, ValueError, TypeError) as exc:
        raise ModelRefused(f"{path} can not score: {exc}", hint=RETRAIN) from exc
    if not off <= TOLERANCE:
        raise ModelRefused(
            f"{path} scores its reference batch {off:.2g} off, {TOLERANCE:g} is accepted",
            hint="Something below it computes differently here; retrain on this machine.",
        )


def _version(library: str) -> str:
    for name in DISTRIBUTIONS.get(library, (library,)):
        try:
            return importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return "none"


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError as exc:
        raise ModelNotReady(
            f"there is no {path.name} in {path.parent}/", hint="Run `python train_model.py` first."
        ) from exc
    except OSError as exc:
        raise ModelNotReady(
            f"{path} can not be read: {exc.strerror or exc}",
            hint="Give this process read access to the model folder.",
        ) from exc


def _replace(path: Path, payload: bytes) -> None:
    draft = path.with_name(f".{path.name}.draft")
    draft.write_bytes(payload)
    draft.replace(path)
