"""Nothing that belongs together is on both sides."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from podforecast.domain.telemetry import HORIZON
from podforecast.errors import DataUnusable
from podforecast.model import splits


def test_an_unknown_campaign_is_refused_by_name(dataset):
    with pytest.raises(DataUnusable, match="no campaign named 'gamma'") as caught:
        splits.campaign_split(dataset, ["gamma"])
    assert "alpha" in caught.value.hint


def test_a_part_with_one_outcome_is_refused(dataset):
    calm = replace(dataset, y=np.where(dataset.campaign == 0, dataset.y, 0).astype(np.int8))
    with pytest.raises(DataUnusable, match="test part of the campaign-disjoint split"):
        splits.campaign_split(calm, ["beta-x"])


def test_an_embargo_longer_than_the_recording_is_refused(dataset):
    with pytest.raises(DataUnusable, match="training part of the time split has 0 rows"):
        splits.time_split(dataset, embargo=timedelta(hours=2))


def test_fewer_groups_than_folds_are_refused():
    with pytest.raises(DataUnusable, match="2 groups can not be dealt to 3 folds"):
        splits.group_folds(np.array([0, 0, 1]), np.array([0, 1, 0]), folds=3, seed=0)


def test_failures_of_one_pod_only_are_refused(dataset):
    one = replace(dataset, y=((dataset.pod == 0) & (dataset.y == 1)).astype(np.int8))
    one.y[np.flatnonzero(one.pod == 0)[0]] = 1
    with pytest.raises(DataUnusable, match="cross-validation needs 2"):
        splits.folds_of(one, seed=0)


def test_the_time_split_keeps_the_embargo_in_every_campaign(dataset):
    split = splits.time_split(dataset)
    assert splits.gap(dataset, split) >= splits.EMBARGO
    assert set(dataset.campaign[split.train]) == set(dataset.campaign[split.test]) == {0, 1}


def test_no_failure_is_announced_on_both_sides_of_the_time_split(dataset):
    split = splits.time_split(dataset)
    announced = [set(dataset.failure[part]) - {-1} for part in (split.train, split.test)]
    assert not announced[0] & announced[1]
    last_label = dataset.time[split.train].max() + HORIZON.total_seconds()
    assert last_label < dataset.time[split.test].min()


@pytest.mark.parametrize(
    ("name", "column"), [("workload-disjoint", "workload"), ("campaign-disjoint", "campaign")]
)
def test_groups_are_on_one_side_only(dataset, name, column):
    split = {
        "workload-disjoint": splits.workload_split(dataset, seed=1),
        "campaign-disjoint": splits.campaign_split(dataset, ["alpha"]),
    }[name]
    groups = getattr(dataset, column)
    assert split.name == name
    assert not set(groups[split.train]) & set(groups[split.test])
    assert len(split.train) + len(split.test) == len(dataset)


def test_the_random_split_has_neighbours_on_both_sides(dataset):
    split = splits.random_split(dataset, seed=1)
    assert splits.gap(dataset, split) < timedelta(0)


def test_campaigns_on_one_side_only_have_no_gap(dataset):
    assert splits.gap(dataset, splits.campaign_split(dataset, ["alpha"])) == timedelta.max


def test_folds_get_about_as_many_positives(dataset):
    fold = splits.group_folds(dataset.pod, dataset.y, folds=4, seed=3)
    positives = np.bincount(fold, weights=dataset.y)
    assert positives.max() < 1.3 * positives.min()


def test_folds_follow_the_seed(dataset):
    first, again, other = (splits.folds_of(dataset, seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_folds_keep_workloads_whole_where_there_are_enough(dataset):
    fold = splits.folds_of(dataset, seed=1)
    assert all(len(set(fold[dataset.workload == w])) == 1 for w in set(dataset.workload))


def test_folds_keep_pods_whole_where_few_workloads_fail(dataset):
    one = replace(dataset, workload=np.zeros_like(dataset.workload))
    fold = splits.folds_of(one, seed=1)
    assert len(set(fold)) == splits.FOLDS
    assert all(len(set(fold[one.pod == pod])) == 1 for pod in set(one.pod))


def test_a_table_without_pods_is_cut_into_stretches_of_time(dataset):
    rows = np.arange(len(dataset))
    table = replace(dataset, pod=rows, workload=rows)
    assert len(set(splits.blocks(table))) == splits.STRETCHES
    starts = [table.time[splits.blocks(table) == b].min() for b in range(splits.STRETCHES)]
    assert starts == sorted(starts)
    fold = splits.folds_of(table, seed=1)
    assert all(len(set(fold[splits.blocks(table) == b])) == 1 for b in range(splits.STRETCHES))
