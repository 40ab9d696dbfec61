"""The page with the toggles: one HTML file that talks to ``/failures`` by itself."""

from __future__ import annotations

import json
from pathlib import Path

from lab.app.registry import TOGGLES

_TEMPLATE = Path(__file__).with_name("page.html").read_text(encoding="utf-8")


def render_page() -> str:
    """Return the page, with the list of toggles filled in.

    The states are left to the page: it asks ``GET /failures`` every two seconds.
    """
    toggles = [
        {"name": name, "summary": kind.summary, "benign": kind.benign}
        for name, kind in TOGGLES.items()
    ]
    return _TEMPLATE.replace("/*TOGGLES*/[]", json.dumps(toggles))
