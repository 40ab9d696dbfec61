"""What all answers share."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Answer(BaseModel):
    """An answer of the service. Answers have no defaults: every field is always present."""

    model_config = ConfigDict(frozen=True, protected_namespaces=(), from_attributes=True)
