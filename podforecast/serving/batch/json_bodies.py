"""Batches in JSON: an array of pods, or an object of columns."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any, TypeAlias

import numpy as np
import orjson
import pydantic_core

from podforecast.api_schema.batch import MAX_ROWS, POD_ID
from podforecast.domain.catalogue import CATALOGUE, REQUIRED
from podforecast.serving.batch.checking import FIELDS, Columns, refuse_row_count
from podforecast.serving.batch.faults import MISSING, Faults, refuse_body
from podforecast.serving.batch.json_columns import JsonColumn
from podforecast.serving.refusals import cut, json_kind

Row: TypeAlias = dict[str, Any]

TRUSTED_BYTES = 1024 * 1024
"""Bodies up to here are parsed whatever is in them: they become 30 times as large at most."""
MOST_BRACKETS = 4 * MAX_ROWS
MOST_COMMAS = (len(CATALOGUE) + 15) * MAX_ROWS
"""A full batch with every optional field has fewer."""

_TEXT_FIELDS = (POD_ID, *(feature.name for feature in CATALOGUE if feature.categories))
_KEYS = re.compile(rb'"((?:[^"\\]|\\.)*+)"(\s*:)?')


def read_json(body: bytes, faults: Faults) -> tuple[Columns, bool]:
    """Read the columns of a batch, and tell whether they came as rows.

    Raises
    ------
    InvalidBatch
        For a body that is no batch at all. What is wrong with single values is added to
        ``faults`` here, or found when the columns are checked.
    """
    _refuse_bloated(body)
    document = _parsed(body)
    may_hold_booleans = b"true" in body or b"false" in body
    if isinstance(document, list):
        refuse_row_count(len(document))
        return _from_rows(document, faults, may_hold_booleans), True
    if not isinstance(document, dict):
        refuse_body(
            f"must be an array of pods or an object of columns, not {json_kind(document)}",
            'Send [{"pod_id": …}, …] or {"pod_id": [...], …}.',
        )
    _refuse_single_pod(document)
    for name in _repeated(body, document):
        faults.column(name, "is there more than once", "Send each column once.")
    return _from_columns(document, faults, may_hold_booleans), False


def _refuse_bloated(body: bytes) -> None:
    """Refuse what would take far more memory than its bytes, like ``[[],[],[],…``."""
    if len(body) <= TRUSTED_BYTES:
        return
    for characters, most in ((b"[{", MOST_BRACKETS), (b",", MOST_COMMAS)):
        found = sum(_count(body, character) for character in characters)
        if found > most:
            refuse_body(
                f"has {found} of {' '.join(characters.decode())}, more than {MAX_ROWS} rows have",
                f"Send at most {MAX_ROWS} rows, one value for each field.",
            )


def _count(body: bytes, character: int) -> int:
    """Count as ``bytes.count`` does, six times as fast."""
    content = np.frombuffer(body, np.uint8)
    slices = range(0, len(content), TRUSTED_BYTES)
    return sum(
        int(np.count_nonzero(content[start : start + TRUSTED_BYTES] == character))
        for start in slices
    )


def _parsed(body: bytes) -> object:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        # Slower, but reads NaN, infinity and endless numbers, so that they are named by row.
        try:
            return pydantic_core.from_json(body)
        except ValueError as error:
            refuse_body(f"is not JSON: {error}", _way_out_of_no_json(body))


def _way_out_of_no_json(body: bytes) -> str:
    if body.startswith((b"ARROW1", b"\xff\xff\xff\xff")):
        return "It looks like Arrow: say so in Content-Type."
    return "Send an array of pods, or an object of columns, in UTF-8."


def _from_rows(rows: list[Any], faults: Faults, may_hold_booleans: bool) -> Columns:
    if set(map(type, rows)) != {dict}:
        _refuse_what_is_no_pod(rows)
    names = set().union(*rows)
    if not names <= FIELDS:
        _add_unknown(rows, faults)
    needed = {POD_ID, *(feature.name for feature in REQUIRED)}
    named = {
        name: JsonColumn(_transposed(rows, name), may_hold_booleans=may_hold_booleans)
        for name in (names & FIELDS) | needed
    }
    return Columns(rows=len(rows), named=named)


def _refuse_what_is_no_pod(rows: list[Any]) -> None:
    faults = Faults()
    for number, row in enumerate(rows):
        if type(row) is not dict:
            message = f"must be an object, not {json_kind(row)}"
            faults.row(number, row, message, "Send the fields of one pod as {...}.")
    faults.refuse_any()


def _add_unknown(rows: list[Row], faults: Faults) -> None:
    for number, row in enumerate(rows):
        for name in row.keys() - FIELDS:
            faults.cell(name, number, row[name])


def _transposed(rows: list[Row], name: str) -> list[object]:
    try:
        return [row[name] for row in rows]
    except KeyError:
        return [row.get(name, MISSING) for row in rows]


def _refuse_single_pod(document: Row) -> None:
    if isinstance(document.get(POD_ID), str):
        refuse_body(
            "is one pod, not an object of columns",
            "Send it to POST /predict, or as [{...}].",
        )


def _repeated(body: bytes, document: Row) -> list[str]:
    """Name the columns that are there more than once, of which the parser kept the last.

    Every name is followed by a colon, so counting colons tells that there are none such.
    """
    spare = _count(body, ord(":")) - len(document)
    if not spare or (b"\\" not in body and spare == _colons_in_texts(document)):
        return []
    keys = (orjson.loads(b'"%s"' % found[1]) for found in _KEYS.finditer(body) if found[2])
    return [name for name, times in Counter(keys).items() if times > 1 and name in document]


def _colons_in_texts(document: Row) -> int:
    columns = (document.get(name) for name in _TEXT_FIELDS)
    cells = (cell for column in columns if isinstance(column, list) for cell in column)
    return sum(cell.count(":") for cell in cells if isinstance(cell, str))


def _from_columns(document: Row, faults: Faults, may_hold_booleans: bool) -> Columns:
    measure, rows = _measure(document)
    for name, column in document.items():
        if not isinstance(column, list):
            kind = json_kind(column)
            message = f"must be an array with one value for each pod, not {kind}"
            faults.column(name, message, "Send the measurements of one pod after the other.")
        elif len(column) != rows:
            message = f"has {len(column)} values where {measure} has {rows}"
            faults.column(name, message, "Send as many values in every column.")
    faults.refuse_any()
    named = {
        name: JsonColumn(column, may_hold_booleans=may_hold_booleans)
        for name, column in document.items()
    }
    return Columns(rows=rows, named=named)


def _measure(document: Row) -> tuple[str, int]:
    """Name and length of the column that the others are held against: the names, if they are one.

    Without any column there are no rows.
    """
    for name in (POD_ID, *document):
        column = document.get(name)
        if isinstance(column, list):
            return cut(name), len(column)
    return POD_ID, 0
