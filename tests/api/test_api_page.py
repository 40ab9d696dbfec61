"""docs/api.md: its examples run, and are answered as the page says."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from starlette.testclient import TestClient

from tests.api.conftest import FakeScorer
from tests.api.fleets import fleet_app
from tests.watcher.made_up import WallClock, write_campaign

PAGE = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
BLOCKS = re.findall(r"^```(bash|python|json)\n(.*?)^```$", PAGE, flags=re.DOTALL | re.MULTILINE)
CURLS = [
    (command, BLOCKS[place + 1][1] if BLOCKS[place + 1][0] == "json" else None)
    for place, (language, block) in enumerate(BLOCKS)
    if language == "bash"
    for command in re.split(r"^(?=curl )", block, flags=re.MULTILINE)
    if command.startswith("curl ")
]


@pytest.fixture(scope="module")
def data_dir(tmp_path_factory):
    return write_campaign(tmp_path_factory.mktemp("data"))


@pytest.fixture
def service(data_dir):
    scorer = FakeScorer()
    app = fleet_app(data_dir, wall=WallClock(), load=lambda _: scorer)
    with TestClient(app) as client:
        yield client


def outline(value):
    """Keys and kinds without the values."""
    if isinstance(value, dict):
        return {name: outline(child) for name, child in value.items()}
    return [outline(child) for child in value] if isinstance(value, list) else type(value)


@pytest.mark.parametrize(("command", "expected"), CURLS)
def test_curl_is_answered_as_shown(service, command, expected):
    _, url, *options = shlex.split(command)
    given = dict(zip(options[::2], options[1::2], strict=True))
    name, _, value = given.get("-H", "Accept: */*").partition(": ")
    method = given.get("-X", "POST" if "-d" in given else "GET")
    answer = service.request(
        method, urlsplit(url).path, content=given.get("-d"), headers={name: value}
    )
    if expected is None:
        assert answer.status_code == 200
    else:
        shown = json.loads(expected)
        assert answer.status_code == shown.get("status", 200)
        assert outline(answer.json()) == outline(shown)


def test_python_runs_from_top_to_bottom(service, monkeypatch, capsys):
    def post(url, **options):
        return service.post(urlsplit(url).path, **options)

    monkeypatch.setattr(httpx, "post", post)
    program = "\n".join(block for language, block in BLOCKS if language == "python")
    exec(compile(program, "api.md", "exec"), {})  # noqa: S102 - a page of this repository
    assert capsys.readouterr().out.startswith("cart-0 0.9\ncart-1 0.9\npyarrow.Table")


def test_there_are_examples_of_both_kinds():
    assert len(CURLS) >= 5
    assert sum(language == "python" for language, _ in BLOCKS) >= 2
