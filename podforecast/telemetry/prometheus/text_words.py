"""Texts within a large text, read and compared eight bytes at a time for all of them at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from podforecast.domain.tables import Index, Mask

WORD = 8
WordArray = NDArray[np.uint64]
_MIX = np.uint64(0x9E3779B97F4A7C15)
"""2**64 over the golden ratio: spreads what differs in one bit over the upper ones."""


def words_at_every_byte(text: bytes) -> WordArray:
    """Return the eight bytes from each byte on as a number: a view, no copy.

    >>> words_at_every_byte(b"abcabcabcabc")[[0, 3]].tolist() == [0x6261636261636261] * 2
    True
    """
    return np.ndarray((max(len(text) - WORD + 1, 0),), np.uint64, buffer=text, strides=(1,))


def words_of(every: WordArray, starts: Index, lengths: Index) -> Iterator[WordArray]:
    """Yield the first word of each of some texts, the second, and so on, (n_texts,) each.

    The last word of a text ends with it, and comes again for as long as other texts go on.

    Parameters
    ----------
    every
        `words_at_every_byte` of what the texts are a part of.
    starts, lengths
        Of each text, in bytes; none is shorter than a word.
    """
    shortest = int(lengths.min(initial=WORD))
    for place in range(0, int(lengths.max(initial=0)), WORD):
        whole = place + WORD <= shortest
        yield every[starts + (place if whole else np.minimum(lengths - WORD, place))]


def stands_at(every: WordArray, starts: Index, text: bytes) -> Mask:
    """Tell at which places one text stands; it is no shorter than a word.

    >>> every = words_at_every_byte(b"no exit, no entry, no exit!")
    >>> stands_at(every, np.array([0, 9, 19]), b"no exit,"), len(every)
    (array([ True, False, False]), 20)
    """
    here = (starts >= 0) & (starts + (len(text) - WORD) < len(every))
    safe, own = np.where(here, starts, 0), words_at_every_byte(text)
    for place in range(0, len(text), WORD):
        offset = min(place, len(text) - WORD)
        here &= every[safe + offset] == own[offset]
    return here


def mixed(words: Sequence[WordArray], lengths: Index) -> WordArray:
    """One number for each text, most likely another one for another text.

    ``words`` and ``lengths`` as in `words_of`. The number depends on nothing but the text.
    """
    number, shortest = lengths.astype(np.uint64), int(lengths.min(initial=WORD))
    for place, word in enumerate(words):
        more = (number ^ word) * _MIX
        more ^= more >> np.uint64(29)
        number = more if WORD * place < shortest else np.where(lengths > WORD * place, more, number)
    return number
