"""`weather stations`: list the known stations, or search them."""

from typing import Annotated

import typer

from weather_platform.commands.console import say, show
from weather_platform.domain.errors import SourceUnavailable, UnknownCity
from weather_platform.domain.search import find_station, search
from weather_platform.domain.station_list import read_station_list
from weather_platform.pipeline import Stores, open_stores
from weather_platform.settings import Settings
from weather_platform.storage.station_lists import keep_station_list

_COLUMNS = ("station_id", "display_name", "name", "slug", "altitude_m", "department", "region", "timezone", "verified")


def stations(
    query: Annotated[
        str | None, typer.Argument(help="station, town, postcode, department or region; default: all stations")
    ] = None,
    refresh: Annotated[bool, typer.Option(help="fetch and store Météo-France's list of stations first")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print JSON")] = False,
) -> None:
    """List the known stations, also those found only in files; with QUERY, those that match and why."""
    settings = Settings.from_environment()
    if refresh:
        _refresh(settings, open_stores(settings))
    known = Stores(settings, read_only=True).stations()
    columns = (*_COLUMNS, "latitude_deg", "longitude_deg", "territory", "aliases") if as_json else _COLUMNS
    if query is None:
        rows = [{column: getattr(station, column) for column in columns} for station in known.values()]
        show(columns, rows, as_json=as_json)
        return
    found = search(query, known)
    if not found:
        find_station(query, known)  # says which are spelled alike
        raise UnknownCity(f"No station matches {query!r}.", "Try another spelling, a town or a postcode.")
    rows = [
        {column: getattr(match.station, column) for column in columns}
        | {"why": match.why, "matched": match.matched, "distance_km": match.distance_km}
        for match in found
    ]
    show((*columns, "why", "matched", "distance_km"), rows, as_json=as_json)


def _refresh(settings: Settings, stores: Stores) -> None:
    from weather_platform.sources.meteofrance import MeteoFranceSource

    found = MeteoFranceSource(settings.archive_url, settings.home / "cache").station_list()
    if found is None:
        raise SourceUnavailable(
            "The archive has no list of stations (postes_synop.geojson).",
            "Put the file into its folder, or try again tomorrow.",
        )
    body, provenance = found
    read = read_station_list(body)
    for reason in read.refused:
        say(f"Skipped: {reason}")
    keep_station_list(stores.raw.blobs, body, provenance)
    say(f"{provenance.name}: {len(read.stations)} stations")
