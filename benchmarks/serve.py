"""``python -m benchmarks.serve ENDPOINT FOLDER PORT``: one worker, as a process to be measured."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import uvicorn
from fastapi import FastAPI

from benchmarks.rivals import floor, pandas_endpoint


def ours(folder: Path) -> FastAPI:
    """The service with its metrics and its log, on the fast path; no fleet is watched."""
    return _service(folder, slow=False)


def slow_path(folder: Path) -> FastAPI:
    """The service on the saved pipeline itself: what answers where the fast path is refused."""
    return _service(folder, slow=True)


def _service(folder: Path, *, slow: bool) -> FastAPI:
    # Imported here, so that the rivals are as small as they can be.
    from podforecast.model import scorer
    from podforecast.serving import logs
    from podforecast.serving.application import create_app

    logs.configure("info")
    return create_app(folder, load=scorer.load_pipeline if slow else scorer.load)


ENDPOINTS: Mapping[str, Callable[[Path], FastAPI]] = {
    "floor": floor,
    "ours": ours,
    "slow path": slow_path,
    "pandas": pandas_endpoint,
}


def main() -> None:
    endpoint, folder, port = sys.argv[1:]
    uvicorn.run(
        ENDPOINTS[endpoint](Path(folder)),
        port=int(port),
        loop="uvloop",
        http="httptools",
        log_config=None,
        access_log=False,
        server_header=False,
    )


if __name__ == "__main__":
    main()
