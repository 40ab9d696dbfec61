"""What ``podman kube play`` is given in the container tests is what a cluster would run."""

from __future__ import annotations

import copy

import pytest

from tests.containers.kube import DROPPED, pods
from tests.deploy.kustomize import of_kind, pod, rendered

pytestmark = pytest.mark.kubernetes

OVERLAY = "overlays/local"


@pytest.fixture
def played():
    return {each.name: each for each in pods([*rendered(OVERLAY), *rendered("demo")])}


def container(each):
    return each.spec["containers"][0]


def settings(each):
    return {variable["name"]: variable["value"] for variable in container(each)["env"]}


def test_a_secret_that_is_needed_is_refused():
    with pytest.raises(AssertionError, match="PODFORECAST_API_KEYS needs its Secret"):
        pods([each for each in rendered("overlays/production")
              if each["metadata"]["name"] != "podforecast-dashboard"
              and each["kind"] != "Deployment"])  # fmt: skip


def test_every_replica_becomes_a_pod(played):
    assert set(played) == {"podforecast-api-1", "podforecast-watcher-1", "podforecast-dashboard-1",
                           "demo-1", "demo-2", "visitors-1"}  # fmt: skip


def test_nothing_but_what_podman_does_not_know_is_dropped(played):
    for workload in of_kind([*rendered(OVERLAY), *rendered("demo")], "Deployment", "StatefulSet"):
        each = played[f"{workload['metadata']['name']}-1"]
        assert pod(workload).keys() - each.spec.keys() <= {*DROPPED["pod"], "volumes"}
        (original,) = pod(workload)["containers"]
        assert original.keys() - container(each).keys() <= set(DROPPED["container"])
        kept = original.keys() & container(each).keys() - {"env"}
        assert {key: container(each)[key] for key in kept} == {key: original[key] for key in kept}
        assert each.spec["securityContext"] == pod(workload)["securityContext"]


def test_settings_are_written_out(played):
    watcher = settings(played["podforecast-watcher-1"])
    assert watcher["PODFORECAST_SOURCE"] == "prometheus"
    assert watcher["PODFORECAST_WATCH__SHARD"] == "1/1"
    assert "PODFORECAST_API_KEYS" not in watcher


def test_services_become_names(played):
    assert "podforecast-api" in played["podforecast-api-1"].aliases
    assert {"demo", "demo.podforecast-demo"} == set(played["demo-2"].aliases)
    assert played["visitors-1"].aliases == []


def test_a_volume_becomes_a_folder_of_the_pod_s_group(played):
    watcher = played["podforecast-watcher-1"]
    assert (watcher.group, watcher.volumes) == (10001, {"tmp": {}, "data": {}})
    images = {"podforecast-api:0.1.0": "podforecast-api:test"}
    manifest = watcher.manifest(images, {"tmp": "/a", "data": "/b"})
    assert [volume["hostPath"]["path"] for volume in manifest["spec"]["volumes"]] == ["/a", "/b"]
    assert manifest["spec"]["containers"][0]["image"] == "podforecast-api:test"


def test_the_files_of_maps_and_secrets_are_in_their_volumes():
    (prometheus,) = [each for each in pods(rendered("monitoring")) if each.workload == "prometheus"]
    assert prometheus.volumes["config"]["prometheus.yml"].startswith("# Scrapes")
    assert set(prometheus.volumes["rules"]) == {"podforecast.yml", "features.yml"}
    assert prometheus.volumes["key"] == {"api-key": ""}
    assert prometheus.volumes["data"] == {}


def test_the_rendered_manifests_stay_as_they_are(played):
    before = copy.deepcopy(rendered(OVERLAY))
    pods([*rendered(OVERLAY), *rendered("demo")])
    assert before == rendered(OVERLAY)
