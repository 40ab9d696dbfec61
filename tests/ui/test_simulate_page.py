"""The Simulate page in each of its states."""

from __future__ import annotations

import json

import pytest
from streamlit.testing.v1 import AppTest

from podforecast.ui.outcomes import Answered, Declined, Unreachable
from tests.ui.simulations import simulation

ADDRESS = "http://service:8000"
GONE = Unreachable(ADDRESS, "nothing listens there")


class FakeService:
    """Not the service: answers what it was told to, and remembers what was ordered."""

    address = ADDRESS

    def __init__(self):
        self.outcome = Answered(simulation())
        self.orders = []

    def simulate(self, count, seed):
        self.orders.append((count, seed))
        return self.outcome


def _script(service):
    from podforecast.ui.pages import simulate

    simulate.render(service)


@pytest.fixture
def service():
    return FakeService()


@pytest.fixture
def page(service):
    return AppTest.from_function(_script, kwargs={"service": service}, default_timeout=20)


@pytest.fixture
def of_a_link(page):
    page.query_params.update({"clusters": "3", "seed": "7"})
    return page


def said(page):
    assert not page.exception
    boxes = (*page.title, *page.error, *page.warning, *page.info, *page.markdown, *page.caption)
    return "\n".join(box.value for box in boxes)


def rows(page):
    return page.dataframe[0].value["Cluster"].tolist() if page.dataframe else []


def address(page):
    return {name: v if isinstance(v, str) else v[0] for name, v in page.query_params.items()}


def order(page):
    return next(button for button in page.button if button.label == "Order")


class TestNothingOrdered:
    def test_it_says_that_all_is_simulated_and_what_to_do(self, page, service):
        text = said(page.run())
        assert "None of these clusters exists" in text
        assert "Order some clusters" in text
        assert "Half an hour of telemetry is made up" in text
        assert service.orders == []
        assert rows(page) == []

    @pytest.mark.parametrize("count", ["0", "1001", "abc"])
    def test_a_link_that_can_not_be_used_is_refused_in_words(self, page, service, count):
        page.query_params["clusters"] = count
        assert f"Left out: clusters = {count} is no whole number" in said(page.run())
        assert service.orders == []


class TestNoAnswer:
    def test_the_service_is_down(self, of_a_link, service):
        service.outcome = GONE
        text = said(of_a_link.run())
        assert "The service does not answer" in text
        assert "nothing listens there" in text
        assert rows(of_a_link) == []

    def test_when_it_is_back_one_tries_again(self, of_a_link, service):
        service.outcome = GONE
        of_a_link.run()
        service.outcome = Answered(simulation())
        of_a_link.button(key="simulate.again").click().run()
        assert len(rows(of_a_link)) == 3

    def test_there_is_no_model(self, of_a_link, service, no_model):
        service.outcome = Declined(no_model)
        text = said(of_a_link.run())
        assert "There is no model. Run `python train_model.py`." in text

    def test_the_service_refuses_the_order(self, of_a_link, service, bad_input):
        service.outcome = Declined(bad_input)
        assert "Request r-2" in said(of_a_link.run())
        assert rows(of_a_link) == []


class TestOrdered:
    def test_a_link_repeats_the_order(self, of_a_link, service):
        text = said(of_a_link.run())
        assert service.orders == [(3, 7)]
        assert "3 clusters of seed 7" in text
        assert rows(of_a_link) == ["cluster-0002", "cluster-0001", "cluster-0000"]
        assert of_a_link.number_input(key="simulate.count").value == 3

    def test_a_seed_that_was_drawn_is_in_the_address_and_asked_for_once(self, page, service):
        page.run()
        page.number_input(key="simulate.count").set_value(3)
        order(page).click().run()
        assert service.orders == [(3, None)]
        assert address(page) == {"clusters": "3", "seed": "7"}
        said(page.run())
        assert len(service.orders) == 1

    def test_ordering_again_without_a_seed_draws_another(self, page, service):
        page.run()
        order(page).click().run()
        order(page).click().run()
        assert service.orders == [(50, None), (50, None)]

    def test_counts_and_probabilities_are_drawn_and_told_in_words(self, of_a_link):
        charts = of_a_link.run().get("vega_lite_chart")
        told = [json.loads(chart.proto.spec)["description"] for chart in charts]
        assert "▤ Resource exhaustion: 1 foretold, 1 simulated" in told[0]
        assert "80% to 90%: 1" in told[1]

    def test_another_service_is_asked_anew(self, of_a_link, service):
        of_a_link.run()
        service.address = "http://other:1"
        said(of_a_link.run())
        assert len(service.orders) == 2


class TestOneCluster:
    def test_the_worst_is_looked_at_first(self, of_a_link):
        assert "1 of its 6 pods is down." in said(of_a_link.run())

    def test_another_can_be_chosen_without_a_mouse(self, of_a_link):
        of_a_link.run()
        of_a_link.selectbox(key="simulate.cluster").select("cluster-0001").run()
        text = said(of_a_link)
        assert "Memory keeps growing" in text
        assert "Memory usage is 95.2 % of its limit" in text
        assert "begun 12 min ago" in text
        assert "The cluster does not exist" in text
        assert of_a_link.code[0].value == "kubectl top pod cart-1 -n cluster-0001"
        assert address(of_a_link)["cluster"] == "cluster-0001"

    def test_a_link_opens_it(self, of_a_link, service):
        of_a_link.query_params["cluster"] = "cluster-0001"
        assert "Memory keeps growing" in said(of_a_link.run())
        assert len(service.orders) == 1

    def test_one_that_is_not_there_is_said(self, of_a_link):
        of_a_link.query_params["cluster"] = "cluster-9999"
        assert "cluster-9999 is none of these clusters." in said(of_a_link.run())


def test_coming_back_from_another_page_the_clusters_are_still_there(of_a_link, service):
    of_a_link.run()
    of_a_link.session_state["dashboard.arrives"] = True
    of_a_link.query_params.clear()
    of_a_link.run()
    assert len(rows(of_a_link)) == 3
    assert len(service.orders) == 1
    assert address(of_a_link) == {"clusters": "3", "seed": "7"}
