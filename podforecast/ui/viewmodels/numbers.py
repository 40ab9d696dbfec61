"""Numbers as people read them."""

from __future__ import annotations


def grouped(number: float) -> str:
    """Round to a whole number, its thousands apart.

    >>> grouped(21840)
    '21 840'
    """
    return f"{number:,.0f}".replace(",", " ")
