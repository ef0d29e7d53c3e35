"""`weather load`: months from a source to documents, by the Dagster job in this process."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated

import typer

from weather_platform.commands.console import months_progress, say, say_trouble, show, show_json
from weather_platform.domain.errors import WeatherError
from weather_platform.domain.months import Month, parse_months
from weather_platform.domain.search import chosen_station, find_station
from weather_platform.domain.stations import STATIONS, Station
from weather_platform.pipeline import Stores, open_stores
from weather_platform.settings import Settings
from weather_platform.sources.registry import open_source
from weather_platform.storage.curated import Query
from weather_platform.storage.station_lists import refresh_station_list

if TYPE_CHECKING:
    from weather_platform.runtime.in_process import MonthRun


def load(
    months: Annotated[str, typer.Argument(metavar="MONTH[..MONTH]", help="2023-12, or 2023-01..2023-12")],
    source: Annotated[
        str | None, typer.Option(help="meteofrance, opendatasoft or sample; default: WEATHER_SOURCE")
    ] = None,
    city: Annotated[list[str] | None, typer.Option(help="name, slug or any WMO number; repeatable")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """Fetch, stage and curate months; print what each month then holds."""
    settings = Settings.from_environment()
    wanted = parse_months(months)
    chosen = [chosen_station(name, lambda: _known(settings, source)).station_id for name in city or ()]
    runs = load_months(settings, wanted, source=source, cities=chosen)
    stores = open_stores(settings)
    rows = [_held(stores, run.month) for run in runs if run.state == "loaded"]
    if as_json:
        show_json(rows)
    elif rows:
        show(list(rows[0]), rows, as_json=False)
    if tell_missed(stores, runs):
        raise typer.Exit(1)


def load_first(settings: Settings, months: list[Month], *, source: str | None, serves_then: bool) -> None:
    """Load months before serving and say what they became; exit with 1 for a failed month, or if none was loaded."""
    runs = load_months(settings, months, source=source)
    stores = Stores(settings, read_only=True)
    loaded = [run.month for run in runs if run.state == "loaded"]
    for month in loaded:
        documents = stores.curated.coverage(month.first_day, month.last_day)
        say(
            f"{month}: {sum(c.observations for c in documents):,} observations of {len(documents)} cities "
            f"became {sum(c.documents for c in documents):,} documents in {settings.home}"
        )
    if loaded:
        _show_a_day(settings, loaded[0])
    if tell_missed(stores, runs) and not (serves_then and loaded):
        raise typer.Exit(1)


def load_months(
    settings: Settings, months: list[Month], *, source: str | None, cities: Sequence[str] = ()
) -> "list[MonthRun]":
    """Run the job for each month, with a progress bar."""
    from weather_platform.runtime.in_process import load_in_process

    runs = []
    try:
        with months_progress(len(months)) as month_done:
            for run in load_in_process(settings, months, source=source, cities=cities):
                runs.append(run)
                month_done()
    except KeyboardInterrupt:
        loaded = [str(run.month) for run in runs if run.state == "loaded"]
        listed = f": {', '.join(loaded)}" if loaded else ""
        raise KeyboardInterrupt(f"{len(loaded)} of {len(months)} months are loaded{listed}.") from None
    return runs


def tell_missed(stores: Stores, runs: "Sequence[MonthRun]") -> int:
    """Report months that failed or were skipped, and those stored raw but not staged; returns how many failed."""
    skipped = [str(run.month) for run in runs if run.state == "skipped"]
    if skipped:
        say(f"{', '.join(skipped)}: not yet in the source.")
    failed = [run for run in runs if run.state == "failed"]
    for cause, cure in dict.fromkeys((run.cause, run.cure) for run in failed):
        say_trouble(cause, cure)
    if failed and len(runs) > 1:
        say(f"Not loaded: {', '.join(str(run.month) for run in failed)} ({len(failed)} of {len(runs)} months).")
    staged = {covered.month for covered in stores.staging.coverage([str(run.month) for run in failed])}
    if kept := [
        str(run.month) for run in failed if str(run.month) not in staged and stores.raw.objects(str(run.month))
    ]:
        say(f"Stored raw but not staged: {', '.join(kept)}. Load them again, or run the job `process_months`.")
    return len(failed)


def _held(stores: Stores, month: Month) -> dict[str, object]:
    summary = stores.staging.summary(month)
    documents = stores.curated.coverage(month.first_day, month.last_day)
    return {
        "month": str(month),
        "observations": summary.rows_in_tables,
        "cities": len(summary.observations),
        "refused": sum(sum(counts.refused.values()) for counts in summary.objects.values()),
        "documents": sum(coverage.documents for coverage in documents),
        "synthetic": summary.synthetic,
    }


def _known(settings: Settings, source: str | None) -> Mapping[str, Station]:
    """The known stations, those of the source's own list among them: it may be the first time that it is asked."""
    stores = open_stores(settings)
    try:
        refresh_station_list(stores.raw.blobs, open_source(settings, source).station_list)
    except WeatherError as error:
        say(f"The list of stations could not be loaded: {error}")
    return stores.stations()


def _show_a_day(settings: Settings, month: Month, city: str = "NICE") -> None:
    """Print some figures of the month's first day, so that a first run shows weather."""
    stores = open_stores(settings)
    station = find_station(city, STATIONS)
    first = month.first_day
    for document in stores.curated.find(Query(stations=[station.station_id], first=first, last=first)):
        measured = document.metrics
        say(
            f"{document.city} {document.period}: {measured.temperature.avg} °C on average "
            f"({measured.temperature.min} to {measured.temperature.max}), {measured.pressure.avg} hPa, "
            f"wind {measured.wind_speed.avg} m/s, rain {measured.rainfall.total} mm"
            + (" — synthetic sample, not measured" if document.provenance.synthetic else "")
        )
