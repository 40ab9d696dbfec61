"""The frame around the pages: navigation, and the one place where the service is chosen."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from podforecast.ui.dashboard import PAGES
from podforecast.ui.outcomes import Connected, Declined, Unreachable

ROOT = Path(__file__).parents[2]
ADDRESS = "http://service:8000"
GONE = Unreachable(ADDRESS, "nothing listens there")


class FakeService:
    """Not the service: declines or answers as told, and offers the connection only."""

    address = ADDRESS

    def __init__(self, connection):
        self.state = connection

    def connection(self):
        return self.state


def _script(connect):
    from podforecast.ui import dashboard

    dashboard.draw(connect, address="http://service:8000")


def opened(connect):
    return AppTest.from_function(_script, kwargs={"connect": connect}, default_timeout=20).run()


class TestConnection:
    def test_nothing_answers(self):
        page = opened(lambda _: FakeService(GONE))
        assert "Not connected" in page.sidebar.error[0].value

    def test_it_answers_but_has_no_model(self, no_model):
        page = opened(lambda _: FakeService(Declined(no_model)))
        assert "Connected, but not ready" in page.sidebar.warning[0].value

    def test_it_answers(self):
        page = opened(lambda _: FakeService(Connected(ADDRESS, "fake-1")))
        assert "Connected" in page.sidebar.success[0].value

    def test_another_address_asks_another_service(self):
        chosen = []

        def connect(address):
            chosen.append(address)
            return FakeService(GONE)

        page = opened(connect)
        page.text_input(key="service.address").input("http://other:1").run()
        assert chosen == [ADDRESS, "http://other:1"]


class TestPages:
    def test_addresses_of_pages_are_their_own(self):
        assert len({page.url_path for page in PAGES}) == len(PAGES)

    @pytest.mark.parametrize("page", PAGES, ids=lambda page: page.url_path)
    def test_every_page_has_a_title_and_an_icon_of_the_icon_font(self, page):
        assert page.title
        assert page.icon.startswith(":material/")


class TestEntryPoint:
    def test_it_starts_without_a_service(self, monkeypatch):
        monkeypatch.setenv("PODFORECAST_DASHBOARD__API_URL", "http://127.0.0.1:9")
        page = AppTest.from_file(ROOT / "streamlit_app.py", default_timeout=20).run()
        assert not page.exception
        assert "nothing listens there" in page.sidebar.error[0].value

    def test_a_bad_setting_is_shown_in_words(self, monkeypatch):
        monkeypatch.setenv("PODFORECAST_DASHBOARD__API_URL", "nowhere")
        page = AppTest.from_file(ROOT / "streamlit_app.py", default_timeout=20).run()
        assert not page.exception
        assert "PODFORECAST_DASHBOARD__API_URL" in page.error[0].value
