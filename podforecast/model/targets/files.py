"""Names of the files of a target's model, beside the manifest."""

from __future__ import annotations


def pickle_of(target: str) -> str:
    """The scikit-learn pipeline: for looking at, never loaded by the service.

    >>> pickle_of("issue_type")
    'issue_type_predictor.pkl'
    """
    return f"{target}_predictor.pkl"


def portable_of(target: str) -> str:
    """Plain arrays, which the service reads.

    >>> portable_of("issue_type")
    'issue_type_predictor.npz'
    """
    return f"{target}_predictor.npz"
