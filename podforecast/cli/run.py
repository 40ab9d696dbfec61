"""``python -m podforecast run``: service and dashboard together, and one real forecast.

Trains first where there is no model. Both processes are children of this one and end with it.
"""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
from rich.console import Console

from podforecast.errors import ConfigurationError, PodforecastError

START_TIMEOUT_SECONDS = 60.0
STOP_TIMEOUT_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Address:
    """Where one of the two servers listens."""

    name: str
    host: str
    port: int
    port_setting: str
    """The environment variable that moves it."""
    api_key: str = field(default="", repr=False)
    """What it asks callers for."""

    @property
    def url(self) -> str:
        return f"http://{self.host}:{self.port}"


class ServiceDied(PodforecastError):
    """A child ended although nobody asked it to."""


def run(
    *,
    root: Path,
    model_dir: Path,
    api: Address,
    ui: Address,
    console: Console,
    sleep: Callable[[float], None] = time.sleep,
) -> None:
    """Train if needed, start both servers, print one forecast, and wait for Ctrl-C.

    Raises
    ------
    ConfigurationError
        If a port is taken.
    ServiceDied
        If training fails or one of the two servers ends by itself.
    """
    for address in (api, ui):
        require_free(address)
    if not (model_dir / "manifest.json").exists():
        console.print(f"no model in {model_dir}/ yet: training on the recorded campaigns")
        command = [sys.executable, str(root / "train_model.py"), "--out", str(model_dir)]
        if subprocess.run(command, cwd=root, check=False).returncode != 0:  # noqa: S603 - our own script
            raise ServiceDied("training failed, see above", hint="Run `python train_model.py`.")
    with ExitStack() as stack:
        children = [
            stack.enter_context(_child(_api_command(api), root)),
            stack.enter_context(_child(_ui_command(ui), root)),
        ]
        _wait_until_ready(api.url + "/readyz", children, sleep)
        _wait_until_ready(ui.url + "/_stcore/health", children, sleep)
        console.print(f"\n[bold]API[/]        {api.url}  (documentation: {api.url}/docs)")
        console.print(f"[bold]dashboard[/]  {ui.url}\n")
        _show_one_forecast(api, root / "example.json", console)
        console.print("\nCtrl-C stops both.")
        try:
            while True:
                _require_alive(children)
                sleep(1.0)
        except KeyboardInterrupt:
            console.print("stopping")


def _api_command(api: Address) -> list[str]:
    return [sys.executable, "-m", "uvicorn", "app:app", "--host", api.host, "--port", str(api.port),
            "--log-level", "warning", "--no-access-log", "--no-server-header"]  # fmt: skip


def _ui_command(ui: Address) -> list[str]:
    return [sys.executable, "-m", "streamlit", "run", "streamlit_app.py",
            "--server.address", ui.host, "--server.port", str(ui.port), "--server.headless", "true",
            "--browser.gatherUsageStats", "false", "--logger.level", "warning"]  # fmt: skip


@contextmanager
def _child(command: Sequence[str], root: Path) -> Iterator[subprocess.Popen[bytes]]:
    # In a process group of its own, so that Ctrl-C reaches this process only, which stops both.
    child = subprocess.Popen(  # noqa: S603 - our own servers
        command, cwd=root, stdout=subprocess.DEVNULL, process_group=0
    )
    try:
        yield child
    finally:
        child.terminate()
        try:
            child.wait(STOP_TIMEOUT_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()


def require_free(address: Address) -> None:
    """See that a server can listen there.

    Raises
    ------
    ConfigurationError
        If it can not, with the setting that moves it.
    """
    with socket.socket() as probe:
        # As the servers do: a port in TIME_WAIT after a restart is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address.host, address.port))
        except OSError as exc:
            raise ConfigurationError(
                f"{address.name}: {address.host}:{address.port} can not be used: {exc.strerror}",
                hint=f"Stop what listens there, or set {address.port_setting} to a free port.",
            ) from exc


def _require_alive(children: Sequence[subprocess.Popen[bytes]]) -> None:
    for child in children:
        if child.poll() is not None:
            raise ServiceDied(
                f"`{' '.join(map(str, child.args[1:4]))}` ended with code {child.returncode}",  # type: ignore[index]
                hint="Its last words are above; run that command alone to see more.",
            )


def _wait_until_ready(
    url: str, children: Sequence[subprocess.Popen[bytes]], sleep: Callable[[float], None]
) -> None:
    deadline = time.monotonic() + START_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        _require_alive(children)
        try:
            if httpx.get(url, timeout=2.0).is_success:
                return
        except httpx.TransportError:
            pass  # not listening yet
        sleep(0.2)
    raise ServiceDied(f"{url} did not answer within {START_TIMEOUT_SECONDS:.0f} s")


def _show_one_forecast(api: Address, example: Path, console: Console) -> None:
    headers = {"Content-Type": "application/json", "X-API-Key": api.api_key}
    answer = httpx.post(
        api.url + "/predict", content=example.read_bytes(), timeout=10.0, headers=headers
    ).json()
    shown = {key: value for key, value in answer.items() if key != "input"}
    console.print(f"POST {api.url}/predict with {example.name}:")
    console.print_json(json.dumps(shown))
