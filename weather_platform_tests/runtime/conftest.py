"""The platform's own processes, really started, on a home and a port of their own."""

from collections.abc import Iterator

import pytest

from weather_platform_tests.runtime.serving import Serving
from weather_platform_tests.servers.process import free_port


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """Dagster's servers and a worker, ready, with a trivial graph."""
    platform = Serving(tmp_path_factory.mktemp("home"), free_port())
    try:
        platform.wait_until_printed("ready", timeout_s=120)
        yield platform
    finally:
        platform.interrupt()
