"""Merges the reports of a station and time field by field: the newest present value counts.

A report's key is its upstream `insert_time` if present, else the time its raw object was received; equal keys are
ordered by receipt. A missing value, or an absent column, erases nothing. Dependent values come from one report, see
`PAIRS`.

A station and time with one report costs one dictionary look-up; the rest of the code is for those with several.
"""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, NamedTuple

from weather_platform.domain.cleaning import NAMES, clean, observed, published
from weather_platform.domain.counts import RecordCounts
from weather_platform.domain.fields import Observation
from weather_platform.domain.parsing import Parsed, Place

_PAIRED = {"per": "rafper", "dd": "ff", "perssfrai": "ssfrai", "sw": "tw"}
PAIRS = {follower: lead for follower, lead in _PAIRED.items() if follower in NAMES and lead in NAMES}
"""Dependent fields: a direction with its speed, a period with the value measured over it."""

_ALONE = tuple(index for index, name in enumerate(NAMES) if name not in PAIRS and name not in PAIRS.values())
_LED = tuple((NAMES.index(lead), NAMES.index(follower)) for follower, lead in PAIRS.items())
_ORIGIN = Observation._fields.index("raw_object")
_ALL = -1
"""Every field, as bits."""

FieldSources = dict[str, str]
"""Names of raw objects by field."""


class Source(NamedTuple):
    """A raw object whose reports are merged, with their counts."""

    name: str
    order: int
    """Of receipt."""
    received: datetime
    """UTC, without offset."""
    counts: RecordCounts
    said_again: bool = False
    """True if the bytes were posted again after being overruled: the key is then the time of posting."""


class Merger:
    """A month's observations by station and time, from reports in order of receipt."""

    def __init__(self, sources: dict[str, Source]) -> None:
        self.known: dict[str, dict[datetime, Observation]] = {}
        self.described: dict[str, Any] = {}
        """The last record of each station that has its name."""
        self._sources = sources
        self._keys: dict[str, dict[datetime, str | datetime]] = {}
        """Keys of rows that differ from the receipt of the object they name; a text is an `insert_time`."""
        self._echoes: dict[Place, list[_Told]] = {}
        """Reports equal to the one that made the row."""
        self._slots: dict[Place, _Slot] = {}
        self._shared: dict[tuple[str, bool], _Told] = {}

    def add(self, item: Parsed, source: Source) -> Observation:
        """Add and count a report; returns its own observation."""
        _, _, place, record = item
        station_id, time = place
        rows = self.known.get(station_id)
        if rows is None:
            rows = self.known[station_id] = {}
            self._keys[station_id] = {}
        if record.nom or station_id not in self.described:
            self.described[station_id] = record
        told = None if source.said_again else record.insert_time
        row = clean(place, record, source.name)
        if time in rows:
            self._add_another(place, row, source, told)
            return row
        rows[time] = row
        source.counts.kept += 1
        if told:
            self._keys[station_id][time] = told
        return row

    def field_sources(self) -> dict[str, dict[datetime, FieldSources]]:
        """For rows merged from several objects, by station and time: fields not from the object named in the row."""
        sparse: dict[str, dict[datetime, FieldSources]] = {}
        for (station_id, time), slot in self._slots.items():
            if others := slot.others():
                sparse.setdefault(station_id, {})[time] = others
        return sparse

    def _add_another(self, place: Place, new: Observation, source: Source, told: str | None) -> None:
        station_id, time = place
        old, inserted = self.known[station_id][time], _moment(told)
        key = inserted or source.received
        slot = self._slots.get(place)
        if slot is None:
            first = self._sources[old.raw_object]
            before, first_inserted = self._key(place, first)
            if old[:_ORIGIN] == new[:_ORIGIN]:
                source.counts.unchanged += 1
                self._echoes.setdefault(place, []).append(self._echo(source, inserted=inserted is not None))
                if key > before:
                    self._keys[station_id][time] = (inserted and told) or key
                return
            slot = self._slots[place] = _Slot(old, before, first, inserted=first_inserted)
            slot.repeat(self._echoes.pop(place, []))
        if slot.add(published(new), key, source, inserted=inserted is not None):
            self.known[station_id][time] = observed(place, list(slot.values), slot.newest)

    def _key(self, place: Place, source: Source) -> tuple[datetime, bool]:
        """The key of a row from one report, and whether it is an `insert_time`."""
        key = self._keys[place.station_id].get(place.time, source.received)
        inserted = _moment(key) if isinstance(key, str) else None
        return inserted or (source.received if isinstance(key, str) else key), inserted is not None

    def _echo(self, source: Source, *, inserted: bool) -> "_Told":
        """Shared by all reports of an object: a month that is fetched often has millions of them."""
        same = (source.name, inserted)
        if same not in self._shared:
            self._shared[same] = _Told(source, "unchanged", _ALL, inserted)
        return self._shared[same]


class _Told(NamedTuple):
    """The values of a report that count, taken back if another object overrules them."""

    source: Source
    counter: str
    fields: int
    """Bits of the values it gave or confirmed."""
    inserted: bool
    """Its key is its `insert_time`."""


class _Slot:
    """A station and time with differing reports: every value with its key and source."""

    __slots__ = ("_keys", "_sources", "_told", "newest", "values")

    def __init__(self, row: Observation, key: datetime, source: Source, *, inserted: bool) -> None:
        self.values = published(row)
        self.newest = source.name
        self._keys = [key] * len(self.values)
        self._sources = [source] * len(self.values)
        self._told = [_Told(source, "kept", _bits(self.values), inserted)]

    def repeat(self, echoes: list[_Told]) -> None:
        """Add reports equal to the first."""
        self._told += [echo._replace(fields=self._told[0].fields) for echo in echoes]

    def others(self) -> FieldSources:
        """Sources of values that are not from the object named in the row."""
        return {
            name: source.name
            for name, value, source in zip(NAMES, self.values, self._sources, strict=True)
            if value is not None and source.name != self.newest
        }

    def add(self, said: list[Any], key: datetime, source: Source, *, inserted: bool) -> bool:
        """Add and count a report; returns whether the row changed."""
        before, won = list(self.values), self._won(said, key)
        for index in won:
            self.values[index], self._keys[index] = said[index], key
        overruled = _bits(was if was != now else None for was, now in zip(before, self.values, strict=True))
        changed = before != self.values
        if changed:
            for index in won:
                self._sources[index] = source
            giving = [origin for origin, value in zip(self._sources, self.values, strict=True) if value is not None]
            self.newest = max(giving, key=lambda origin: origin.order).name
        in_force = _bits(value if value == now else None for value, now in zip(said, self.values, strict=True))
        if changed:
            counter = "replaced" if overruled else "completed"
        else:
            counter = "unchanged" if in_force == _bits(said) else "outdated"
        _count(source, counter)
        self._take_back(overruled, source, inserted=inserted)
        if counter != "outdated":
            self._told.append(_Told(source, counter, in_force, inserted))
        return changed

    def _won(self, said: list[Any], key: datetime) -> list[int]:
        """The fields taken from this report; a dependent field may become empty."""
        values, keys = self.values, self._keys
        won = [i for i in _ALONE if said[i] is not None and (values[i] is None or key >= keys[i])]
        for lead, follower in _LED:
            if said[lead] is not None:
                if values[lead] is None or key >= keys[lead]:
                    won += (lead, follower)
            elif (
                said[follower] is not None
                and values[lead] is None
                and (values[follower] is None or key >= keys[follower])
            ):
                won.append(follower)
        return won

    def _take_back(self, overruled: int, by: Source, *, inserted: bool) -> None:
        """Recount reports of other objects that lost a value."""
        if not overruled:
            return
        lost = [told for told in self._told if told.fields & overruled and told.source.name != by.name]
        for told in lost:
            _count(told.source, told.counter, -1)
            _count(told.source, "outdated" if told.inserted and inserted else "superseded")
            self._told.remove(told)


def _bits(values: Iterable[Any]) -> int:
    """A bit for each present value."""
    bits = 0
    for index, value in enumerate(values):
        if value is not None:
            bits |= 1 << index
    return bits


def _count(source: Source, counter: str, records: int = 1) -> None:
    setattr(source.counts, counter, getattr(source.counts, counter) + records)


def _moment(text: str | None) -> datetime | None:
    """An `insert_time` in UTC without offset; None if it is unreadable."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.astimezone(UTC).replace(tzinfo=None) if moment.tzinfo else moment
