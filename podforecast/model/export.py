"""From a fitted pipeline to its portable form. Runs when a model is saved, never in service."""

from __future__ import annotations

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from podforecast.domain.catalogue import CATALOGUE
from podforecast.model import portable
from podforecast.model.archive import Kind
from podforecast.model.calibration import (
    CLIP,
    STEPS_SHARE,
    CalibratedClassifier,
    Calibrator,
    IsotonicCalibrator,
    SigmoidCalibrator,
    log_odds,
)
from podforecast.model.calibration_curve import CalibrationCurve
from podforecast.model.joined import JoinedClassifier
from podforecast.model.joined_form import LINEAR, TREES
from podforecast.model.preprocessing import CATEGORIES, KNOTS, LONG_TAILED, NUMBERS, LinearDesign
from podforecast.model.tree_export import Arrays, trees_of

ODDS_LIMIT = float(log_odds(1.0 - CLIP))


def portable_form(pipeline: Pipeline) -> bytes | None:
    """Bytes of the portable form; None for a pipeline of a kind that has none."""
    if len(pipeline.steps) != 2 or not isinstance(pipeline[-1], CalibratedClassifier):
        return None
    calibration = _curve(pipeline[-1].calibrator)
    form = form_of(pipeline)
    if form is None or calibration is None:
        return None
    return portable.write(_kind(form), form, calibration)


def _kind(form: Arrays) -> Kind:
    if "slope" in form:
        return "linear"
    return "trees" if "root" in form else "joined"


def form_of(pipeline: Pipeline) -> Arrays | None:
    """Arrays of a :class:`LinearForm`, :class:`TreeForm` or :class:`JoinedForm`; else None."""
    prepare, classifier = pipeline[0], pipeline[-1].classifier
    if not isinstance(classifier, JoinedClassifier):
        return _part(prepare, classifier)
    line, trees = _part(*classifier.linear), _part(*classifier.trees)
    if line is None or trees is None:
        return None
    return {
        f"{part}/{name}": array
        for part, form in ((LINEAR, line), (TREES, trees))
        for name, array in form.items()
    }


def _part(prepare: BaseEstimator | str, classifier: BaseEstimator) -> Arrays | None:
    if isinstance(prepare, LinearDesign) and isinstance(classifier, LogisticRegression):
        return folded(prepare, classifier)
    return trees_of(prepare, classifier)


def _curve(calibrator: Calibrator) -> CalibrationCurve | None:
    if isinstance(calibrator, SigmoidCalibrator):
        return CalibrationCurve(
            slope=calibrator.slope_, intercept=calibrator.intercept_, odds_limit=ODDS_LIMIT
        )
    if not isinstance(calibrator, IsotonicCalibrator):
        return None
    return CalibrationCurve(
        slope=calibrator.tilt_.slope_,
        intercept=calibrator.tilt_.intercept_,
        odds_limit=ODDS_LIMIT,
        share=STEPS_SHARE,
        step_odds=tuple(calibrator.steps_.X_thresholds_.tolist()),
        step_probability=tuple(calibrator.steps_.y_thresholds_.tolist()),
    )


def folded(design: LinearDesign, linear: LogisticRegression) -> Arrays:
    """Fold imputing, scaling and hinges into one curve per feature; see :class:`LinearForm`."""
    n_features, n_numbers, n_hinges = len(CATALOGUE), len(NUMBERS), len(KNOTS)
    numbers, columns = np.array(NUMBERS), linear.coef_[0].astype(np.float64)
    plain, flag = columns[:n_numbers], columns[n_numbers : 2 * n_numbers]
    hinge = columns[len(columns) - n_hinges * n_numbers :].reshape(n_hinges, n_numbers)
    scaled_median = (design.median_ - design.mean_) / design.scale_
    at_median = plain * scaled_median + flag
    at_median += (hinge * np.maximum(scaled_median - design.knots_, 0.0)).sum(axis=0)
    arrays = {
        "logged": np.isin(np.arange(n_features), list(LONG_TAILED)).astype(np.float64),
        "slope": np.zeros(n_features),
        "unknown": np.zeros(n_features),
        "hinge_at": np.zeros((n_features, n_hinges)),
        "hinge_slope": np.zeros((n_features, n_hinges)),
        "category": _categories(columns[2 * n_numbers :]),
    }
    offset = -plain * design.mean_ / design.scale_
    arrays["slope"][numbers] = plain / design.scale_
    arrays["unknown"][numbers] = at_median - offset
    arrays["hinge_at"][numbers] = (design.mean_ + design.scale_ * design.knots_).T
    arrays["hinge_slope"][numbers] = (hinge / design.scale_).T
    return {**arrays, "intercept": np.array(linear.intercept_[0] + offset.sum())}


def _categories(coefficients: np.ndarray) -> np.ndarray:
    """Coefficient of each code of each category, NaN elsewhere, (n_features, n_codes)."""
    widest = max(len(feature.categories) for feature in CATALOGUE)
    table, first = np.full((len(CATALOGUE), max(widest, 1)), np.nan), 0
    for column in CATEGORIES:
        n_codes = len(CATALOGUE[column].categories)
        table[column, :n_codes] = coefficients[first : first + n_codes]
        first += n_codes
    return table
