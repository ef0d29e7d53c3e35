"""The stations: a reference table of those that are known, and how a person's words find one.

Numbers, names and positions are those of Météo-France's ``postesSynop.csv`` (Licence Ouverte 2.0); department
and region follow from the position (that file has neither). What a station observed is not here.
"""

import csv
import re
import unicodedata
from collections.abc import Callable, Mapping
from difflib import get_close_matches
from importlib.resources import files
from types import MappingProxyType

import msgspec

from weather_platform.domain.errors import UnknownCity

WMO_NUMBER = re.compile(r"\d{5}", re.ASCII)
_LIGATURES = str.maketrans({"œ": "oe", "æ": "ae"})
_ELSE = re.compile(r"[^a-z0-9]+")
_LIKENESS = 0.75
"""Of difflib, from 0 to 1, between what was typed and a name or a word of it: `nise` is 0.75 like `nice`, `bourdeaux`
0.94 like `bordeaux`. Below, nobody meant it: `mareille` is 0.71 like `abbeville`, `atlantis` 0.5 like `pamandzi`."""


class Station(msgspec.Struct, frozen=True, kw_only=True):
    """A place that observes. Position, department and region are None where they are not known."""

    station_id: str
    """WMO number: five digits, the leading zero kept."""
    name: str
    slug: str
    """Names the station in tables, files and addresses; unique, and valid as an SQL identifier."""
    latitude_deg: float | None = None
    longitude_deg: float | None = None
    altitude_m: int | None = None
    department: str | None = None
    department_code: str | None = None
    region: str | None = None
    verified: bool = False
    """True for the reference table's stations, False for a number that only a file told us of."""


def fold(text: str) -> str:
    """The text as search sees it: lower-case ASCII words, one space apart; accents, dashes and quotes forgiven."""
    plain = unicodedata.normalize("NFKD", text.casefold().translate(_LIGATURES))
    return _ELSE.sub(" ", "".join(c for c in plain if not unicodedata.combining(c))).strip()


def slugify(name: str) -> str:
    """Lower-case ASCII letters, digits and underscores, never a digit first: ``PLOUMANAC'H`` is ``ploumanac_h``.

    Cannot be turned back (``RENNES-ST JACQUES`` and ``BALE-MULHOUSE`` lose their space and dash): keep the name.
    """
    slug = fold(name).replace(" ", "_")
    return slug if slug[:1].isalpha() else f"_{slug}"


def station_for(station_id: str, name: str | None = None) -> Station:
    """The station of a WMO number: the reference one or, for an unknown number, an unverified one.

    An unknown station's slug is ``station_<number>`` whatever it is called and whenever it came, so that its
    table is the same in every order of loading and never that of a namesake.
    """
    if known := STATIONS.get(station_id):
        return known
    slug = slugify(f"station {station_id}")
    return Station(station_id=station_id, name=(name or "").strip() or slug.upper(), slug=slug)


def find_station(text: str, stations: Mapping[str, Station]) -> Station:
    """The station that a slug, a name or a WMO number means, whatever the case, accents, spaces and dashes.

    ``stations`` are by number. Raises UnknownCity, whose cure names the nearest there are.
    """
    wanted = fold(text)
    if wanted and (station := stations.get(wanted.zfill(5))):
        return station
    for station in stations.values():
        if wanted and wanted in (fold(station.name), fold(station.slug)):
            return station
    raise UnknownCity(f"{text!r} is no station here.", _cure(text, stations))


def chosen_station(text: str, staged: Callable[[], Mapping[str, Station]] = dict) -> Station:
    """The station to fetch that a person's word means, as `find_station` reads it.

    Any five-digit number is one: sources have stations (190 since 2025) that are not in the reference table.
    ``staged`` gives the stations that came in files; it is asked only for a word that means none of the reference.
    """
    if WMO_NUMBER.fullmatch(text.strip()):
        return station_for(text.strip())
    try:
        return find_station(text, STATIONS)
    except UnknownCity:
        return find_station(text, {**STATIONS, **staged()})


def nearest_stations(text: str, stations: Mapping[str, Station]) -> list[Station]:
    """At most three stations whose names hold the text or are spelled much like it, whole or in a word."""
    wanted, by_name = fold(text), {fold(station.name): station for station in stations.values()}
    holding = [name for name in by_name if wanted and wanted in name]
    if holding:
        return [by_name[name] for name in holding[:3]]
    by_word = {word: by_name[name] for name in by_name for word in (name, *name.split()) if len(word) > 3}
    close = get_close_matches(wanted, by_word, n=3, cutoff=_LIKENESS)
    return list({by_word[word].station_id: by_word[word] for word in close}.values())


def _cure(text: str, stations: Mapping[str, Station]) -> str:
    nearest = nearest_stations(text, stations)
    if not nearest:
        return "Use a station's name, slug or WMO number, for example NICE, nice or 07690."
    return f"Did you mean {' or '.join(station.name for station in nearest)}?"


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
        verified=True,
    )


STATIONS: Mapping[str, Station] = _read_reference()
"""The 62 stations of the reference table, by WMO number."""
