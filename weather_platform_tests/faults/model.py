"""What the stores must hold after files were posted and withdrawn, reckoned without the platform."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from random import Random
from typing import Any, NamedTuple

from weather_platform.domain.fields import Observation
from weather_platform.domain.months import Month
from weather_platform_tests.domain import reckoning
from weather_platform_tests.observations import at

STATIONS = ("07690", "07149", "61998")
_STEP_H = 3

Rows = dict[tuple[str, datetime], tuple[float, float]]
"""Temperature in K and rain of 3 h in mm, by station and time."""


class File(NamedTuple):
    """A posted file of one month."""

    name: str
    rows: Rows

    @property
    def body(self) -> bytes:
        return json.dumps(
            [
                {"numer_sta": station, "date": f"{time.isoformat()}+00:00", "t": t_k, "rr3": rain_mm}
                for (station, time), (t_k, rain_mm) in self.rows.items()
            ]
        ).encode()


def file_of(rng: Random, name: str, month: Month) -> File:
    """Some readings of two or three days, of two or three stations; two files of a month nearly always overlap."""
    first = datetime.combine(month.first_day, datetime.min.time())
    days = sorted(rng.sample((0, 1, 2, 27), rng.randint(2, 3)))
    stations = sorted(rng.sample(STATIONS, rng.randint(2, 3)))
    rows = {
        (station, first + timedelta(days=day, hours=hour)): (
            round(rng.uniform(283, 287), 1),
            round(rng.uniform(0, 9), 1),
        )
        for station in stations
        for day in days
        for hour in range(0, 24, _STEP_H)
        if rng.random() < 0.7
    }
    return File(name, rows)


def rows_after(files: Iterable[File]) -> Rows:
    """Of readings of one station and time, the last posted counts."""
    rows: Rows = {}
    for file in files:
        rows |= file.rows
    return rows


def days_after(files: Sequence[File]) -> dict[str, Any]:
    """Metrics, events and counts of every day by document id, but for the names of raw objects."""
    observations: dict[str, list[Observation]] = {}
    for (station, time), (t_k, rain_mm) in sorted(rows_after(files).items()):
        observations.setdefault(station, []).append(at(time.isoformat(), station, t=t_k, rr3=rain_mm))
    days = reckoning.documents_of(observations)
    return {key: {name: value for name, value in day.items() if name != "raw_objects"} for key, day in days.items()}
