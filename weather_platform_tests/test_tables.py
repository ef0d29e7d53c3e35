"""Tables are written alike for all rows: harmless cells, one Parquet schema, a first piece at once."""

import csv
import io
import re
import tracemalloc
import xml.etree.ElementTree as ET
import zipfile
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from weather_platform.domain import tabular
from weather_platform.domain.errors import BadInput
from weather_platform.domain.tabular import Column, table_of
from weather_platform.tables import GROUP_ROWS, Format, arrow_schema, pieces
from weather_platform_tests.storage.documents import NICE, day_document

COLUMNS = [
    Column("name", str, "", "who"),
    Column("day", date, "", "when", nullable=True),
    Column("at", datetime, "", "when exactly", nullable=True),
    Column("rain_mm", float, "mm", "how much", nullable=True),
    Column("n", int, "", "how many"),
    Column("trace", bool, "", "whether"),
]
ROW = {
    "name": "NICE",
    "day": date(2023, 12, 1),
    "at": datetime(2023, 12, 1, 3, tzinfo=UTC),
    "rain_mm": 2.4,
    "n": 8,
    "trace": False,
}
XLSX = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
EMPTY = {**ROW, "day": None, "at": None, "rain_mm": None}


def written(form: Format, *rows: dict[str, Any]) -> bytes:
    return b"".join(pieces(table_of(COLUMNS), rows, form))


def test_every_type_of_cell_is_written_in_every_format() -> None:
    assert written(Format.CSV, ROW, EMPTY).decode().splitlines() == [
        "name,day,at,rain_mm,n,trace",
        "NICE,2023-12-01,2023-12-01T03:00:00Z,2.4,8,false",
        "NICE,,,,8,false",
    ]
    line = b'{"name":"NICE","day":"2023-12-01","at":"2023-12-01T03:00:00Z","rain_mm":2.4,"n":8,"trace":false}'
    assert written(Format.NDJSON, ROW) == line + b"\n"
    assert written(Format.JSON, ROW, ROW) == b'{"data":[%s,%s],"count":2,"next":null}' % (line, line)
    assert pq.read_table(io.BytesIO(written(Format.PARQUET, ROW, EMPTY))).to_pylist() == [ROW, EMPTY]


@pytest.mark.parametrize("rows", [[], [EMPTY], [ROW]])
def test_parquet_has_one_schema_for_all_rows(rows: list[dict[str, Any]]) -> None:
    schema = pq.read_schema(io.BytesIO(written(Format.PARQUET, *rows)))
    assert [(field.name, str(field.type)) for field in schema] == [
        ("name", "string"),
        ("day", "date32[day]"),
        ("at", "timestamp[ms, tz=UTC]"),
        ("rain_mm", "double"),
        ("n", "int32"),
        ("trace", "bool"),
    ]
    assert schema.field("rain_mm").metadata[b"unit"] == b"mm"


def test_no_rows_are_a_heading_or_an_empty_list() -> None:
    assert written(Format.CSV) == b"name,day,at,rain_mm,n,trace\n"
    assert written(Format.NDJSON) == b""
    assert b"".join(pieces(table_of(COLUMNS), [], Format.JSON, {"units": {"rain": "mm"}}, lambda: "http://there")) == (
        b'{"units":{"rain":"mm"},"data":[],"count":0,"next":"http://there"}'
    )


@pytest.mark.parametrize(
    "text", ['=HYPERLINK("http://evil/","x")', "+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "＝1"]
)
def test_no_cell_of_a_csv_is_a_formula(text: str) -> None:
    (_, cells) = csv.reader(io.StringIO(written(Format.CSV, {**ROW, "name": text}).decode(), newline=""))
    assert cells[0] == f"'{text}"


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20))
def test_any_text_comes_back_from_a_workbook(text: str) -> None:
    shown = str(sheets(written(Format.XLSX, {**ROW, "name": text}))["Sheet1"][1][0][1] or "")
    # As spreadsheets do: XML cannot hold every character.
    assert re.sub("_x([0-9A-F]{4})_", lambda found: chr(int(found[1], 16)), shown) == text


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), st.floats(-1e6, 1e6))
def test_any_text_and_number_comes_back_from_csv(text: str, number: float) -> None:
    row = {**ROW, "name": text, "rain_mm": number}
    (_, cells) = csv.reader(io.StringIO(written(Format.CSV, row).decode(), newline=""))
    assert cells[0].removeprefix("'") == text.removeprefix("'")
    assert float(cells[3]) == number


def sheets(workbook: bytes) -> dict[str, list[list[tuple[str, str | None]]]]:
    """Type and text of each cell by sheet and row, read without a library; Excel's dates are numbers."""
    found = {}
    with zipfile.ZipFile(io.BytesIO(workbook)) as parts:
        names = [sheet.get("name", "") for sheet in ET.XML(parts.read("xl/workbook.xml")).iter(f"{XLSX}sheet")]
        for number, name in enumerate(names, start=1):
            rows = ET.XML(parts.read(f"xl/worksheets/sheet{number}.xml")).iter(f"{XLSX}row")
            found[name] = [
                [(cell.get("t", "n"), next(cell.iter(f"{XLSX}t"), cell.find(f"{XLSX}v")).text) for cell in row]  # type: ignore[union-attr]
                for row in rows
            ]
    return found


def test_a_workbook_holds_typed_cells_and_says_units_and_meanings() -> None:
    found = sheets(written(Format.XLSX, ROW, EMPTY))
    assert [list(found), found["Sheet1"]] == [
        ["Sheet1", "columns"],
        [
            [("inlineStr", column.name) for column in COLUMNS],
            # Days since 30 December 1899; 3 hours are an eighth.
            [("inlineStr", "NICE"), ("n", "45261"), ("n", "45261.125"), ("n", "2.4"), ("n", "8"), ("b", "0")],
            [("inlineStr", "NICE"), ("n", "8"), ("b", "0")],
        ],
    ]
    assert [text for _, text in found["columns"][4]] == ["rain_mm", "mm", "how much"]
    assert written(Format.XLSX, ROW) == written(Format.XLSX, ROW)


@pytest.mark.parametrize("text", ['=HYPERLINK("http://evil/","x")', "+1", "@SUM(A1)", "https://evil/", "\x07<&>"])
def test_no_cell_of_a_workbook_is_a_formula_or_a_link(text: str) -> None:
    workbook = written(Format.XLSX, {**ROW, "name": text})
    kind, shown = sheets(workbook)["Sheet1"][1][0]
    assert (kind, str(shown).replace("_x0007_", "\x07")) == ("inlineStr", text)
    with zipfile.ZipFile(io.BytesIO(workbook)) as parts:
        assert not any(b"<f>" in parts.read(name) or b"hyperlink" in parts.read(name) for name in parts.namelist())


def test_rows_beyond_a_sheet_go_on_in_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("weather_platform.workbook.SHEET_ROWS", 2)
    rows = [{**ROW, "n": n} for n in range(5)]
    found = sheets(written(Format.XLSX, *rows))
    numbers = {name: [row[4][1] for row in cells[1:]] for name, cells in found.items() if name != "columns"}
    assert numbers == {"Sheet1": ["0", "1"], "Sheet2": ["2", "3"], "Sheet3": ["4"]}


def test_a_text_too_long_for_a_sheet_is_an_error_and_not_lost() -> None:
    with pytest.raises(BadInput, match="does not fit"):
        written(Format.XLSX, {**ROW, "name": "x" * 32_768})


@pytest.mark.parametrize(
    ("form", "count", "most_bytes"),
    [
        (Format.CSV, 8 * GROUP_ROWS, 12_000_000),
        (Format.NDJSON, 8 * GROUP_ROWS, 12_000_000),
        (Format.PARQUET, 8 * GROUP_ROWS, 12_000_000),
        (Format.XLSX, 2 * GROUP_ROWS, 2_000_000),  # 8 MB of XML
    ],
)
def test_a_long_table_is_written_as_it_is_read(form: Format, count: int, most_bytes: int) -> None:
    read = 0

    def rows() -> Iterator[dict[str, Any]]:
        nonlocal read
        for read in range(1, count + 1):  # noqa: B007  # the test looks at it
            yield ROW

    stream = pieces(table_of(COLUMNS), rows(), form)
    next(stream)
    assert read <= GROUP_ROWS
    tracemalloc.start()
    for _ in stream:
        pass
    assert tracemalloc.get_traced_memory()[1] < most_bytes
    tracemalloc.stop()
    assert read == count


def test_a_document_is_a_row_of_its_declared_columns() -> None:
    document = day_document(NICE, date(2023, 12, 1), events=[("frost", -1.0), ("gale", 20.0)])
    table = tabular.documents()
    row = dict(zip([column.name for column in table.columns], table.cells(document), strict=True))
    assert row["date"] == date(2023, 12, 1)
    assert (row["temperature_avg_c"], row["wind_avg_m_s"], row["temperature_min_c"]) == (14.26, 3.0, None)
    assert (row["extreme_events"], row["synthetic"], row["station_id"]) == ("frost gale", False, NICE)
    assert isinstance(arrow_schema(table.columns), pa.Schema)
