"""A month of observations, merged from all its reports: one per station and time.

A pure function of the month's raw objects in the order of their receipt, so that loading twice, late
or in another order of months gives the same rows.
"""

import hashlib
from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, time
from operator import attrgetter
from typing import Any, NamedTuple, Protocol, runtime_checkable

import msgspec

from weather_platform.domain import cleaning
from weather_platform.domain.climate.stretches import Stretch
from weather_platform.domain.counts import RecordCounts
from weather_platform.domain.fields import Observation
from weather_platform.domain.merging import FieldSources, Merger, Source
from weather_platform.domain.months import Month
from weather_platform.domain.parsed_files import ParsedFile
from weather_platform.domain.parsing import Parsed, Reason, Refusal, columns_of, parse
from weather_platform.domain.provenance import RawObject
from weather_platform.domain.record_files import RecordFile
from weather_platform.domain.stations import Station, station_for

_time = attrgetter("date")
_NAME_LENGTH = 100
"""Longest name of an unknown station, in characters; three times the longest known name."""


class Quarantined(NamedTuple):
    """A refused record with the raw object it came from."""

    raw_object: str
    refusal: Refusal


@runtime_checkable
class Staged(Protocol):
    """A month's observations, whole or some stations at a time."""

    @property
    def objects(self) -> list[RawObject]:
        """The raw objects in order of receipt."""
        ...

    def parts(self) -> "Iterator[StagedMonth]":
        """The parts in order of station number, each with all raw objects and with the counts of its own records."""
        ...


class StagedMonth(msgspec.Struct):
    """The observations of a month, or of some of its stations, and the quarantine."""

    rows: dict[str, list[Observation]]
    """Observations by WMO station number, each in order of time."""
    stations: dict[str, Station]
    objects: list[RawObject]
    """In order of receipt."""
    counts: dict[str, RecordCounts]
    """By name of raw object."""
    quarantine: list[Quarantined]
    field_sources: dict[str, dict[datetime, FieldSources]] = {}
    """For rows merged from several raw objects, by station and time: fields not from the object in the row."""

    def parts(self) -> "Iterator[StagedMonth]":
        """Itself alone."""
        yield self

    @property
    def observations(self) -> int:
        return sum(map(len, self.rows.values()))

    @property
    def synthetic(self) -> bool:
        """Whether the observations are generated: all or none."""
        return any(obj.provenance.synthetic and self.counts[obj.name].accepted for obj in self.objects)

    def changes(self) -> dict[str, int]:
        """Number of observations changed by cleaning, by kind."""
        return cleaning.changes(row for rows in self.rows.values() for row in rows)

    def edges(self, month: Month) -> tuple[str, str]:
        """Hashes of the rows that the days of the month before, and of the month after, are made of, too."""
        before, after = Stretch.of(month.previous).needed, Stretch.of(month.next).needed
        until, since = datetime.combine(before.end, time()), datetime.combine(after.first, time())
        return self._digest(datetime.min, until), self._digest(since, datetime.max)  # noqa: DTZ901  # as stored

    def _digest(self, first: datetime, last: datetime) -> str:
        found = [
            row
            for rows in self.rows.values()
            for row in rows[bisect_left(rows, first, key=_time) : bisect_right(rows, last, key=_time)]
        ]
        further = [
            (station, moment, sources)
            for station, by_time in self.field_sources.items()
            for moment, sources in by_time.items()
            if first <= moment <= last
        ]
        return hashlib.sha256(msgspec.json.encode((self.synthetic, found, further))).hexdigest()[:16]

    def hours(self) -> set[datetime]:
        """The times at which at least one station reported."""
        return {row.date for rows in self.rows.values() for row in rows}


def stage(objects: Iterable[tuple[RawObject, RecordFile | ParsedFile]], *, is_measured: bool = False) -> StagedMonth:
    """Merge a month's raw objects and their records, in order of receipt, by the rule of `merging`.

    If a month has any measured record, its synthetic records do not count, in any order of receipt. `is_measured`:
    another station of the month has one.
    """
    sources: dict[str, Source] = {}
    measured, synthetic = Merger(sources), Merger(sources)
    quarantine: list[Quarantined] = []
    staged_objects: list[RawObject] = []
    for order, (raw_object, file) in enumerate(objects):
        staged_objects.append(raw_object)
        count = RecordCounts()
        received = raw_object.received.astimezone(UTC).replace(tzinfo=None)
        source = sources[raw_object.name] = Source(raw_object.name, order, received, count, raw_object.said_again)
        merger = synthetic if raw_object.provenance.synthetic else measured
        reports: list[Observation] = []
        parsed, read = _read(file, raw_object)
        for item in parsed:
            count.read += 1
            if isinstance(item, Refusal):
                quarantine.append(Quarantined(raw_object.name, item))
                count.refused[item.reason] = count.refused.get(item.reason, 0) + 1
            else:
                reports.append(merger.add(item, source))
        count.missing = cleaning.missing(reports, read)
    is_measured = is_measured or bool(measured.known)
    if is_measured:
        for raw_object in staged_objects:
            if raw_object.provenance.synthetic:
                sources[raw_object.name].counts.give_way()
    merged = measured if is_measured else synthetic
    return StagedMonth(
        rows={station: sorted(rows.values(), key=_time) for station, rows in sorted(merged.known.items())},
        stations={station: _described(station, merged.described[station]) for station in sorted(merged.known)},
        objects=staged_objects,
        counts={name: source.counts for name, source in sources.items()},
        quarantine=quarantine,
        field_sources=merged.field_sources(),
    )


def _read(file: RecordFile | ParsedFile, raw_object: RawObject) -> tuple[Iterable[Parsed | Refusal], frozenset[str]]:
    """The records of a raw object, and the columns that they have."""
    if isinstance(file, ParsedFile):
        return file.parsed(), file.columns
    return parse(file, raw_object.received), columns_of(file).read


def stage_unplaced(
    objects: Iterable[tuple[RawObject, RecordFile]], is_placed: Callable[[datetime, bytes], bool]
) -> StagedMonth:
    """The quarantine of records without a month partition: without a time, or outside the partitions.

    Records (time and bytes) since placed in a month's partition are staged there and left out here.
    """
    staged = StagedMonth(rows={}, stations={}, objects=[], counts={}, quarantine=[])
    for raw_object, file in objects:
        refusals = [
            _outside(item) if isinstance(item, Parsed) else item
            for item in parse(file, raw_object.received)
            if not (item.time and is_placed(item.time, _bytes_of(item)))
        ]
        staged.objects.append(raw_object)
        staged.quarantine.extend(Quarantined(raw_object.name, refusal) for refusal in refusals)
        staged.counts[raw_object.name] = RecordCounts(
            read=len(refusals), refused=dict(Counter(str(refusal.reason) for refusal in refusals))
        )
    return staged


def _bytes_of(item: Parsed | Refusal) -> bytes:
    return bytes(item.raw) if isinstance(item, Parsed) else item.record


def _outside(item: Parsed) -> Refusal:
    detail = f"{item.place.time:%Y-%m} was not among the partitions (WEATHER_FIRST_MONTH to this month) when it came"
    return Refusal(item.position, Reason.OUTSIDE, detail, bytes(item.raw), item.place.time)


def _described(station_id: str, record: Any) -> Station:
    """The reference station; for an unknown number, one with the name and position of its last record."""
    station = station_for(station_id, record.nom)
    if station.verified:
        return station
    altitude_m = _decimal(record.altitude, -500, 9_000)
    return msgspec.structs.replace(
        station,
        name=station.name[:_NAME_LENGTH],
        latitude_deg=_decimal(record.latitude, -90, 90),
        longitude_deg=_decimal(record.longitude, -180, 180),
        altitude_m=None if altitude_m is None else round(altitude_m),
    )


def _decimal(value: float | str | None, low: float, high: float) -> float | None:
    """The number; None if it is not a number or outside the range of a position."""
    try:
        number = msgspec.convert(value, float | None, strict=False)
    except msgspec.ValidationError:
        return None
    return number if number is not None and low <= number <= high else None
