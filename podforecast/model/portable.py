"""The portable form of a model: plain arrays in one ``.npz`` file, nothing to unpickle.

It is a second writing of the same fitted pipeline, and it is believed only after it has
scored the manifest's reference batch as the pipeline did; see :mod:`podforecast.model.scorer`.
"""

from __future__ import annotations

from typing import Literal, Protocol

from podforecast.domain.catalogue import CATALOGUE
from podforecast.domain.telemetry import Array
from podforecast.model.archive import UNREADABLE, Arrays, Kind, group, pack, unpack
from podforecast.model.calibration_curve import CalibrationCurve
from podforecast.model.joined_form import JoinedForm
from podforecast.model.linear_form import LinearForm
from podforecast.model.tree_form import TreeForm

PORTABLE_FILE = "pod_failure_predictor.npz"
FORMAT = 1


class Form(Protocol):
    """From rows to log-odds of the uncalibrated score."""

    @property
    def method(self) -> Literal["exact", "path"]:
        """How :meth:`parts` are found."""
        ...

    @property
    def is_quick(self) -> bool:
        """Whether one row takes well below a millisecond."""
        ...

    @property
    def n_features(self) -> int: ...

    def odds(self, values: Array) -> Array:
        """Log-odds of rows, (n, n_features) to (n,)."""
        ...

    def odds_of_one(self, row: Array) -> float:
        """Log-odds of one row, (n_features,)."""
        ...

    def parts(self, values: Array, typical: Array) -> Array:
        """What each feature adds to the log-odds of each row over those of its typical row."""
        ...


class NotPortable(Exception):
    """The portable form can not be used. Caught where the pipeline is loaded instead."""


def write(kind: Kind, form: Arrays, calibration: CalibrationCurve) -> bytes:
    """Bytes of a portable model; the same model gives the same bytes."""
    return pack(FORMAT, kind, form=form, calibration=calibration.arrays())


def read(payload: bytes) -> tuple[Form, CalibrationCurve]:
    """Read what :func:`write` wrote; check the bytes' hash first.

    Raises
    ------
    NotPortable
        If they are something else, or of a kind or format that this release does not know.
    """
    try:
        named = unpack(payload)
        return _form(named), CalibrationCurve.of(group("calibration", named))
    except UNREADABLE as exc:
        raise NotPortable(f"{PORTABLE_FILE} can not be read: {exc}") from exc


def _form(named: Arrays) -> Form:
    kinds: dict[str, type[LinearForm | TreeForm | JoinedForm]] = {
        "linear": LinearForm,
        "trees": TreeForm,
        "joined": JoinedForm,
    }
    written, kind = int(named["format"]), str(named["kind"])
    if written != FORMAT:
        raise ValueError(f"format {written}, this release reads {FORMAT}")
    if kind not in kinds:
        raise ValueError(f"kind {kind!r}, this release knows {', '.join(kinds)}")
    form: Form = kinds[kind](group("form", named))
    if form.n_features != len(CATALOGUE):
        raise ValueError(f"{form.n_features} features, the catalogue has {len(CATALOGUE)}")
    return form
