"""`weather export`: days, months, events or observations in any format of `tables`; the API gives the same bytes."""

import sys
from collections.abc import Iterator, Sequence
from datetime import date
from enum import StrEnum
from pathlib import Path
from typing import Annotated, TypeVar

import typer

from weather_platform.commands.console import say, writing_to
from weather_platform.domain import tabular
from weather_platform.domain.errors import BadArgument
from weather_platform.domain.months import Month
from weather_platform.domain.search import known_station
from weather_platform.domain.stations import Station
from weather_platform.domain.units import System
from weather_platform.settings import Settings
from weather_platform.storage.curated import EventQuery, Query
from weather_platform.storage.opening import Stores
from weather_platform.tables import Format, pieces


class Exported(StrEnum):
    """What `weather export` can write."""

    DAYS = "days"
    MONTHS = "months"
    EVENTS = "events"
    OBSERVATIONS = "observations"


def export(
    first: Annotated[str | None, typer.Option("--from", metavar="DAY", help="first day, 2023-12-01")] = None,
    last: Annotated[str | None, typer.Option("--to", metavar="DAY", help="last day, included")] = None,
    city: Annotated[list[str] | None, typer.Option(help="name, slug or WMO number; repeatable")] = None,
    table: Annotated[Exported, typer.Option(help="`days` are the WeatherStats documents")] = Exported.DAYS,
    units: Annotated[
        System, typer.Option(help="units of days and events; observations keep SYNOP's units")
    ] = System.METRIC,
    format_: Annotated[
        Format, typer.Option("--format", help="JSON is nested; CSV, Parquet and XLSX are flat")
    ] = Format.CSV,
    output: Annotated[Path | None, typer.Option(help="file to write; default: standard output")] = None,
) -> None:
    """Write daily documents, monthly sheets, events or observations, by date and station."""
    days = _period(first, last)
    if output is None and format_ in ("parquet", "xlsx") and sys.stdout.isatty():
        raise typer.BadParameter(
            f"A file of {format_} is binary. Give --output a file, or send it to a file or a pipe."
        )
    stores = Stores(Settings.from_environment(), read_only=True)
    stations = [known_station(name, stores.stations) for name in city] if city else None
    written = _WRITERS[table](stores, stations, days, units, format_)
    if output is None:
        sys.stdout.buffer.writelines(written)
        return
    with writing_to(output) as unfinished, unfinished.open("wb") as file:
        file.writelines(written)


Found = TypeVar("Found")
Days = tuple[date | None, date | None]


def _documents(
    stores: Stores, stations: Sequence[Station] | None, days: Days, units: System, form: Format
) -> Iterator[bytes]:
    found = stores.curated.find(Query(stations=_numbers(stations), first=days[0], last=days[1]))
    return pieces(tabular.documents(system=units), _said_if_none(found), form, tabular.documents_head(stations, units))


def _events(
    stores: Stores, stations: Sequence[Station] | None, days: Days, units: System, form: Format
) -> Iterator[bytes]:
    found = stores.curated.events(EventQuery(stations=_numbers(stations), first=days[0], last=days[1]))
    return pieces(tabular.events(units), _said_if_none(found), form)


def _observations(
    stores: Stores,
    stations: Sequence[Station] | None,
    days: Days,
    units: System,  # noqa: ARG001  # SYNOP's
    form: Format,
) -> Iterator[bytes]:
    rows = stores.staging.flagged_rows(stations or stores.staging.stations().values(), *days)
    return pieces(tabular.observations(), _said_if_none(rows), form, tabular.stations_head(stations))


def _months(
    stores: Stores,
    stations: Sequence[Station] | None,
    days: Days,
    units: System,  # noqa: ARG001  # metric, as columns say
    form: Format,
) -> Iterator[bytes]:
    from weather_platform.domain.climate.table import months
    from weather_platform.storage.monthly import MonthQuery

    first, last = (Month.of(day) if day else None for day in days)
    found = stores.monthly.find(MonthQuery(stations=_numbers(stations), first=first, last=last))
    return pieces(months(), _said_if_none(found), form)


_WRITERS = {
    Exported.MONTHS: _months,
    Exported.DAYS: _documents,
    Exported.EVENTS: _events,
    Exported.OBSERVATIONS: _observations,
}


def _said_if_none(found: Iterator[Found]) -> Iterator[Found]:
    for first in found:
        yield first
        yield from found
        return
    say("Nothing is stored for this period and these cities. `weather status` shows what is stored.")


def _numbers(stations: Sequence[Station] | None) -> list[str] | None:
    return None if stations is None else [station.station_id for station in stations]


def _period(first: str | None, last: str | None) -> Days:
    days = _day(first), _day(last)
    if days[0] and days[1] and days[1] < days[0]:
        raise BadArgument(f"{first} to {last} ends before it starts.", "Give the earlier day to --from.")
    return days


def _day(text: str | None) -> date | None:
    try:
        return None if text is None else date.fromisoformat(text)
    except ValueError as error:
        raise BadArgument(f"{text!r} is not a day.", "Write it as YYYY-MM-DD, for example 2023-12-01.") from error
