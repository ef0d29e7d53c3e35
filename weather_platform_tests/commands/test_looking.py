"""`weather status`, `stations` and `quarantine` tell what the stores hold, to people and to scripts."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from weather_platform.domain.parsing import Reason
from weather_platform.domain.stations import STATIONS
from weather_platform.pipeline import open_stores
from weather_platform.settings import Settings
from weather_platform.storage.curated import Query
from weather_platform_tests.commands.conftest import DECEMBER, NOVEMBER, Weather
from weather_platform_tests.domain.test_station_list import collection, feature


def test_status_counts_every_layer_by_month(weather: Weather, filled: Settings) -> None:
    stores = open_stores(filled)
    expected = [
        {
            "month": str(month),
            "raw_objects": len(stores.raw.objects(str(month))),
            "observations": sum(coverage.observations for coverage in stores.staging.coverage([str(month)])),
            "cities": 3,
            "refused": len(stores.staging.quarantine(str(month))),
            "documents": len(list(stores.curated.find(Query(first=month.first_day, last=month.last_day)))),
        }
        for month in (NOVEMBER, DECEMBER)
    ]
    ran = weather("status", "--json")
    assert (ran.code, ran.err) == (0, "")
    assert json.loads(ran.out) == [
        *expected,
        {"month": "unplaced", "raw_objects": 1, "observations": 0, "cities": 0, "refused": 2, "documents": 0},
    ]
    assert [line["raw_objects"] for line in expected] == [1, 2]


def test_status_is_a_table_for_people(weather: Weather, filled: Settings) -> None:  # noqa: ARG001
    ran = weather("status")
    heading, *lines = ran.out.splitlines()
    assert ran.code == 0
    assert heading.split() == ["month", "raw_objects", "observations", "cities", "refused", "documents"]
    assert [line.split()[0] for line in lines] == ["2023-11", "2023-12", "unplaced"]


def test_status_of_nothing_says_whose_home_it_is_and_makes_nothing(weather: Weather, weather_home: Path) -> None:
    ran = weather("status", "--json")
    assert (ran.code, json.loads(ran.out)) == (0, [])
    assert ran.err.startswith(f"Nothing is stored in {weather_home}.")
    assert weather("quarantine", "--json").out == "[]\n"
    assert len(json.loads(weather("stations", "--json").out)) == len(STATIONS)
    assert not weather_home.exists()


def test_stations_are_the_known_ones_and_those_of_files(weather: Weather, filled: Settings) -> None:  # noqa: ARG001
    listed = json.loads(weather("stations", "--json").out)
    assert {line["station_id"] for line in listed} == set(STATIONS)
    (nice,) = (line for line in listed if line["station_id"] == "07690")
    assert nice == {
        "station_id": "07690",
        "display_name": "Nice",
        "name": "NICE",
        "slug": "nice",
        "latitude_deg": 43.648833,
        "longitude_deg": 7.209,
        "altitude_m": 2,
        "department": "Alpes-Maritimes",
        "region": "Provence-Alpes-Côte d'Azur",
        "territory": "France métropolitaine",
        "timezone": "Europe/Paris",
        "aliases": ["Nice-Côte d'Azur", "Nice-Aéroport", "Monaco", "Côte d'Azur"],
        "verified": True,
    }


def test_the_list_of_stations_is_fetched_and_kept(
    weather: Weather,
    filled: Settings,  # noqa: ARG001
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    archive = tmp_path / "archive"
    archive.mkdir()
    monkeypatch.setenv("WEATHER_ARCHIVE_URL", str(archive))
    assert weather("stations", "--refresh").err.startswith("The archive has no list of stations")
    (archive / "postes_synop.geojson").write_bytes(collection(feature()))
    assert weather("stations", "--refresh").err == "postes_synop.geojson: 1 stations\n"
    (montsouris,) = json.loads(weather("stations", "paris", "--json").out)
    assert (montsouris["station_id"], montsouris["verified"], montsouris["distance_km"]) == ("07156", True, 4)


def test_words_find_stations_and_say_why(weather: Weather, filled: Settings) -> None:  # noqa: ARG001
    (dijon,) = json.loads(weather("stations", "Besançon", "--json").out)
    assert (dijon["display_name"], dijon["why"], dijon["matched"], dijon["distance_km"]) == (
        "Dijon-Longvic",
        "nearest",
        "Besançon (25)",
        70,
    )
    ran = weather("stations", "atlantis")
    assert (ran.code, ran.out) == (1, "")
    assert ran.err.startswith("No station matches 'atlantis'.\nUse the name of a station")


@pytest.mark.parametrize(
    ("arguments", "reasons"),
    [
        ([], ["impossible_value", "unreadable_date", "outside_partitions"]),
        (["--month", "2023-12"], ["impossible_value"]),
        (["--month", "2023-12-01"], ["impossible_value"]),
        (["--month", "unplaced"], ["unreadable_date", "outside_partitions"]),
        (["--reason", "outside_partitions"], ["outside_partitions"]),
        (["--month", "2023-11"], []),
    ],
)
def test_quarantine_lists_refused_records_with_reason_and_place(
    weather: Weather,
    filled: Settings,  # noqa: ARG001
    arguments: list[str],
    reasons: list[str],
) -> None:
    ran = weather("quarantine", "--json", *arguments)
    lines = json.loads(ran.out)
    assert ran.code == 0
    assert [line["reason"] for line in lines] == reasons
    assert all(line["raw_object"] and line["position"] and line["detail"] and line["record"] for line in lines)


def test_a_reason_that_there_is_not_is_refused_with_those_that_there_are(weather: Weather, filled: Settings) -> None:  # noqa: ARG001
    ran = weather("quarantine", "--reason", "bogus")
    assert (ran.code, ran.out) == (2, "")
    said = " ".join(ran.err.replace("│", " ").split())
    assert all(f"'{reason}'" in said for reason in Reason)


def test_a_table_is_whole_where_no_terminal_shows_it(weather: Weather, filled: Settings) -> None:  # noqa: ARG001
    ran = weather("stations")
    assert "…" not in ran.out
    (desirade,) = (line for line in ran.out.splitlines() if line.startswith("78897"))
    assert desirade.split()[1:5] == ["Le", "Raizet", "LE", "RAIZET"]
    assert " le_raizet_aero " in desirade


@pytest.mark.parametrize(
    "command",
    [
        ["export", "--format", "csv"],
        ["export", "--format", "json"],
        ["stations"],
        ["stations", "--json"],
        ["quarantine"],
    ],
)
def test_a_reader_that_leaves_early_is_a_quiet_end(filled: Settings, command: list[str]) -> None:
    """As `head` does. The first byte of an answer is in the pipe when its reader is gone."""
    process = subprocess.Popen(
        [Path(sys.executable).with_name("weather"), *command],
        env={**os.environ, "WEATHER_HOME": str(filled.home)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert process.stdout is not None
    process.stdout.close()
    _, said = process.communicate()
    assert (process.returncode, said) == (0, b"")


def test_reload_without_a_server_is_reported(weather: Weather, weather_home: Path) -> None:
    said = f"No `weather up` serves {weather_home}, so no code can be reloaded.\nStart `weather up`.\n"
    for _ in range(2):
        ran = weather("reload")
        assert (ran.code, ran.out, ran.err) == (1, "", said)
        weather_home.mkdir(exist_ok=True)
        (weather_home / "up.pid").write_text("1")  # of an `up` that is gone
