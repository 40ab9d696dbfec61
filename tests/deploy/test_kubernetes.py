"""k8s/: every folder renders, keeps to Kubernetes' schemas and to our own rules."""

from __future__ import annotations

import copy
import json
from collections import Counter
from pathlib import Path

import jsonschema
import kubernetes_validate
import pytest

from podforecast import __version__
from podforecast.cli.docs import variables
from podforecast.settings import Settings
from tests.deploy.kustomize import (
    FOLDERS,
    K8S,
    OVERLAYS,
    WORKLOADS,
    build,
    containers,
    environment,
    everything,
    name,
    namespace,
    of_kind,
    pod,
    pod_labels,
    rendered,
)
from tests.deploy.pod_rules import RULES

pytestmark = pytest.mark.kubernetes

VERSIONS = ("1.28", "1.37")
"""The first that gives a StatefulSet's pods their number as a label, and the last we have."""
CHAOS_SCHEMA = json.loads(Path(__file__).with_name("chaos_mesh.schema.json").read_text())
WITH_PODS = [*OVERLAYS, "monitoring", "demo"]
SETTINGS = {variable for variable, *_ in variables()}
SECRETS = {("podforecast-keys", "api-keys"), ("podforecast-keys", "dashboard-key"),
           ("podforecast-store", "url")}  # fmt: skip
"""Made by the user, as DEPLOYMENT.md says."""
ACCOUNTS_WITH_RIGHTS = {"prometheus", "kube-state-metrics"}


def check(manifest, version):
    if manifest["apiVersion"].startswith("chaos-mesh.org/"):
        jsonschema.validate(manifest, CHAOS_SCHEMA)
    else:
        kubernetes_validate.validate(manifest, version, strict=True)


def workloads(folder):
    return of_kind(rendered(folder), *WORKLOADS)


def configured(overlay, workload):
    """Return the settings as that workload reads them."""
    found = next(each for each in workloads(overlay) if name(each) == workload)
    return dict(environment(found, rendered(overlay)))


@pytest.fixture
def api_pod():
    """The API's pod, to be changed at will."""
    return copy.deepcopy(pod(of_kind(rendered("overlays/local"), "Deployment")[0]))


# ---------------------------------------------------------------- refused


@pytest.mark.parametrize("version", VERSIONS)
def test_a_manifest_with_a_misspelt_field_is_refused(version):
    wrong = copy.deepcopy(of_kind(rendered("overlays/local"), "Service")[0])
    wrong["spec"]["prots"] = wrong["spec"].pop("ports")
    with pytest.raises(kubernetes_validate.ValidationError, match="prots"):
        check(wrong, version)


@pytest.mark.parametrize("kind", ["PodChaos", "StressChaos", "NetworkChaos"])
def test_an_experiment_with_a_misspelt_field_is_refused(kind):
    wrong = copy.deepcopy(of_kind(rendered("chaos"), kind)[0])
    wrong["spec"]["durration"] = "5m"
    with pytest.raises(jsonschema.ValidationError, match="durration"):
        check(wrong, VERSIONS[0])


def test_a_folder_that_does_not_render_is_found(tmp_path):
    (tmp_path / "kustomization.yaml").write_text("resources: [absent.yaml]\n")
    with pytest.raises(AssertionError, match=r"absent\.yaml"):
        build(tmp_path)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_pod_that_breaks_a_rule_is_found(api_pod, rule):
    assert list(rule.complaints(api_pod)) == []
    rule.broken_by(api_pod)
    assert list(rule.complaints(api_pod)) != []


# ---------------------------------------------------------------- schemas and rules


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("folder", FOLDERS)
def test_every_object_keeps_to_its_schema(folder, version):
    assert rendered(folder)
    for manifest in rendered(folder):
        check(manifest, version)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
@pytest.mark.parametrize("folder", WITH_PODS)
def test_every_pod_has(folder, rule):
    found = {name(each): list(rule.complaints(pod(each))) for each in workloads(folder)}
    assert found
    assert {pod_name: complaints for pod_name, complaints in found.items() if complaints} == {}


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_an_object_is_there_once(overlay):
    seen = Counter((name(each), each["metadata"].get("namespace")) for each in everything(overlay))
    assert {key for key, count in seen.items() if count > 1} == set()


@pytest.mark.parametrize("folder", WITH_PODS)
def test_a_namespace_says_what_its_pods_may_do(folder):
    (space,) = of_kind(rendered(folder), "Namespace")
    enforced = space["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
    assert enforced == ("privileged" if folder == "monitoring" else "restricted")


def test_only_the_exporter_of_nodes_sees_its_node():
    def sees_it(spec):
        mounted = any("hostPath" in volume for volume in spec.get("volumes", ()))
        return mounted or {"hostNetwork", "hostPID", "hostIPC"} & spec.keys()

    found = {name(each) for folder in WITH_PODS for each in workloads(folder) if sees_it(pod(each))}
    assert found == {"DaemonSet/node-exporter"}


# ---------------------------------------------------------------- what refers to what


@pytest.mark.parametrize("folder", WITH_PODS)
def test_a_workload_selects_its_own_pods(folder):
    for each in workloads(folder):
        assert each["spec"]["selector"]["matchLabels"].items() <= pod_labels(each).items()


@pytest.mark.parametrize("folder", WITH_PODS)
def test_a_service_leads_to_a_port_of_one_workload(folder):
    for service in of_kind(rendered(folder), "Service"):
        selected = [each for each in workloads(folder)
                    if service["spec"]["selector"].items() <= pod_labels(each).items()]  # fmt: skip
        assert len(selected) == 1, name(service)
        ports = {port["name"]: port["containerPort"] for each in containers(pod(selected[0]))
                 for port in each["ports"]}  # fmt: skip
        for port in service["spec"]["ports"]:
            assert ports[port["targetPort"]] == port["port"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_a_budget_for_disruptions_is_about_pods_that_exist(overlay):
    budgets = of_kind(rendered(overlay), "PodDisruptionBudget")
    for budget in budgets:
        wanted = budget["spec"]["selector"]["matchLabels"].items()
        assert any(wanted <= pod_labels(each).items() for each in workloads(overlay)), name(budget)
    assert len(budgets) == len(workloads(overlay))


def test_the_autoscaler_alone_decides_on_replicas():
    (scaler,) = of_kind(rendered("overlays/production"), "HorizontalPodAutoscaler")
    target = scaler["spec"]["scaleTargetRef"]
    (scaled,) = [each for each in workloads("overlays/production")
                 if name(each) == f"{target['kind']}/{target['name']}"]  # fmt: skip
    assert "replicas" not in scaled["spec"]


def test_locally_there_is_one_of_each():
    assert {each["spec"]["replicas"] for each in workloads("overlays/local")} == {1}
    assert of_kind(rendered("overlays/local"), "HorizontalPodAutoscaler") == []


@pytest.mark.parametrize("folder", WITH_PODS)
def test_pods_refer_to_maps_accounts_and_secrets_that_exist(folder):
    there = {name(each) for each in rendered(folder)}
    for each in workloads(folder):
        spec = pod(each)
        assert f"ServiceAccount/{spec['serviceAccountName']}" in there
        for volume in spec.get("volumes", ()):
            if "configMap" in volume:
                assert f"ConfigMap/{volume['configMap']['name']}" in there
            if "secret" in volume:
                assert f"Secret/{volume['secret']['secretName']}" in there
        for container in containers(spec):
            for variable in container.get("env", ()):
                secret = variable.get("valueFrom", {}).get("secretKeyRef")
                assert secret is None or (secret["name"], secret["key"]) in SECRETS


def test_no_overlay_carries_a_secret():
    assert [
        name(each) for overlay in OVERLAYS for each in of_kind(rendered(overlay), "Secret")
    ] == []
    (scrape_key,) = of_kind(rendered("monitoring"), "Secret")
    assert scrape_key["data"] == {"api-key": ""}


def test_production_does_not_start_without_its_secrets():
    wanted = {(reference["name"], reference["key"], reference["optional"])
              for each in workloads("overlays/production") for container in containers(pod(each))
              for variable in container["env"]
              if (reference := variable.get("valueFrom", {}).get("secretKeyRef"))}  # fmt: skip
    assert wanted == {(secret, key, False) for secret, key in SECRETS}


# ---------------------------------------------------------------- images


def images(folder):
    return {container["image"] for each in workloads(folder) for container in containers(pod(each))}


def test_images_are_named_by_kustomize_alone():
    files = [file for folder in ("base", "demo", "monitoring")
             for file in (K8S / folder).rglob("*.yaml")]  # fmt: skip
    lines = [line.split() for file in files for line in file.read_text().splitlines()]
    written = [words[1] for words in lines if words[:1] == ["image:"]]
    assert written
    assert [image for image in written if ":" in image or "/" in image] == []


@pytest.mark.parametrize("folder", [*OVERLAYS, "demo"])
def test_our_images_have_our_version(folder):
    assert {image.partition(":")[2] for image in images(folder)} == {__version__}


def test_prometheus_has_the_version_of_the_compose_file():
    compose = (K8S.parent / "docker-compose.yml").read_text()
    images = [
        container["image"]
        for each in workloads("monitoring")
        for container in containers(pod(each))
    ]
    (prometheus,) = [image for image in images if "/prom/prometheus:" in image]
    assert prometheus.removeprefix("docker.io/") in compose


# ---------------------------------------------------------------- settings


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_setting_exists(overlay):
    named = {variable for each in workloads(overlay)
             for variable, _ in environment(each, rendered(overlay))}  # fmt: skip
    secret = {variable["name"] for each in workloads(overlay) for container in containers(pod(each))
              for variable in container["env"]}  # fmt: skip
    assert {
        variable for variable in named | secret if variable.startswith("PODFORECAST_")
    } <= SETTINGS


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_every_workload_starts_with_its_settings(overlay, monkeypatch):
    for each in workloads(overlay):
        with monkeypatch.context() as machine:
            for variable, value in environment(each, rendered(overlay)):
                number = value.replace("$(SHARD)", "1").replace("$(SHARDS)", "2")
                machine.setenv(variable, number)
            Settings(_env_file=None)


@pytest.mark.parametrize(("overlay", "count"), [
    pytest.param("overlays/local", 1, id="local"),
    pytest.param("overlays/production", 2, id="production"),
])  # fmt: skip
def test_there_is_a_watcher_for_every_shard(overlay, count):
    (watcher,) = [each for each in workloads(overlay) if each["kind"] == "StatefulSet"]
    settings = configured(overlay, name(watcher))
    assert watcher["spec"]["replicas"] == int(settings["SHARDS"]) == count
    assert watcher["spec"]["ordinals"] == {"start": 1}
    assert settings["PODFORECAST_WATCH__SHARD"] == "$(SHARD)/$(SHARDS)"


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_nobody_but_the_watcher_tells_anybody(overlay):
    telling = [name(each) for each in workloads(overlay)
               if any("PODFORECAST_ALERTS" in variable
                      for variable, _ in environment(each, rendered(overlay)))]  # fmt: skip
    assert telling == ["StatefulSet/podforecast-watcher"]


def test_what_shares_the_namespaces_shares_a_database():
    (watcher,) = [
        each for each in workloads("overlays/production") if each["kind"] == "StatefulSet"
    ]
    store = [variable for variable in containers(pod(watcher))[0]["env"]
             if variable["name"] == "PODFORECAST_STORE__URL"]  # fmt: skip
    assert store[0]["valueFrom"]["secretKeyRef"]["name"] == "podforecast-store"
    assert {volume["name"] for volume in pod(watcher)["volumes"]} == {"tmp"}


def test_the_history_is_kept_where_it_can_be_written():
    url = configured("overlays/local", "StatefulSet/podforecast-watcher")["PODFORECAST_STORE__URL"]
    (watcher,) = [each for each in workloads("overlays/local") if each["kind"] == "StatefulSet"]
    mounted = {mount["mountPath"] for mount in containers(pod(watcher))[0]["volumeMounts"]}
    assert str(Path(url.removeprefix("sqlite:///")).parent) in mounted


# ---------------------------------------------------------------- rights


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_only_who_asks_the_api_server_holds_a_token(overlay):
    holding = {pod(each)["serviceAccountName"] for each in of_kind(everything(overlay), *WORKLOADS)
               if pod(each).get("automountServiceAccountToken") is not False}  # fmt: skip
    assert holding == ACCOUNTS_WITH_RIGHTS
    accounts = of_kind(everything(overlay), "ServiceAccount")
    assert {account["automountServiceAccountToken"] for account in accounts} == {False}


def test_rights_are_to_look_and_not_at_secrets():
    roles = of_kind(rendered("monitoring"), "ClusterRole", "Role")
    assert roles
    for rule in (rule for role in roles for rule in role["rules"]):
        assert set(rule["verbs"]) <= {"get", "list", "watch"}
        assert {"*", "secrets", "configmaps", "nodes/proxy"} & set(rule["resources"]) == set()
        assert "*" not in rule["apiGroups"]
        assert "nonResourceURLs" not in rule


def test_rights_are_given_to_the_accounts_that_need_them():
    subjects = {(subject["kind"], subject["name"], subject["namespace"])
                for binding in of_kind(rendered("monitoring"), "ClusterRoleBinding")
                for subject in binding["subjects"]}  # fmt: skip
    assert subjects == {("ServiceAccount", account, "podforecast-monitoring")
                        for account in ACCOUNTS_WITH_RIGHTS}  # fmt: skip
    for overlay in OVERLAYS:
        assert (
            of_kind(rendered(overlay), "ClusterRole", "Role", "RoleBinding", "ClusterRoleBinding")
            == []
        )


# ---------------------------------------------------------------- chaos


def test_there_is_an_experiment_of_each_kind():
    kinds = Counter(each["kind"] for each in rendered("chaos"))
    assert kinds == {"PodChaos": 1, "StressChaos": 2, "NetworkChaos": 1}


def test_experiments_are_aimed_at_the_demo_app_alone():
    (demo,) = [each for each in workloads("demo") if name(each) == "Deployment/demo"]
    for experiment in rendered("chaos"):
        selector = experiment["spec"]["selector"]
        assert selector["namespaces"] == [namespace(demo)] == [namespace(experiment)]
        assert selector["labelSelectors"].items() <= pod_labels(demo).items()
        named = experiment["spec"].get("containerNames", [])
        assert set(named) <= {container["name"] for container in containers(pod(demo))}
