"""The service around the forecasts: ids, headers, metrics, documentation."""

from __future__ import annotations

import logging

import jsonschema
import pytest
from prometheus_client.parser import text_string_to_metric_families

from podforecast import __version__, errors
from podforecast.domain.catalogue import CATALOGUE, REQUIRED
from podforecast.errors import ModelNotReady
from podforecast.model import scorer as real_scorer
from podforecast.serving.problems import STATUS, status_of

ROUTES = ["/", "/livez", "/readyz", "/metrics", "/openapi.json", "/docs", "/nowhere"]


def no_model(_):
    raise ModelNotReady("none", hint="Train one.")


async def samples(client):
    text = (await client.get("/metrics")).text
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


class TestRefused:
    async def test_an_unknown_path_is_a_problem_with_a_way_out(self, client):
        answer = await client.get("/nowhere")
        assert answer.status_code == 404
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["detail"] == "GET /nowhere: Not Found"
        assert "/docs" in answer.json()["hint"]

    async def test_what_the_framework_refuses_is_a_problem_as_well(self, client):
        async def typed(count: int, limit: int) -> int:
            return count + limit

        client._transport.app.get("/typed/{count}")(typed)
        answer = await client.get("/typed/three")
        assert answer.status_code == 422
        assert answer.headers["content-type"] == "application/problem+json"
        first, second = answer.json()["errors"]
        assert (first["field"], first["sent"]) == ("count", '"three"')
        assert "in the path can not be used" in first["message"]
        assert (second["field"], second["sent"]) == ("limit", None)

    async def test_a_slash_too_many_is_a_path_of_its_own(self, client):
        answer = await client.post("/predict/", headers={"host": "evil.example"})
        assert answer.status_code == 404
        assert "evil.example" not in f"{answer.headers} {answer.text}"

    def test_every_error_of_ours_has_a_status(self):
        ours = {e for e in vars(errors).values() if isinstance(e, type)} - {errors.PodforecastError}
        assert ours <= set(STATUS)

    async def test_the_problem_is_a_503_as_long_as_there_is_no_model(self, serve):
        async with serve(no_model) as client:
            assert (await client.get("/readyz")).status_code == 503
            assert (await samples(client))[("podforecast_ready",)] == 0

    async def test_where_the_model_lies_on_disk_is_nobodys_business(self, serve, tmp_path):
        async with serve(real_scorer.load, folder=tmp_path / "models") as client:
            problem = (await client.get("/readyz")).json()
        assert problem["detail"] == "there is no manifest.json in models/"
        assert problem["hint"].startswith("Run `python train_model.py` first.")

    def test_a_kind_of_error_without_a_status_of_its_own_has_its_parents(self):
        class StillLoading(ModelNotReady):
            pass

        assert status_of(StillLoading("soon")) == 503
        assert status_of(errors.PodforecastError("new")) == 500


class TestDescription:
    async def test_the_root_says_what_runs_and_where_to_go_on(self, client):
        answer = (await client.get("/")).json()
        assert (answer["name"], answer["version"]) == ("podforecast", __version__)
        for path in answer["links"].values():
            assert (await client.get(path)).status_code != 404, path

    async def test_ready_names_the_model(self, client):
        answer = await client.get("/readyz")
        assert answer.json() == {
            "status": "ready",
            "model_version": "fake-1",
            "path": "fast",
            "path_reason": None,
            "source": None,
            "troubles": {},
            "targets_missing": {},
        }

    async def test_ready_says_why_the_pipeline_scores(self, client, scorer):
        scorer.path, scorer.path_reason = "pipeline", "the fast path is 0.2 off"
        answer = (await client.get("/readyz")).json()
        assert (answer["path"], answer["path_reason"]) == ("pipeline", "the fast path is 0.2 off")


class TestModel:
    async def test_without_one_the_way_to_get_one_is_answered(self, serve):
        async with serve(no_model) as client:
            answer = await client.get("/model")
            assert (answer.status_code, answer.json()["hint"]) == (
                503,
                "Train one. Then POST /model/reload.",
            )

    async def test_it_is_described_by_its_manifest(self, client):
        answer = (await client.get("/model")).json()
        assert answer["algorithm"] == "FakeScorer"
        assert answer["trained_at"] == "2026-01-01T00:00:00Z"
        assert answer["candidates"][0]["roc_auc_low"] == 0.85
        assert answer["data"]["campaigns"] == ["fake"]
        assert answer["operating_points"][0]["recall"] is None
        assert "reference" not in answer


class TestEnvelope:
    @pytest.mark.parametrize("path", ROUTES)
    async def test_every_answer_has_an_id_and_closed_doors(self, client, path):
        headers = (await client.get(path)).headers
        assert len(headers["x-request-id"]) == 32
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["cache-control"] == "no-store"
        assert "frame-ancestors 'none'" in headers["content-security-policy"]

    async def test_the_callers_id_is_kept(self, client):
        answer = await client.get("/nowhere", headers={"x-request-id": "trace-1.a:b"})
        assert answer.headers["x-request-id"] == "trace-1.a:b"
        assert answer.json()["request_id"] == "trace-1.a:b"

    @pytest.mark.parametrize(
        "forged",
        [
            pytest.param("x" * 129, id="too-long"),
            pytest.param("a b", id="space"),
            pytest.param('"}{', id="quotes"),
            pytest.param("", id="empty"),
        ],
    )
    async def test_an_id_that_could_forge_a_log_line_is_replaced(self, client, forged):
        answer = await client.get("/livez", headers={"x-request-id": forged})
        assert answer.headers["x-request-id"] != forged

    async def test_ids_differ(self, client):
        ids = {(await client.get("/livez")).headers["x-request-id"] for _ in range(5)}
        assert len(ids) == 5

    async def test_only_the_documentation_may_load_scripts(self, client):
        assert "script-src" in (await client.get("/docs")).headers["content-security-policy"]
        assert "script-src" not in (await client.get("/")).headers["content-security-policy"]


ASKED = {"origin": "https://ops.example", "access-control-request-method": "POST"}


class TestCors:
    async def test_no_page_may_call_unless_it_is_set(self, client):
        answer = await client.options("/predict", headers=ASKED)
        assert "access-control-allow-origin" not in answer.headers

    async def test_a_page_that_is_set_may_and_its_neighbour_may_not(self, serve, scorer):
        async with serve(lambda _: scorer, cors_origins=("https://ops.example",)) as client:
            answer = await client.options("/predict", headers=ASKED)
            assert answer.headers["access-control-allow-origin"] == "https://ops.example"
            other = ASKED | {"origin": "https://evil.example"}
            answer = await client.options("/predict", headers=other)
            assert "access-control-allow-origin" not in answer.headers


class TestMetrics:
    async def test_requests_are_counted_by_route_and_status(self, client, example):
        await client.post("/predict", json=example)
        await client.post("/predict", json={})
        await client.get("/wp-admin.php")
        await client.request("BREW", "/livez")
        found = await samples(client)

        def requests(method, route, status):
            labels = {"method": method, "route": route, "status": status}
            return found[("podforecast_http_requests_total", *sorted(labels.items()))]

        assert requests("POST", "/predict", "200") == 1
        assert requests("POST", "/predict", "422") == 1
        assert requests("GET", "other", "404") == 1
        assert requests("other", "/livez", "405") == 1
        assert (
            found[("podforecast_http_request_duration_seconds_count", ("route", "/predict"))] == 2
        )

    async def test_a_mistake_of_ours_is_counted_as_500(self, client, scorer, example):
        scorer.threshold = None
        await client.post("/predict", json=example)
        found = await samples(client)
        labels = (("method", "POST"), ("route", "/predict"), ("status", "500"))
        assert found[("podforecast_http_requests_total", *labels)] == 1

    async def test_forecasts_and_their_probabilities_are_counted(self, client, example):
        await client.post("/predict", json=example)
        found = await samples(client)
        assert found[("podforecast_forecasts_total", ("prediction", "at_risk"))] == 1
        assert found[("podforecast_forecasts_total", ("prediction", "stable"))] == 0
        assert found[("podforecast_failure_probability_sum",)] == pytest.approx(0.9)
        assert found[("podforecast_failure_probability_bucket", ("le", "0.8"))] == 0
        assert found[("podforecast_failure_probability_bucket", ("le", "0.9"))] == 1

    async def test_the_model_is_named(self, client):
        found = await samples(client)
        labels = (("algorithm", "FakeScorer"), ("model_version", "fake-1"))
        assert found[("podforecast_model_info", *labels)] == 1
        assert found[("podforecast_ready",)] == 1

    async def test_the_path_that_scores_is_shown(self, client, scorer):
        assert (await samples(client))[("podforecast_model_fast_path",)] == 1
        scorer.path = "pipeline"
        assert (await samples(client))[("podforecast_model_fast_path",)] == 0


class TestOpenApi:
    @pytest.fixture
    async def document(self, client):
        return (await client.get("/openapi.json")).json()

    async def test_the_request_has_every_feature_with_its_meaning(self, document):
        schema = document["components"]["schemas"]["PredictRequest"]
        assert list(schema["properties"]) == ["pod_id", *(f.name for f in CATALOGUE)]
        assert schema["required"] == ["pod_id", *(f.name for f in REQUIRED)]
        assert schema["additionalProperties"] is False
        for feature in CATALOGUE:
            assert schema["properties"][feature.name]["description"] == feature.meaning

    async def test_the_example_and_its_answer_fit_the_documented_schemas(
        self, client, document, example
    ):
        answer = (await client.post("/predict", json=example)).json()
        for name, instance in (("PredictRequest", example), ("PredictResponse", answer)):
            schema = {"$ref": f"#/components/schemas/{name}", "components": document["components"]}
            jsonschema.validate(instance, schema)

    async def test_a_refusal_fits_its_documented_schema(self, client, document):
        answer = (await client.post("/predict", json={})).json()
        content = document["paths"]["/predict"]["post"]["responses"]["422"]["content"]
        schema = content["application/problem+json"]["schema"]
        jsonschema.validate(answer, {**schema, "components": document["components"]})

    async def test_every_reference_leads_somewhere(self, document):
        def references(node):
            if isinstance(node, dict):
                if isinstance(node.get("$ref"), str):
                    yield node["$ref"]
                for child in node.values():
                    yield from references(child)
            elif isinstance(node, list):
                for child in node:
                    yield from references(child)

        schemas = document["components"]["schemas"]
        assert {ref.removeprefix("#/components/schemas/") for ref in references(document)} <= set(
            schemas
        )


async def test_the_log_says_which_model_serves_and_why_none_does(serve, scorer, caplog):
    caplog.set_level(logging.INFO, logger="podforecast")
    async with serve(lambda _: scorer):
        assert "event=model_loaded model=fake-1 algorithm=FakeScorer path=fast" in caplog.text
    async with serve(no_model):
        assert (
            'event=model_missing reason="none" hint="Train one. Then POST /model/reload."'
            in caplog.text
        )
