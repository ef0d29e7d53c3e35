"""A month of observations out of all that was received for it: one a station and time, the latest received.

A pure function of the month's raw objects in the order of their receipt, so that loading twice, late
or in another order of months ends in the same rows.
"""

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

import msgspec

from weather_platform.domain import cleaning
from weather_platform.domain.fields import Observation
from weather_platform.domain.parsing import Refusal, parse
from weather_platform.domain.record_files import RecordFile
from weather_platform.domain.stations import Station, station_for

_ORIGIN = Observation._fields.index("raw_object")


class ObjectCounts(msgspec.Struct, kw_only=True):
    """What became of one raw object's records: read = kept + unchanged + replaced + outdated + refused."""

    read: int = 0
    kept: int = 0
    """The first report of their station and time."""
    unchanged: int = 0
    """Equal to what was known already."""
    replaced: int = 0
    """Put in the place of an earlier report with other values."""
    outdated: int = 0
    """Older, by their insert time, than what was known."""
    refused: dict[str, int] = msgspec.field(default_factory=dict)
    """Set aside, by reason."""


class Quarantined(msgspec.Struct, frozen=True):
    """A refused record with the raw object it came from."""

    raw_object: str
    refusal: Refusal


class StagedMonth(msgspec.Struct):
    """What a month's raw objects say."""

    rows: dict[str, list[Observation]]
    """Observations by WMO station number, each in order of time."""
    stations: dict[str, Station]
    quarantine: list[Quarantined]
    counts: dict[str, ObjectCounts]
    """By raw object, in order of receipt."""

    @property
    def observations(self) -> int:
        return sum(map(len, self.rows.values()))

    def changes(self) -> dict[str, int]:
        """How many observations cleaning changed, by what it changed."""
        return cleaning.changes(row for rows in self.rows.values() for row in rows)


def stage(objects: Iterable[tuple[str, RecordFile]]) -> StagedMonth:
    """Merge raw objects (name, records), the earliest received first.

    A later report of a station and time replaces an earlier one, within a file too; where both tell
    when they were inserted upstream (the annual archive does), the later insertion wins instead.
    """
    known: dict[str, dict[datetime, Observation]] = {}
    inserted: dict[tuple[str, datetime], str] = {}
    names: dict[str, str | None] = {}
    quarantine: list[Quarantined] = []
    counts: dict[str, ObjectCounts] = {}
    for raw_object, file in objects:
        count = counts[raw_object] = ObjectCounts(read=len(file.records))
        refused: Counter[str] = Counter()
        for item in parse(file):
            if isinstance(item, Refusal):
                quarantine.append(Quarantined(raw_object, item))
                refused[item.reason] += 1
                continue
            place, record = item.place, item.record
            rows = known.setdefault(place.station_id, {})
            new, old = cleaning.clean(place, record, raw_object), rows.get(place.time)
            names[place.station_id] = record.nom or names.get(place.station_id)
            if old is None:
                count.kept += 1
            elif record.insert_time and record.insert_time < inserted.get(place, ""):
                count.outdated += 1
                continue
            elif old[:_ORIGIN] == new[:_ORIGIN]:
                count.unchanged += 1
                continue
            else:
                count.replaced += 1
            rows[place.time] = new
            if record.insert_time:
                inserted[place] = record.insert_time
        count.refused = dict(refused)
    return StagedMonth(
        rows={station: sorted(rows.values(), key=_time) for station, rows in sorted(known.items())},
        stations={station: station_for(station, names[station]) for station in sorted(known)},
        quarantine=quarantine,
        counts=counts,
    )


def _time(observation: Observation) -> datetime:
    return observation.date
