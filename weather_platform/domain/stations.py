"""The stations: the reference table, and names and slugs. Search by text is `search`.

Numbers, names and positions are those of Météo-France's ``postesSynop.csv`` (Licence Ouverte 2.0); department and
region follow from the position (that file has neither). Display names, aliases and territories are ours, time
zones are those of tzdata. Observations are not here.
"""

import csv
import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from importlib.resources import files
from types import MappingProxyType

import msgspec

WMO_NUMBER = re.compile(r"\d{5}", re.ASCII)
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae"})
_ELSE = re.compile(r"[^a-z0-9]+")


class Station(msgspec.Struct, frozen=True, kw_only=True):
    """A weather station. Position, department, region and so on are None if unknown."""

    station_id: str
    """WMO number: five digits, with leading zeros."""
    name: str
    """Name in files and documents: ``BALE-MULHOUSE``."""
    slug: str
    """Names the station in tables, files and addresses; unique, and valid as an SQL identifier."""
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    altitude_m: int | None = None
    department: str | None = None
    department_code: str | None = None
    region: str | None = None
    territory: str | None = None
    """``France métropolitaine``, an overseas department or an overseas territory."""
    timezone: str | None = None
    """IANA name."""
    opened: date | None = None
    """First day of observations."""
    display_name: str = ""
    """Display name: ``Bâle-Mulhouse``; defaults to the name."""
    aliases: tuple[str, ...] = ()
    """Other common names: ``Basel``."""
    verified: bool = False
    """True for a station in a list of Météo-France, False for one found only in observations."""

    def __post_init__(self) -> None:
        if not self.display_name:
            msgspec.structs.force_setattr(self, "display_name", self.name)

    def is_within(self, west: float, south: float, east: float, north: float) -> bool:
        """Whether the station is in a box of degrees, edges included; one of unknown place is in none.

        A box with a greater `west` than `east` crosses the meridian of 180°.
        """
        longitude, latitude = self.longitude_deg, self.latitude_deg
        if longitude is None or latitude is None or not south <= latitude <= north:
            return False
        return west <= longitude <= east if west <= east else longitude >= west or longitude <= east


def fold(text: str) -> str:
    """The text as lower-case ASCII words with single spaces, without accents, dashes and quotes."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LIGATURES))
    return _ELSE.sub(" ", "".join(c for c in plain if not unicodedata.combining(c))).strip()


def slugify(name: str) -> str:
    """Lower-case ASCII letters, digits and underscores, never a digit first: ``PLOUMANAC'H`` is ``ploumanac_h``.

    Not reversible (``RENNES-ST JACQUES`` and ``BALE-MULHOUSE`` lose their space and dash): store the name too.
    """
    slug = fold(name).replace(" ", "_")
    return slug if slug[:1].isalpha() else f"_{slug}"


def station_for(station_id: str, name: str | None = None) -> Station:
    """The station of a WMO number: the reference one or, for an unknown number, an unverified one.

    An unknown station's slug is ``station_<number>``, independent of its name and of when it was first seen, so its
    table is the same in every order of loading and never shared with a namesake.
    """
    if known := STATIONS.get(station_id):
        return known
    slug = slugify(f"station {station_id}")
    return Station(station_id=station_id, name=(name or "").strip() or slug.upper(), slug=slug)


def _read_reference() -> Mapping[str, Station]:
    text = files("weather_platform.domain").joinpath("stations.csv").read_text(encoding="utf-8")
    return MappingProxyType({row["station_id"]: _reference(row) for row in csv.DictReader(text.splitlines())})


def _reference(row: Mapping[str, str]) -> Station:
    return Station(
        station_id=row["station_id"],
        name=row["name"],
        slug=slugify(row["name"]),
        latitude_deg=float(row["latitude_deg"]),
        longitude_deg=float(row["longitude_deg"]),
        altitude_m=int(row["altitude_m"]),
        department=row["department"] or None,
        department_code=row["department_code"] or None,
        region=row["region"] or None,
        territory=row["territory"],
        timezone=row["timezone"],
        display_name=row["display_name"],
        aliases=tuple(row["aliases"].split("|")) if row["aliases"] else (),
        verified=True,
    )


STATIONS: Mapping[str, Station] = _read_reference()
"""The 62 stations of the reference table, by WMO number."""
