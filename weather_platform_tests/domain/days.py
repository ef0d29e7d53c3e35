"""Days made by hand, as documents are made of them."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

import numpy as np

from weather_platform.domain.documents import StationDays, documents_of
from weather_platform.domain.stations import STATIONS, Station
from weather_platform.domain.weather_stats import SUMS, WeatherStats

NOW = datetime(2024, 1, 2, 3, 4, 5, tzinfo=UTC)
NICE = STATIONS["07690"]
CLIMATE: Mapping[str, Any] = {
    **dict.fromkeys(("tn", "tx", "rr", "rr_known", "civil_rr")),
    **dict.fromkeys(("tn_method", "tx_method", "rr_method"), "missing"),
    "tn_window": "18-18",
    "tx_window": "06-06",
    "rr_window": "06-06",
    "windows_supposed": False,
    **dict.fromkeys(("civil_rr_slots", "erroneous", "suspect"), 0),
}
"""What climatology says of a day without readings."""


def one_day(
    figures: Mapping[str, Any] = CLIMATE,
    *,
    station: Station = NICE,
    day: date = date(2023, 12, 1),
    observations: int = 8,
    raw_objects: tuple[str, ...] = (),
) -> StationDays:
    """A day with these sums and figures of climatology; the others are missing."""
    columns = {one.name: _column(None) for one in SUMS}
    columns |= {name: _column(value) for name, value in {**CLIMATE, **figures}.items()}
    return StationDays([station], [day], [observations], [raw_objects], columns)


def document(
    days: StationDays,
    synthetic: frozenset[str] = frozenset(),
    now: datetime = NOW,
) -> WeatherStats:
    """The document of `one_day`."""
    (made,) = documents_of(days, synthetic, now)
    return made


def _column(value: Any) -> Any:
    return np.array([np.nan if value is None else value])
