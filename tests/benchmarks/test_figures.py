"""Figures as lines, as a table, and on the page."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from benchmarks import __main__ as command
from benchmarks import page
from benchmarks.figures import Figure, turns

MISSED = Figure(figure="wall", value=200.0, unit="s", target="<= 180")
PAGE = """# Speed

<!-- bench: machine -->
<!-- end -->

prose
<!-- bench: trial -->
old
<!-- end -->
more
"""
MACHINE = {"machine": {"date": "2026-01-01 10:00 UTC", "commit": "abc1234", "cores": "2"}}


@pytest.mark.parametrize(
    ("value", "target", "met"),
    [
        pytest.param(2.5, "<= 2.5", True, id="just-met"),
        pytest.param(2.51, "<= 2.5", False, id="missed"),
        pytest.param(89.9, ">= 90", False, id="too-little"),
        pytest.param(1.0, "", None, id="no-target"),
    ],
)
def test_a_target_is_met_or_missed(value, target, met):
    assert Figure(figure="x", value=value, unit="s", target=target).met is met


def test_a_line_names_no_empty_target():
    assert Figure(figure="x", value=1.0, unit="s").line() == {
        "figure": "x",
        "value": 1.0,
        "unit": "s",
    }
    assert MISSED.line()["met"] is False


def test_contestants_take_turns():
    order = []
    turns(lambda: order.append("a"), lambda: order.append("b"), rounds=2)
    assert "".join(order) == "ab" + "abab"


class TestPage:
    def line(self, **changes):
        return {"benchmark": "trial", **MISSED.line(), **changes}

    def test_a_figure_without_a_place_is_refused(self):
        with pytest.raises(page.NotAPage, match="bench: other"):
            page.filled(PAGE, [self.line(benchmark="other")])

    @pytest.mark.parametrize(
        ("text", "says"), [("{", "line 2"), ("[]", "line 2: not a JSON object")]
    )
    def test_a_line_that_is_no_figure_is_named(self, tmp_path, text, says):
        file = tmp_path / "run.jsonl"
        file.write_text(f"{{}}\n{text}\n")
        with pytest.raises(page.NotAPage, match=says):
            page.read_lines(file)

    def test_tables_are_replaced_and_prose_is_kept(self):
        filled = page.filled(PAGE, [MACHINE, self.line()])
        assert "| wall | 200 s | ≤ 180 s | **missed** |" in filled
        assert "| commit | abc1234 |" in filled
        assert "`python -m benchmarks trial`, 2026-01-01 10:00 UTC, commit abc1234" in filled
        assert "old" not in filled
        for kept in ("# Speed", "\nprose\n", "\nmore\n"):
            assert kept in filled

    def test_filling_twice_changes_nothing(self):
        once = page.filled(PAGE, [MACHINE, self.line()])
        assert page.filled(once, [MACHINE, self.line()]) == once

    def test_a_benchmark_that_was_not_run_keeps_its_table(self):
        assert "old" in page.filled(PAGE, [MACHINE])

    def test_the_real_page_has_a_place_for_every_benchmark(self):
        places = {name for _, name, _ in page.PLACE.findall(command.PAGE.read_text())}
        assert places == {*command.BENCHMARKS, page.MACHINE}


class TestCommand:
    @pytest.fixture(autouse=True)
    def quick(self, monkeypatch):
        monkeypatch.setattr(command, "BENCHMARKS", {"trial": lambda: iter([MISSED])})

    def test_an_unknown_name_is_refused_with_those_there_are(self, capsys):
        assert command.main(["speed"]) == 2
        out, err = capsys.readouterr()
        assert out == ""
        assert "no benchmark 'speed'" in err
        assert "there are trial" in err

    @pytest.mark.parametrize("files", [[], ["nowhere.jsonl"], ["a", "b"]], ids=len)
    def test_a_page_without_figures_is_refused(self, files, tmp_path, capsys):
        target = tmp_path / "performance.md"
        target.write_text(PAGE)
        assert command.main(["--page", *files], performance_page=target) == 2
        assert "hint:" in capsys.readouterr().err
        assert target.read_text() == PAGE

    def test_lines_go_to_stdout_and_the_table_to_stderr(self, capsys):
        assert command.main([]) == 0
        out, err = capsys.readouterr()
        first, second = map(json.loads, out.splitlines())
        assert set(first) == {"machine"}
        assert first["machine"]["commit"]
        assert second == {"benchmark": "trial", **MISSED.line()}
        assert "missed" in err

    def test_what_a_run_prints_is_what_the_page_takes(self, capsys, tmp_path):
        command.main(["trial"])
        run, target = tmp_path / "run.jsonl", tmp_path / "performance.md"
        Path(run).write_text(capsys.readouterr().out)
        target.write_text(PAGE)
        assert command.main(["--page", str(run)], performance_page=target) == 0
        assert "| wall | 200 s |" in target.read_text()
