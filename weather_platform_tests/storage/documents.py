"""Daily documents for the tests of the curated store."""

import hashlib
from collections.abc import Sequence
from datetime import UTC, date, datetime

import msgspec

from weather_platform.domain.events import Event, EventType
from weather_platform.domain.months import Month
from weather_platform.domain.stations import STATIONS
from weather_platform.domain.weather_stats import WeatherStats
from weather_platform_tests.domain.days import document, one_day

NICE, BREST, ORLY = "07690", "07110", "07149"
CITIES = {NICE: "NICE", BREST: "BREST-GUIPAVAS", ORLY: "ORLY"}
UPDATED_AT = datetime(2024, 1, 2, 3, 4, 5, 678_000, UTC)
_UNITS = {"frost": "°C", "gale": "m/s", "heavy_rain": "mm"}


def day_document(
    station_id: str,
    day: date,
    *,
    temperature_c: float | None = 14.26,
    events: Sequence[tuple[str, float]] = (),
    updated_at: datetime = UPDATED_AT,
) -> WeatherStats:
    """A document whose revision follows from its content; `events` are types and values."""
    city = CITIES.get(station_id, f"Élan-{station_id}")
    station = msgspec.structs.replace(
        STATIONS[NICE], station_id=station_id, name=city, slug=city.lower().replace("-", "_").replace("é", "e")
    )
    sums = {"t_n": 8, "ff_sum": 8 * 3_000_000, "ff_n": 8, "civil_rr": 0.0, "civil_rr_slots": 7, "rr3_traces": 1}
    of = one_day(sums, station=station, day=day, observations=7 + day.day % 2, raw_objects=("0123456789abcdef",))
    empty = document(of, now=updated_at)
    temperature = msgspec.structs.replace(empty.metrics.temperature, avg=temperature_c)
    made = msgspec.structs.replace(
        empty,
        metrics=msgspec.structs.replace(empty.metrics, temperature=temperature),
        extreme_events=[Event(EventType(kind), value, _UNITS[kind], 0.0) for kind, value in events],
    )
    content = msgspec.json.encode([made.document_id, made.metrics, made.extreme_events])
    provenance = msgspec.structs.replace(made.provenance, revision=hashlib.sha256(content).hexdigest()[:16])
    return msgspec.structs.replace(made, provenance=provenance)


def month_documents(month: Month, temperature_c: float, stations: range = range(5)) -> list[WeatherStats]:
    """A document for every day of the month and each of the stations, which are numbered from 07000."""
    return [day_document(f"{7_000 + n:05}", day, temperature_c=temperature_c) for day in month.days for n in stations]
