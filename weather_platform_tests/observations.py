"""Observations, records and months made by the tests: what is not said is missing."""

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from weather_platform.domain.counts import RecordCounts
from weather_platform.domain.fields import Observation
from weather_platform.domain.provenance import RawObject
from weather_platform.domain.staging import StagedMonth
from weather_platform.domain.stations import station_for
from weather_platform_tests.real_months import raw_object

NICE, CAP_CEPET, NOWHERE = "07690", "07661", "99999"
_NOTHING = dict.fromkeys(Observation._fields)


def at(time: str, station_id: str = NICE, **values: Any) -> Observation:
    """An observation at ``2023-12-01T06`` (or 06:30)."""
    known = {"n_hidden": 0, "rr_trace": 0, "raw_object": raw_object().name}
    return Observation(**{**_NOTHING, **known, "numer_sta": station_id, "date": datetime.fromisoformat(time), **values})


def month_of(observations: Iterable[Observation], obj: RawObject | None = None) -> StagedMonth:
    """The observations as one staged month that one raw object brought."""
    obj = obj or raw_object()
    rows: dict[str, list[Observation]] = {}
    for observation in sorted(observations, key=lambda o: (o.numer_sta, o.date)):
        rows.setdefault(observation.numer_sta, []).append(observation)
    count = sum(map(len, rows.values()))
    return StagedMonth(
        rows=rows,
        stations={station_id: station_for(station_id) for station_id in rows},
        objects=[obj],
        counts={obj.name: RecordCounts(read=count, kept=count)},
        quarantine=[],
    )
