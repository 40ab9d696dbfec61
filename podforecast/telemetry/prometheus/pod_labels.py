"""Pods by the text of their labels: each is parsed once, and recognised from then on."""

from __future__ import annotations

import numpy as np
import orjson
from numpy.typing import NDArray

from podforecast.domain.tables import Index
from podforecast.telemetry.pod_table import PodTable
from podforecast.telemetry.prometheus.text_words import (
    WORD,
    WordArray,
    mixed,
    words_at_every_byte,
    words_of,
)

_ROOM, _TABLES = 16, 2
"""Slots per text. One text in thirty finds its slot taken, and is looked for in a second table; of
those, one in eighty."""


class PodLabels:
    """Numbers of pods by the text of their labels.

    Parameters
    ----------
    table
        Gives pods their numbers.
    """

    def __init__(self, table: PodTable) -> None:
        self.table = table
        self._number: dict[bytes, int] = {}
        self._index = _LabelIndex([], [])

    def learn(self) -> None:
        """Prepare to recognise all texts seen so far, many at once."""
        if len(self._number) > self._index.n_texts:
            self._index = _LabelIndex(list(self._number), list(self._number.values()))

    def recognise(self, every: WordArray, starts: Index, lengths: Index) -> Index:
        """Return the numbers of pods whose labels stand in a text, -1 where that takes a parser.

        Parameters
        ----------
        every
            `words_at_every_byte` of the text.
        starts, lengths : (n_series,)
            Of the labels, in bytes.
        """
        return self._index.find(every, starts, lengths)

    def number(self, text: bytes) -> int:
        """Return the number of a pod, a new one where it has none.

        Raises
        ------
        ValueError, KeyError, TypeError
            If the text is not the labels of a pod.
        """
        found = self._number.get(text)
        if found is None:
            labels = orjson.loads(b"{%s}" % text)
            found = self._number[text] = self.table.number(labels["namespace"], labels["pod"])
        return found


class _LabelIndex:
    """Hash tables of texts. Whatever they find has been compared byte by byte."""

    def __init__(self, texts: list[bytes], numbers: list[int]) -> None:
        self.n_texts = len(texts)
        # The first text is none: it stands in empty slots, and equals nothing.
        kept = [k for k, text in enumerate(texts) if len(text) >= WORD]
        self._lengths = np.array([0, *(len(texts[k]) for k in kept)], np.int64)
        self._numbers = np.array([-1, *(numbers[k] for k in kept)], np.int64)
        joined = b"".join([bytes(WORD), *(texts[k] for k in kept)])
        lengths = np.maximum(self._lengths, WORD)
        starts = np.cumsum(lengths) - lengths
        self._words = list(words_of(words_at_every_byte(joined), starts, lengths))
        self._bits = int(_ROOM * len(lengths)).bit_length()
        self._tables: list[NDArray[np.int32]] = []
        key, left = mixed(self._words, lengths), np.arange(1, len(lengths))
        for number in range(_TABLES):
            table, slots = np.zeros(1 << self._bits, np.int32), self._slots(key[left], number)
            table[slots] = left
            self._tables.append(table)
            left = left[table[slots] != left]

    def _slots(self, key: WordArray, table: int) -> Index:
        # The upper bits, then those below them.
        return ((key << np.uint64(self._bits * table)) >> np.uint64(64 - self._bits)).astype(
            np.int64
        )

    def find(self, every: WordArray, starts: Index, lengths: Index) -> Index:
        found = np.full(len(starts), -1)
        rows = np.flatnonzero((lengths >= WORD) & (lengths <= self._lengths.max()))
        lengths = lengths[rows]
        words = list(words_of(every, starts[rows], lengths))
        key = mixed(words, lengths)
        for number, table in enumerate(self._tables):
            text = table[self._slots(key, number)]
            same = self._lengths[text] == lengths
            for word, own in zip(words, self._words, strict=False):
                same &= own[text] == word
            found[rows[same]] = self._numbers[text[same]]
            if same.all():
                break
            lost = ~same
            rows, lengths, key = rows[lost], lengths[lost], key[lost]
            words = [word[lost] for word in words]
        return found
