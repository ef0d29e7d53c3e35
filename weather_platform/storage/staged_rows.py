"""What staging notes of a month beside its observations: rows of its own tables, added up over the month's parts."""

import hashlib
from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from itertools import chain
from operator import attrgetter
from typing import Any

import msgspec
import sqlalchemy as sa

from weather_platform.domain.counts import RecordCounts
from weather_platform.domain.months import Month
from weather_platform.domain.provenance import UNPLACED, RawObject
from weather_platform.domain.quality import synoptic_hours
from weather_platform.domain.staging import StagedMonth
from weather_platform.domain.weather_stats import CODE_VERSION
from weather_platform.storage.staging_tables import COVERAGE, FIELD_SOURCES, MONTHS, QUARANTINE, RAW_OBJECTS

_QUARANTINED_BYTES = 100_000


class StagedRows:
    """The rows of one month, a partition key or `UNPLACED`; a few hundred bytes per station."""

    def __init__(self, month: str) -> None:
        self.month = month
        self.counts: dict[str, RecordCounts] = {}
        """Of each raw object's records."""
        self._objects: list[RawObject] = []
        self._coverage: list[dict[str, Any]] = []
        self._quarantine: list[dict[str, Any]] = []
        self._field_sources: list[dict[str, Any]] = []
        self._changes = Counter[str]()
        self._reported = Counter[datetime]()
        self._edges: list[tuple[str, str]] = []

    def add(self, part: StagedMonth) -> None:
        """Add a part of the month."""
        self._objects = part.objects
        for name, counts in part.counts.items():
            self.counts.setdefault(name, RecordCounts()).add(counts)
        self._coverage += (self._coverage_row(part, station_id) for station_id in part.rows)
        self._quarantine += self._quarantine_rows(part)
        self._field_sources += self._field_source_rows(part)
        self._changes.update(part.changes())
        self._reported.update(chain.from_iterable(map(attrgetter("date"), rows) for rows in part.rows.values()))
        if self.month != UNPLACED:
            self._edges.append(part.edges(Month.parse(self.month)))

    def by_table(self) -> Iterator[tuple[sa.Table, list[dict[str, Any]]]]:
        yield MONTHS, [self._month_row()]
        yield RAW_OBJECTS, [self._object_row(each) for each in self._objects]
        yield COVERAGE, self._coverage
        yield QUARANTINE, self._quarantine
        yield FIELD_SOURCES, self._field_sources

    def _month_row(self) -> dict[str, Any]:
        first_days, last_days = map(_together, zip(*self._edges, strict=True)) if self._edges else (None, None)
        hours = () if self.month == UNPLACED else synoptic_hours(Month.parse(self.month))
        stations = len(self._coverage)
        silent = [hour for hour in hours if 2 * self._reported[hour] < stations or not self._reported[hour]]
        return {
            "month": self.month,
            "observations": self._reported.total(),
            "silent_hours": [hour.isoformat() for hour in silent],
            "changes": dict(self._changes),
            "code_version": CODE_VERSION,
            "first_days": first_days,
            "last_days": last_days,
        }

    def _object_row(self, obj: RawObject) -> dict[str, Any]:
        return {
            "month": self.month,
            "raw_object": obj.name,
            "received": obj.received.isoformat(),
            "source": obj.provenance.source,
            "name": obj.provenance.name,
            "licence": obj.provenance.licence,
            "synthetic": obj.provenance.synthetic,
            "counts": msgspec.to_builtins(self.counts[obj.name]),
        }

    def _coverage_row(self, part: StagedMonth, station_id: str) -> dict[str, Any]:
        station, rows = part.stations[station_id], part.rows[station_id]
        return {
            "month": self.month,
            "station_id": station_id,
            "slug": station.slug,
            "name": station.name,
            "latitude_deg": station.latitude_deg,
            "longitude_deg": station.longitude_deg,
            "altitude_m": station.altitude_m,
            "observations": len(rows),
            "first": rows[0].date,
            "last": rows[-1].date,
        }

    def _quarantine_rows(self, part: StagedMonth) -> Iterator[dict[str, Any]]:
        for raw_object, refusal in part.quarantine:
            yield {
                "month": self.month,
                "raw_object": raw_object,
                "position": refusal.position,
                "reason": str(refusal.reason),
                "detail": refusal.detail,
                "record": _brief(refusal.record),
            }

    def _field_source_rows(self, part: StagedMonth) -> Iterator[dict[str, Any]]:
        for station_id, by_time in part.field_sources.items():
            for moment, sources in by_time.items():
                for field, raw_object in sources.items():
                    yield {
                        "month": self.month,
                        "station_id": station_id,
                        "date": moment,
                        "field": field,
                        "raw_object": raw_object,
                    }


def _together(digests: tuple[str, ...]) -> str:
    """The digest of a month from those of its parts."""
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()[:16]


def _brief(record: bytes) -> str:
    """The record as text, cut to a maximum length; the raw object has all of it."""
    text = record[:_QUARANTINED_BYTES].decode("utf-8", "replace")
    return text if len(record) <= _QUARANTINED_BYTES else f"{text}… ({len(record):,} bytes)"
