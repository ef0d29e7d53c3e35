"""A month of many stations: its records are sorted by station on disk, then staged some stations at a time.

Memory holds one raw object while they are sorted, then one part, however many stations report.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import starmap
from typing import NamedTuple

from weather_platform.domain.counts import RecordCounts
from weather_platform.domain.parsing import Refusal, keys_of, parse
from weather_platform.domain.parts import StationRange, group_of, ranges
from weather_platform.domain.provenance import RawObject
from weather_platform.domain.record_files import RecordFile, cut
from weather_platform.domain.staging import Quarantined, StagedMonth, stage
from weather_platform.spool import Extent, Spool


class _Sorted(NamedTuple):
    """A raw object whose readable records are in the spool."""

    object: RawObject
    head: RecordFile
    """Without records."""
    extents: dict[str, Extent]
    """By `group_of` the stations."""


class MonthInParts:
    """What `domain.staging.stage` makes of a month's raw objects, in parts of some stations each."""

    def __init__(self, objects: Iterable[tuple[RawObject, RecordFile]]) -> None:
        self._spool = Spool()
        self._stations: set[str] = set()
        self._is_measured = False
        self._refused: dict[str, list[Refusal]] = {}
        self._sorted = list(starmap(self._sort, objects))  # a loop would hold an object while the next is read

    @property
    def objects(self) -> list[RawObject]:
        """In order of receipt."""
        return [each.object for each in self._sorted]

    def parts(self) -> Iterator[StagedMonth]:
        """The parts in order of station number; the quarantine is in the first."""
        for number, stations in enumerate(ranges(self._stations)):
            part = stage(self._records_of(stations), is_measured=self._is_measured)
            if number == 0:
                self._quarantine(part)
            yield part

    def _sort(self, raw_object: RawObject, file: RecordFile) -> _Sorted:
        groups: dict[str, list[bytes]] = {}
        for item in parse(file, raw_object.received):
            if isinstance(item, Refusal):
                self._refused.setdefault(raw_object.name, []).append(item)
            else:
                self._stations.add(item.place.station_id)
                groups.setdefault(group_of(item.place.station_id), []).append(item.raw)
        self._is_measured = self._is_measured or bool(groups and not raw_object.provenance.synthetic)
        head = file._replace(records=[], keys=keys_of(file))
        extents = {group: self._spool.write(file.with_records(records)) for group, records in groups.items()}
        return _Sorted(raw_object, head, extents)

    def _records_of(self, stations: StationRange) -> Iterator[tuple[RawObject, RecordFile]]:
        for raw_object, head, extents in self._sorted:
            wanted = (self._spool.read(extent) for group, extent in extents.items() if stations.holds(group))
            yield raw_object, head._replace(records=[record for body in wanted for record in cut(body).records])

    def _quarantine(self, part: StagedMonth) -> None:
        for name, refused in self._refused.items():
            part.quarantine.extend(Quarantined(name, refusal) for refusal in refused)
            reasons = Counter(str(refusal.reason) for refusal in refused)
            part.counts[name].add(RecordCounts(read=len(refused), refused=dict(reasons)))
