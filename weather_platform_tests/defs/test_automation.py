"""A correction flows by itself where automation is on, and with the load job where it is off."""

import csv
import gzip
from datetime import UTC, datetime
from io import StringIO
from pathlib import Path
from typing import Any

import dagster as dg
import pytest

from weather_platform import names
from weather_platform.pipeline import open_stores
from weather_platform.settings import Settings
from weather_platform_tests import layers
from weather_platform_tests.defs.runs import Graph, graph

NOW = datetime(2026, 11, 26, tzinfo=UTC)
LOAD = {names.RAW_OBSERVATIONS: {"config": {"source": "meteofrance", "cities": []}}}
ONE_MONTH = {"dagster/partition": "2023-12"}


def correct(archive: Path) -> None:
    """50 mm in the 24 hours before 06 UTC of 1 December at NICE: rain of 30 November."""
    file = archive / "synop.202312.csv.gz"
    head, *rows = csv.reader(StringIO(gzip.decompress(file.read_bytes()).decode()), delimiter=";")
    for row in rows:
        if row[head.index("numer_sta")] == "07690" and row[head.index("date")] == "20231201060000":
            row[head.index("rr24")] = "50.000000"
    out = StringIO()
    csv.writer(out, delimiter=";", lineterminator="\n").writerows([head, *rows])
    file.write_bytes(gzip.compress(out.getvalue().encode(), 1, mtime=0))


def everything() -> layers.State:
    """Rows, documents, sheets and flags."""
    return layers.state(open_stores(Settings.from_environment()))


def by_itself(weather: Graph, cursor: Any) -> list[tuple[str, str]]:
    """Run what automation asks for until it asks for nothing; the assets and months, in order."""
    ran: list[tuple[str, str]] = []
    for _ in range(10):
        tick = dg.evaluate_automation_conditions(
            weather.definitions, weather.instance, cursor=cursor, evaluation_time=NOW
        )
        cursor = tick.cursor
        asked = [
            (asset, month or "")
            for asset in (*names.ASSETS, names.CLIMATE_REFERENCE)
            for month in tick.get_requested_partitions(dg.AssetKey(asset))
        ]
        if not asked:
            return ran
        for asset, month in asked:
            tags = {"dagster/partition": month} if month else {}
            assert weather.run_tagged("__ASSET_JOB", tags, assets=[asset]).success
        ran += asked
    raise AssertionError(f"Automation asks again and again: {ran}")


def test_a_correction_remakes_the_neighbour_the_same_by_itself_and_by_a_load(
    archive: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = archive.joinpath("synop.202312.csv.gz").read_bytes()
    with graph() as weather:
        assert weather.load("2023-11", "2023-12", source="meteofrance").success
        loaded = dg.evaluate_automation_conditions(weather.definitions, weather.instance, evaluation_time=NOW)
        assert by_itself(weather, loaded.cursor) == []
        as_loaded = everything()
        correct(archive)
        assert weather.run_tagged("__ASSET_JOB", ONE_MONTH, LOAD, assets=[names.RAW_OBSERVATIONS]).success
        ran = by_itself(weather, loaded.cursor)
    automatic = everything()

    archive.joinpath("synop.202312.csv.gz").write_bytes(before)
    monkeypatch.setenv("WEATHER_HOME", str(tmp_path / "off"))
    with graph() as weather:
        assert weather.load("2023-11", "2023-12", source="meteofrance").success
        correct(archive)
        assert weather.load("2023-12", source="meteofrance").success

    assert ran == [(asset, "2023-12") for asset in names.ASSETS[1:]] + [(names.CLIMATE_REFERENCE, "")]
    november = "07690:2023-11"
    assert as_loaded["sheets"][november]["rr"]["max"] != 50.0
    assert (automatic["sheets"][november]["rr"]["max"], automatic["sheets"][november]["rr"]["max_days"]) == (
        50.0,
        ("2023-11-30",),
    )
    assert automatic["documents"]["07690:2023-11-30"]["metrics"]["rainfall"]["rr"] == 50.0
    assert automatic == everything()
