"""Kinds of trouble for whoever does not see colours: a symbol and a word each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from podforecast.domain.issues import IssueType


@dataclass(frozen=True, slots=True)
class IssueSign:
    """How a kind of trouble is shown."""

    symbol: str
    word: str
    meaning: str

    def __str__(self) -> str:
        return f"{self.symbol} {self.word}"


ISSUE_SIGNS: Mapping[IssueType, IssueSign] = {
    IssueType.RESOURCE_EXHAUSTION: IssueSign(
        "▤", "Resource exhaustion", "Memory, CPU, file descriptors or the node run out."
    ),
    IssueType.NETWORK_ISSUE: IssueSign(
        "⇄", "Network issue", "What the pod depends on answers late or not at all."
    ),
    IssueType.SERVICE_DISRUPTION: IssueSign(
        "≠", "Service disruption", "It runs, and answers with errors."
    ),
    IssueType.POD_FAILURE: IssueSign(
        "↻", "Pod failure", "The process itself crashes, hangs, or is killed."
    ),
    IssueType.NONE: IssueSign("○", "No issue", "Nothing is expected to fail."),
}
"""In the order in which they are counted; none comes last."""
