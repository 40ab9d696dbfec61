"""A replay gives what was recorded, at its pace, and nothing that is still to come."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from podforecast.errors import TelemetryUnavailable
from podforecast.features.build import SIGNALS_READ
from podforecast.watcher.campaigns import find_campaign
from podforecast.watcher.replay import ReplayPlan, ReplaySource
from tests.watcher.made_up import FAILURES, MINUTES, WallClock, at, block, minute, write_campaign


@pytest.fixture
def source(data_dir, wall):
    opened = ReplaySource(ReplayPlan(data_dir=data_dir, speed=10.0, start_minute=10.0), clock=wall)
    opened.open()
    return opened


class TestRefused:
    def test_without_recordings_the_way_to_get_them_is_told(self, tmp_path):
        with pytest.raises(TelemetryUnavailable, match="role `test`") as refused:
            find_campaign(tmp_path / "nowhere")
        assert "PODFORECAST_REPLAY__DATA_DIR" in refused.value.hint

    def test_a_campaign_to_train_on_is_not_replayed_unasked(self, tmp_path):
        write_campaign(tmp_path, "learnt", role="train")
        with pytest.raises(TelemetryUnavailable):
            find_campaign(tmp_path)
        assert find_campaign(tmp_path, "learnt").name == "learnt"

    def test_an_unknown_campaign_is_answered_with_those_there_are(self, data_dir):
        with pytest.raises(TelemetryUnavailable, match=r"'brok'.*which has: brook"):
            find_campaign(data_dir, "brok")

    def test_a_recording_that_can_not_be_read(self, tmp_path, wall):
        write_campaign(tmp_path)
        (tmp_path / "brook" / "signals.parquet").write_bytes(b"garbage")
        with pytest.raises(TelemetryUnavailable, match="brook can not be read"):
            ReplaySource(ReplayPlan(data_dir=tmp_path), clock=wall).open()

    def test_a_start_after_the_end(self, data_dir):
        source = ReplaySource(ReplayPlan(data_dir=data_dir, start_minute=29.5), clock=WallClock())
        with pytest.raises(TelemetryUnavailable, match=r"minute 29\.5: it lasts 30 min") as refused:
            source.open()
        assert "START_MINUTE" in refused.value.hint

    def test_nothing_is_read_before_it_is_open(self, data_dir):
        with pytest.raises(TelemetryUnavailable, match="not open"):
            ReplaySource(ReplayPlan(data_dir=data_dir)).now()

    def test_samples_that_are_still_to_come(self, source):
        now = source.now()
        with pytest.raises(ValueError, match="after the replay's now"):
            source.read(SIGNALS_READ, start=now, end=now + timedelta(seconds=15))

    def test_a_folder_that_is_no_recording_is_passed_over(self, tmp_path):
        for name, text in (("a", "garbage"), ("b", "[]")):
            (tmp_path / name).mkdir()
            (tmp_path / name / "campaign.json").write_text(text)
        write_campaign(tmp_path)
        assert find_campaign(tmp_path).name == "brook"


class TestNothingFromTheFuture:
    @pytest.mark.parametrize("passed", [0.0, 3.3, 10.07, 19.9])
    def test_reads_end_now(self, source, move, passed):
        move(passed)
        now = source.now()
        read = source.read(SIGNALS_READ, start=at(0), end=now)
        assert at(10 + passed) - timedelta(seconds=15) < now <= at(10 + passed)
        assert read.times[-1] == now.timestamp()

    def test_failures_are_known_once_they_have_happened(self, source, move):
        known = []
        for _ in range(4 * (MINUTES - 10)):
            now = source.now()
            failures = source.failures_until(at(MINUTES))
            assert all(failure.at <= now.timestamp() for failure in failures)
            known.append(len(failures))
            move(0.25)
        assert sorted(set(known)) == [0, 1, 2]
        assert known == sorted(known)

    def test_another_future_changes_nothing_that_is_published(self, tmp_path, watch, move, wall):
        seen = []
        for name in ("as-it-was", "otherwise"):
            recorded, wall.seconds = block(), 1000.0
            future = recorded.times > minute(18)
            failed = [
                {"at": minute(0) + second, "kind": "failure", "namespace": pod.namespace,
                 "pod": pod.name, "cause": "oom", "first": True}
                for pod, second in FAILURES.items()
            ]  # fmt: skip
            if name == "otherwise":
                for values in recorded.signals.values():
                    values[:, future] = 1.0
                failed = [{**each, "at": min(each["at"], minute(18.4))} for each in failed]
            folder = write_campaign(tmp_path / name, block=recorded, events=failed)
            watcher = watch(17.0, data_dir=folder)
            watcher.tick()
            move(1.0)
            watcher.tick()
            seen.append(watcher.latest)
        one, other = seen
        assert one.present.at == other.present.at == minute(18)
        assert len(one.scans) == len(other.scans) > 10
        for a, b in zip(one.scans, other.scans, strict=True):
            assert a.index.pods == b.index.pods
            for name in ("probability", "at_risk", "failing", "coverage", "drawn"):
                np.testing.assert_array_equal(getattr(a, name), getattr(b, name), err_msg=name)
        assert one.failures == other.failures
        np.testing.assert_array_equal(one.features, other.features)


class TestPace:
    def test_it_runs_as_many_times_faster_and_starts_over(self, source, wall):
        assert source.now() == at(10)
        wall.seconds += 60.0
        assert source.now() == at(20)
        assert "over" not in source.tell(source.now())
        wall.seconds += 61.5
        assert source.now() == at(10.25)
        assert source.tell(source.now()) == (
            "Replays the recorded campaign brook at 10 times real time: minute 10 of 30."
            " It has started over once."
        )

    @pytest.mark.parametrize(
        ("speed", "seconds"),
        [
            pytest.param(1.0, 15.0, id="real-time"),
            pytest.param(10.0, 1.5, id="ten-times"),
            pytest.param(120.0, 1.0, id="no-more-than-a-scan-a-second"),
        ],
    )
    def test_a_scan_is_due_at_every_sample_within_reason(self, speed, seconds):
        facts = ReplaySource(ReplayPlan(data_dir=None, speed=speed)).facts
        assert (facts.interval.total_seconds(), facts.speed) == (seconds, speed)

    def test_the_name_is_that_of_the_recording_once_it_is_open(self, data_dir):
        plan = ReplayPlan(data_dir=data_dir)
        source = ReplaySource(replace(plan, start_minute=1.0), clock=WallClock())
        assert source.facts.name == "a recorded campaign"
        assert ReplaySource(replace(plan, campaign="brook")).facts.name == "brook"
        source.open()
        assert source.facts.name == "brook"
