"""Search for stations by free text, shared by the API, the command line and the site.

Case, accents, hyphens and apostrophes are ignored; ``st`` means ``saint``. A name finds its station; a department, a
region or a territory finds all its stations; a town or a postcode finds the nearest station, with its distance.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from difflib import get_close_matches
from functools import cache, lru_cache
from typing import Literal, get_args

import msgspec

from weather_platform.domain.errors import UnknownCity
from weather_platform.domain.stations import STATIONS, WMO_NUMBER, Station, fold, station_for
from weather_platform.domain.towns import (
    Department,
    Town,
    department_of_postcode,
    departments,
    distance_km,
    prefecture,
    towns,
)

Why = Literal["number", "name", "alias", "nearest", "area", "begins", "holds", "nearest_of_part"]
"""Why a station matches, best first: WMO number, name or slug, alias, nearest to a town or postcode, in a department,
region or territory, start of a name, words within a name, nearest to a town whose name starts with the text."""
_RANK = {why: rank for rank, why in enumerate(get_args(Why))}
_SPELLED_OUT = {"st": "saint", "ste": "sainte", "pte": "pointe"}
_TOWNS = 5
"""Towns considered for one name or start of a name: the largest."""
_FARTHEST_KM = 200
"""Largest distance of a match; no town of metropolitan France is farther from a station. Nouméa is 2,000 km away."""
_LIKENESS = 0.75
"""Least difflib ratio (0 to 1) between the text and a name or a word of it: `nise` and `nice` have 0.75,
`bourdeaux` and `bordeaux` 0.94. Lower ones are wrong: `mareille` and `abbeville` have 0.71, `atlantis` and `pamandzi`
0.5."""


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """A matching station, and why it matches."""

    station: Station
    why: Why
    matched: str
    """What the text matched: ``Nice``, ``Besançon (25)``, ``Bretagne``."""
    distance_km: int | None = None
    """Distance from the town, if the station is the nearest to one."""

    @property
    def rank(self) -> int:
        return _RANK[self.why]


def search(text: str, stations: Mapping[str, Station]) -> list[Match]:
    """Matching stations, best first, each once; empty if nothing matches.

    A part of a name counts only if no whole name, town or area matches.
    """
    wanted = place_key(text)
    if not wanted:
        return []
    whole = _once([*_by_number(text, stations), *_by_whole_name(wanted, stations), *_by_place(text, wanted, stations)])
    return whole or _once(_by_part(wanted, stations))


def find_station(text: str, stations: Mapping[str, Station]) -> Station:
    """The best matching station.

    Raises UnknownCity if none or several match equally; its cure names them, or those spelled alike.
    """
    found = search(text, stations)
    best = [match for match in found if match.rank == found[0].rank]
    if len(best) == 1:
        return best[0].station
    if best:
        named = " or ".join(match.station.display_name for match in best[:3])
        more = f", or another of {len(best)}" if len(best) > 3 else ""
        raise UnknownCity(f"{text!r} means several stations.", f"Did you mean {named}{more}?")
    raise UnknownCity(f"No station matches {text!r}.", _cure(text, stations))


def known_station(text: str, known: Callable[[], Mapping[str, Station]]) -> Station:
    """`find_station` among the known stations, which are asked for only if the text does not name a reference station.

    Thus ``nice`` and ``07690`` need no store.
    """
    named = [*_by_number(text, STATIONS), *_by_whole_name(place_key(text), STATIONS)]
    return named[0].station if named else find_station(text, known())


def chosen_station(text: str, known: Callable[[], Mapping[str, Station]]) -> Station:
    """The station to fetch for a text, read like `known_station`.

    Any five digits are a WMO number: sources have stations (190 since 2025) that are not in the reference table.
    """
    if WMO_NUMBER.fullmatch(text.strip()):
        return station_for(text.strip())
    return known_station(text, known)


def nearest_stations(text: str, stations: Mapping[str, Station]) -> list[Station]:
    """At most three stations that match in part or are spelled alike."""
    if found := search(text, stations):
        return [match.station for match in found[:3]]
    by_word = {
        word: station
        for station in stations.values()
        for name in _names(station)
        for word in (name, *name.split())
        if len(word) > 3
    }
    close = get_close_matches(place_key(text), by_word, n=3, cutoff=_LIKENESS)
    return list({by_word[word].station_id: by_word[word] for word in close}.values())


def keywords(stations: Mapping[str, Station], inhabitants: int = 20_000) -> dict[str, str]:
    """Search words of each station besides its name, by WMO number, in the form of `place_key`.

    Aliases, department, region, territory, and towns of at least this size to which it is the nearest.
    """
    words: dict[str, list[str]] = {
        number: [*_aliases(station), *map(place_key, filter(None, _areas(station)))]
        for number, station in stations.items()
    }
    for town in towns():
        if town.inhabitants >= inhabitants:
            for match in _nearest([town], stations):
                words[match.station.station_id].append(place_key(town.name))
    return {number: " ".join(found) for number, found in words.items()}


def _areas(station: Station) -> tuple[str | None, ...]:
    return station.department, station.department_code, station.region, station.territory


def place_key(text: str) -> str:
    """The text normalised for comparing places: `fold`, with ``st``, ``ste`` and ``pte`` spelled out."""
    return " ".join(_SPELLED_OUT.get(word, word) for word in fold(text).split())


@lru_cache(1_000)
def _names(station: Station) -> tuple[str, ...]:
    return tuple(place_key(name) for name in (station.display_name, station.name, station.slug))


@lru_cache(1_000)
def _aliases(station: Station) -> dict[str, str]:
    return {place_key(alias): alias for alias in station.aliases}


def _by_number(text: str, stations: Mapping[str, Station]) -> Iterator[Match]:
    if station := stations.get(fold(text).zfill(5)):
        yield Match(station=station, why="number", matched=station.station_id)


def _by_whole_name(wanted: str, stations: Mapping[str, Station]) -> Iterator[Match]:
    for station in stations.values():
        if wanted in _names(station):
            yield Match(station=station, why="name", matched=station.display_name)
        if alias := _aliases(station).get(wanted):
            yield Match(station=station, why="alias", matched=alias)


def _by_place(text: str, wanted: str, stations: Mapping[str, Station]) -> Iterator[Match]:
    """By town, postcode, department, region or territory."""
    postcode = text.strip()
    of_code = departments().get(postcode.upper())
    if WMO_NUMBER.fullmatch(postcode):
        yield from _nearest(_towns_by_postcode().get(postcode, ()), stations)
        of_code = department_of_postcode(postcode)
    yield from _nearest(_towns_by_name().get(wanted, ()), stations)
    for department in departments().values():
        if department == of_code or wanted == place_key(department.name):
            yield from _of_department(department, stations)
    for station in stations.values():
        for area in (station.region, station.territory):
            if area and wanted == place_key(area):
                yield Match(station=station, why="area", matched=area)


def _of_department(department: Department, stations: Mapping[str, Station]) -> Iterator[Match]:
    """Its stations; if it has none, the nearest to its seat."""
    label = f"{department.name} ({department.code})"
    own = [station for station in stations.values() if station.department_code == department.code]
    if own:
        yield from (Match(station=station, why="area", matched=label) for station in own)
    else:
        yield from _nearest([prefecture(department)], stations)


def _nearest(wanted: Iterable[Town], stations: Mapping[str, Station], why: Why = "nearest") -> Iterator[Match]:
    for town in list(wanted)[:_TOWNS]:
        here = (town.latitude_deg, town.longitude_deg)
        distances = [
            (distance_km(*here, station.latitude_deg, station.longitude_deg), number)
            for number, station in stations.items()
            if station.latitude_deg is not None and station.longitude_deg is not None
        ]
        away_km, number = min(distances, default=(_FARTHEST_KM + 1.0, ""))
        if away_km <= _FARTHEST_KM:
            yield Match(
                station=stations[number],
                why=why,
                matched=f"{town.name} ({town.department_code})",
                distance_km=round(away_km),
            )


def _by_part(wanted: str, stations: Mapping[str, Station]) -> Iterator[Match]:
    """Matches by the start of a name, an alias or a town, or by words within a name."""
    for station in stations.values():
        names = dict.fromkeys(_names(station), station.display_name) | {place_key(a): a for a in station.aliases}
        for name, label in names.items():
            if name.startswith(wanted):
                yield Match(station=station, why="begins", matched=label)
            elif f" {wanted}" in f" {name}":
                yield Match(station=station, why="holds", matched=label)
    beginning = [town for name, found in _towns_by_name().items() if name.startswith(wanted) for town in found]
    yield from _nearest(sorted(beginning, key=lambda town: -town.inhabitants), stations, "nearest_of_part")


def _once(matches: Iterable[Match]) -> list[Match]:
    """The best match of each station, by rank."""
    best: dict[str, Match] = {}
    for match in sorted(matches, key=lambda match: match.rank):
        best.setdefault(match.station.station_id, match)
    return list(best.values())


@cache
def _towns_by_name() -> dict[str, list[Town]]:
    found: dict[str, list[Town]] = {}
    for town in towns():
        found.setdefault(place_key(town.name), []).append(town)
    return found


@cache
def _towns_by_postcode() -> dict[str, list[Town]]:
    found: dict[str, list[Town]] = {}
    for town in towns():
        for postcode in town.postcodes:
            found.setdefault(postcode, []).append(town)
    return found


def _cure(text: str, stations: Mapping[str, Station]) -> str:
    nearest = nearest_stations(text, stations)
    if not nearest:
        return "Use the name of a station or of a town, a postcode or a WMO number, for example Nice, 06000 or 07690."
    return f"Did you mean {' or '.join(station.display_name for station in nearest)}?"
