"""The process that every container is forked from.

It imports the demo app once, so that a container starts in milliseconds and shares the code's
pages, then forks on request: JSON lines over a socket that the node agent holds. When that socket
closes without a farewell, the agent has crashed: the zygote ends everything the cluster runs,
removes its control groups, and exits.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import gc
import importlib
import json
import logging
import os
import resource
import selectors
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

from lab.node_agent.cgroups import LAB, detect

Serve = Callable[[str, int, Mapping[str, str]], None]
PR_SET_PDEATHSIG = 1  # <linux/prctl.h>
INHERITED_FILES = 1024
"""Descriptors up to here are closed in a container: the zygote's own, and its other gates."""
COULD_NOT_START = 128  # as container runtimes report a failed start

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Zygote:
    """State of the forking loop."""

    serve: Serve
    agent: socket.socket
    agent_pid: int
    cluster: str
    libc: ctypes.CDLL
    run_by_pid: dict[int, str] = field(default_factory=dict)
    key_by_run: dict[str, int] = field(default_factory=dict)
    """Pipes on which new processes wait to begin."""
    partial: bytes = b""
    """Start of a line whose end has not arrived."""
    farewell: bool = False

    def loop(self) -> None:
        """Fork and reap until the agent says stop or is gone."""
        wakeup_in, wakeup_out = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(wakeup_out, warn_on_full_buffer=False)
        with selectors.DefaultSelector() as selector:
            selector.register(self.agent, selectors.EVENT_READ)
            selector.register(wakeup_in, selectors.EVENT_READ)
            running = True
            while running:
                for key, _ in selector.select():
                    if key.fileobj == wakeup_in:
                        os.read(wakeup_in, 4096)
                    else:
                        running = self._read()
                self._reap()

    def _read(self) -> bool:
        received = self.agent.recv(65_536)
        *lines, self.partial = (self.partial + received).split(b"\n")
        obeyed = [self._obey(json.loads(line)) for line in lines]
        return bool(received) and all(obeyed)

    def _obey(self, request: Mapping[str, Any]) -> bool:
        match request["op"]:
            case "start":
                self._start(request)
            case "begin":
                self._begin(request["id"])
            case "kill":
                self._signal(request["id"], request["signal"])
            case _:
                self.farewell = True
                return False
        return True

    def _start(self, request: Mapping[str, Any]) -> None:
        gate, key = os.pipe()
        pid = os.fork()
        if pid == 0:
            self._become_container(request, gate)
        os.close(gate)
        self.run_by_pid[pid] = request["id"]
        self.key_by_run[request["id"]] = key
        self._tell({"op": "started", "id": request["id"], "pid": pid})

    def _begin(self, run: str) -> None:
        key = self.key_by_run.pop(run, None)
        if key is not None:
            with contextlib.suppress(BrokenPipeError):
                os.write(key, b"\n")
            os.close(key)

    def _signal(self, run: str, number: int) -> None:
        for pid, other in self.run_by_pid.items():
            if other == run:  # not reaped yet, so the id can not belong to a stranger
                os.kill(pid, number)

    def _reap(self) -> None:
        while self.run_by_pid:
            pid, status = os.waitpid(-1, os.WNOHANG)
            if pid == 0:
                return
            run = self.run_by_pid.pop(pid)
            self._begin(run)
            code = os.waitstatus_to_exitcode(status)
            self._tell({"op": "exited", "id": run, "code": code if code >= 0 else 128 - code})

    def _tell(self, message: Mapping[str, Any]) -> None:
        with contextlib.suppress(OSError):  # the agent is gone: the next read says so
            self.agent.sendall(json.dumps(message).encode() + b"\n")

    def _become_container(self, request: Mapping[str, Any], gate: int) -> NoReturn:
        code = COULD_NOT_START
        try:
            self._isolate(request, keep=gate)
            _wait_at(gate)
            self.serve(request["host"], request["port"], request["env"])
            code = 0
        except SystemExit as stop:
            code = stop.code if isinstance(stop.code, int) else 1
        except BaseException:
            logging.getLogger("container").critical("container_died", exc_info=True)
            code = 1
        finally:
            with contextlib.suppress(OSError, ValueError):
                sys.stdout.flush()
            os._exit(code)

    def _isolate(self, request: Mapping[str, Any], *, keep: int) -> None:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        self.libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        os.setsid()
        _redirect_output(request["log"])
        os.closerange(3, keep)
        os.closerange(keep + 1, INHERITED_FILES)
        resource.setrlimit(resource.RLIMIT_NOFILE, (request["nofile"],) * 2)
        gc.enable()

    def end(self) -> None:
        """Kill the containers; after a crash of the agent, whatever else the cluster ran."""
        for pid in self.run_by_pid:
            os.kill(pid, signal.SIGKILL)
        for _ in range(len(self.run_by_pid)):
            os.wait()
        if self.farewell:
            return
        log.warning("agent_gone cluster=%s", self.cluster)
        top = detect()
        lab = top.child(LAB)
        cluster = lab.child(self.cluster)
        cluster.kill(spare={os.getpid(), self.agent_pid})
        for path in top.process_files:
            path.write_text("0")
        if cluster.remove():
            lab.try_remove()


def _wait_at(gate: int) -> None:
    """Wait until the agent has put this process into its control group."""
    opened = os.read(gate, 1)
    os.close(gate)
    if not opened:
        raise SystemExit(COULD_NOT_START)


def _redirect_output(path: str) -> None:
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    descriptor = os.open(path, flags, 0o644)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, 0)
    os.close(null)


def load_program(name: str) -> Serve:
    """Import ``package.module:function``."""
    module, _, function = name.partition(":")
    serve: Serve = getattr(importlib.import_module(module), function)
    return serve


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the zygote on an inherited socket."""
    parser = argparse.ArgumentParser(description="Fork containers for the node agent.")
    parser.add_argument("--socket", type=int, required=True)
    parser.add_argument("--agent-pid", type=int, required=True)
    parser.add_argument("--cluster", required=True)
    parser.add_argument("--program", required=True)
    options = parser.parse_args(arguments)
    logging.basicConfig(format="%(levelname)s %(name)s %(message)s")
    libc = ctypes.CDLL(None, use_errno=True)
    serve = load_program(options.program)
    gc.collect()
    gc.disable()
    gc.freeze()
    zygote = Zygote(
        serve=serve,
        agent=socket.socket(fileno=options.socket),
        agent_pid=options.agent_pid,
        cluster=options.cluster,
        libc=libc,
    )
    zygote.loop()
    zygote.end()


if __name__ == "__main__":
    main()
