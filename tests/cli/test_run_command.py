"""Service and dashboard started together, with real processes and stand-ins for the two apps."""

from __future__ import annotations

import io
import json
import socket
import sys
import time

import httpx
import pytest
from rich.console import Console
from typer.testing import CliRunner

from podforecast.cli.main import application
from podforecast.cli.run import Address, ServiceDied, run
from podforecast.errors import ConfigurationError

FAKE_SERVICE = '''"""A stand-in for the service: ready at once, always the same forecast."""
from fastapi import FastAPI

app = FastAPI()


@app.get("/readyz")
def readyz():
    return {}


@app.post("/predict")
def predict(body: dict):
    return {"input": body, "failure_probability": 0.25}
'''
FAKE_DASHBOARD = "import streamlit as st\n\nst.title('stand-in')\n"
FAKE_TRAINING = """
import pathlib, sys
folder = pathlib.Path(sys.argv[sys.argv.index("--out") + 1])
folder.mkdir(exist_ok=True)
(folder / "manifest.json").write_text("{}")
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def addresses():
    return {
        "api": Address("API", "127.0.0.1", free_port(), "PODFORECAST_API__PORT"),
        "ui": Address("dashboard", "127.0.0.1", free_port(), "PODFORECAST_DASHBOARD__PORT"),
    }


@pytest.fixture
def root(tmp_path):
    (tmp_path / "app.py").write_text(FAKE_SERVICE)
    (tmp_path / "streamlit_app.py").write_text(FAKE_DASHBOARD)
    (tmp_path / "train_model.py").write_text(FAKE_TRAINING)
    (tmp_path / "example.json").write_text(json.dumps({"pod_id": "pod-1"}))
    return tmp_path


@pytest.fixture
def screen():
    return Console(file=io.StringIO(), width=200)


class CtrlC:
    """A sleep that sleeps, until both addresses are on the screen; then somebody hits Ctrl-C."""

    def __init__(self, screen: Console) -> None:
        self._screen = screen

    def __call__(self, seconds: float) -> None:
        if "Ctrl-C" in self._screen.file.getvalue():
            raise KeyboardInterrupt
        time.sleep(min(seconds, 0.2))


def test_a_taken_port_is_refused_with_the_setting_that_moves_it(root, screen, addresses):
    with socket.socket() as squatter:
        squatter.bind(("127.0.0.1", 0))
        squatter.listen()
        taken = Address("API", *squatter.getsockname(), "PODFORECAST_API__PORT")
        with pytest.raises(ConfigurationError, match=str(taken.port)) as refused:
            run(root=root, model_dir=root / "models", console=screen, api=taken,
                ui=addresses["ui"])  # fmt: skip
    assert "PODFORECAST_API__PORT" in refused.value.hint


def test_failed_training_ends_it(root, screen, addresses):
    (root / "train_model.py").write_text("raise SystemExit(1)")
    with pytest.raises(ServiceDied, match="training failed"):
        run(root=root, model_dir=root / "models", console=screen, **addresses)


def test_a_service_that_dies_is_reported_with_its_exit_code(root, screen, addresses):
    (root / "app.py").write_text("raise SystemExit(3)")
    with pytest.raises(ServiceDied, match="ended with code 3"):
        run(root=root, model_dir=root / "models", console=screen, **addresses)


@pytest.mark.timeout(120)
def test_both_come_up_show_a_forecast_and_are_gone_after_ctrl_c(root, screen, addresses):
    run(root=root, model_dir=root / "models", console=screen, sleep=CtrlC(screen), **addresses)

    shown = screen.file.getvalue()
    assert "training on the recorded campaigns" in shown
    assert addresses["api"].url in shown
    assert addresses["ui"].url in shown
    assert '"failure_probability": 0.25' in shown
    for address in addresses.values():
        with pytest.raises(httpx.ConnectError):
            httpx.get(address.url, timeout=2.0)


def test_help_names_the_commands():
    shown = CliRunner().invoke(application, ["--help"]).output
    assert "run" in shown
    assert "docs" in shown


def test_docs_are_checked_from_the_command_line():
    answer = CliRunner().invoke(application, ["docs", "--check"])
    assert answer.exit_code == 0, answer.output
    assert "up to date" in answer.output


def test_a_port_that_is_no_port_is_refused_by_its_name(monkeypatch, capsys):
    from podforecast.cli.main import main

    monkeypatch.setenv("PODFORECAST_API__PORT", "99999")
    monkeypatch.setattr(sys, "argv", ["podforecast", "run"])
    assert main() == 2
    assert "PODFORECAST_API__PORT" in capsys.readouterr().err
