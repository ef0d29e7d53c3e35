"""`weather export`: documents as CSV, JSON or Parquet."""

import csv
import sys
from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, BinaryIO

import msgspec
import typer

from weather_platform.commands.files import replacing
from weather_platform.domain.errors import BadInput
from weather_platform.domain.stations import STATIONS, find_station
from weather_platform.domain.tabular import COLUMNS, flat
from weather_platform.domain.weather_stats import Document
from weather_platform.pipeline import open_stores
from weather_platform.settings import Settings


class Format(StrEnum):
    CSV = "csv"
    JSON = "json"
    PARQUET = "parquet"


def export(
    first: Annotated[str | None, typer.Option("--from", metavar="DAY", help="first day, 2023-12-01")] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="DAY", help="last day, included")] = None,
    city: Annotated[list[str] | None, typer.Option(help="name, slug or WMO number; may be given again")] = None,
    format_: Annotated[
        Format, typer.Option("--format", help="json keeps the documents, the others are flat")
    ] = Format.CSV,
    output: Annotated[Path | None, typer.Option(help="a file; else standard output")] = None,
) -> None:
    """Write WeatherStats documents, by date and station."""
    days = _period(first, last)
    stores = open_stores(Settings.from_environment())
    stations = {**STATIONS, **stores.staging.stations()}
    documents = stores.curated.find(
        stations=[find_station(name, stations).station_id for name in city] if city else None,
        first=days[0],
        last=days[1],
    )
    write = {Format.CSV: _write_csv, Format.JSON: _write_json, Format.PARQUET: _write_parquet}[format_]
    if output is None:
        write(documents, sys.stdout.buffer)
        sys.stdout.flush()
        return
    with replacing(output) as unfinished, unfinished.open("wb") as file:
        write(documents, file)


def _period(first: str | None, last: str | None) -> tuple[date | None, date | None]:
    days = _day(first), _day(last)
    if days[0] and days[1] and days[0] > days[1]:
        raise BadInput(f"{first} to {last} ends before it begins.", "Give the earlier day to --from.")
    return days


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"{text!r} is not a day.", "Write it as YYYY-MM-DD, for example 2023-12-01.") from error


def _write_csv(documents: Iterator[Document], file: BinaryIO) -> None:
    file.write((",".join(COLUMNS) + "\n").encode())
    writer = csv.DictWriter(_Utf8(file), COLUMNS, lineterminator="\n")
    for document in documents:
        writer.writerow(flat(document))


class _Utf8:
    """Text into a binary file, without taking the file over."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file

    def write(self, text: str) -> None:
        self._file.write(text.encode())


def _write_json(documents: Iterator[Document], file: BinaryIO) -> None:
    separator = b"[\n"
    for document in documents:
        file.write(separator + msgspec.json.encode(document))
        separator = b",\n"
    file.write(b"[]\n" if separator == b"[\n" else b"\n]\n")


def _write_parquet(documents: Iterator[Document], file: BinaryIO) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.Table.from_pylist([_dated(flat(document)) for document in documents], schema=_arrow_schema())
    pq.write_table(table, file)


def _dated(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "date": date.fromisoformat(row["date"])}


def _arrow_schema() -> Any:
    import pyarrow as pa

    def kind(column: str) -> Any:
        if column == "date":
            return pa.date32()
        if column in ("station_id", "city", "extreme_events"):
            return pa.string()
        if column in ("rain_trace", "synthetic"):
            return pa.bool_()
        return pa.int32() if column.endswith("_n") or column in ("observations", "expected") else pa.float64()

    return pa.schema([(column, kind(column)) for column in COLUMNS])
