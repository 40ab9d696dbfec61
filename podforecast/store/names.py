"""Names as a database can keep them."""

from __future__ import annotations


def kept(name: str) -> str:
    r"""Write a name that no database takes (NUL, half a surrogate pair) in another way.

    Kubernetes lets through neither those nor a backslash, but a label of a metric may be anything.

    >>> kept("cart-7d9f"), kept("größe"), kept("a\0b")
    ('cart-7d9f', 'größe', '\\a\\x00b')
    """
    plain = "\0" not in name and "\\" not in name and name.isprintable()
    return name if plain else "\\" + name.encode("unicode_escape").decode("ascii")


def restored(name: str) -> str:
    r"""Undo :func:`kept`.

    >>> restored(kept("a\0b\\")) == "a\0b\\"
    True
    """
    return name[1:].encode("ascii").decode("unicode_escape") if name.startswith("\\") else name
