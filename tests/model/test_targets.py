"""Beyond yes and no: which kind of trouble, and what status a pod will have."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from podforecast.cli.targets import TrainedTargets, put_beside
from podforecast.cli.targets import train as train_targets
from podforecast.cli.training_data import TrainingData
from podforecast.domain.catalogue import CATALOGUE, feature_index
from podforecast.domain.issues import FAILING_ISSUES, issue_of
from podforecast.domain.outcomes import Failure
from podforecast.domain.pods import FailureCause, PodRef, PodStatus
from podforecast.domain.statuses import StatusRows, concatenate_statuses
from podforecast.errors import DataUnusable, ModelNotReady
from podforecast.model import artifact
from podforecast.model.portable import NotPortable
from podforecast.model.scorer import load
from podforecast.model.selection import Effort
from podforecast.model.status_labels import statuses_ahead, thinned
from podforecast.model.targets import describe, form, measuring, training
from podforecast.model.targets.candidates import CANDIDATES
from podforecast.model.targets.export import arrays_of
from podforecast.model.targets.files import portable_of
from podforecast.model.targets.forecaster import IssueModel, StatusModel
from podforecast.model.targets.scaling import Scaling
from podforecast.model.targets.task import issue_task, status_task

RUNNING, PENDING, CREATING, ERROR, CRASH, UNKNOWN, GONE = range(7)
MEMORY, LATENCY = feature_index("memory_usage_pct"), feature_index("request_latency_ms")


def failure(fault="", cause=FailureCause.EXIT):
    return Failure(pod=PodRef("shop", "a"), at=1.0, cause=cause, first=True, fault_kind=fault)


class TestIssueOfAFailure:
    @pytest.mark.parametrize(
        ("fault", "issue"),
        [
            ("leak_linear", "resource_exhaustion"),
            ("leak_steps", "resource_exhaustion"),
            ("leak_accelerating", "resource_exhaustion"),
            ("leak_per_request", "resource_exhaustion"),
            ("sudden_allocation", "resource_exhaustion"),
            ("cpu_ramp", "resource_exhaustion"),
            ("connection_leak", "resource_exhaustion"),
            ("node_pressure", "resource_exhaustion"),
            ("slow_dependency", "network_issue"),
            ("error_exit", "service_disruption"),
            ("crash", "pod_failure"),
            ("outside_kill", "pod_failure"),
            ("deadlock", "pod_failure"),
            ("bad_rollout", "pod_failure"),
        ],
    )
    def test_follows_its_fault_whatever_showed(self, fault, issue):
        assert {issue_of(failure(fault, cause)) for cause in FailureCause} == {issue}

    @pytest.mark.parametrize("fault", ["", "a fault of a later lab"])
    @pytest.mark.parametrize(
        ("cause", "issue"),
        [
            (FailureCause.OOM, "resource_exhaustion"),
            (FailureCause.EVICTION, "resource_exhaustion"),
            (FailureCause.LIVENESS, "service_disruption"),
            (FailureCause.EXIT, "pod_failure"),
        ],
    )
    def test_follows_its_cause_where_no_fault_is_known(self, fault, cause, issue):
        assert issue_of(failure(fault, cause)) == issue


class TestStatusAhead:
    def ahead(self, *status):
        times = 60.0 * np.arange(len(status))
        now, later = statuses_ahead(times, np.array([status], dtype=float))
        return now[0].tolist(), later[0].tolist()

    def test_is_that_of_five_minutes_later(self):
        now, later = self.ahead(0, 0, 0, 0, 0, 4, 0)
        assert now == [0, 0, 0, 0, 0, 4, 0]
        assert later == [4, 0, -1, -1, -1, -1, -1]

    def test_of_a_pod_that_is_gone_by_then_is_not_found(self):
        assert self.ahead(0, 0, 0, np.nan, np.nan, np.nan, np.nan)[1][:2] == [GONE, GONE]

    def test_that_was_only_not_scraped_is_not_known(self):
        assert self.ahead(0, 0, 0, 0, 0, np.nan, 0)[1][:2] == [-1, 0]

    def test_of_a_pod_whose_status_is_not_known_now_is_none(self):
        assert self.ahead(np.nan, 0, 0, 0, 0, 0, 0)[1][0] == -1

    def test_thinning_keeps_every_row_that_is_not_plain_and_counts_the_plain_ones(self):
        now = np.array([0] * 20 + [0, 4, -1], dtype=np.int8)
        later = np.array([0] * 20 + [4, 0, 0], dtype=np.int8)
        kept, weight = thinned(now, later, column=3, every=10)
        assert kept[20:].tolist() == [True, True, False]
        assert kept[:20].sum() == 2
        assert weight[kept].tolist() == [10, 10, 1, 1]


@pytest.fixture(scope="session")
def troubled(dataset):
    """Failures of every kind, with features that tell: memory of some, latency of others."""
    faults = ("crash", "leak_linear", "slow_dependency", "error_exit")
    failures = tuple(replace(f, fault_kind=faults[i % 4]) for i, f in enumerate(dataset.failures))
    x, kind = dataset.x.copy(), dataset.failure % 4
    announced = dataset.failure >= 0
    x[announced & (kind == 1), MEMORY] = 97.0
    x[announced & (kind == 2), LATENCY] = 9000.0
    return replace(dataset, x=x, failures=failures)


def status_rows(*, seed=1, changing=True, name="made-up"):
    """Pods that run; with full memory they crash, and from there they run again."""
    rng = np.random.default_rng(seed)
    n = 1200
    x = rng.uniform(0, 60, size=(n, len(CATALOGUE))).astype(np.float32)
    now = np.where(rng.random(n) < 0.1, CRASH, RUNNING).astype(np.int8)
    full = rng.random(n) < 0.15
    x[full, MEMORY] = 98.0
    later = np.where((now == RUNNING) & full & changing, CRASH, RUNNING).astype(np.int8)
    pod = np.arange(n) // 40
    return StatusRows(
        x=x, now=now if changing else np.zeros_like(now), later=later, time=15.0 * np.arange(n),
        pod=pod, workload=pod % 8, campaign=np.zeros(n, np.int64), weight=np.ones(n),
        pods=tuple(f"p{i}" for i in range(30)), workloads=tuple(f"w{i}" for i in range(8)),
        campaigns=(name,),
    )  # fmt: skip


@pytest.fixture(scope="session")
def statuses():
    return status_rows()


@pytest.fixture(scope="session", params=CANDIDATES, ids=lambda candidate: candidate.name)
def issue_training(request, troubled):
    return training.train(issue_task(troubled, seed=1, folds=2), seed=1, candidates=[request.param])


@pytest.fixture(scope="session", params=CANDIDATES, ids=lambda candidate: candidate.name)
def status_training(request, statuses):
    return training.train(
        status_task(statuses, seed=1, folds=2), seed=1, candidates=[request.param]
    )


def loaded(trained):
    return form.read(describe.files_of(trained)[portable_of(trained.task.name)])


@pytest.fixture(scope="session")
def issue_model(issue_training):
    return IssueModel(*loaded(issue_training), describe.record_of(issue_training))


@pytest.fixture(scope="session")
def status_model(status_training):
    return StatusModel(*loaded(status_training), describe.record_of(status_training))


class TestRefusedRows:
    def test_one_kind_of_trouble_alone_leaves_issue_types_out(self, troubled):
        failures = tuple(replace(f, fault_kind="leak_linear") for f in troubled.failures)
        with pytest.raises(DataUnusable, match=r"network_issue.* can not be told from another"):
            issue_task(replace(troubled, failures=failures), seed=1)

    def test_a_kind_that_never_happened_is_told_and_the_others_are_learned(self, troubled):
        failures = tuple(
            replace(f, fault_kind=f.fault_kind.replace("slow_dependency", "crash"))
            for f in troubled.failures
        )
        task = issue_task(replace(troubled, failures=failures), seed=1)
        assert task.classes == ("pod_failure", "resource_exhaustion", "service_disruption")
        assert "network_issue, which will not be named" in task.remarks[0]

    def test_no_failure_at_all_leaves_issue_types_out(self, troubled):
        quiet = troubled.rows(troubled.failure < 0)
        with pytest.raises(DataUnusable, match="issue_type is left out"):
            issue_task(quiet, seed=1)

    def test_statuses_that_never_change_are_left_out(self):
        with pytest.raises(DataUnusable, match="pod_status is left out"):
            status_task(status_rows(changing=False), seed=1)


class TestFolds:
    def test_rows_of_a_failure_are_on_one_side(self, troubled):
        task = issue_task(troubled, seed=1)
        failure = troubled.failure[troubled.failure >= 0]
        assert all(len(np.unique(task.fold[failure == each])) == 1 for each in np.unique(failure))

    def test_of_statuses_are_whole_campaigns_where_there_are_three(self):
        rows = concatenate_statuses([status_rows(seed=i, name=f"c{i}") for i in range(3)])
        task = status_task(rows, seed=1)
        assert sorted(set(zip(task.fold.tolist(), rows.campaign.tolist(), strict=True))) == [
            (0, 0), (1, 1), (2, 2),
        ]  # fmt: skip

    def test_of_one_campaign_are_whole_workloads(self, statuses):
        task = status_task(statuses, seed=1)
        for workload in range(8):
            assert len(np.unique(task.fold[statuses.workload == workload])) == 1

    def test_rare_kinds_weigh_more_within_a_bound(self, troubled):
        task = issue_task(troubled, seed=1)
        amount = [task.emphasis[task.y == k].sum() for k in range(len(task.classes))]
        assert max(task.emphasis) / min(task.emphasis) < 100
        assert min(amount) > 0


class TestPortableForm:
    def test_of_issue_types_says_what_the_pipeline_says(self, issue_training, troubled):
        found, scaling = loaded(issue_training)
        x = troubled.x[:400].copy()
        x[::3, 12:] = np.nan
        assert scaling(found.shares(x, None)) == pytest.approx(
            issue_training.shares(x, None), abs=1e-6
        )

    def test_of_statuses_says_what_the_pipeline_says(self, status_training, statuses):
        found, scaling = loaded(status_training)
        x, now = statuses.x[:400].astype(float), statuses.now[:400]
        assert scaling(found.shares(x, now)) == pytest.approx(
            status_training.shares(x, now), abs=1e-6
        )

    @pytest.mark.parametrize("name", [one.name for one in CANDIDATES])
    def test_of_two_classes_too(self, troubled, name):
        faults = {"crash": "crash", "leak_linear": "leak_linear"}
        failures = tuple(
            replace(f, fault_kind=faults.get(f.fault_kind, "crash")) for f in troubled.failures
        )
        task = issue_task(replace(troubled, failures=failures), seed=1, folds=2)
        chosen = [one for one in CANDIDATES if one.name == name]
        trained = training.train(task, seed=1, candidates=chosen)
        found, scaling = loaded(trained)
        x = troubled.x[:200]
        assert scaling(found.shares(x, None)) == pytest.approx(trained.shares(x, None), abs=1e-6)

    @pytest.mark.parametrize("payload", [b"", b"no archive", b"PK\x03\x04 half of one"])
    def test_that_is_none_is_refused(self, payload):
        with pytest.raises(NotPortable):
            form.read(payload)

    def test_of_another_format_is_refused(self, issue_training, monkeypatch):
        monkeypatch.setattr(form, "FORMAT", 2)
        payload = form.write(*arrays_of(issue_training.fitted), Scaling.none(4))
        monkeypatch.undo()
        with pytest.raises(NotPortable, match="format 2"):
            form.read(payload)


ODD_ROWS = {
    "every optional feature missing": np.where(np.arange(len(CATALOGUE)) < 12, 20.0, np.nan),
    "a pod with one sample": np.where(np.arange(len(CATALOGUE)) == MEMORY, 50.0, np.nan),
    "nothing known": np.full(len(CATALOGUE), np.nan),
    "all-equal signals": np.zeros(len(CATALOGUE)),
    "as far out as can be": np.full(len(CATALOGUE), 1e9),
}


class TestOddRows:
    @pytest.mark.parametrize("row", ODD_ROWS.values(), ids=ODD_ROWS)
    def test_get_an_issue_distribution_that_adds_up(self, issue_model, row):
        found = issue_model.forecast(row, 0.3, 0.8)
        assert sum(found.distribution.values()) == pytest.approx(1.0)
        assert found.distribution["none"] == pytest.approx(0.7)
        assert found.type == "none"

    @pytest.mark.parametrize("row", ODD_ROWS.values(), ids=ODD_ROWS)
    @pytest.mark.parametrize("now", [None, PodStatus.RUNNING, PodStatus.CRASH_LOOP_BACK_OFF])
    def test_get_a_status_distribution_that_adds_up(self, status_model, row, now):
        found = status_model.forecast(row, now)
        assert found.now == now
        assert sum(found.distribution.values()) == pytest.approx(1.0)

    def test_a_status_never_seen_in_training_is_not_forecast(self, status_model):
        found = status_model.forecast(np.zeros(len(CATALOGUE)), PodStatus.PENDING)
        assert (found.now, found.in_5_minutes, found.confidence) == (PodStatus.PENDING, None, None)
        assert found.distribution is None

    def test_an_unknown_status_is_forecast_as_running(self, status_model):
        row = np.full(len(CATALOGUE), 20.0)
        unknown = status_model.forecast(row, None)
        running = status_model.forecast(row, PodStatus.RUNNING)
        assert unknown.distribution == running.distribution

    def test_no_row_at_all_has_no_issue(self, issue_model):
        assert issue_model.shares(np.empty((0, len(CATALOGUE))), np.empty(0)).shape == (0, 5)

    def test_no_row_at_all_has_no_status(self, status_model):
        nothing = np.empty((0, len(CATALOGUE)))
        assert status_model.shares(nothing, np.empty(0, np.int8)).shape == (0, 7)


class TestWhatIsLearned:
    def test_memory_names_resource_exhaustion(self, issue_model, troubled):
        rows = troubled.x[(troubled.failure >= 0) & (troubled.failure % 4 == 1)]
        told = issue_model.given_failure(rows).argmax(axis=1)
        assert np.mean(told == FAILING_ISSUES.index("resource_exhaustion")) > 0.9

    def test_the_type_is_told_from_the_threshold_or_a_half(self, issue_model, troubled):
        row = troubled.x[troubled.failure % 4 == 1][0]
        told = [
            issue_model.forecast(row, p, t).type for p, t in ((0.2, 0.3), (0.3, 0.3), (0.5, 0.9))
        ]
        assert told[0] == "none"
        assert "none" not in told[1:]

    def test_confidence_is_the_share_of_what_is_told(self, issue_model, troubled):
        found = issue_model.forecast(troubled.x[0], 0.6, 0.5)
        assert found.confidence == found.distribution[found.type]

    def test_changes_of_status_are_seen_coming(self, status_training):
        scored, baseline = status_training.contenders[0].scored, status_training.baseline
        assert scored.log_loss.high < baseline.log_loss.low
        assert scored.balanced_accuracy.value > baseline.balanced_accuracy.value

    def test_the_baseline_of_statuses_says_what_is_now(self, statuses):
        task = status_task(statuses, seed=1)
        names = np.array(task.classes)[task.baseline]
        assert (names == np.array(list(PodStatus))[statuses.now]).all()

    def test_the_same_seed_gives_the_same_files(self, statuses):
        task, boosted = status_task(statuses, seed=1, folds=2), CANDIDATES[2:]
        first, again = (
            training.train(task, seed=1, jobs=jobs, candidates=boosted) for jobs in (1, 2)
        )
        name = portable_of("pod_status")
        assert describe.files_of(first)[name] == describe.files_of(again)[name]


@pytest.fixture(scope="module")
def boosted_trainings(troubled, statuses):
    """Of both targets, by the quickest kind of model."""
    return [
        training.train(task, seed=1, candidates=CANDIDATES[2:])
        for task in (issue_task(troubled, seed=1, folds=2), status_task(statuses, seed=1, folds=2))
    ]


@pytest.fixture
def folder(tmp_path, linear, boosted_trainings):
    """A model with both targets beside it."""
    found = TrainedTargets(
        {each.task.name: describe.record_of(each) for each in boosted_trainings},
        {name: b for each in boosted_trainings for name, b in describe.files_of(each).items()},
    )
    artifact.save(tmp_path, linear.pipeline, found.noted(linear.manifest), beside=found.files)
    return tmp_path


class TestFolder:
    def test_without_targets_still_forecasts_failures(self, tmp_path, linear):
        artifact.save(tmp_path, linear.pipeline, linear.manifest)
        scorer = load(tmp_path)
        assert scorer.path == "fast"
        assert (scorer.targets.issue_type, scorer.targets.pod_status) == (None, None)
        assert "run `python train_model.py`" in scorer.targets.missing["issue_type"]

    def test_says_why_training_left_one_out(self, tmp_path, linear):
        found = TrainedTargets(left_out={"issue_type": "issue_type is left out: too quiet"})
        artifact.save(tmp_path, linear.pipeline, found.noted(linear.manifest))
        assert load(tmp_path).targets.missing["issue_type"] == "issue_type is left out: too quiet"

    def test_has_both_and_pickles_that_nobody_loads(self, folder):
        scorer = load(folder)
        assert not scorer.targets.missing
        assert scorer.targets.issue_type is not None
        assert {"issue_type_predictor.pkl", "pod_status_predictor.npz"} <= set(
            scorer.manifest.files
        )

    @pytest.mark.parametrize(
        ("spoil", "why"),
        [
            pytest.param(Path.unlink, "can not be read", id="gone"),
            pytest.param(lambda path: path.write_bytes(b"other"), "is not the file", id="changed"),
        ],
    )
    def test_with_a_spoilt_file_lacks_that_target_alone(self, folder, spoil, why):
        spoil(folder / "issue_type_predictor.npz")
        targets = load(folder).targets
        assert targets.issue_type is None
        assert why in targets.missing["issue_type"]
        assert targets.pod_status is not None

    def test_whose_reference_rows_differ_is_not_believed(self, folder):
        manifest = artifact.read_manifest(folder)
        record = manifest.targets["pod_status"]
        shares = ((0.5, 0.5), *record.reference.shares[1:])
        wrong = record.reference.model_copy(update={"shares": shares})
        spoilt = record.model_copy(update={"reference": wrong})
        targets = {**manifest.targets, "pod_status": spoilt}
        artifact.add(folder, manifest.model_copy(update={"targets": targets}), {})
        assert "reference rows" in load(folder).targets.missing["pod_status"]

    def test_gets_one_target_anew_and_keeps_the_rest(self, folder, boosted_trainings):
        before = artifact.read_manifest(folder)
        issues = boosted_trainings[0]
        record = describe.record_of(issues).model_copy(update={"remarks": ("again",)})
        put_beside(folder, TrainedTargets({"issue_type": record}, describe.files_of(issues)))
        after = load(folder)
        assert after.targets.issue_type.record.remarks == ("again",)
        assert after.targets.pod_status is not None
        assert after.manifest.model_version == before.model_version

    def test_without_a_model_takes_no_target(self, tmp_path, boosted_trainings):
        found = TrainedTargets(files=describe.files_of(boosted_trainings[0]))
        with pytest.raises(ModelNotReady):
            put_beside(tmp_path, found)


class TestTable:
    def test_of_a_user_trains_no_targets_and_says_why(self, dataset, capsys):
        unlabelled = replace(dataset, failures=(), failure=np.full(len(dataset), -1))
        read = TrainingData(dataset=unlabelled, remarks=())
        found = train_targets(read, ("issue_type", "pod_status"), Effort(seed=1))
        assert set(found.left_out) == {"issue_type", "pod_status"}
        told = capsys.readouterr().err
        assert "issue_type is left out" in told
        assert "a table does not tell what status a pod had" in told


class TestFigures:
    def test_log_loss_of_what_was_said_to_be_impossible_is_bounded(self):
        shares = np.array([[1.0, 0.0], [np.nan, np.nan]])
        losses = measuring.losses_of(shares, np.array([1, 0]))
        assert losses == pytest.approx([-np.log(1e-4), np.log(2)])

    def test_classes_that_never_happen_do_not_count(self):
        cells = np.array([[[9.0, 1.0, 0.0], [0.0, 5.0, 0.0], [0.0, 0.0, 0.0]]])
        assert measuring.balanced_accuracy(cells)[0] == pytest.approx((0.9 + 1.0) / 2)
        assert measuring.macro_f1(cells)[0] == pytest.approx((18 / 19 + 10 / 11) / 2)
