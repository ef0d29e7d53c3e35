"""Makes and stores references of all monthly sheets, and the official normals of stations.

The doors read them here; if sheets have changed since, `climatology` computes a reference itself.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

from weather_platform.domain.climate.figures import FIGURES
from weather_platform.domain.climate.normals import StationNormals, distance_km, nearest_place, read_sheet
from weather_platform.domain.climate.reference import StationReferences, miscounted, references
from weather_platform.domain.climate.years import years_of
from weather_platform.domain.errors import BadInput, SourceUnavailable
from weather_platform.sources.climate_sheets import ClimateSheets
from weather_platform.storage.by_station import NORMALS, REFERENCES
from weather_platform.storage.climate_sheets import keep_sheet, kept_sheets
from weather_platform.storage.monthly import MonthQuery
from weather_platform.storage.opening import Stores


class StoredReferences(NamedTuple):
    """The result of storing references."""

    stations: int
    references: int
    """From 24 years."""
    averages: int
    """From 10 to 23 years."""


def store_references(stores: Stores) -> StoredReferences:
    """Compute the references of every station from all its sheets, and store them."""
    made_of = stores.monthly.revision()
    counts = {"reference": 0, "average": 0}

    def made() -> Iterator[StationReferences]:
        for station in stores.monthly.stations():
            years = years_of(stores.monthly.figures(MonthQuery(stations=[station])))
            found = StationReferences(station_id=station, made_of=made_of, references=tuple(references(years)))
            for each in found.references:
                counts[each.kind] += 1
            yield found

    stations = stores.by_station.replace(REFERENCES, made())
    return StoredReferences(stations, counts["reference"], counts["average"])


def faults_of_references(stores: Stores) -> list[str]:
    """Faults of the stored references: made from other sheets than today's, or with another number of years."""
    faults, now = [], stores.monthly.revision()
    for station in stores.monthly.stations():
        stored = stores.by_station.get(REFERENCES, station)
        if stored is None or stored.made_of != now:
            faults.append(f"{station}: {'none' if stored is None else 'older than the sheets'}")
            continue
        complete: dict[tuple[str, str], set[int]] = {}
        for sheet in stores.monthly.figures(MonthQuery(stations=[station])):
            year, _, month = sheet.month.partition("-")
            for name, figure in FIGURES.items():
                element = getattr(sheet, figure.element)
                if getattr(element, figure.status) == "complete" and getattr(element, figure.field) is not None:
                    complete.setdefault((month, name), set()).add(int(year))
        faults += miscounted(stored.references, complete)
    return faults


class StoredNormals(NamedTuple):
    """The result of storing official sheets."""

    stations: int
    fetched: int
    trouble: str
    """Why no sheets, or not all of them, were fetched; empty where nothing was wrong."""
    unread: list[str]
    """Sheets that are kept and cannot be read."""


def store_normals(stores: Stores, source: ClimateSheets, now: datetime | None = None) -> StoredNormals:
    """Fetch the official sheets of places near stations, store them raw, and store their normals.

    Without a network, the stored sheets are read again: nothing is lost, and `trouble` gives the reason.
    """
    now = now or datetime.now(UTC)
    stations, blobs, fetched, trouble = stores.stations().values(), stores.raw.blobs, 0, ""
    try:
        places = source.places()
        for number in sorted({near.number for each in stations if (near := nearest_place(each, places))}):
            keep_sheet(blobs, number, *source.sheet(number), now)
            fetched += 1
    except (SourceUnavailable, BadInput) as error:
        trouble = f"{error.cause} {error.cure}"
    sheets, unread = {}, []
    kept = kept_sheets(blobs)
    for number, (key, _) in kept.items():
        try:
            sheets[number] = read_sheet(blobs.get(key))
        except BadInput as error:
            unread.append(f"{key}: {error.cause}")
    found = []
    for station in stations:
        if near := nearest_place(station, sheets.values()):
            sheet, (key, file) = sheets[near.number], kept[near.number]
            found.append(
                StationNormals(
                    station_id=station.station_id,
                    distance_km=distance_km(station, sheet),
                    raw_object=key,
                    address=file.provenance.name,
                    received=file.received,
                    sheet=sheet,
                )
            )
    return StoredNormals(stores.by_station.replace(NORMALS, found), fetched, trouble, unread)
