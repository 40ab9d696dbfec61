"""Documentation that can not drift from the code."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from podforecast.cli import docs
from podforecast.domain.catalogue import CATALOGUE, FEATURE_NAMES, REQUIRED
from podforecast.domain.signals import SIGNAL_NAMES
from podforecast.errors import PodforecastError

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def test_generated_pages_say_what_the_code_says():
    docs.write(DOCS, check=True)


def test_an_outdated_page_is_refused_by_name(tmp_path):
    docs.write(tmp_path)
    (tmp_path / "settings.md").write_text("old")
    with pytest.raises(docs.DocsOutdated, match=r"settings\.md"):
        docs.write(tmp_path, check=True)


@pytest.mark.parametrize("feature", CATALOGUE, ids=lambda f: f.name)
def test_every_feature_is_documented(feature):
    assert f"| `{feature.name}` |" in (DOCS / "features.md").read_text()


@pytest.mark.parametrize("name", SIGNAL_NAMES)
def test_every_signal_is_documented_with_its_promql(name):
    assert f"## {name}\n" in (DOCS / "signals.md").read_text()


def test_every_setting_says_what_it_is():
    silent = [name for name, _, meaning in docs.variables() if not meaning]
    assert silent == []


def test_feature_names_are_unique():
    assert len(set(FEATURE_NAMES)) == len(FEATURE_NAMES)


def test_the_example_has_the_thirteen_fields_and_nothing_else():
    example = json.loads((ROOT / "example.json").read_text())
    assert set(example) == {"pod_id"} | {feature.name for feature in REQUIRED}


@pytest.mark.parametrize("page", sorted(ROOT.glob("*.md")) + sorted(DOCS.rglob("*.md")),
                         ids=lambda p: str(p.relative_to(ROOT)))  # fmt: skip
def test_every_relative_link_leads_somewhere(page):
    targets = re.findall(r"\]\((?!https?://|#|mailto:)([^)#\s]+)", page.read_text())
    missing = [target for target in targets if not (page.parent / target).exists()]
    assert missing == []


def _leaves(root: type) -> list[type]:
    return [root, *(leaf for sub in root.__subclasses__() for leaf in _leaves(sub))]


def test_every_error_has_a_status():
    from podforecast.serving.problems import status_of

    ours = [
        error for error in _leaves(PodforecastError) if error.__module__ == "podforecast.errors"
    ]
    statuses = {error.__name__: status_of(error("x")) for error in ours}
    assert [name for name, status in statuses.items() if not 400 <= status < 600] == []
