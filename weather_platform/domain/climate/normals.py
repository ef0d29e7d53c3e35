"""Météo-France's official climate sheets (`FICHECLIM_<number>.data`, Licence Ouverte 2.0) and their places.

The layout was read in public parsers of these files: UTF-8, `;` between 14 columns or more (a label, 12 months, the
year), sections under a title line, `.` for zero and `-` for missing, a row `Date` under records. The parser has not
been tested with a live file.
"""

import math
import re
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Annotated

import msgspec

from weather_platform.domain.climate.figures import FIGURES
from weather_platform.domain.errors import BadInput
from weather_platform.domain.stations import Station

NORMAL_PERIOD = (1991, 2020)
"""Of a section that names no other."""
NEAR_KM = 3.0
NEAR_M = 50
COLUMNS = 13
"""Twelve months and the year."""

_HEADER = re.compile(
    r"^(?P<name>.+?)\s*\((?P<department>[^)]*)\)\s*Indicatif\s*:\s*(?P<number>\d{8})\s*,"
    r"\s*alt\s*:\s*(?P<altitude>-?\d+)\s*m\s*,\s*lat\s*:\s*(?P<latitude>[^,]+),\s*lon\s*:\s*(?P<longitude>.+)$"
)
_EDITED = re.compile(r"^Edité le\s*:\s*(\d{2})/(\d{2})/(\d{4})")
_DEGREES = re.compile(r"(\d+)°\s*(\d+)'\s*(\d+)\"\s*([NSEWO])")
_RECORDS_SINCE = re.compile(r"Records établis sur la période du (\d{2})-(\d{2})-(\d{4}) au (\d{2})-(\d{2})-(\d{4})")
_STATISTICS_OF = re.compile(r"Statistiques établies sur la période (\d{4})\s*-\s*(\d{4})")
_DAYS_WITH = re.compile(r"(?P<element>T[xn]|R[rR])\s*(?P<reached>>=|<=)\s*(?P<value>-?\d+)")
_GUSTS = re.compile(r">=\s*(\d+)\s*m/s")
_NOTES = ("(", "Rr :", "- :")
"""How lines begin that explain a section, and are not its title."""
_TITLES = {
    "température la plus élevée": "tx.max",
    "température maximale": "tx.mean",
    "température moyenne": "tm.mean",
    "température minimale": "tn.mean",
    "température la plus basse": "tn.min",
    "hauteur quotidienne maximale": "rr.max",
    "hauteur moyenne mensuelle": "rr.total",
    "degrés jours unifiés": "tm.heating_18",
    "rafale maximale": "fxi.max",
}
"""What the title of a section says, and the platform's figure; other sections keep their title."""


class NormalRow(msgspec.Struct, frozen=True, kw_only=True):
    """A row of a sheet: 12 months and the year."""

    section: str
    label: str
    """Of a row among several; empty where the section is the row."""
    figure: str | None
    """The platform's corresponding figure; None for sunshine, fog and others."""
    values: tuple[float | None, ...]
    dates: tuple[str, ...] = ()
    """Of records, as written: day and year, ``27-2019``; empty for means."""
    first_year: int
    last_year: int
    """Of the statistics; of records, those of their period."""


class ClimateSheet(msgspec.Struct, frozen=True, kw_only=True):
    """The official sheet of one place."""

    number: str
    """Météo-France's, eight digits: department, commune, place."""
    name: str
    department: str
    altitude_m: int
    latitude_deg: float
    longitude_deg: float
    edited: date | None
    rows: tuple[NormalRow, ...]


class SheetPlace(msgspec.Struct, frozen=True, kw_only=True):
    """A place with a sheet, from the list; its altitude may be missing."""

    number: str
    name: str
    latitude_deg: float
    longitude_deg: float
    altitude_m: float | None = None


class StationNormals(msgspec.Struct, frozen=True, kw_only=True):
    """The official sheet that stands for a station."""

    station_id: str
    distance_km: float
    raw_object: str
    """Key of the sheet as received."""
    address: str
    received: Annotated[datetime, msgspec.Meta(tz=True)]
    sheet: ClimateSheet


def read_sheet(content: bytes) -> ClimateSheet:
    """Read a sheet; BadInput for another file."""
    try:
        lines = [line.strip() for line in content.decode("utf-8-sig").splitlines()]
    except UnicodeDecodeError as wrong:
        raise BadInput("The climate sheet is not UTF-8.", "Fetch it again from Météo-France.") from wrong
    header = next((found for line in lines if (found := _HEADER.match(line.rstrip("; ")))), None)
    rows = tuple(_Reader().rows(lines))
    if header is None or not rows:
        raise BadInput("This is not a climate sheet: the station line or all figures are missing.", "Fetch it again.")
    edited = next((found for line in lines if (found := _EDITED.match(line))), None)
    return ClimateSheet(
        number=header["number"],
        name=header["name"].strip(),
        department=header["department"].strip(),
        altitude_m=int(header["altitude"]),
        latitude_deg=_degrees(header["latitude"]),
        longitude_deg=_degrees(header["longitude"]),
        edited=date(int(edited[3]), int(edited[2]), int(edited[1])) if edited else None,
        rows=rows,
    )


def read_places(content: bytes) -> list[SheetPlace]:
    """The places of `liste_fiches_clim.geojson`; BadInput for another file."""
    try:
        features = msgspec.json.decode(content, type=_Collection).features
    except msgspec.DecodeError as wrong:
        raise BadInput(f"Not a list of climate sheets: {wrong}.", "Fetch it again from Météo-France.") from wrong
    return [
        SheetPlace(
            number=feature.properties.num.zfill(8),
            name=feature.properties.nom,
            latitude_deg=feature.geometry.coordinates[1],
            longitude_deg=feature.geometry.coordinates[0],
            altitude_m=feature.geometry.coordinates[2] if len(feature.geometry.coordinates) > 2 else None,
        )
        for feature in features
    ]


def nearest_place(station: Station, places: Iterable[SheetPlace | ClimateSheet]) -> SheetPlace | ClimateSheet | None:
    """The nearest place within 3 km and 50 m of altitude; None if there is none, or its position is unknown."""
    if station.latitude_deg is None or station.longitude_deg is None:
        return None
    near = [
        (distance, place.number, place)
        for place in places
        if (distance := _distance_km(station.latitude_deg, station.longitude_deg, place)) <= NEAR_KM
        and (
            place.altitude_m is None
            or station.altitude_m is None
            or abs(place.altitude_m - station.altitude_m) <= NEAR_M
        )
    ]
    return min(near, key=lambda found: found[:2])[2] if near else None


class _Properties(msgspec.Struct):
    num: str
    nom: str = ""


class _Geometry(msgspec.Struct):
    coordinates: list[float]


class _Feature(msgspec.Struct):
    properties: _Properties
    geometry: _Geometry


class _Collection(msgspec.Struct):
    features: list[_Feature]


class _Reader:
    """Reads line by line, because titles, periods and dates refer to rows below or above them."""

    def __init__(self) -> None:
        self._section = ""
        self._years = NORMAL_PERIOD
        self._records: tuple[int, int] | None = None
        self._row: NormalRow | None = None

    def rows(self, lines: Iterable[str]) -> Iterator[NormalRow]:
        for line in lines:
            columns = line.split(";")
            if len(columns) > COLUMNS and any(map(str.strip, columns[1:])):
                yield from self._data(columns[0].strip(), columns[1 : COLUMNS + 1])
            elif text := line.rstrip("; "):
                yield from self._finished()
                self._say(text)
        yield from self._finished()

    def _data(self, label: str, columns: list[str]) -> Iterator[NormalRow]:
        if label == "Date" and self._row is not None:
            dates = tuple(column.strip() for column in columns)
            self._row = msgspec.structs.replace(self._row, dates=dates)
            return
        yield from self._finished()
        values = tuple(map(_number, columns))
        if self._section and any(value is not None for value in values):
            first, last = self._records or self._years
            self._row = NormalRow(
                section=self._section,
                label=label,
                figure=_figure(self._section, label),
                values=values,
                first_year=first,
                last_year=last,
            )

    def _finished(self) -> Iterator[NormalRow]:
        if self._row is not None:
            yield self._row
        self._row = None

    def _say(self, text: str) -> None:
        if records := _RECORDS_SINCE.search(text):
            self._records = int(records[3]), int(records[6])
        elif statistics := _STATISTICS_OF.search(text):
            self._years = int(statistics[1]), int(statistics[2])
        elif not text.startswith(_NOTES):
            self._section, self._years, self._records = text, NORMAL_PERIOD, None


def _figure(section: str, label: str) -> str | None:
    name = next((figure for title, figure in _TITLES.items() if title in section.casefold()), None)
    if found := _DAYS_WITH.search(label):
        reached, value = {">=": "ge", "<=": "le"}[found["reached"]], found["value"].replace("-", "m")
        name = f"{found['element'].lower()}.days_{reached}_{value}"
    elif "rafales" in section and (gusts := _GUSTS.search(label)):
        name = f"fxi.days_ge_{gusts[1]}"
    return name if name in FIGURES else None


def _number(text: str) -> float | None:
    text = text.strip()
    if text == ".":
        return 0.0
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None


def _degrees(text: str) -> float:
    found = _DEGREES.search(text)
    if not found:
        raise BadInput(f"{text.strip()!r} in a climate sheet is not a position.", "Fetch the sheet again.")
    degrees = int(found[1]) + int(found[2]) / 60 + int(found[3]) / 3600
    return round(-degrees if found[4] in "SWO" else degrees, 6)


def distance_km(station: Station, place: SheetPlace | ClimateSheet) -> float:
    """From a station of known position to a place, to 0.1 km."""
    assert station.latitude_deg is not None  # noqa: S101  # `nearest_place` found the place
    assert station.longitude_deg is not None  # noqa: S101
    return round(_distance_km(station.latitude_deg, station.longitude_deg, place), 1)


def _distance_km(latitude_deg: float, longitude_deg: float, place: SheetPlace | ClimateSheet) -> float:
    """Flat near a point: exact to metres over 3 km."""
    north = place.latitude_deg - latitude_deg
    east = (place.longitude_deg - longitude_deg) * math.cos(math.radians(latitude_deg))
    return 111.2 * math.hypot(north, east)
