"""What somebody on call does, in a real browser."""

from __future__ import annotations

import re
import socket

import httpx
import pytest
from playwright.sync_api import expect

pytestmark = [pytest.mark.browser, pytest.mark.timeout(600)]


def shows(page, text):
    expect(page.get_by_text(text).first).to_be_visible()


def go_to(page, title):
    page.get_by_test_id("stSidebarNav").get_by_role("link", name=title).click()


def order_clusters(page):
    go_to(page, "Simulate")
    page.get_by_role("button", name="Order", exact=True).click()
    expect(page).to_have_url(re.compile(r"/simulate\?clusters=50&seed=\d+$"))
    expect(page.get_by_role("heading", name="What was simulated")).to_be_visible()


def test_from_a_critical_pod_over_the_fleet_to_a_service_that_is_gone(page, api):
    # Predict: one press tells the risk, the reasons and what to do.
    page.get_by_role("button", name="Critical", exact=True).click()
    shows(page, "Critical risk")
    shows(page, re.compile("^At risk: the probability is at or above the threshold"))
    expect(page.get_by_role("heading", name="Why")).to_be_visible()
    expect(page.get_by_role("heading", name="What to do")).to_be_visible()

    # Fleet: ranked pods of a replay, with its age.
    go_to(page, "Fleet")
    shows(page, re.compile(r"^Replay of [a-z]+, 60x, data [\d.]+ s old"))
    table = page.get_by_test_id("stDataFrame")
    expect(table).to_be_visible()

    # Filters are in the address, and a link shows the same.
    namespace = httpx.get(f"{api.url}/pods", timeout=10).json()["namespaces"][0]
    page.get_by_label("Name contains").fill(f"{namespace}/")
    page.get_by_label("Name contains").press("Enter")
    shows(page, re.compile("pods that pass the filters$"))
    expect(page).to_have_url(re.compile(rf"/fleet\?text={namespace}%2F$"))

    # A click into the first row opens its pod; it stays open while the ranking changes.
    table.click(position={"x": 300, "y": 52})
    expect(page).to_have_url(re.compile(rf"text={namespace}%2F&pod={namespace}%2F[\w-]+$"))
    name = re.search(rf"pod={namespace}%2F([\w-]+)", page.url)[1]
    expect(page.get_by_role("heading", name=f"{namespace}/{name}")).to_be_visible()
    expect(page.get_by_test_id("stVegaLiteChart")).to_contain_text("Probability of failure")
    expect(page.get_by_role("heading", name="What happened")).to_be_visible()
    before = page.get_by_text(re.compile("^Replay of")).inner_text()
    expect(page.get_by_text(before)).to_have_count(0)
    expect(page.get_by_role("heading", name=f"{namespace}/{name}")).to_be_visible()
    page.go_back()
    expect(page.get_by_label("Name contains")).to_have_value(f"{namespace}/")

    # Model: what it is worth.
    go_to(page, "Model")
    expect(page.get_by_role("heading", name="How good is the model?")).to_be_visible()
    shows(page, "Candidates compared")

    order_clusters(page)

    # The filters are still there; then the service ends, and the last scan stays with its age.
    go_to(page, "Fleet")
    expect(page.get_by_label("Name contains")).to_have_value(f"{namespace}/")
    expect(table).to_be_visible()
    api.stop()
    shows(page, "The service does not answer")
    shows(page, re.compile("Below is its last answer"))
    shows(page, "Not connected")
    expect(table).to_be_visible()
    expect(page.get_by_label("Name contains")).to_be_disabled()
    api.start()
    expect(page.get_by_text("The service does not answer")).to_have_count(0)


def test_a_forecast_can_be_had_without_a_mouse(page):
    expect(page.get_by_role("button", name="Critical", exact=True)).to_be_visible()
    page.get_by_role("link", name="Predict").focus()
    for _ in range(20):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.innerText").strip() == "Critical":
            break
    expect(page.get_by_role("button", name="Critical", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    shows(page, "Critical risk")


@pytest.mark.parametrize("color_scheme", ["light", "dark"])
def test_both_colour_schemes_are_drawn(page, color_scheme):
    background = "rgb(255, 255, 255)" if color_scheme == "light" else "rgb(17, 22, 29)"
    expect(page.get_by_test_id("stApp")).to_have_css("background-color", background)
    go_to(page, "Fleet")
    expect(page.get_by_test_id("stDataFrame")).to_be_visible()


def test_the_page_is_drawn_before_a_slow_service_answers(page):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        page.get_by_label("Service address").fill(f"127.0.0.1:{silent.getsockname()[1]}")
        page.get_by_label("Service address").press("Enter")
        go_to(page, "Fleet")
        expect(page.get_by_role("heading", name="Which pods will fail next?")).to_be_visible()
        shows(page, "Asking the service …")
        shows(page, "it did not answer in time")
