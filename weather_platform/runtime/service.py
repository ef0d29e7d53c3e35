"""A service: a command, and a probe of whether it answers."""

import http.client
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from weather_platform.domain.errors import CannotServe

HOST = "127.0.0.1"


@dataclass(frozen=True, kw_only=True)
class Service:
    """A process that should always run."""

    name: str
    command: Sequence[str]
    is_ready: Callable[[], bool]
    environment: Mapping[str, str] = field(default_factory=dict)
    """Added to the environment of the supervisor."""
    port: int | None = None
    port_setting: str | None = None
    """Setting to change if the port is in use."""
    after: str | None = None
    """The service that must be ready before this one starts."""
    holds_code: bool = False
    """Restarted when the code has changed."""


def answers_http(port: int, path: str) -> Callable[[], bool]:
    """True once `path` gives any answer below 500."""

    def probe() -> bool:
        connection = http.client.HTTPConnection(HOST, port, timeout=2)
        try:
            connection.request("GET", path)
            return connection.getresponse().status < 500
        except OSError:
            return False
        finally:
            connection.close()

    return probe


def accepts_connections(port: int) -> Callable[[], bool]:
    def probe() -> bool:
        try:
            socket.create_connection((HOST, port), timeout=2).close()
        except OSError:
            return False
        return True

    return probe


def is_written(path: Path) -> Callable[[], bool]:
    return path.exists


def port_is_free(port: int) -> bool:
    with socket.socket() as probe:
        # Connections in TIME_WAIT of a stopped server do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def check_ports(services: Iterable[Service]) -> None:
    """Raise CannotServe with every port in use and the settings that change it."""
    taken = [service for service in services if service.port is not None and not port_is_free(service.port)]
    if not taken:
        return
    settings = " and ".join(service.port_setting for service in taken if service.port_setting)
    raise CannotServe(
        " ".join(f"Port {service.port}, meant for the {service.name}, is taken." for service in taken),
        f"Stop what listens there, or set {settings} to {'another port' if len(taken) == 1 else 'other ports'}.",
    )


def any_free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
