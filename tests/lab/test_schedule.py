"""What a campaign draws: clusters, schedules, and the arithmetic of faults."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from random import Random
from statistics import mean, pstdev

import pytest

from lab.app.registry import TOGGLES
from lab.app.toggles.memory import leaked_mib
from lab.campaign.kinds import KINDS
from lab.campaign.mixes import MIXES
from lab.campaign.planners import (
    EXPECTED_REQUESTS_PER_MINUTE,
    IDLE_MIB,
    LIVENESS_MINUTES,
    POOL_SLOTS,
    STARVING_THREADS,
    Draw,
    Target,
)
from lab.campaign.schedule import (
    MAX_REPEATS,
    QUIET_MINUTES,
    Frame,
    Injection,
    Outlook,
    draw_schedule,
    outlook,
)
from lab.campaign.workloads import MIB, draw_cluster

NOW = 1_800_000_000.0
MINUTES = 92.0
PODS = 100
TARGET = Target(
    memory_limit_mib=96, cpu_limit_cores=0.05, max_open_files=256, requests_per_minute=20
)


def frame(seed: int, mix: str = "balanced", pods: int = PODS) -> Frame:
    cluster = draw_cluster(Random(seed), pods=pods, mix=MIXES[mix], now=NOW)
    return Frame(plan=cluster, mix=MIXES[mix], minutes=MINUTES)


def schedule(seed: int, mix: str = "balanced") -> tuple[Injection, ...]:
    return draw_schedule(Random(seed), frame(seed, mix))


@pytest.fixture(scope="module", params=sorted(MIXES))
def outlooks(request: pytest.FixtureRequest) -> list[Outlook]:
    return [
        outlook(schedule(seed, request.param), pods=PODS, minutes=MINUTES) for seed in range(20)
    ]


class TestCluster:
    def test_same_seed_same_cluster(self) -> None:
        assert frame(3).plan == frame(3).plan

    @pytest.mark.parametrize("pods", [30, 100])
    def test_has_as_many_pods_as_asked_for(self, pods: int) -> None:
        assert all(frame(seed, pods=pods).plan.pods == pods for seed in range(20))

    def test_all_requests_fit_with_room_to_spare(self) -> None:
        plan = frame(1).plan
        requested = sum(w.replicas * w.containers[0].memory_request_bytes for w in plan.workloads)
        assert sum(node.memory_bytes for node in plan.nodes) > 1.4 * requested

    def test_no_idle_pod_is_near_its_limit(self) -> None:
        limits = [
            w.containers[0].memory_limit_bytes for w in frame(1, "memory-heavy").plan.workloads
        ]
        assert min(limits) > 3 * IDLE_MIB * MIB

    def test_age_tells_nothing_about_the_campaign(self) -> None:
        ages = [NOW - w.created_at for w in frame(1).plan.workloads]
        assert min(ages) >= 3600
        assert max(ages) <= 30 * 86_400


class TestSchedule:
    def test_same_seed_same_schedule(self) -> None:
        assert schedule(7) == schedule(7)

    def test_another_seed_another_schedule(self) -> None:
        assert schedule(7) != schedule(8)

    def test_is_in_order_and_leaves_the_start_quiet(self) -> None:
        onsets = [injection.onset_minutes for injection in schedule(7)]
        assert onsets == sorted(onsets)
        assert onsets[0] >= QUIET_MINUTES

    def test_has_no_timetable(self) -> None:
        """Gaps between onsets vary as those of a Poisson process: as much as they are long."""
        onsets = [i.onset_minutes for seed in range(5) for i in schedule(seed)]
        gaps = [b - a for a, b in pairwise(onsets) if b > a]
        assert 0.8 < pstdev(gaps) / mean(gaps) < 1.25

    def test_crash_loops_are_capped(self) -> None:
        assert max(injection.repeats for injection in schedule(7)) <= MAX_REPEATS

    def test_benign_rows_never_repeat(self) -> None:
        assert not any(i.repeats for i in schedule(7) if i.row.benign)

    def test_few_overlap_on_one_pod(self) -> None:
        drawn = schedule(7)
        assert sum(injection.overlap for injection in drawn) < 0.05 * len(drawn)


class TestOutlook:
    def test_first_failures(self, outlooks: list[Outlook]) -> None:
        assert 75 <= mean(o.first_failures for o in outlooks) <= 95

    def test_share_of_sudden_failures(self, outlooks: list[Outlook]) -> None:
        shares = [o.sudden_first_failures / o.first_failures for o in outlooks]
        assert 0.33 <= mean(shares) <= 0.42

    def test_positive_share_of_rows(self, outlooks: list[Outlook]) -> None:
        assert all(0.01 <= o.positive_share <= 0.08 for o in outlooks)

    def test_lookalikes_outnumber_faults(self, outlooks: list[Outlook]) -> None:
        assert 1.3 <= mean(o.lookalikes / o.faults for o in outlooks) <= 1.8

    def test_a_fault_too_late_to_fail_does_not_count(self) -> None:
        late = replace(schedule(7)[0], kind="leak_linear", onset_minutes=90.0, minutes=10.0)
        assert outlook((late,), pods=PODS, minutes=MINUTES).first_failures == 0


class TestKinds:
    @pytest.mark.parametrize("name", sorted(KINDS))
    def test_the_demo_app_understands_the_parameters(self, name: str) -> None:
        kind = KINDS[name]
        if kind.action != "toggle":
            return
        for seed in range(20):
            params = kind.plan(Draw(Random(seed), TARGET, 4.0 + seed)).params
            TOGGLES[kind.toggle].model_validate(params)

    @pytest.mark.parametrize("minutes", [3.0, 12.0, 40.0])
    @pytest.mark.parametrize("shape", ["linear", "accelerating", "steps"])
    def test_a_leak_reaches_the_limit_when_planned(self, shape: str, minutes: float) -> None:
        params = KINDS[f"leak_{shape}"].plan(Draw(Random(1), TARGET, minutes)).params
        leaked = leaked_mib(params["shape"], params["mib_per_minute"], 60.0 * minutes)
        assert IDLE_MIB + leaked == pytest.approx(TARGET.memory_limit_mib, rel=0.01)

    def test_a_leak_per_request_reaches_the_limit_when_planned(self) -> None:
        params = KINDS["leak_per_request"].plan(Draw(Random(1), TARGET, 10.0)).params
        requests = 10.0 * TARGET.requests_per_minute
        leaked = requests * params["mib_per_minute"] / EXPECTED_REQUESTS_PER_MINUTE
        assert IDLE_MIB + leaked == pytest.approx(TARGET.memory_limit_mib, rel=0.01)

    @pytest.mark.parametrize("seed", range(10))
    def test_a_leak_that_stops_stays_below_the_limit(self, seed: int) -> None:
        params = KINDS["leak_that_stops"].plan(Draw(Random(seed), TARGET, 10.0)).params
        assert IDLE_MIB + params["stop_at_mib"] <= 0.925 * TARGET.memory_limit_mib

    @pytest.mark.parametrize("seed", range(10))
    def test_a_sawtooth_stays_below_the_limit(self, seed: int) -> None:
        params = KINDS["gc_sawtooth"].plan(Draw(Random(seed), TARGET, 10.0)).params
        assert params["low_mib"] < params["high_mib"]
        assert IDLE_MIB + params["high_mib"] < 0.94 * TARGET.memory_limit_mib

    @pytest.mark.parametrize("seed", range(10))
    def test_a_connection_leak_that_stops_leaves_descriptors(self, seed: int) -> None:
        plan = KINDS["connection_leak_stops"].plan(Draw(Random(seed), TARGET, 10.0))
        assert plan.params["per_minute"] * plan.minutes < 0.95 * TARGET.max_open_files

    @pytest.mark.parametrize("seed", range(10))
    def test_a_dependency_that_recovers_never_fills_the_pool(self, seed: int) -> None:
        plan = KINDS["slow_dependency_recovers"].plan(Draw(Random(seed), TARGET, 10.0))
        held_seconds = plan.params["ms_per_minute"] * plan.minutes / 1000.0
        assert held_seconds * TARGET.requests_per_minute / 60.0 < 0.75 * POOL_SLOTS

    def test_threads_starve_the_probes_just_before_the_planned_failure(self) -> None:
        params = KINDS["cpu_ramp"].plan(Draw(Random(1), TARGET, 10.0)).params
        pace = params["ramp_seconds"] / (params["threads"] - 1)
        starved_minutes = pace * (STARVING_THREADS - 1) / 60.0
        assert starved_minutes == pytest.approx(10.0 - LIVENESS_MINUTES)
