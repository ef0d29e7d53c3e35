"""`weather climate`: a station's month or year as a sheet to read."""

from collections.abc import Iterator
from typing import Annotated

import typer

from weather_platform.climatology import Climatology, Comparison
from weather_platform.commands.console import show_json, show_table
from weather_platform.domain.climate.document import MonthDocument
from weather_platform.domain.climate.figures import FIGURES, is_lower_bound
from weather_platform.domain.climate.ranks import Rank
from weather_platform.domain.climate.reference import TooFewYears
from weather_platform.domain.climate.sheet import MonthTemperature
from weather_platform.domain.climate.thresholds import DAY_COUNTS
from weather_platform.domain.climate.years import YEAR
from weather_platform.domain.errors import BadArgument, NotFound
from weather_platform.domain.months import Month
from weather_platform.domain.search import find_station
from weather_platform.settings import Settings
from weather_platform.storage.monthly import MonthQuery
from weather_platform.storage.opening import Stores

_SHOWN = (
    "tn.mean",
    "tx.mean",
    "tm.mean",
    "rr.total",
    "tn.min",
    "tx.max",
    "rr.max",
    "fxi.max",
    "pmer.mean",
    "u.mean",
    "tm.heating_18",
)
_LABELS = {
    "tn.mean": "Tn, mean",
    "tx.mean": "Tx, mean",
    "tm.mean": "(Tn + Tx)/2, mean",
    "rr.total": "rain, total",
    "tn.min": "Tn, lowest",
    "tx.max": "Tx, highest",
    "rr.max": "rain of a day, most",
    "fxi.max": "gust, highest (at least)",
    "pmer.mean": "sea-level pressure, mean",
    "u.mean": "humidity, mean",
    "tm.heating_18": "degree days below 18 °C",
}


def climate(
    city: Annotated[str, typer.Argument(help="name, slug or WMO number")],
    period: Annotated[str | None, typer.Argument(metavar="[MONTH|YEAR]", help="2023-12 or 2023; else the last")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Print the climate of a month or year: figures with their completeness, usual values and ranks."""
    stores = Stores(Settings.from_environment(), read_only=True)
    station = find_station(city, stores.stations())
    climatology = Climatology(stores)
    month, year = _asked(climatology, station.station_id, period)
    of = month.year if month else year
    compared = climatology.comparisons(station.station_id, of, f"{month.number:02d}" if month else YEAR)
    if all(each.status == "missing" for each in compared):
        raise NotFound(
            f"Nothing of {station.name} is loaded for {month or year}.",
            "`weather status` shows which months there are.",
        )
    sheet = climatology.month(station.station_id, month) if month else None
    if as_json:
        show_json({"city": station.name, "period": str(month or year), "sheet": sheet, "comparisons": compared})
        return
    synthetic = " — synthetic sample, no measurement" if sheet and sheet.synthetic else ""
    typer.echo(f"{station.name} ({station.station_id}), {month or year}{synthetic}\n")
    shown = [each for each in compared if each.figure in _SHOWN]
    rows = [_row(each, sheet) for each in sorted(shown, key=lambda each: _SHOWN.index(each.figure))]
    show_table(("figure", "value", "days", "complete", "usual", "anomaly", "rank"), rows)
    typer.echo("")
    counted = {each.figure: each for each in compared}
    show_table(
        ("days with", "threshold", "number", "complete"),
        (
            (
                count.says,
                f"{count.element} {'≥' if count.reached == 'at_least' else '≤'} {count.value:g} {count.unit}",
                _days(counted[f"{count.element}.{count.name}"].value),
                counted[f"{count.element}.{count.name}"].status,
            )
            for count in DAY_COUNTS
        ),
    )
    if sheet:
        typer.echo("")
        show_table(("ten days", "Tn °C", "Tx °C", "rain mm", "days missing"), _decades(sheet))


def _asked(climatology: Climatology, station_id: str, period: str | None) -> tuple[Month | None, int]:
    """The month, or None and the year."""
    if period is not None and period.isdecimal():
        return None, int(period)
    if period is not None:
        return Month.parse(period), 0
    for sheet in climatology.months(MonthQuery(stations=[station_id], newest_first=True, limit=1)):
        return Month.parse(sheet.month), 0
    raise BadArgument("No month of this station is loaded.", "Load one: weather load 2023-12.")


def _row(found: Comparison, sheet: MonthDocument | None) -> tuple[object, ...]:
    element, _, field = found.figure.partition(".")
    part = getattr(sheet, element, None)
    days = " ".join(f"{day:%d}" for day in getattr(part, f"{field}_days", ()))
    complete: str = found.status
    if found.status != "complete" and part is not None:
        complete = f"{found.status}, {part.missing} {'day' if part.missing == 1 else 'days'} missing"
    if found.figure.startswith(("tn.", "tx.")) and isinstance(part, MonthTemperature) and part.estimated:
        complete += ", estimated from readings (± 0.6 °C)"
    at_least = "≥ " if is_lower_bound(found.figure, found.status) else ""
    value = None if found.value is None else f"{at_least}{found.value:.1f} {FIGURES[found.figure].unit}"
    return _LABELS[found.figure], value, days, complete, _usual(found), _anomaly(found), _rank(found.rank)


def _usual(found: Comparison) -> str:
    usual = found.reference
    if isinstance(usual, TooFewYears):
        return str(usual)
    return f"{usual.mean:.1f} ({usual.kind} {usual.first_year}–{usual.last_year}, {usual.n} years)"


def _anomaly(found: Comparison) -> str:
    if found.anomaly is None:
        return ""
    percent = "" if found.anomaly.ratio_percent is None else f", {found.anomaly.ratio_percent:.0f} %"
    return f"{'≥ ' if found.anomaly.lower_bound else ''}{found.anomaly.difference:+.1f}{percent}"


def _rank(found: Rank | TooFewYears | None) -> str:
    if not isinstance(found, Rank):
        return ""
    tied = f", tied with {', '.join(map(str, found.tied_years))}" if found.tied_years else ""
    lacking = f", {found.incomplete} incomplete" if found.incomplete else ""
    at_least = "at least " if found.at_least else ""
    return (
        f"{at_least}{found.highest}. highest of {found.of}{tied} (loaded {found.first_year}–{found.last_year}{lacking})"
    )


def _days(value: float | None) -> str | None:
    return None if value is None else f"{value:.1f}".removesuffix(".0")


def _decades(sheet: MonthDocument) -> Iterator[tuple[object, ...]]:
    for each in sheet.decades:
        missing = f"Tn {each.tn_missing}, Tx {each.tx_missing}, rain {each.rr_missing}"
        none = not (each.tn_missing or each.tx_missing or each.rr_missing)
        yield f"{each.first:%d}–{each.last:%d}", each.tn, each.tx, each.rr, "none" if none else missing
