"""Two real months of two cities, loaded once: NICE measures all, CAP CEPET neither temperature nor rain."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from weather_platform_tests.defs.runs import Graph, graph

CITIES = ("NICE", "CAP CEPET")


@pytest.fixture(scope="module")
def loaded(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Graph]:
    with pytest.MonkeyPatch.context() as environment, graph() as weather:
        environment.setenv("WEATHER_HOME", str(tmp_path_factory.mktemp("loaded")))
        environment.setenv("WEATHER_ARCHIVE_URL", str(real_data / "meteofrance-monthly"))
        run = weather.load("2023-11", "2023-12", source="meteofrance", cities=CITIES)
        assert run.success, run.failures
        yield weather
