"""The Prometheus text format, built fast: one family after the other, samples as lines."""

from __future__ import annotations

from collections.abc import Iterable

_ESCAPES = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})


def labels(**pairs: str) -> str:
    r"""Return the inside of the braces; empty values are left out, as they mean "absent".

    >>> labels(namespace="shop", pod="web-1", container="")
    'namespace="shop",pod="web-1"'
    """
    return ",".join(f'{key}="{value.translate(_ESCAPES)}"' for key, value in pairs.items() if value)


class Page:
    """A page of metrics under construction."""

    def __init__(self) -> None:
        self._families: dict[str, list[str]] = {}

    def add(self, name: str, label_text: str, value: float) -> None:
        """Add one sample; ``label_text`` comes from :func:`labels`."""
        lines = self._families.get(name)
        if lines is None:
            kind = "counter" if name.endswith("_total") else "gauge"
            lines = self._families[name] = [f"# TYPE {name} {kind}"]
        lines.append(f"{name}{{{label_text}}} {value!r}")

    def one_hot(
        self, name: str, label_text: str, key: str, values: Iterable[str], hot: str
    ) -> None:
        """Add one sample per value: 1 for the hot one, else 0."""
        for value in values:
            self.add(name, f'{label_text},{key}="{value}"', int(value == hot))

    def text(self) -> str:
        """Return the page."""
        return "".join("\n".join(lines) + "\n" for lines in self._families.values())
