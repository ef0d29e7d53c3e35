"""`weather export`: documents as CSV, JSON or Parquet."""

import sys
from collections.abc import Iterator
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import msgspec
import typer

from weather_platform.commands.console import writing_to
from weather_platform.domain.errors import BadInput
from weather_platform.domain.search import find_station
from weather_platform.domain.stations import STATIONS
from weather_platform.domain.tabular import COLUMNS, TYPES, flat
from weather_platform.domain.weather_stats import Document
from weather_platform.pipeline import open_stores
from weather_platform.settings import Settings
from weather_platform.tables import csv_pieces, parquet_pieces


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
    pieces = _pieces(documents, format_)
    if output is None:
        sys.stdout.buffer.writelines(pieces)
        return
    with writing_to(output) as unfinished, unfinished.open("wb") as file:
        file.writelines(pieces)


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


def _pieces(documents: Iterator[Document], form: Format) -> Iterator[bytes]:
    match form:
        case Format.CSV:
            return csv_pieces(map(flat, documents), COLUMNS)
        case Format.PARQUET:
            return parquet_pieces(
                ({**flat(doc), "date": date.fromisoformat(doc["period"])} for doc in documents), COLUMNS, TYPES
            )
        case Format.JSON:
            return _json_pieces(documents)


def _json_pieces(documents: Iterator[Document]) -> Iterator[bytes]:
    separator = b"[\n"
    for document in documents:
        yield separator + msgspec.json.encode(document)
        separator = b",\n"
    yield b"[]\n" if separator == b"[\n" else b"\n]\n"
