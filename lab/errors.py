"""What the lab refuses, in one sentence, with the way out."""

from __future__ import annotations


class LabRefused(Exception):
    """The lab can not run here, or not like this; nothing was started."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(f"{message} {hint}".strip())
        self.message = message
        self.hint = hint
