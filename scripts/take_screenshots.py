"""Take the pictures of docs/images/ from a running dashboard.

``PODFORECAST_REPLAY__SPEED=2 make run``, and beside it ``make screenshots``. They show what a
visitor sees: a critical forecast, the model, simulated clusters, and, once a pod is at risk, that
pod and the fleet. At full speed the moment is over before the page is drawn. Needs Chromium.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import httpx
import typer
from playwright.sync_api import Page, expect, sync_playwright

IMAGES = Path(__file__).parents[1] / "docs" / "images"
ARGUMENTS = ["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run",
             "--disable-background-networking"]  # fmt: skip
WIDTH, HEIGHT = 1440, 1000
PATIENCE_MS = 60_000
LOOK_SECONDS = 300
"""How long to wait for a pod at risk: ten minutes of a campaign at twice its speed."""


def main(
    dashboard: Annotated[str, typer.Option(help="Address of the dashboard.")] = (
        "http://127.0.0.1:8501"
    ),
    api: Annotated[str, typer.Option(help="Address of its service.")] = "http://127.0.0.1:8000",
    out: Annotated[Path, typer.Option(help="Folder for the pictures.")] = IMAGES,
) -> None:
    out.mkdir(parents=True, exist_ok=True)
    with _visitor("light") as page:
        _predict(page, dashboard)
        page.screenshot(path=out / "predict.png")
        _model(page, dashboard)
        page.screenshot(path=out / "model.png")
        _simulate(page, dashboard)
        page.screenshot(path=out / "simulate.png")
    pod = _pod_at_risk(api)
    with _visitor("light") as page:
        _pod(page, dashboard, pod)
        page.screenshot(path=out / "pod.png")
    for scheme, suffix in (("light", ""), ("dark", "-dark")):
        with _visitor(scheme) as page:
            _fleet(page, dashboard)
            page.screenshot(path=out / f"fleet{suffix}.png")
    for picture in sorted(out.glob("*.png")):
        sys.stdout.write(f"{picture}  {picture.stat().st_size / 1024:.0f} kB\n")


@contextmanager
def _visitor(scheme: str) -> Iterator[Page]:
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        raise SystemExit("no Chromium: install it, on Debian: sudo apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=ARGUMENTS)
        page = browser.new_page(
            viewport={"width": WIDTH, "height": HEIGHT},
            color_scheme="dark" if scheme == "dark" else "light",
        )
        expect.set_options(timeout=PATIENCE_MS)
        yield page
        browser.close()


def _predict(page: Page, dashboard: str) -> None:
    page.goto(dashboard)
    page.get_by_role("button", name="Critical", exact=True).click()
    expect(page.get_by_text("Critical risk").first).to_be_visible()
    _settle(page)


def _model(page: Page, dashboard: str) -> None:
    page.goto(f"{dashboard}/model")
    expect(page.get_by_text("Precision and recall").first).to_be_visible()
    _settle(page)


def _simulate(page: Page, dashboard: str) -> None:
    page.goto(f"{dashboard}/simulate?clusters=200&seed=5")
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    _settle(page)


def _fleet(page: Page, dashboard: str) -> None:
    page.goto(f"{dashboard}/fleet")
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()
    _settle(page)


def _pod(page: Page, dashboard: str, name: str) -> None:
    page.goto(f"{dashboard}/fleet?pod={name}")
    expect(page.get_by_test_id("stVegaLiteChart")).to_contain_text("Time (UTC)")
    _settle(page)


def _settle(page: Page) -> None:
    """Wait until the page is complete and nothing is being drawn; the pointer is out of the way."""
    expect(page.get_by_text("Connected", exact=True)).to_be_visible()
    page.mouse.move(0, 0)
    expect(page.get_by_test_id("stApp")).to_have_attribute("data-test-script-state", "notRunning")
    page.wait_for_timeout(1000)  # for animations of the browser, which nothing announces


def _pod_at_risk(api: str) -> str:
    """Wait for a pod at risk, the one with most to tell; its namespace/name."""
    deadline = time.monotonic() + LOOK_SECONDS
    while time.monotonic() < deadline:
        answer = httpx.get(f"{api}/pods", params={"state": "at_risk"}, timeout=10).json()
        pods = sorted(answer["pods"], key=lambda pod: pod["last_failure"] is None)
        if pods:
            return f"{pods[0]['namespace']}/{pods[0]['name']}"
        time.sleep(1.0)
    raise SystemExit(f"no pod was at risk within {LOOK_SECONDS} s; try again later in the replay")


if __name__ == "__main__":
    typer.run(main)
