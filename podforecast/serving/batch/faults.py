"""Collects what is wrong with a batch; the first faults are worded, all are counted."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NoReturn, TypeAlias

import numpy as np
import numpy.typing as npt
from pydantic import ValidationError

from podforecast.api_schema.batch import CellProblem
from podforecast.api_schema.predict import PredictRequest
from podforecast.serving.refusals import (
    SHOWN_ERRORS,
    WHOLE_BODY,
    InvalidInput,
    cut,
    shown,
    worded,
)

Mask: TypeAlias = npt.NDArray[np.bool_]
COLUMN: Final = -1
"""In the place of a row's number where the whole column is at fault; sorts before every row."""

WHOLE_ROW = "(row)"
_MOST_KEPT = 100 * SHOWN_ERRORS


class _Missing:
    """What is sent where nothing is; None is JSON's null."""


MISSING: Final = _Missing()


class InvalidBatch(InvalidInput):
    """The batch can not be used; ``problems`` has the first faults, ``total`` counts all."""

    def __init__(self, problems: list[CellProblem], *, total: int) -> None:
        super().__init__(list(problems), total=total)
        first = problems[0]
        where = "" if first.row is None else f"row {first.row}: "
        what = f"{where}{first.field} {first.message}"
        self.message = f"{total} errors, the first: {what}" if total > 1 else what
        self.cells = problems
        self.total = total


@dataclass(frozen=True, slots=True)
class _Fault:
    row: int
    word: Callable[[], CellProblem]
    """Called for those that are listed only."""


class Faults:
    """Counts every fault and keeps those that can be listed, whatever their number."""

    def __init__(self) -> None:
        self._total = 0
        self._kept: list[_Fault] = []

    def column(self, field: str, message: str, hint: str) -> None:
        """Add a whole column, in words of its format."""
        problem = CellProblem(row=None, field=cut(field), message=message, sent=None, hint=hint)
        self._add(_Fault(COLUMN, lambda: problem))

    def row(self, row: int, sent: object, message: str, hint: str) -> None:
        """Add a whole row."""
        problem = CellProblem(
            row=row, field=WHOLE_ROW, message=message, sent=shown(sent), hint=hint
        )
        self._add(_Fault(row, lambda: problem))

    def cell(self, field: str, row: int, sent: object) -> None:
        """Add one value, or a column that should be there or should not as row ``COLUMN``."""
        self._add(_Fault(row, lambda: _problem(field, row, sent)))

    def cells(self, field: str, bad: Mask, sent: Callable[[int], object]) -> None:
        """Add the rows of a column where ``bad`` is true; ``sent`` gives the value of a row."""
        listed = np.flatnonzero(bad)
        for row in listed[:SHOWN_ERRORS].tolist():
            self.cell(field, row, sent(row))
        self._total += max(0, len(listed) - SHOWN_ERRORS)

    def _add(self, fault: _Fault) -> None:
        self._total += 1
        self._kept.append(fault)
        if len(self._kept) > _MOST_KEPT:
            self._kept = self._first()

    def _first(self) -> list[_Fault]:
        return sorted(self._kept, key=lambda fault: fault.row)[:SHOWN_ERRORS]

    def refuse_any(self) -> None:
        """Raise InvalidBatch if there are faults."""
        if self._total:
            raise InvalidBatch([fault.word() for fault in self._first()], total=self._total)


def refuse_body(message: str, hint: str) -> NoReturn:
    """Refuse a body in which there are no rows to speak of."""
    problem = CellProblem(row=None, field=WHOLE_BODY, message=message, sent=None, hint=hint)
    raise InvalidBatch([problem], total=1)


def _problem(field: str, row: int, sent: object) -> CellProblem:
    """Let the model of POST /predict word it, so that both routes say the same."""
    where = None if row == COLUMN else row
    try:
        PredictRequest.model_validate({} if sent is MISSING else {field: _as_pydantic(sent)})
    except ValidationError as error:
        for fault in error.errors(include_url=False):
            if fault["loc"] == (field,):
                words = worded(fault).model_dump()
                if words["sent"] is not None:
                    words["sent"] = shown(sent)
                return CellProblem(row=where, **words)
    return CellProblem(
        row=where,
        field=cut(field),
        message="can not be used",
        sent=shown(sent),
        hint="See /docs for what each field takes.",
    )


def _as_pydantic(sent: object) -> object:
    """Pydantic takes a whole number beyond any float for no number at all."""
    if type(sent) is int and abs(sent) >= 1 << 1023:
        return float("inf")
    return sent
