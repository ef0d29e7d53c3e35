"""`weather stations`: the stations that are known, all or those that words mean."""

from typing import Annotated

import typer

from weather_platform.commands.console import show
from weather_platform.domain.errors import UnknownCity
from weather_platform.domain.search import find_station, search
from weather_platform.domain.stations import STATIONS
from weather_platform.pipeline import open_stores
from weather_platform.settings import Settings

_COLUMNS = ("station_id", "display_name", "name", "slug", "altitude_m", "department", "region", "timezone", "verified")


def stations(
    query: Annotated[
        str | None, typer.Argument(help="a station, town, postcode, department or region; all stations where none is")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """The stations that are known, and those that only a file told us of; with QUERY those that it means, and why."""
    known = {**STATIONS, **open_stores(Settings.from_environment()).staging.stations()}
    columns = (*_COLUMNS, "latitude_deg", "longitude_deg", "territory", "aliases") if as_json else _COLUMNS
    if query is None:
        rows = [{column: getattr(station, column) for column in columns} for station in known.values()]
        show(columns, rows, as_json=as_json)
        return
    found = search(query, known)
    if not found:
        find_station(query, known)  # says which are spelled alike
        raise UnknownCity(f"{query!r} is no station here.", "Write it in another way.")
    rows = [
        {column: getattr(match.station, column) for column in columns}
        | {"why": match.why, "matched": match.matched, "distance_km": match.distance_km}
        for match in found
    ]
    show((*columns, "why", "matched", "distance_km"), rows, as_json=as_json)
