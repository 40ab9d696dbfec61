"""The Prometheus of a run: its configuration, its start and its end."""

from __future__ import annotations

import asyncio
import json
import logging
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from lab.errors import LabRefused

log = logging.getLogger(__name__)

SCRAPE_INTERVAL = "15s"
SCRAPE_TIMEOUT = "5s"
READY_SECONDS = 20.0
READY_CHECK = aiohttp.ClientTimeout(total=1.0)
STOP_SECONDS = 20.0
NOISE = "python_.*|.*_created"
"""Metrics nobody reads; ``kube_.*_created`` is kept because its job does not drop it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrometheusSettings:
    """Where a run's Prometheus listens, stores, and finds its targets."""

    port: int
    agent_port: int
    run_dir: Path

    @property
    def url(self) -> str:
        """Base URL of its API."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def tsdb(self) -> Path:
        """Where the samples stay after the run."""
        return self.run_dir / "prometheus"


def find_binary() -> str:
    """Path of the ``prometheus`` program."""
    found = shutil.which("prometheus")
    if found is None:
        raise LabRefused(
            "the program 'prometheus' is not installed",
            hint="apt-get install -y prometheus",
        )
    return found


def configuration(settings: PrometheusSettings) -> dict[str, Any]:
    """Build the scrape configuration (JSON is YAML)."""
    agent = f"127.0.0.1:{settings.agent_port}"
    discovery = f"http://{agent}/sd"
    return {
        "global": {"scrape_interval": SCRAPE_INTERVAL, "scrape_timeout": SCRAPE_TIMEOUT},
        "scrape_configs": [
            _static("cadvisor", "/metrics/cadvisor", agent),
            _static("kube-state-metrics", "/metrics/kube-state-metrics", agent),
            _static("probes", "/metrics/probes", agent),
            _discovered("node-exporter", f"{discovery}/nodes"),
            {
                **_discovered("demo-app", f"{discovery}/pods"),
                "metric_relabel_configs": [
                    {"source_labels": ["__name__"], "regex": NOISE, "action": "drop"}
                ],
            },
        ],
    }


def _static(job: str, path: str, target: str) -> dict[str, Any]:
    return {
        "job_name": job,
        "metrics_path": path,
        "honor_labels": True,
        "static_configs": [{"targets": [target]}],
    }


def _discovered(job: str, url: str) -> dict[str, Any]:
    return {
        "job_name": job,
        "honor_labels": True,
        "http_sd_configs": [{"url": url, "refresh_interval": "5s"}],
    }


class Prometheus:
    """A child process; its samples stay in the run's folder."""

    def __init__(self, settings: PrometheusSettings) -> None:
        self.settings = settings
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """Process id while it runs."""
        return self._process.pid if self._process else None

    async def start(self) -> None:
        """Start and wait until it answers."""
        settings = self.settings
        settings.run_dir.mkdir(parents=True, exist_ok=True)
        config = settings.run_dir / "prometheus.yml"
        config.write_text(json.dumps(configuration(settings), indent=2), encoding="utf-8")
        with (settings.run_dir / "prometheus.log").open("ab") as output:
            self._process = await asyncio.create_subprocess_exec(
                find_binary(),
                f"--config.file={config}",
                f"--storage.tsdb.path={settings.tsdb}",
                "--storage.tsdb.retention.time=7d",
                f"--web.listen-address=127.0.0.1:{settings.port}",
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        await self._wait_ready()

    async def stop(self) -> None:
        """End it and let it write what it holds in memory to its log."""
        process, self._process = self._process, None
        if process is None or process.returncode is not None:
            return
        process.send_signal(signal.SIGTERM)
        try:
            await asyncio.wait_for(process.wait(), STOP_SECONDS)
        except TimeoutError:
            log.warning("prometheus did not stop in time pid=%d", process.pid)
            process.kill()
            await process.wait()

    async def _wait_ready(self) -> None:
        deadline = asyncio.get_running_loop().time() + READY_SECONDS
        async with aiohttp.ClientSession(timeout=READY_CHECK) as session:
            while asyncio.get_running_loop().time() < deadline:
                if self._process is not None and self._process.returncode is not None:
                    break
                if await self._is_ready(session):
                    return
                await asyncio.sleep(0.2)
        raise LabRefused(
            f"prometheus does not answer on port {self.settings.port}",
            hint=f"read {self.settings.run_dir / 'prometheus.log'}, or take another port",
        )

    async def _is_ready(self, session: aiohttp.ClientSession) -> bool:
        try:
            async with session.get(f"{self.settings.url}/-/ready") as answer:
                return answer.status == 200
        except (aiohttp.ClientError, TimeoutError):
            return False
