"""Daily documents for the tests of the curated store, in the shape of `domain.weather_stats`."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from weather_platform.domain.months import Month
from weather_platform.domain.weather_stats import Document

NICE, BREST, ORLY = "07690", "07110", "07149"
CITIES = {NICE: "NICE", BREST: "BREST-GUIPAVAS", ORLY: "ORLY"}
UPDATED_AT = datetime(2024, 1, 2, 3, 4, 5, 678_000, UTC)


def day_document(
    station_id: str,
    day: date,
    *,
    temperature_c: float | None = 14.26,
    events: Sequence[tuple[str, float]] = (),
    updated_at: datetime = UPDATED_AT,
) -> Document:
    """A document whose revision follows from its content; `events` are types and values."""
    city = CITIES.get(station_id, f"Élan-{station_id}")
    content: Document = {
        "_id": f"{station_id}:{day}",
        "city": city,
        "slug": city.lower().replace("-", "_").replace("é", "e"),
        "station_id": station_id,
        "period": str(day),
        "date": datetime.combine(day, time(), UTC),
        "metrics": {
            "temperature": {"avg": temperature_c, "min": None, "n": 8},
            "wind_speed": {"avg": 3.0, "direction": None},
            "rainfall": {"total": 0.0, "trace": True, "n": 7},
        },
        "extreme_events": [{"type": kind, "value": value, "unit": "°C", "threshold": 0.0} for kind, value in events],
        "observations": 7 + day.day % 2,
        "expected": 8,
        "day_rule": "utc",
    }
    provenance: dict[str, Any] = {"raw_objects": ["0123456789abcdef"], "synthetic": False, "code_version": "1"}
    revision = hashlib.sha256(repr((content, provenance)).encode()).hexdigest()[:16]
    return {**content, "provenance": {**provenance, "revision": revision, "updated_at": updated_at}}


def month_documents(month: Month, temperature_c: float, stations: range = range(5)) -> list[Document]:
    """A document for every day of the month and each of the stations, which are numbered from 07000."""
    return [day_document(f"{7_000 + n:05}", day, temperature_c=temperature_c) for day in month.days for n in stations]
