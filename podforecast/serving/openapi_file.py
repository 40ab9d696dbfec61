"""``docs/openapi.json``: the OpenAPI document of a service without keys, to read without one."""

from __future__ import annotations

import json
from pathlib import Path

from podforecast.errors import ModelNotReady
from podforecast.model.scorer import Scorer
from podforecast.serving.application import create_app


def text() -> str:
    """Return what ``/openapi.json`` answers, one field a line."""
    app = create_app(Path("models"), load=_nothing)
    return json.dumps(app.openapi(), indent=2, ensure_ascii=False) + "\n"


def _nothing(_: Path) -> Scorer:
    raise ModelNotReady("nothing is loaded to write documentation")
