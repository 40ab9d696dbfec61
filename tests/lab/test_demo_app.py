"""The demo app in this process: its answers, its toggles, its metrics."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from lab.app.application import create_app
from lab.app.ballast import MIB, Ballast
from lab.app.registry import TOGGLES
from lab.app.service import Service
from lab.app.settings import Settings, SettingsRefused
from lab.app.toggles.memory import GcSawtooth, MemoryLeak, Steps, leaked_mib
from lab.app.toggles.requests import SlowDependency, ramp

QUICK = {"LAB_WARMUP_SECONDS": "0", "LAB_WORK_MS": "0"}


class AppClient(httpx.AsyncClient):
    """Speaks to an app in this process."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.app: FastAPI = create_app(environ)
        super().__init__(transport=httpx.ASGITransport(self.app), base_url="http://app")

    @property
    def service(self) -> Service:
        service = self.app.state.service
        assert isinstance(service, Service)
        return service

    async def switch(self, **changes: object) -> httpx.Response:
        return await self.post("/failures", json=changes)

    async def status(self, path: str) -> int:
        return (await self.get(path)).status_code

    async def sample(self, series: str) -> float:
        lines = (await self.get("/metrics")).text.splitlines()
        found = [line for line in lines if line.startswith(f"{series} ")]
        assert len(found) == 1, f"{series} not among\n" + "\n".join(lines)
        return float(found[0].split()[-1])


@pytest.fixture
async def client() -> AsyncIterator[AppClient]:
    async with AppClient(QUICK) as client:
        yield client
        await client.service.board.close()


async def eventually(check: Callable[[], Awaitable[bool]], *, seconds: float = 5.0) -> None:
    async with asyncio.timeout(seconds):
        while not await check():
            await asyncio.sleep(0.02)


class TestFailures:
    @pytest.mark.parametrize(
        ("body", "named"),
        [
            pytest.param({"nope": True}, "'nope'", id="unknown-toggle"),
            pytest.param({"memory_leak": {"mb": 1}}, "'mb'", id="unknown-parameter"),
            pytest.param({"memory_leak": {"shape": "round"}}, "memory_leak.shape", id="choice"),
            pytest.param({"error_rate": {"share": 2}}, "error_rate.share", id="out-of-range"),
            pytest.param({"cpu_spike": {"threads": "4"}}, "cpu_spike.threads", id="text"),
            pytest.param({"crash": 1}, "crash", id="neither-bool-nor-object"),
            pytest.param({"crash": None}, "crash", id="null"),
            pytest.param([], "JSON object", id="list"),
        ],
    )
    async def test_refused_and_nothing_changed(
        self, client: AppClient, body: object, named: str
    ) -> None:
        changes = {"high_latency": True, **body} if isinstance(body, dict) else body
        answer = await client.post("/failures", json=changes)
        assert answer.status_code == 422
        assert named in answer.json()["detail"]
        assert answer.json()["valid"]
        states = (await client.get("/failures")).json()
        assert not any(state["active"] for state in states.values())

    async def test_a_body_that_is_not_json_is_refused(self, client: AppClient) -> None:
        answer = await client.post("/failures", content=b"memory_leak=true")
        assert answer.status_code == 422
        assert "not JSON" in answer.json()["detail"]

    async def test_all_are_off_with_their_defaults(self, client: AppClient) -> None:
        states = (await client.get("/failures")).json()
        assert list(states) == list(TOGGLES)
        assert states["memory_leak"] == {
            "active": False,
            "since": None,
            "params": {
                "duration_seconds": None,
                "mib_per_minute": 10.0,
                "shape": "linear",
                "stop_at_mib": None,
                "per_request": False,
            },
        }

    async def test_parameters_are_kept_while_on(self, client: AppClient) -> None:
        on = (await client.switch(high_latency={"ms": 5}, log_noise=True)).json()
        assert on["high_latency"]["active"]
        assert on["high_latency"]["params"]["ms"] == 5
        assert on["high_latency"]["since"].endswith("+00:00")
        assert on["log_noise"]["active"]
        off = (await client.switch(high_latency=False)).json()
        assert not off["high_latency"]["active"]
        assert off["high_latency"]["params"]["ms"] == 400
        assert off["log_noise"]["active"]

    async def test_a_duration_switches_off_by_itself(self, client: AppClient) -> None:
        await client.switch(service_down={"duration_seconds": 0.1})
        assert await client.status("/work") == 503

        async def works_again() -> bool:
            return await client.status("/work") == 200

        await eventually(works_again)

    async def test_posting_again_starts_afresh(self, client: AppClient) -> None:
        await client.switch(service_down={"duration_seconds": 0.05})
        await client.switch(service_down=True)
        await asyncio.sleep(0.1)
        assert await client.status("/work") == 503

    async def test_the_page_lists_every_toggle(self, client: AppClient) -> None:
        page = (await client.get("/")).text
        assert all(f'"name": "{name}"' in page for name in TOGGLES)


class TestRequests:
    async def test_a_healthy_app_answers(self, client: AppClient) -> None:
        for path in ("/work", "/healthz", "/readyz", "/metrics", "/"):
            assert await client.status(path) == 200, path

    async def test_not_ready_while_warming_up(self) -> None:
        async with AppClient({"LAB_WARMUP_SECONDS": "60"}) as client:
            assert await client.status("/readyz") == 503
            assert await client.status("/healthz") == 200

    async def test_service_down(self, client: AppClient) -> None:
        await client.switch(service_down=True)
        for path in ("/work", "/healthz", "/readyz"):
            assert await client.status(path) == 503, path
        assert await client.status("/metrics") == 200

    async def test_errors_are_answered_and_logged(self, client: AppClient) -> None:
        await client.switch(error_rate={"share": 1})
        assert await client.status("/work") == 500
        assert await client.sample('container_log_messages_total{level="error"}') == 1
        count = (
            'http_server_request_duration_seconds_count{http_request_method="GET",'
            'http_response_status_code="500",http_route="/work"}'
        )
        assert await client.sample(count) == 1

    async def test_only_work_is_timed(self, client: AppClient) -> None:
        for path in ("/healthz", "/readyz", "/failures"):
            await client.get(path)
        text = (await client.get("/metrics")).text
        assert "http_server_request_duration_seconds_count{" not in text
        assert 'container_log_messages_total{level="critical"} 0.0' in text
        assert "_created" not in text

    async def test_a_slow_dependency_starves_the_health_check(self, client: AppClient) -> None:
        await client.switch(slow_dependency={"ms_per_minute": 6e7})
        await asyncio.sleep(0.05)
        requests = [asyncio.create_task(client.get("/work")) for _ in range(8)]
        await asyncio.sleep(0.05)
        assert await client.status("/readyz") == 503
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(client.get("/healthz"), 0.2)
        for request in requests:
            request.cancel()
        await asyncio.gather(*requests, return_exceptions=True)
        assert await client.status("/healthz") == 200

    async def test_high_latency_leaves_the_health_check_alone(self, client: AppClient) -> None:
        await client.switch(high_latency={"ms": 60_000})
        requests = [asyncio.create_task(client.get("/work")) for _ in range(20)]
        await asyncio.sleep(0.05)
        assert await client.status("/healthz") == 200
        for request in requests:
            request.cancel()
        await asyncio.gather(*requests, return_exceptions=True)

    async def test_a_traffic_burst_is_counted(self, client: AppClient) -> None:
        await client.switch(traffic_burst={"rps": 200})

        async def counted() -> bool:
            return client.service.works_done >= 5

        await eventually(counted)

    async def test_log_noise_is_counted(self, client: AppClient) -> None:
        await client.switch(log_noise={"per_minute": 6000})

        async def counted() -> bool:
            return await client.sample('container_log_messages_total{level="error"}') >= 3

        await eventually(counted)


class TestShapes:
    def test_an_accelerating_leak_triples_its_rate_in_ten_minutes(self) -> None:
        def rate(at: float) -> float:
            now, later = leaked_mib("accelerating", 6, at), leaked_mib("accelerating", 6, at + 0.1)
            return (later - now) * 600

        assert rate(0) == pytest.approx(6, rel=0.01)
        assert rate(600) == pytest.approx(18, rel=0.01)

    def test_steps_never_overtake_the_clock(self) -> None:
        steps = Steps(random.Random(7))
        seen = [steps.last_before(now) for now in range(0, 3600, 7)]
        assert seen == sorted(seen)
        assert all(
            now - 90 <= step <= now for now, step in zip(range(0, 3600, 7), seen, strict=True)
        )

    def test_a_leak_stops_where_it_was_told(self) -> None:
        leak = MemoryLeak(mib_per_minute=60, stop_at_mib=5)
        assert leak._capped(leak._by_time(600)) == 5

    def test_a_sawtooth_falls_back(self) -> None:
        saw = GcSawtooth(low_mib=4, high_mib=24, period_seconds=100)
        assert [saw._level(now) for now in (0, 50, 100)] == [4, 14, 4]

    def test_a_slow_dependency_has_a_limit(self) -> None:
        slow = SlowDependency(ms_per_minute=1000, max_ms=1500)
        assert [slow.hold_seconds(now) for now in (0, 60, 600)] == [0, 1, 1.5]

    def test_no_ramp_is_full_strength_at_once(self) -> None:
        assert ramp(0, 0) == 1
        assert ramp(5, 10) == 0.5

    def test_ballast_grows_and_shrinks(self) -> None:
        ballast = Ballast()
        for size in (MIB, 3 * MIB, 2 * MIB):
            ballast.resize(size)
            assert ballast.size <= size
        ballast.resize(0)
        assert ballast.size == 0


class TestSettings:
    @pytest.mark.parametrize("text", ["fast", "-1", "inf", "nan"])
    def test_refused(self, text: str) -> None:
        with pytest.raises(SettingsRefused, match="LAB_WORK_MS"):
            Settings.from_environ({"LAB_WORK_MS": text})

    def test_empty_means_default(self) -> None:
        environ: dict[str, Any] = {"LAB_WORK_MS": "", "LAB_BAD_CONFIG": "1"}
        assert Settings.from_environ(environ) == Settings(bad_config=True)
