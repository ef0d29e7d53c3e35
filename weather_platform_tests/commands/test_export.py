"""`weather export` writes the documents that are stored: flat or whole, all of a file or nothing."""

import csv
import io
import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import msgspec
import pytest

from weather_platform.domain.errors import StoreUnavailable
from weather_platform.domain.tabular import DOCUMENT_COLUMNS, documents
from weather_platform.domain.weather_stats import WeatherStats
from weather_platform.pipeline import open_stores
from weather_platform.settings import Settings
from weather_platform.storage.curated import Query
from weather_platform_tests.commands.conftest import Weather
from weather_platform_tests.full_disk import files_of_at_most

TO = ["--from", "2023-11-30", "--to", "2023-12-02", "--city", "Nice", "--city", "81401"]


COLUMNS = [column.name for column in DOCUMENT_COLUMNS]


def flat(document: WeatherStats) -> dict[str, Any]:
    return dict(zip(COLUMNS, documents().cells(document), strict=True))


@pytest.fixture
def stored(filled: Settings) -> list[WeatherStats]:
    """What `TO` asks for."""
    return list(
        open_stores(filled).curated.find(
            Query(stations=["07690", "81401"], first=date(2023, 11, 30), last=date(2023, 12, 2))
        )
    )


def test_csv_is_a_line_a_day_with_units_in_its_heading(weather: Weather, stored: list[WeatherStats]) -> None:
    ran = weather("export", *TO)
    assert (ran.code, ran.err) == (0, "")
    lines = list(csv.DictReader(io.StringIO(ran.out)))
    assert ran.out.splitlines()[0] == ",".join(COLUMNS)
    expected = [{name: _cell(value) for name, value in flat(doc).items()} for doc in stored]
    assert lines == expected
    assert len(lines) == 6


def _cell(value: object) -> str:
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_json_is_the_documents_themselves(weather: Weather, stored: list[WeatherStats]) -> None:
    ran = weather("export", *TO, "--format", "json")
    assert ran.code == 0
    written = json.loads(ran.out)
    assert (written["data"], written["count"], written["next"]) == (json.loads(msgspec.json.encode(stored)), 6, None)
    assert written["units"]["temperature"] == "°C"


def test_parquet_is_typed_and_holds_the_same_rows(weather: Weather, stored: list[WeatherStats], tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    path = tmp_path / "nice.parquet"
    assert weather("export", *TO, "--format", "parquet", "--output", path).code == 0
    table = pq.read_table(path)
    assert table.to_pylist() == [flat(doc) for doc in stored]
    kinds = {field.name: str(field.type) for field in table.schema}
    assert [kinds[name] for name in ("station_id", "date", "rain_total_mm", "rain_n", "rain_trace", "synthetic")] == [
        "string",
        "date32[day]",
        "double",
        "int32",
        "bool",
        "bool",
    ]
    assert list(kinds) == list(COLUMNS)


def test_parquet_of_an_unmeasured_figure_still_has_its_type(
    weather: Weather,
    filled: Settings,  # noqa: ARG001
    tmp_path: Path,
) -> None:
    import pyarrow.parquet as pq

    path = tmp_path / "cap.parquet"
    weather("export", "--city", "cap_cepet", "--format", "parquet", "--output", path)
    column = pq.read_table(path)["temperature_avg_c"]
    assert (str(column.type), column.null_count, len(column)) == ("double", len(column), 61)


@pytest.mark.parametrize(("form", "nothing"), [("csv", ",".join(COLUMNS) + "\n"), ("ndjson", "")])
def test_no_documents_are_an_empty_list(weather: Weather, filled: Settings, form: str, nothing: str) -> None:  # noqa: ARG001
    ran = weather("export", "--from", "2030-01-01", "--format", form)
    assert (ran.code, ran.out) == (0, nothing)


def test_a_full_disk_leaves_the_old_file_and_no_other(
    weather: Weather,
    filled: Settings,  # noqa: ARG001
    tmp_path: Path,
) -> None:
    output = tmp_path / "weather.json"
    output.write_text("of yesterday")
    with files_of_at_most(40_000):  # a third of the export, and more than SQLite needs to be read
        ran = weather("export", "--format", "json", "--output", output)
    assert ran.code == 1
    assert ran.err == f"{output} cannot be written: File too large.\nFree space there, or choose another --output.\n"
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(output.name, "of yesterday")]


def test_a_store_that_breaks_off_leaves_the_old_file_and_no_other(
    weather: Weather,
    filled: Settings,  # noqa: ARG001
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from weather_platform.storage.curated_sqlite import SqliteCurated

    original = SqliteCurated.find

    def breaking_off(self: SqliteCurated, query: Query) -> Iterator[WeatherStats]:
        yield next(original(self, query))
        raise StoreUnavailable("The store went away.", "Bring it back.")

    monkeypatch.setattr(SqliteCurated, "find", breaking_off)
    output = tmp_path / "weather.csv"
    output.write_text("of yesterday")
    ran = weather("export", "--output", output)
    assert (ran.code, ran.err) == (1, "The store went away.\nBring it back.\n")
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(output.name, "of yesterday")]


@pytest.mark.parametrize(
    ("arguments", "code", "cause"),
    [
        (["--from", "1 December"], 2, "'1 December' is not a day."),
        (["--to", "2023-02-30"], 2, "'2023-02-30' is not a day."),
        (["--from", "2023-12-02", "--to", "2023-12-01"], 2, "2023-12-02 to 2023-12-01 ends before it starts."),
        (["--city", "NISE"], 1, "No station matches 'NISE'."),
        (["--output", "/sys/weather.csv"], 1, "/sys/weather.csv cannot be written: "),
        (["--output", "/dev/null/weather.csv"], 1, "/dev/null/weather.csv cannot be written: Not a directory."),
    ],
)
def test_what_cannot_be_exported_is_said(
    weather: Weather,
    filled: Settings,  # noqa: ARG001
    arguments: list[str],
    code: int,
    cause: str,
) -> None:
    ran = weather("export", *arguments)
    assert (ran.code, ran.out) == (code, "")
    assert ran.err.startswith(cause)
