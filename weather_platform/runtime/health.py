"""Health checks of the processes in containers: ``python -m weather_platform.runtime.health WHAT``.

Exit code 0 means yes. Nothing here imports Dagster, whose own ``liveness-check`` costs 3 s of CPU each time.
"""

import os
import socket
import sys
from collections.abc import Callable

from weather_platform.domain.errors import StoreUnavailable, WeatherError
from weather_platform.settings import Settings

TIMEOUT_S = 5.0
QUIET_S = 60
"""The daemon writes a heartbeat every 30 s."""


def code_server(port: int) -> None:
    """The gRPC server on this machine says that it serves."""
    import grpc
    from grpc_health.v1 import health_pb2, health_pb2_grpc

    with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
        request = health_pb2.HealthCheckRequest(service="DagsterApi")
        answer = health_pb2_grpc.HealthStub(channel).Check(request, timeout=TIMEOUT_S)
    if answer.status != health_pb2.HealthCheckResponse.SERVING:
        raise StoreUnavailable("The code server does not serve.", "Look at its log.")


def worker(settings: Settings, name: str = "weather") -> None:
    """The Celery worker of this machine answers through the broker."""
    from celery import Celery

    with Celery(broker=settings.broker_url) as app:
        if not app.control.ping([f"{name}@{socket.gethostname()}"], timeout=TIMEOUT_S):
            raise StoreUnavailable("The worker does not answer.", "Look at its log, and at the broker.")


def daemon(settings: Settings) -> None:
    """Dagster's daemon noted lately, in its storage, that it lives."""
    import sqlalchemy as sa

    url = sa.make_url(settings.dagster_storage_url or "")
    with sa.create_engine(url, connect_args={"connect_timeout": TIMEOUT_S}).connect() as connection:
        quiet_s = connection.scalar(
            sa.text("SELECT TIMESTAMPDIFF(SECOND, MAX(timestamp), UTC_TIMESTAMP()) FROM daemon_heartbeats")
        )
    if quiet_s is None or quiet_s > QUIET_S:
        raise StoreUnavailable(f"The daemon has been quiet for {quiet_s} s.", "Look at its log.")


def web(address: str) -> None:
    """The address answers with a success."""
    import httpx2 as httpx

    httpx.get(address, timeout=TIMEOUT_S).raise_for_status()


def _main(what: str, where: str) -> int:
    probes: dict[str, Callable[[], None]] = {
        "code-server": lambda: code_server(int(where)),
        "worker": lambda: worker(Settings.from_environment()),
        "daemon": lambda: daemon(Settings.from_environment()),
        "web": lambda: web(where),
    }
    try:
        probes[what]()
    except WeatherError as trouble:
        sys.stderr.write(f"{trouble}\n")
        return 1
    return 0


if __name__ == "__main__":
    code = _main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else "")
    sys.stderr.flush()
    os._exit(code)  # without waiting for the threads of gRPC and of the drivers
