"""What the Fleet page says, without a page."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from podforecast.ui.outcomes import Answered, Declined, Unreachable
from podforecast.ui.viewmodels.fleet import (
    counters,
    failure_in_words,
    nothing_to_show,
    paging,
    pod_rows,
    promise,
    source_view,
    started_over,
)
from podforecast.ui.viewmodels.fleet_query import (
    STATES,
    FleetQuery,
    PodName,
    as_address,
    as_filters,
    read_address,
)
from podforecast.ui.viewmodels.pod import chronicle, failing_stretches, pod_view
from podforecast.ui.viewmodels.snapshot import Snapshot, data_age, look
from podforecast.ui.viewmodels.timeline import timeline_view

GONE = Unreachable("http://service:8000", "nothing listens there")


class TestAddress:
    @pytest.mark.parametrize(
        ("params", "complaint"),
        [
            pytest.param({"state": "broken"}, "state = broken is no state", id="state"),
            pytest.param({"min_probability": "most"}, "no number from 0 to 1", id="no-number"),
            pytest.param({"min_probability": "nan"}, "no number from 0 to 1", id="nan"),
            pytest.param({"min_probability": "1.5"}, "no number from 0 to 1", id="above-1"),
            pytest.param({"page": "0"}, "no number of a page", id="page-0"),
            pytest.param({"page": "1.5"}, "no number of a page", id="half-a-page"),
            pytest.param({"page": "1e9"}, "no number of a page", id="page-too-far"),
            pytest.param({"pod": "cart-0"}, "pod = cart-0 is no namespace/name", id="pod"),
            pytest.param({"pod": "a/b/c"}, "no namespace/name", id="pod-with-two-slashes"),
            pytest.param({"pod": "/"}, "no namespace/name", id="slash"),
        ],
    )
    def test_what_can_not_be_read_is_left_out_and_named(self, params, complaint):
        query, complaints = read_address(params)
        assert query == FleetQuery()
        assert len(complaints) == 1
        assert complaint in complaints[0]

    def test_one_bad_value_leaves_the_others(self):
        query, complaints = read_address({"state": "failing", "page": "x", "text": "cart"})
        assert (query.state, query.text, query.page) == ("failing", "cart", 1)
        assert len(complaints) == 1

    def test_a_long_value_is_cut_where_it_is_complained_about(self):
        _, complaints = read_address({"state": "x" * 10_000})
        assert len(complaints[0]) < 150

    def test_parameters_of_others_are_none_of_its_business(self):
        assert read_address({"utm_source": "mail"}) == (FleetQuery(), ())

    @given(
        st.builds(
            FleetQuery,
            namespace=st.none() | st.text(min_size=1, max_size=20),
            state=st.none() | st.sampled_from(STATES),
            text=st.text(max_size=20),
            min_probability=st.integers(0, 20).map(lambda k: k / 20),
            page=st.integers(1, 10_000),
            pod=st.none()
            | st.builds(
                PodName,
                st.text("abc-", min_size=1, max_size=9),
                st.text("abc-", min_size=1, max_size=9),
            ),
        )
    )
    def test_a_link_reproduces_the_view(self, query):
        assert read_address(as_address(query)) == (query, ())

    @given(st.dictionaries(st.sampled_from(["state", "page", "pod", "min_probability"]), st.text()))
    def test_no_link_is_an_error(self, params):
        query, _ = read_address(params)
        assert as_filters(query)["limit"] == "100"


class TestSource:
    def test_a_replay_names_campaign_speed_and_age(self, make_source):
        source = make_source()
        view = source_view(
            source, source.scanned_at, now=source.scanned_at + timedelta(seconds=0.8)
        )
        assert view.line == "Replay of `ridge`, 10x, data 2.0 s old, recorded at 10:30:00 UTC"
        assert view.notice is None

    def test_a_cluster_has_no_speed(self, make_source):
        source = make_source(kind="prometheus", name="http://prometheus:9090", speed=None)
        view = source_view(source, source.scanned_at, now=source.scanned_at)
        assert view.line.startswith("Prometheus `http://prometheus:9090`, data 1.2 s old, scanned")

    @pytest.mark.parametrize(
        ("state", "tone"), [("starting", "note"), ("stale", "warning"), ("failed", "error")]
    )
    def test_what_is_not_live_says_so(self, make_source, state, tone):
        source = make_source(state=state, detail="The disk is full.")
        notice = source_view(source, source.scanned_at, now=source.scanned_at).notice
        assert (notice.tone, notice.detail) == (tone, "The disk is full.")

    def test_what_fails_beside_the_scans_is_told_while_they_go_on(self, make_source):
        source = make_source(troubles=("Store: the database is gone.",))
        notice = source_view(source, source.scanned_at, now=source.scanned_at).notice
        assert (notice.tone, notice.detail) == ("warning", "Store: the database is gone.")

    def test_before_the_first_scan_there_is_no_age(self, make_source):
        source = make_source(state="starting", scanned_at=None, age_seconds=None)
        now = make_source().scanned_at
        assert data_age(source, now, now=now) is None
        assert source_view(source, now, now=now).line == "Replay of `ridge`, 10x"


class TestStartingOver:
    def test_time_runs_backwards_in_a_replay_that_starts_over(self, make_fleet, make_source):
        later = make_fleet()
        earlier = make_fleet(
            source=make_source(scanned_at=later.source.scanned_at - timedelta(hours=1))
        )
        assert started_over(later, earlier)
        assert not started_over(earlier, later)

    @pytest.mark.parametrize("changes", [{"kind": "prometheus"}, {"name": "other"}])
    def test_another_source_is_no_replay_that_starts_over(self, make_fleet, make_source, changes):
        before = make_fleet()
        at = before.source.scanned_at - timedelta(hours=1)
        after = make_fleet(source=make_source(scanned_at=at, **changes))
        assert not started_over(before, after)

    def test_without_a_scan_nothing_starts_over(self, make_fleet, make_source):
        assert not started_over(make_fleet(), make_fleet(source=make_source(scanned_at=None)))


class TestRows:
    def test_a_row_is_in_percent_and_says_when_the_pod_failed(self, make_fleet):
        row = pod_rows(make_fleet())[0]
        assert (row.state_words, row.probability_pct, row.restarts) == ("▲ At risk", 94.0, 3)
        assert row.trend_pct == (10.0, 94.0)
        assert row.last_failure == "12 min ago, out of memory"

    def test_what_is_unknown_is_not_0(self, make_fleet, make_pod):
        pod = make_pod(
            state="insufficient_data", failure_probability=None, risk_level=None,
            cpu_usage_pct=None, memory_usage_pct=None, restart_count_24h=None, last_failure=None,
        )  # fmt: skip
        row = pod_rows(make_fleet(pods=(pod,)))[0]
        assert row.state_words == "? Insufficient data"
        assert (row.probability_pct, row.cpu_pct, row.memory_pct, row.restarts) == (None,) * 4
        assert row.last_failure == ""

    @pytest.mark.parametrize(
        ("level", "words", "ink"),
        [
            ("low", "● Stable", "stable"),
            ("medium", "● Stable, medium", "medium"),
            ("high", "◆ Watch", "watch"),
            ("critical", "◆ Watch", "watch"),
        ],
    )
    def test_green_is_for_low_risk_only(self, make_fleet, make_pod, level, words, ink):
        pod = make_pod(state="stable", failure_probability=0.3, risk_level=level)
        row = pod_rows(make_fleet(pods=(pod,)))[0]
        assert (row.state_words, row.ink) == (words, ink)

    def test_without_a_scan_the_time_of_a_failure_is_told(self, make_pod):
        assert failure_in_words(make_pod().last_failure, None) == "10:18:00 UTC, out of memory"

    def test_at_risk_is_explained_with_threshold_and_horizon(self, make_fleet):
        assert "within 5 minutes is 31.0 % or more" in promise(make_fleet())


class TestCounters:
    def test_each_state_has_one_worst_first(self, make_fleet):
        assert [c.state for c in counters(make_fleet().counts, None)] == [
            "failing", "at_risk", "insufficient_data", "stable",
        ]  # fmt: skip

    def test_colour_is_for_what_is_there(self, make_fleet):
        labels = [c.label for c in counters(make_fleet().counts, "at_risk")]
        assert labels[1] == ":orange[▲ **1**] at risk"
        assert labels[2] == "? **0** insufficient data"

    def test_the_chosen_one_can_be_taken_back(self, make_fleet):
        chosen = [c for c in counters(make_fleet().counts, "at_risk") if c.chosen]
        assert [c.state for c in chosen] == ["at_risk"]
        assert "Press to show all states again." in chosen[0].help


class TestPaging:
    @pytest.mark.parametrize(
        ("pages", "words", "last_page"),
        [
            pytest.param((1, 0, 1), "1 pod", 1, id="one"),
            pytest.param((100, 0, 100), "100 pods", 1, id="a-full-page"),
            pytest.param((101, 0, 100), "1 to 100 of 101 pods", 2, id="first-of-two"),
            pytest.param((101, 100, 1), "101 to 101 of 101 pods", 2, id="last-of-two"),
            pytest.param((12_345, 200, 100), "201 to 300 of 12,345 pods", 124, id="many"),
            pytest.param((0, 0, 0), "", 1, id="none"),
        ],
    )
    def test_it_says_which_of_how_many(self, make_fleet, make_pod, pages, words, last_page):
        total, offset, shown = pages
        pods = tuple(make_pod(f"p-{k}") for k in range(shown))
        view = paging(make_fleet(pods=pods, total=total, offset=offset), FleetQuery())
        assert (view.words, view.last_page) == (words, last_page)

    def test_filters_are_mentioned(self, make_fleet):
        view = paging(make_fleet(), FleetQuery(text="c"))
        assert view.words == "2 pods that pass the filters"


class TestNothingToShow:
    @pytest.mark.parametrize(
        ("changes", "filters", "headline"),
        [
            pytest.param({"total": 0}, {}, "The scan found no pods", id="no-pods"),
            pytest.param({"total": 0}, {"state": "failing"}, "No pod passes the filters",
                         id="filtered"),
            pytest.param({"total": 40}, {"page": 3}, "Page 3 is empty", id="behind-the-end"),
        ],
    )  # fmt: skip
    def test_the_reason_is_said(self, make_fleet, changes, filters, headline):
        notice = nothing_to_show(make_fleet(pods=(), **changes), FleetQuery(**filters))
        assert notice.headline == headline

    def test_pods_need_no_words(self, make_fleet):
        assert nothing_to_show(make_fleet(), FleetQuery()) is None


class TestSnapshot:
    def test_trouble_keeps_the_last_answer(self, make_fleet, nothing_watched):
        at = make_fleet().source.scanned_at
        kept = Snapshot(make_fleet(), at)
        for trouble in (GONE, Declined(nothing_watched)):
            sight = look(trouble, kept, now=at + timedelta(seconds=40))
            assert (sight.snapshot, sight.trouble) == (kept, trouble)

    def test_a_new_answer_replaces_the_old_one(self, make_fleet):
        at = make_fleet().source.scanned_at
        sight = look(Answered(make_fleet(total=7)), Snapshot(make_fleet(), at), now=at)
        assert sight.snapshot.answer.total == 7
        assert sight.trouble is None


class TestPod:
    def test_a_forecast_is_a_number_and_a_sentence(self, make_detail):
        view = pod_view(make_detail())
        assert (view.headline, view.number) == ("▲ At risk", "94.0 %")
        assert "About 94 of 100 pods" in view.sentence
        assert "at or above the threshold of 31.0 %" in view.verdict
        assert "97 % of its samples" in view.facts
        assert "siblings" not in view.sentence

    def test_a_young_pod_says_whom_it_was_compared_with(self, make_detail, make_pod):
        view = pod_view(make_detail(pod=make_pod(borrowed=True)))
        assert view.sentence.endswith("It is young, and was compared with its siblings.")

    @pytest.mark.parametrize(
        ("state", "coverage", "words"),
        [
            ("failing", 0.9, "What fails already is not forecast"),
            ("insufficient_data", 0.4, "Only 40 % of the CPU and memory samples"),
        ],
    )
    def test_without_a_probability_it_says_why(self, make_detail, make_pod, state, coverage, words):
        pod = make_pod(state=state, coverage=coverage, failure_probability=None, risk_level=None)
        view = pod_view(make_detail(pod=pod))
        assert (view.number, view.share) == ("", None)
        assert words in view.sentence

    def test_failures_and_alarms_are_told_newest_first(self, make_detail):
        told = [(e.when, e.what, e.then) for e in chronicle(make_detail())]
        assert told == [
            ("10:29:00 to now", "▲ At risk", "not over yet"),
            ("10:25:00", "✖ Failed: out of memory", "announced 2 min before"),
            ("10:23:00 to 10:25:00", "▲ At risk", "the pod failed"),
            ("10:21:00 to 10:22:00", "▲ At risk", "nothing happened"),
        ]

    def test_a_failing_stretch_ends_with_the_first_scan_that_is_well_again(self, make_detail):
        (stretch,) = failing_stretches(make_detail())
        assert (f"{stretch.begin:%H:%M}", f"{stretch.end:%H:%M}") == ("10:25", "10:27")


class TestTimeline:
    def test_without_a_scan_there_is_no_chart(self, make_detail):
        nothing = {"times": (), "failure_probability": (), "failing": (), "series": ()}
        assert timeline_view(make_detail(timeline=nothing)) is None

    def test_all_panels_share_the_moments_and_unknown_is_a_gap(self, make_detail):
        view = timeline_view(make_detail())
        assert [p.title for p in view.panels] == [
            "Probability of failure, %", "Memory, % of limit", "Restarts in 24 hours, count",
        ]  # fmt: skip
        assert view.moments[0]["probability"] == pytest.approx(10.0)
        assert view.moments[5]["s0"] is None
        assert view.moments[5]["s0_text"] == "unknown"
        assert view.moments[5]["probability_text"] == "failing"

    def test_an_axis_holds_all_values_and_the_limit(self, make_detail):
        assert [p.top for p in timeline_view(make_detail()).panels] == [100.0, 100.0, 1.0]

    def test_an_alarm_that_lasts_reaches_the_present(self, make_detail):
        view = timeline_view(make_detail())
        assert view.alarms[-1]["end"] == view.moments[-1]["time"]
        assert view.alarms[-1]["outcome"] == "not over yet"

    def test_marks_outside_of_the_axis_do_not_stretch_it(self, make_detail):
        detail = make_detail()
        early = detail.events[0].at - timedelta(hours=1)
        view = timeline_view(
            make_detail(
                events=[{"at": early, "kind": "failure", "cause": "exit",
                         "announced_minutes": None}],
                alarms=[{"began_at": early, "ended_at": early, "outcome": "failed"},
                        {"began_at": early, "ended_at": None, "outcome": "open"}],
            )
        )  # fmt: skip
        assert view.failures == ()
        assert [a["begin"] for a in view.alarms] == [view.moments[0]["time"]]
