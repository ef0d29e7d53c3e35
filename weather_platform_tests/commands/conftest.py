"""The console script `weather`, called as a shell calls it, and stores with something in them to look at."""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from weather_platform.cli import main
from weather_platform.domain.months import Month, Partitions
from weather_platform.domain.provenance import Provenance
from weather_platform.intake import receive
from weather_platform.pipeline import curate_month, open_stores, quarantine_unplaced, stage_month
from weather_platform.settings import Settings
from weather_platform.sources.sample import SampleSource

NOVEMBER, DECEMBER = Month(2023, 11), Month(2023, 12)
STATIONS = ("07661", "07690", "81401")
BROKEN = [
    {"numer_sta": "07690", "date": "2023-12-01T00:00:00Z", "t": 999.0},
    {"numer_sta": "07690", "date": "yesterday", "t": 280.0},
    {"numer_sta": "07690", "date": "1989-01-01T00:00:00Z", "t": 280.0},
]


class Ran(NamedTuple):
    """What a command left behind for the shell."""

    code: int
    out: str
    err: str


Weather = Callable[..., Ran]


@pytest.fixture
def weather(monkeypatch: pytest.MonkeyPatch, capfdbinary: pytest.CaptureFixture[bytes]) -> Weather:
    """Call the console script's function; a traceback is a failed test."""

    def run(*arguments: str | Path) -> Ran:
        monkeypatch.setattr(sys, "argv", ["weather", *map(str, arguments)])
        capfdbinary.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        sys.stdout.flush()
        out, err = capfdbinary.readouterr()
        return Ran(int(ended.value.code or 0), out.decode("utf-8", "surrogateescape"), err.decode())

    return run


@pytest.fixture(scope="session")
def filled_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two months of three cities and three broken records, put there without Dagster; only to be read."""
    home = tmp_path_factory.mktemp("filled")
    settings = Settings.from_environment({"WEATHER_HOME": str(home)})
    stores, partitions = open_stores(settings), Partitions(settings.first_month)
    received = datetime(2024, 1, 5, tzinfo=UTC)
    for month in (NOVEMBER, DECEMBER):
        payload = SampleSource().fetch(month, STATIONS)
        receive(stores.raw, payload.body, payload.provenance, partitions, received)
    upload = Provenance(source="upload", name="broken.json", licence="none")
    receive(stores.raw, msgspec.json.encode(BROKEN), upload, partitions, received)
    for month in (NOVEMBER, DECEMBER):
        stage_month(stores, month)
        curate_month(stores, month)
    quarantine_unplaced(stores, partitions)
    return home


@pytest.fixture
def filled(weather_home: Path, filled_home: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:  # noqa: ARG001  # first
    """The filled stores as the environment's."""
    monkeypatch.setenv("WEATHER_HOME", str(filled_home))
    return Settings.from_environment()
