"""How a person's words find stations: one search for the API, the command line and the site.

Case, accents, hyphens and apostrophes are free, ``st`` is ``saint``. A name finds its station; a department, a
region or a territory finds all of its own; a town or a postcode finds the nearest station, with its distance.
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
"""Why a station matches, the best first: its WMO number, its name or slug, another name of it, as the nearest to a town
or a postcode, as one of a department, region or territory, by how a name of it begins, by words inside, as the nearest
to a town whose name begins so."""
_RANK = {why: rank for rank, why in enumerate(get_args(Why))}
_SPELLED_OUT = {"st": "saint", "ste": "sainte", "pte": "pointe"}
_TOWNS = 5
"""Of one name, or of one beginning: the largest are meant."""
_FARTHEST_KM = 200
"""Within France no town is farther from one of the 62 stations; Nouméa is 2,000 km from any."""
_LIKENESS = 0.75
"""Of difflib, from 0 to 1, between what was typed and a name or a word of it: `nise` is 0.75 like `nice`, `bourdeaux`
0.94 like `bordeaux`. Below, nobody meant it: `mareille` is 0.71 like `abbeville`, `atlantis` 0.5 like `pamandzi`."""


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """A station that was found, and why."""

    station: Station
    why: Why
    matched: str
    """What the words were taken for: ``Nice``, ``Besançon (25)``, ``Bretagne``."""
    distance_km: int | None = None
    """From the town, where the station is the nearest to one."""

    @property
    def rank(self) -> int:
        return _RANK[self.why]


def search(text: str, stations: Mapping[str, Station]) -> list[Match]:
    """The stations (by number) that the words mean, the best first, each once; none where nothing matches.

    A part of a name counts only where no whole name, town or area does.
    """
    wanted = place_key(text)
    if not wanted:
        return []
    whole = _once([*_by_number(text, stations), *_by_whole_name(wanted, stations), *_by_place(text, wanted, stations)])
    return whole or _once(_by_part(wanted, stations))


def find_station(text: str, stations: Mapping[str, Station]) -> Station:
    """The one station that the words mean best.

    Raises UnknownCity where they mean none or several alike; its cure names them, or the nearest in spelling.
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


def chosen_station(text: str, staged: Callable[[], Mapping[str, Station]] = dict) -> Station:
    """The station to fetch that a person's words mean, as `find_station` reads them.

    Any five digits are a WMO number: sources have stations (190 since 2025) that are not in the reference table.
    ``staged`` gives the stations that came in files; it is asked only for words that mean none of the reference.
    """
    if WMO_NUMBER.fullmatch(text.strip()):
        return station_for(text.strip())
    try:
        return find_station(text, STATIONS)
    except UnknownCity:
        return find_station(text, {**STATIONS, **staged()})


def nearest_stations(text: str, stations: Mapping[str, Station]) -> list[Station]:
    """At most three stations that the words match in part, or whose names are spelled much like them."""
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
    """By WMO number, in `place_key`'s letters, the words besides its name by which a picker may find each station.

    Aliases, department, region, territory and the towns of so many inhabitants to which it is the nearest.
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
    """The text as places are compared: `fold`, with ``st``, ``ste`` and ``pte`` spelled out."""
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
    """Its stations or, where it has none, the nearest to its seat."""
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
    """By the beginning of a name or an alias, of a town, or by words inside a name."""
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
    """The best match of each station, in the order of their ranks."""
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
