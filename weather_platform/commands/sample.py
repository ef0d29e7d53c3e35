"""`weather sample`: synthetic observations of any period and size, in OpenDataSoft's format."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from weather_platform.commands.console import say, writing_to
from weather_platform.domain.months import parse_months
from weather_platform.domain.search import chosen_station
from weather_platform.settings import Settings
from weather_platform.storage.opening import Stores


def sample(
    months: Annotated[str, typer.Argument(metavar="MONTH[..MONTH]", help="2023-12, or 2023-01..2023-12")],
    output: Annotated[
        Path | None, typer.Option(help="file to write, gzipped if its name ends in .gz; default: standard output")
    ] = None,
    city: Annotated[list[str] | None, typer.Option(help="name, slug or any WMO number; repeatable")] = None,
    stations: Annotated[
        int | None, typer.Option(min=1, help="number of stations; those beyond 62 are invented")
    ] = None,
    seed: Annotated[int, typer.Option(help="another seed gives other weather")] = 1,
) -> None:
    """Generate synthetic observations; each record is marked as synthetic."""
    from weather_platform.sources.sample import sample_stations, write_sample

    known = Stores(Settings.from_environment(), read_only=True).stations
    chosen = [chosen_station(name, known).station_id for name in city] if city else sample_stations(stations or 62)
    wanted = parse_months(months)
    if output is None:
        write_sample(sys.stdout.buffer, wanted, chosen, seed)
        return
    with writing_to(output) as unfinished:
        size_bytes = write_sample(unfinished, wanted, chosen, seed)
    say(f"{output}: {size_bytes:,} bytes of JSON, synthetic")
