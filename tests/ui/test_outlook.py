"""Kind of trouble and status to expect, on the pages and in words."""

from __future__ import annotations

import pytest

from podforecast.api_schema.targets import IssueTypeOut, PodStatusOut
from podforecast.domain.issues import IssueType
from podforecast.ui.viewmodels.fleet import pod_rows
from podforecast.ui.viewmodels.fleet_query import FleetQuery, as_filters, read_address
from podforecast.ui.viewmodels.issues import ISSUE_SIGNS
from podforecast.ui.viewmodels.outlook import issue_view, status_view
from tests.ui.conftest import ISSUE, STATUS


def issue(**changes):
    return issue_view(IssueTypeOut.model_validate(ISSUE | changes))


def status(**changes):
    return status_view(PodStatusOut.model_validate(STATUS | changes))


class TestKindOfTrouble:
    def test_has_a_symbol_a_word_and_its_confidence(self):
        view = issue()
        assert view.headline == f"{ISSUE_SIGNS[IssueType.RESOURCE_EXHAUSTION]} · 80.0 %"

    def test_lists_what_else_it_may_be_largest_first(self):
        words = [share.split()[1] for share in issue().shares]
        assert words == ["Resource", "Pod", "No", "Network"]

    @pytest.mark.parametrize("kind", list(IssueType))
    def test_every_kind_has_words(self, kind):
        assert issue(type=kind).sentence


class TestStatus:
    def test_says_what_is_and_what_will_be(self):
        view = status()
        assert view.headline == "Running · 70.0 %"
        assert view.sentence == "Running now."
        assert view.shares == ("Running 70.0 %", "CrashLoopBackOff 25.0 %", "NotFound 5.0 %")

    def test_says_that_the_status_now_is_not_known(self):
        assert status(now=None).sentence == "Its status now is not known; it is taken to run."

    def test_that_no_training_has_seen_is_not_forecast(self):
        view = status(now="Pending", in_5_minutes=None, confidence=None, distribution=None)
        assert view.headline == "Pending now"
        assert view.sentence == "No training has seen what becomes of such a pod."
        assert view.shares == ()


class TestFleet:
    def test_a_row_names_the_trouble_and_leaves_none_empty(self, make_fleet, make_pod):
        pods = (make_pod(), make_pod("web-1", issue_type="none"), make_pod("new", issue_type=None))
        found = [row.issue for row in pod_rows(make_fleet(pods=pods))]
        assert found == [str(ISSUE_SIGNS[IssueType.RESOURCE_EXHAUSTION]), "", ""]

    def test_a_link_keeps_the_kind_that_is_shown(self):
        query, complaints = read_address({"issue_type": "network_issue"})
        assert query == FleetQuery(issue=IssueType.NETWORK_ISSUE)
        assert complaints == ()
        assert as_filters(query)["issue_type"] == "network_issue"

    @pytest.mark.parametrize("kind", ["network", "none"])
    def test_a_link_to_no_kind_is_told(self, kind):
        query, complaints = read_address({"issue_type": kind})
        assert query.issue is None
        assert "is no kind of trouble; there are pod_failure" in complaints[0]
