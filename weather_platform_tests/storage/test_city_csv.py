"""The CSV of a city and month: read as it was written, whole or not there."""

from pathlib import Path

import pandas as pd
import pytest

from weather_platform.domain.errors import StoreUnavailable
from weather_platform.domain.fields import FIELDS
from weather_platform.storage.city_csv import remove_other_cities, write_city_csv
from weather_platform_tests.full_disk import files_of_at_most
from weather_platform_tests.observations import at

ROWS = [at("2023-12-01T00", t=280.15, ff=3, n_hidden=1), at("2023-12-01T03", rr3=0, rr_trace=2, ht_neige=-0.01)]


def test_a_file_has_a_header_iso_times_and_null_for_what_is_missing(tmp_path: Path) -> None:
    path = write_city_csv(tmp_path, "2023-12", "nice", ROWS).path
    assert path == tmp_path / "2023-12" / "nice.csv"
    header, first, second = path.read_text().splitlines()
    assert header == ",".join(FIELDS)
    values = {"numer_sta": '"07690"', "date": '"2023-12-01T00:00:00"', "t": "280.15", "ff": "3"}
    flags = {"n_hidden": "1", "rr_trace": "0", "raw_object": f'"{ROWS[0].raw_object}"'}
    assert first == ",".join({**dict.fromkeys(FIELDS, "NULL"), **values, **flags}.values())
    assert second.count("NULL") == len(FIELDS) - 7
    assert path.read_bytes().endswith(b"\n")


def test_pandas_reads_it_as_it_is(tmp_path: Path) -> None:
    frame = pd.read_csv(
        write_city_csv(tmp_path, "2023-12", "nice", ROWS).path, dtype={"numer_sta": str}, parse_dates=["date"]
    )
    assert frame["numer_sta"].tolist() == ["07690", "07690"]
    assert frame["date"].tolist() == [pd.Timestamp(row.date) for row in ROWS]
    assert frame["ht_neige"].tolist()[1] == -0.01
    assert frame["t"].isna().tolist() == [False, True]


def test_a_database_that_reads_no_files_gets_the_rows_that_were_written(tmp_path: Path) -> None:
    file = write_city_csv(tmp_path, "2023-12", "nice", ROWS)
    assert file.read() == [[row.numer_sta, row.date.isoformat(" "), *row[2:]] for row in ROWS]
    assert file.rows == len(ROWS)


def test_files_of_vanished_cities_and_of_killed_writers_are_removed(tmp_path: Path) -> None:
    for month, slug in (("2023-12", "nice"), ("2023-12", "orly"), ("2023-11", "orly")):
        write_city_csv(tmp_path, month, slug, ROWS)
    (tmp_path / "2023-12" / ".nice.csv").write_text("half of")
    remove_other_cities(tmp_path, "2023-12", {"nice"})
    remove_other_cities(tmp_path, "2024-01", {"nice"})
    assert sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.csv")) == [
        "2023-11/orly.csv",
        "2023-12/nice.csv",
    ]


def test_a_full_disk_leaves_the_file_that_was_there(tmp_path: Path) -> None:
    """Stood for by the largest size that a file may have."""
    path = write_city_csv(tmp_path, "2023-12", "nice", ROWS).path
    before = path.read_bytes()
    with (
        files_of_at_most(100),
        pytest.raises(StoreUnavailable, match=r"nice.csv cannot be written: .*\. Free space or set WEATHER_CSV_FOLDER"),
    ):
        write_city_csv(tmp_path, "2023-12", "nice", ROWS * 2)
    assert path.read_bytes() == before


def test_a_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "2023-12").write_text("in the way")
    with pytest.raises(StoreUnavailable, match="cannot be written: Not a directory"):
        write_city_csv(tmp_path, "2023-12", "nice", ROWS)
