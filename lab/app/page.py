"""The page with the toggles."""

from __future__ import annotations

from lab.app.service import Board


def render_page(board: Board) -> str:
    """Render the page."""
    return "<!doctype html><title>Demo app</title>"
