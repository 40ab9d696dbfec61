"""Every entry of the runbook has the four parts that somebody tired expects."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from podforecast.domain.issues import FAILING_ISSUES
from podforecast.explain.rules import RULES, WITHOUT_A_RULE

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


HEADINGS = re.findall(r"^#+ (.+)$", PAGE.read_text(), re.MULTILINE)
ANCHORS = {re.sub(r"[^\w\- ]", "", each.lower()).replace(" ", "-") for each in HEADINGS}


def test_links_within_the_page_lead_to_a_heading():
    assert set(re.findall(r"\]\(#([^)]+)\)", PAGE.read_text())) <= ANCHORS


def test_links_of_other_pages_lead_to_a_heading():
    pages = [*PAGE.parent.glob("*.md"), *PAGE.parents[1].glob("*.md")]
    links = {
        link for page in pages for link in re.findall(r"runbook\.md#([\w-]+)", page.read_text())
    }
    assert links <= ANCHORS


@pytest.mark.parametrize("rule", [*RULES, *WITHOUT_A_RULE.values()], ids=lambda rule: rule.name)
def test_links_of_remedies_lead_to_an_entry(rule):
    assert rule.entry in {"", *(title for title, _ in ENTRIES)}
    assert rule.runbook in {"", *ANCHORS}


def test_every_remedy_for_something_has_an_entry():
    assert [rule.name for rule in RULES if not rule.entry] == []


@pytest.mark.parametrize("issue", FAILING_ISSUES)
def test_every_kind_of_trouble_has_an_entry(issue):
    assert issue.value.replace("_", "-") in ANCHORS
