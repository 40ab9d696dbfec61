"""A real PostgreSQL for tests."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import psycopg

from tests.telemetry.prometheus_server import free_port

PASSWORD = "pa55-w0rd-nobody-may-see"  # noqa: S105 - of a server that lives for one test
USER = "podforecast"


def programs() -> Path | None:
    """Folder of the newest server's programs: Debian keeps them off PATH."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_version)
    on_path = shutil.which("initdb")
    found = [*debian, *([Path(on_path).resolve()] if on_path else [])]
    return found[-1].parent if found else None


def _version(program: Path) -> int:
    return int(program.parts[-3]) if program.parts[-3].isdigit() else 0


class PostgreSqlServer:
    """One server on 127.0.0.1, with its data in a folder of its own."""

    def __init__(self, folder: Path, *, safe: bool) -> None:
        found, self._safe = programs(), safe
        assert found is not None
        self._programs, self._folder = found, folder
        self._data = folder / "data"
        self.port = free_port()

    def initialise(self) -> None:
        words = self._folder / "password"
        words.write_text(PASSWORD)
        if os.geteuid() == 0:  # the server refuses to run as root
            for place in (self._folder, words):
                shutil.chown(place, "postgres", "postgres")
        self._run("initdb", "--no-sync", "--username", USER, "--auth=scram-sha-256",
                  f"--pwfile={words}", "--encoding=UTF8", "--locale=C.UTF-8")  # fmt: skip

    def start(self) -> None:
        options = (
            f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories="
            f" -c fsync={'on' if self._safe else 'off'} -c max_connections=40"
        )
        self._run("pg_ctl", "start", "--wait", "--silent", f"--log={self._folder / 'log'}",
                  "--options", options)  # fmt: skip

    def stop(self) -> None:
        self._run("pg_ctl", "stop", "--wait", "--silent", "--mode=immediate")

    @contextlib.contextmanager
    def frozen(self) -> Iterator[None]:
        """Keep its connections open, but answer nothing."""
        pids = self._processes()
        for pid in pids:
            os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            for pid in pids:
                os.kill(pid, signal.SIGCONT)

    def _processes(self) -> list[int]:
        main = int((self._data / "postmaster.pid").read_text().split()[0])
        children = Path(f"/proc/{main}/task/{main}/children").read_text().split()
        return [main, *map(int, children)]

    def _run(self, program: str, *arguments: str) -> None:
        whom: Mapping[str, Any] = {}
        if os.geteuid() == 0:
            account = pwd.getpwnam("postgres")
            whom = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
        command = [str(self._programs / program), "--pgdata", str(self._data), *arguments]
        # The server inherits the output, so it must not be a pipe that is read to its end.
        with (self._folder / "output").open("wb") as output:
            done = subprocess.run(command, cwd=self._folder, stdout=output, stderr=output,
                                  env={"PATH": os.defpath}, timeout=60, **whom)  # fmt: skip
        assert done.returncode == 0, (self._folder / "output").read_text()

    def url(self, database: str) -> str:
        return f"postgresql://{USER}:{PASSWORD}@127.0.0.1:{self.port}/{database}"

    def new_database(self, name: str) -> str:
        """Make an empty database; gives its URL."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}"')
        return self.url(name)


@contextlib.contextmanager
def running(*, safe: bool = False) -> Iterator[PostgreSqlServer]:
    """Start one with an empty data folder; a ``safe`` one waits for its disk."""
    # Not in pytest's folder: only its owner may look into that one, and the server runs as another.
    with tempfile.TemporaryDirectory(prefix="podforecast-postgresql-") as folder:
        server = PostgreSqlServer(Path(folder), safe=safe)
        server.initialise()
        server.start()
        try:
            yield server
        finally:
            server.stop()
