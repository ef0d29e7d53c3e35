"""A code server of its own process, and a daemon's view of it, there or not."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import dagster as dg
from dagster._core.test_utils import create_test_daemon_workspace_context
from dagster._core.workspace.context import WorkspaceProcessContext
from dagster._core.workspace.load_target import GrpcServerTarget

from weather_platform import names
from weather_platform.dagster_patches.code_servers import serves
from weather_platform_tests.runtime.serving import wait_for

HOST = "127.0.0.1"


@contextmanager
def code_server(module: str, port: int) -> Iterator[None]:
    """Serve a module's definitions until the end of the block."""
    served = ("--module-name", module, "--host", HOST, "--port", str(port), "--location-name", names.LOCATION)
    process = subprocess.Popen([sys.executable, "-m", "dagster", "api", "grpc", *served])
    try:
        wait_for(lambda: serves(HOST, port), "the code server")
        yield
    finally:
        process.kill()
        process.wait()


@contextmanager
def workspace_at(port: int, instance: dg.DagsterInstance) -> Iterator[WorkspaceProcessContext]:
    """What a daemon that has just started sees of the code server at a port."""
    target = GrpcServerTarget(host=HOST, port=port, socket=None, location_name=names.LOCATION)
    with create_test_daemon_workspace_context(target, instance) as workspace:
        yield workspace
