"""`weather load`, `sample` and `up --once`: months in, and one clear sentence where that cannot be."""

import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from weather_platform.domain.months import Month
from weather_platform.domain.stations import STATIONS
from weather_platform.pipeline import open_stores
from weather_platform.settings import Settings
from weather_platform.sources.sample import SampleSource
from weather_platform_tests.commands.conftest import DECEMBER, Weather
from weather_platform_tests.full_disk import files_of_at_most


def test_load_says_what_each_month_holds_then(weather: Weather, weather_home: Path) -> None:  # noqa: ARG001
    ran = weather("load", "2023-11..2023-12", "--source", "sample", "--city", "nice", "--city", "Cap Cepet", "--json")
    assert (ran.code, ran.err) == (0, "")
    stores = open_stores(Settings.from_environment())
    expected = [
        {
            "month": month,
            "observations": sum(coverage.observations for coverage in stores.staging.coverage([month])),
            "cities": 2,
            "refused": 0,
            "documents": sum(c.documents for c in stores.curated.coverage() if str(c.month) == month),
            "synthetic": True,
        }
        for month in ("2023-11", "2023-12")
    ]
    assert json.loads(ran.out) == expected
    assert all(line["documents"] for line in expected)


def test_a_station_outside_the_reference_table_is_loaded_by_number(
    weather: Weather,
    weather_home: Path,  # noqa: ARG001
) -> None:
    """Sources have about 130 of them since 2025; one that is staged has a name to call it by as well."""
    for month, city in (("2023-11", "07002"), ("2023-12", "station_07002")):
        ran = weather("load", month, "--source", "sample", "--city", city)
        assert (ran.code, ran.err) == (0, "")
    assert list(open_stores(Settings.from_environment()).staging.stations()) == ["07002"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["2023-1x"], ["'2023-1x' is not a month.", "Write it as YYYY-MM, for example 2023-12."]),
        (["[/]"], ["'[/]' is not a month.", "Write it as YYYY-MM, for example 2023-12."]),
        (
            ["2023-12..2023-01"],
            ["'2023-12..2023-01' ends before it starts.", "Write the earlier month first: 2023-01..2023-12."],
        ),
        (
            ["1995-12"],
            [
                f"1995-12 is outside the partitions (1996-01 to {Month.current()}).",
                "Choose one of them, or set WEATHER_FIRST_MONTH to an earlier month.",
            ],
        ),
        (["2023-12", "--source", "sample", "--city", "NISE"], ["No station matches 'NISE'.", "Did you mean Nice?"]),
        (
            ["2023-12", "--source", "sky"],
            ["'sky' is not a source.", "Choose one of meteofrance, opendatasoft, sample."],
        ),
    ],
    ids=["no month", "markup", "backwards", "not kept", "no city", "no source"],
)
def test_what_cannot_be_loaded_is_said_in_a_cause_and_a_cure(
    weather: Weather,
    weather_home: Path,  # noqa: ARG001
    arguments: list[str],
    said: list[str],
) -> None:
    ran = weather("load", *arguments)
    code = 2 if said[1].startswith("Write") else 1
    assert (ran.code, ran.out, ran.err.splitlines()) == (code, "", said)


@pytest.mark.parametrize(
    "arguments", [[], ["load"], ["load", "2023-12", "--wind"], ["export", "--format", "xml"], ["sail"]]
)
def test_wrong_usage_is_exit_code_2(weather: Weather, weather_home: Path, arguments: list[str]) -> None:
    assert weather(*arguments).code == 2
    assert not weather_home.exists()


@pytest.mark.parametrize("command", [["load", "2023-12", "--source", "sample"], ["up"]])
@pytest.mark.parametrize("home", ["/sys/weather", "/proc/weather", "/dev/null", "/dev/null/weather"])
def test_a_home_that_cannot_be_written_is_said(
    weather: Weather,
    weather_home: Path,  # noqa: ARG001
    monkeypatch: pytest.MonkeyPatch,
    command: list[str],
    home: str,
) -> None:
    """Below /sys and /proc not even root can make folders; and a file is not a folder."""
    monkeypatch.setenv("WEATHER_HOME", home)
    ran = weather(*command)
    cause, cure = ran.err.splitlines()
    assert ran.code == 1
    assert home in cause
    assert "right to write" in cure
    assert "WEATHER_HOME" in cure


def test_what_is_stored_raw_and_not_staged_is_said(
    weather: Weather, weather_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_the_way = weather_home.parent / "a file"
    in_the_way.touch()
    monkeypatch.setenv("WEATHER_CSV_FOLDER", str(in_the_way))
    ran = weather("load", "2023-11..2023-12", "--source", "sample", "--city", "nice")
    assert ran.code == 1
    assert "Not loaded: 2023-11, 2023-12 (2 of 2 months)." in ran.err.splitlines()
    assert ran.err.splitlines()[-1] == (
        "Stored raw but not staged: 2023-11, 2023-12. Load them again, or run the job `process_months`."
    )


@pytest.mark.parametrize(
    ("size_bytes", "cause"),
    [
        (20_000, "Dagster cannot record the run in {home}/dagster: disk I/O error."),
        (10_000_000, "A file cannot be sorted on disk: File too large."),
    ],
    ids=["for Dagster", "for a month on its way to the raw store"],
)
def test_a_full_disk_is_said_and_nothing_is_half_written(
    weather: Weather, weather_home: Path, monkeypatch: pytest.MonkeyPatch, size_bytes: int, cause: str
) -> None:
    monkeypatch.setattr("weather_platform.defs.failures.wait_s", lambda _: 0.01)
    with files_of_at_most(size_bytes):
        ran = weather("load", "2023-12", "--source", "sample")
    assert ran.code == 1
    assert ran.err.splitlines()[0] == cause.format(home=weather_home)
    assert len(ran.err.splitlines()) == 2
    stores = open_stores(Settings.from_environment())
    assert (stores.raw.partitions(), stores.staging.coverage(), stores.curated.coverage()) == ([], [], [])
    assert [path for path in (weather_home / "raw").rglob("*") if path.is_file()] == []


def test_sample_writes_the_records_that_load_would_fetch(weather: Weather, tmp_path: Path) -> None:
    plain, packed = tmp_path / "nice.json", tmp_path / "nice.json.gz"
    for output in (plain, packed):
        ran = weather("sample", "2023-12", "--city", "nice", "--output", output)
        assert (ran.code, ran.out) == (0, "")
        assert ran.err == f"{output}: {plain.stat().st_size:,} bytes of JSON, synthetic\n"
    fetched = json.loads(SampleSource().fetch(DECEMBER, ["07690"]).body)
    assert json.loads(plain.read_bytes()) == fetched
    assert gzip.decompress(packed.read_bytes()) == plain.read_bytes()
    assert json.loads(weather("sample", "2023-12", "--city", "nice").out) == fetched
    assert all(record["synthetic"] is True for record in fetched)


def test_sample_takes_a_number_of_stations_and_another_seed(weather: Weather) -> None:
    first = json.loads(weather("sample", "2023-12", "--stations", "63").out)
    other = json.loads(weather("sample", "2023-12", "--stations", "1", "--seed", "2").out)
    assert {record["numer_sta"] for record in first} > set(STATIONS)
    assert len({record["numer_sta"] for record in first}) == 63
    assert [r["t"] for r in other] != [r["t"] for r in first if r["numer_sta"] == other[0]["numer_sta"]]


def test_sample_on_a_full_disk_leaves_the_old_file_and_no_other(weather: Weather, tmp_path: Path) -> None:
    output = tmp_path / "sample.json"
    output.write_text("of yesterday")
    with files_of_at_most(100_000):
        ran = weather("sample", "2023-12", "--output", output)
    assert ran.code == 1
    assert ran.err.startswith(f"{output} cannot be written: File too large.")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(output.name, "of yesterday")]


@pytest.mark.slow
def test_one_command_loads_december_without_any_server_and_tells_of_it(weather_home: Path) -> None:
    """What `make run ONCE=1` calls, as the installed program."""
    done = subprocess.run(
        [Path(sys.executable).with_name("weather"), "up", "--load", "2023-12", "--source", "sample", "--once"],
        env={**os.environ, "COLUMNS": "60"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    with_documents, nice = done.stderr.splitlines()
    stores = open_stores(Settings.from_environment())
    summary = stores.staging.summary(DECEMBER)
    documents = len(list(stores.curated.find()))
    assert with_documents == (
        f"2023-12: {summary.rows_in_tables:,} observations of 62 cities "
        f"became {documents:,} documents in {weather_home}"
    )
    assert documents > 1_850
    assert nice.startswith("NICE 2023-12-01: ")
    assert nice.endswith(" — synthetic sample, not measured")
    assert "°C on average" in nice
