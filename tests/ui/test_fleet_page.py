"""The Fleet page in each of its states, and one pod in each of its own."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from podforecast.ui.outcomes import Answered, Declined, Unreachable

ADDRESS = "http://service:8000"
GONE = Unreachable(ADDRESS, "nothing listens there")
SLOW = Unreachable(ADDRESS, "it did not answer in time")
BROKEN = Unreachable(ADDRESS, "something answers there, but it is not this service")


class FakeService:
    """Not the service: answers what it was told to, and remembers what it was asked."""

    address = ADDRESS

    def __init__(self, fleet, detail):
        self.fleet, self.detail = fleet, detail
        self.filters, self.opened = [], []

    def pods(self, filters):
        self.filters.append(dict(filters))
        return self.fleet

    def pod(self, namespace, name):
        self.opened.append((namespace, name))
        return self.detail


class FakeClock:
    """Not the time: stands still until it is moved."""

    def __init__(self, at):
        self.at = at

    def __call__(self):
        return self.at


def _script(service, now):
    from podforecast.ui.pages import fleet

    fleet.render(service, now=now)


@pytest.fixture
def service(make_fleet, make_detail):
    return FakeService(Answered(make_fleet()), Answered(make_detail()))


@pytest.fixture
def clock(make_source):
    return FakeClock(make_source().scanned_at)


@pytest.fixture
def page(service, clock):
    kwargs = {"service": service, "now": clock}
    return AppTest.from_function(_script, kwargs=kwargs, default_timeout=20)


def said(page):
    assert not page.exception
    boxes = (*page.title, *page.error, *page.warning, *page.info, *page.markdown, *page.caption)
    return "\n".join(box.value for box in boxes)


def rows(page):
    return page.dataframe[0].value["Pod"].tolist() if page.dataframe else []


def address(page):
    return {
        name: value if isinstance(value, str) else value[0]
        for name, value in page.query_params.items()
    }


class TestNoAnswer:
    @pytest.mark.parametrize("trouble", [GONE, SLOW, BROKEN], ids=["down", "slow", "stranger"])
    def test_at_first_it_says_so_and_shows_nothing_else(self, page, service, trouble):
        service.fleet = trouble
        text = said(page.run())
        assert "The service does not answer" in text
        assert trouble.reason in text
        assert rows(page) == []

    def test_later_the_last_answer_stays_with_its_age(self, page, service, clock):
        page.run()
        service.fleet = GONE
        clock.at += timedelta(seconds=42)
        text = said(page.run())
        assert "nothing listens there" in text
        assert "Below is its last answer, 42 s ago." in text
        assert "data 43 s old" in text
        assert rows(page) == ["cart-0", "web-1"]

    def test_filters_rest_while_nobody_answers(self, page, service):
        page.run()
        service.fleet = GONE
        page.run()
        assert page.text_input(key="fleet.text").disabled
        assert page.button(key="fleet.state.at_risk").disabled

    def test_when_it_answers_again_the_trouble_is_over(self, page, service, make_fleet):
        service.fleet = GONE
        page.run()
        service.fleet = Answered(make_fleet())
        assert "does not answer" not in said(page.run())

    def test_another_service_is_not_shown_with_the_pods_of_this_one(self, page, service):
        page.run()
        service.address, service.fleet = "http://other:1", GONE
        said(page.run())
        assert rows(page) == []

    def test_a_problem_is_told_with_the_way_out(self, page, service, nothing_watched):
        service.fleet = Declined(nothing_watched)
        text = said(page.run())
        assert "No fleet is watched" in text
        assert "There is no recording to replay. Record a campaign." in text
        assert "Request r-4" in text


class TestSource:
    def test_it_is_starting(self, page, service, make_fleet, make_source):
        source = make_source(
            state="starting", scanned_at=None, age_seconds=None, detail="The past is being scanned."
        )
        service.fleet = Answered(make_fleet(source=source, pods=()))
        text = said(page.run())
        assert "Just starting" in text
        assert "The past is being scanned." in text
        assert rows(page) == []

    def test_it_is_stale(self, page, service, make_fleet, make_source):
        source = make_source(state="stale", age_seconds=95.0, detail="Two scans are overdue.")
        service.fleet = Answered(make_fleet(source=source))
        text = said(page.run())
        assert "No new scan has come for a while" in text
        assert "data 2 min old" in text
        assert rows(page) == ["cart-0", "web-1"]

    def test_a_replay_that_starts_over_is_announced(
        self, page, service, make_fleet, make_source, clock
    ):
        page.run()
        assert not page.toast
        source = make_source(scanned_at=clock.at - timedelta(hours=1))
        service.fleet = Answered(make_fleet(source=source))
        page.run()
        assert page.toast[0].value == "The replay started over."


class TestFilters:
    def test_at_first_all_pods_are_asked_for(self, page, service):
        page.run()
        assert service.filters == [{"limit": "100", "offset": "0"}]
        assert "Replay of `ridge`, 10x, data 1.2 s old" in said(page)
        assert dict(page.query_params) == {}

    def test_a_counter_filters_and_lets_go_again(self, page, service):
        page.run()
        page.button(key="fleet.state.failing").click().run()
        assert service.filters[-1]["state"] == "failing"
        assert address(page)["state"] == "failing"
        page.button(key="fleet.state.failing").click().run()
        assert "state" not in service.filters[-1]
        assert "state" not in page.query_params

    def test_fields_filter_and_are_kept_in_the_address(self, page, service):
        page.run()
        page.text_input(key="fleet.text").input("cart").run()
        page.selectbox(key="fleet.namespace").select("tools").run()
        page.slider(key="fleet.min_probability").set_value(35).run()
        assert service.filters[-1] == {
            "namespace": "tools", "q": "cart", "min_probability": "0.35",
            "limit": "100", "offset": "0",
        }  # fmt: skip
        assert address(page) == {
            "namespace": "tools", "text": "cart", "min_probability": "0.35",
        }  # fmt: skip

    def test_a_kind_of_trouble_can_be_picked(self, page, service):
        page.run().selectbox(key="fleet.issue_type").select("resource_exhaustion").run()
        assert service.filters[-1]["issue_type"] == "resource_exhaustion"
        assert address(page) == {"issue_type": "resource_exhaustion"}

    def test_a_link_fills_the_fields(self, page, service):
        page.query_params.update({"namespace": "gone", "text": "web", "min_probability": "0.5"})
        page.run()
        assert service.filters == [
            {"namespace": "gone", "q": "web", "min_probability": "0.5",
             "limit": "100", "offset": "0"}
        ]  # fmt: skip
        assert page.selectbox(key="fleet.namespace").value == "gone"
        assert page.text_input(key="fleet.text").value == "web"
        assert page.slider(key="fleet.min_probability").value == 50

    def test_a_bad_link_is_used_as_far_as_it_can_be(self, page, service):
        page.query_params.update({"state": "broken", "text": "web"})
        text = said(page.run())
        assert "state = broken is no state" in text
        assert service.filters[-1]["q"] == "web"
        assert "state" not in page.query_params

    def test_where_no_pod_passes_the_filters_can_be_cleared(self, page, service, make_fleet):
        page.run()
        service.fleet = Answered(make_fleet(pods=()))
        page.text_input(key="fleet.text").input("nothing").run()
        assert "No pod passes the filters" in said(page)
        service.fleet = Answered(make_fleet())
        page.button(key="fleet.clear").click().run()
        assert service.filters[-1] == {"limit": "100", "offset": "0"}
        assert page.text_input(key="fleet.text").value == ""

    def test_without_any_pods_there_is_nothing_to_clear(self, page, service, make_fleet):
        service.fleet = Answered(make_fleet(pods=()))
        assert "The scan found no pods" in said(page.run())
        assert "fleet.clear" not in [button.key for button in page.button]


class TestPaging:
    @pytest.fixture(autouse=True)
    def many_pods(self, service, make_fleet, make_pod):
        pods = tuple(make_pod(f"p-{k}") for k in range(100))
        service.fleet = Answered(make_fleet(pods=pods, total=250))

    def test_pages_are_turned(self, page, service):
        page.run()
        assert page.button(key="fleet.page.Previous").disabled
        page.button(key="fleet.page.Next").click().run()
        assert service.filters[-1]["offset"] == "100"
        assert address(page)["page"] == "2"

    def test_another_filter_begins_at_the_first_page(self, page, service):
        page.query_params["page"] = "3"
        page.run()
        page.button(key="fleet.state.at_risk").click().run()
        assert service.filters[-1]["offset"] == "0"

    def test_from_behind_the_end_one_gets_back(self, page, service, make_fleet):
        page.query_params["page"] = "9"
        service.fleet = Answered(make_fleet(pods=(), total=250))
        assert "Page 9 is empty" in said(page.run())
        page.button(key="fleet.page.Previous").click().run()
        assert service.filters[-1]["offset"] == "200"


class TestTable:
    def test_state_is_a_symbol_and_a_word_and_unknown_is_empty(
        self, page, service, make_fleet, make_pod
    ):
        failing = make_pod(
            "job-1", state="failing", failure_probability=None, risk_level=None, trend=(None,)
        )
        service.fleet = Answered(make_fleet(pods=(failing, make_pod())))
        table = page.run().dataframe[0].value
        assert table["State"].tolist() == ["✖ Failing", "▲ At risk"]
        assert table["Probability"].isna().tolist() == [True, False]
        assert table["Last failure"][1] == "12 min ago, out of memory"

    def test_a_pod_can_be_opened_without_a_mouse(self, page, service):
        page.run()
        page.selectbox(key="fleet.open").select_index(1).run()
        assert service.opened == [("shop", "web-1")]
        assert address(page)["pod"] == "shop/web-1"


class TestOnePod:
    @pytest.fixture(autouse=True)
    def of_a_link(self, page):
        page.query_params["pod"] = "shop/cart-0"

    def test_its_story_is_told(self, page, service):
        text = said(page.run())
        assert service.opened == [("shop", "cart-0")]
        assert "shop/cart-0" in text
        assert "94.0 %" in text
        assert "✖ Failed: out of memory, announced 2 min before" in text
        assert "▲ At risk, nothing happened" in text
        assert "Memory usage is 95.2 % of its limit" in text
        assert "Raise the memory limit" in text

    def test_what_is_ahead_is_told_in_symbols_and_words(self, page, service):
        text = said(page.run())
        assert "#### What kind of trouble\n**▤ Resource exhaustion · 80.0 %**" in text
        assert "#### Status in 5 minutes\n**Running · 70.0 %**" in text
        assert "CrashLoopBackOff 25.0 %" in text

    def test_of_a_model_without_targets_nothing_is_said_of_them(self, page, service, make_detail):
        service.detail = Answered(make_detail(issue_type=None, pod_status=None))
        text = said(page.run())
        assert "What kind of trouble" not in text
        assert "Status in 5 minutes" not in text

    def test_the_chart_has_a_panel_for_each_signal(self, page):
        chart = json.loads(page.run().get("vega_lite_chart")[0].proto.spec)
        assert [panel["title"] for panel in chart["vconcat"]] == [
            "Probability of failure, %", "Memory, % of limit", "Restarts in 24 hours, count",
        ]  # fmt: skip

    def test_it_stays_while_the_ranking_changes(self, page, service, make_fleet, make_pod):
        page.run()
        service.fleet = Answered(make_fleet(pods=(make_pod("new-9"),)))
        page.run()
        assert service.opened == [("shop", "cart-0")] * 2
        assert address(page)["pod"] == "shop/cart-0"

    def test_too_little_data_is_no_probability(self, page, service, make_detail, make_pod):
        pod = make_pod(
            state="insufficient_data", coverage=0.4, failure_probability=None, risk_level=None
        )
        nothing = {"times": (), "failure_probability": (), "failing": (), "series": ()}
        service.detail = Answered(
            make_detail(
                pod=pod, explanation=None, recommendations=(), events=(), alarms=(),
                timeline=nothing,
            )
        )  # fmt: skip
        text = said(page.run())
        assert "? Insufficient data" in text
        assert "Only 40 %" in text
        assert "There is no timeline yet" in text
        assert "No failure and no alarm" in text

    def test_while_nobody_answers_the_last_answer_stays(self, page, service, clock):
        page.run()
        service.detail = SLOW
        clock.at += timedelta(seconds=9)
        text = said(page.run())
        assert "it did not answer in time" in text
        assert "Below is its last answer, 9.0 s ago." in text
        assert "94.0 %" in text

    def test_nobody_answers_at_all(self, page, service):
        service.detail = GONE
        text = said(page.run())
        assert "The service does not answer" in text
        assert "94.0 %" not in text

    def test_the_last_answer_of_another_pod_is_not_shown(self, page, service):
        page.run()
        page.query_params["pod"] = "shop/web-1"
        service.detail = GONE
        assert "94.0 %" not in said(page.run())

    def test_a_pod_that_is_gone_leads_back_to_all(self, page, service, no_such_pod):
        service.detail = Declined(no_such_pod)
        text = said(page.run())
        assert "shop/cart-0 is not in the latest scan." in text
        assert rows(page) == ["cart-0", "web-1"]
        assert "pod" not in page.query_params

    def test_one_gets_back_to_the_same_filters(self, page, service):
        page.query_params["text"] = "cart"
        page.run()
        page.button(key="fleet.back").click().run()
        assert service.filters[-1]["q"] == "cart"
        assert address(page) == {"text": "cart"}


class TestComingBack:
    def test_from_another_page_the_filters_are_as_they_were(self, page, service):
        page.query_params.update({"text": "cart", "pod": "shop/cart-0"})
        page.run()
        page.session_state["dashboard.arrives"] = True
        page.query_params.clear()
        page.run()
        assert service.filters[-1]["q"] == "cart"
        assert rows(page) == ["cart-0", "web-1"]

    def test_the_back_button_of_the_browser_is_obeyed(self, page, service):
        page.run()
        page.text_input(key="fleet.text").input("cart").run()
        page.query_params.clear()
        page.run()
        assert "q" not in service.filters[-1]
