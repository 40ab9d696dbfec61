"""The Prometheus configuration of k8s/monitoring, with targets that stand in for a cluster."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import yaml

from tests.deploy.kustomize import K8S

PATH = K8S / "monitoring" / "prometheus" / "prometheus.yml"
CONFIG = yaml.safe_load(PATH.read_text())
JOBS: dict[str, dict[str, Any]] = {job["job_name"]: job for job in CONFIG["scrape_configs"]}
META = "__meta_kubernetes_"

Targets = Mapping[str, list[dict[str, str]]]


def standing_in(
    addresses: Mapping[str, str], targets: Targets, *, interval: str = "1s", **more: Any
) -> str:
    """Return the configuration with the discovery of each job replaced by an address per job.

    Debian's Prometheus is built without Kubernetes' discovery, and there is no API server to ask.
    Everything else stays: paths, labels, what is kept and dropped. The stand-in has neither TLS
    nor the keys of a cluster.
    """
    jobs = [_standing_in(job, addresses[name], targets)
            for name, job in JOBS.items() if name in targets]  # fmt: skip
    times = {"scrape_interval": interval, "scrape_timeout": interval}
    return yaml.safe_dump({"global": times, "scrape_configs": jobs, **more})


def _standing_in(job: dict[str, Any], address: str, targets: Targets) -> dict[str, Any]:
    for_real = ("scheme", "authorization", "tls_config", "kubernetes_sd_configs", "static_configs")
    found = [
        {
            "targets": [each.get("__address__", address)],
            "labels": {
                key if key.startswith("__") else META + key: text for key, text in each.items()
            },
        }
        for each in targets[job["job_name"]]
    ]
    kept = {key: value for key, value in job.items() if key not in for_real}
    return {**kept, "static_configs": found}


@contextmanager
def served(pages: Mapping[str, Callable[[], str]], host: str = "127.0.0.1") -> Iterator[str]:
    """Stand in for whatever has metrics: a page per path. Gives its address."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = pages.get(self.path.partition("?")[0], str)().encode()
            self.send_response(200 if body else 404)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer((host, 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"{host}:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
