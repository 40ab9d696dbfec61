"""``python -m lab export`` on the command line."""

from __future__ import annotations

import typer
from typer.testing import CliRunner

from lab.export_command import export_command


def command() -> typer.Typer:
    app = typer.Typer()
    app.command("export")(export_command)
    return app


def test_a_refusal_is_a_sentence_a_hint_and_exit_code_two(tmp_path):
    result = CliRunner().invoke(command(), [str(tmp_path), "--out", str(tmp_path / "out")])
    assert result.exit_code == 2
    assert "events.jsonl" in result.stderr.replace("\n", "")
    assert "hint:" in result.stderr
    assert result.stdout == ""
    assert not (tmp_path / "out").exists()


def test_another_role_is_wrong_usage(tmp_path):
    result = CliRunner().invoke(command(), [str(tmp_path), "--out", "x", "--role", "toy"])
    assert result.exit_code == 2
    assert "toy" in result.stderr
