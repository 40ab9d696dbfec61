"""How a service is set up: who may call it, how much it takes on, what it writes down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from ipaddress import ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from podforecast.diagnosis.quick import QuickLook


@dataclass(frozen=True, slots=True)
class ServiceOptions:
    """What an operator decides; the defaults are those of a service on one's own machine."""

    host: str = "127.0.0.1"
    """Where it is meant to listen; only to warn where that is open to others."""

    cors_origins: tuple[str, ...] = ()
    """Web origins whose pages may call the service."""

    api_keys: tuple[str, ...] = field(default=(), repr=False)
    """Who shows one of these may call; none means everybody."""

    body_timeout: timedelta = timedelta(seconds=30)
    """How long a request's body may take to arrive."""

    answer_timeout: timedelta = timedelta(seconds=60)
    """How long a caller may take to read an answer."""

    body_memory_mib: int = 128
    """What the bodies of all requests in flight may take together."""

    max_in_flight: int = 512
    """Requests answered at the same time; the next one is turned away."""

    log_requests: bool = True
    """Write one line per request."""

    headless: bool = False
    """Serve only what the watcher found, to whoever looks after it: who reads the fleet need not
    be able to have pods scored or the model replaced."""

    look_at_prometheus: Callable[[], QuickLook] | None = None
    """Asks the Prometheus that is watched how it is; None where none is."""


DEFAULTS = ServiceOptions()


def is_open_to_others(options: ServiceOptions) -> bool:
    """Say whether anybody who reaches this machine may call.

    >>> is_open_to_others(ServiceOptions(host="::"))
    True
    >>> is_open_to_others(ServiceOptions(host="127.0.0.2"))
    False
    """
    return not options.api_keys and not _is_this_machine(options.host)


def _is_this_machine(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
