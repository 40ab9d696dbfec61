"""Every entry of the runbook has the four parts that somebody tired expects."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "runbook.md"
PARTS = ["Meaning.", "Impact.", "Diagnosis.", "Mitigation."]
ENTRIES = re.findall(r"^### ([^\n]+)\n(.*?)(?=^##|\Z)", PAGE.read_text(), re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(("title", "text"), ENTRIES, ids=[title for title, _ in ENTRIES])
def test_an_entry_has_its_four_parts_in_order(title, text):
    assert re.findall(r"^\*\*(\w+\.)\*\*", text, re.MULTILINE) == PARTS
    assert text.lstrip().startswith("**Meaning.**")


def test_no_two_entries_share_an_address():
    titles = [title for title, _ in ENTRIES]
    assert len(titles) == len(set(titles)) > 0


def test_links_within_the_page_lead_to_a_heading():
    text = PAGE.read_text()
    headings = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    anchors = {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in headings}
    assert set(re.findall(r"\]\(#([^)]+)\)", text)) <= anchors
