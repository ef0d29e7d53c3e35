"""Monthly sheets for the tests of stores and of what is made of sheets."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec

from weather_platform.domain.climate.days import days_of
from weather_platform.domain.climate.document import MonthDocument, month_documents
from weather_platform.domain.climate.month import monthly_climates
from weather_platform.domain.climate.sheet import MonthlyClimate
from weather_platform.domain.climate.stretches import Stretch
from weather_platform.domain.months import Month
from weather_platform.domain.stations import STATIONS
from weather_platform_tests.domain.climate.made import made_screened

NOW = datetime(2024, 2, 1, tzinfo=UTC)
WEATHER: Mapping[str, float] = {"t": 9.5, "tn12": 4.5, "tx12": 12.5, "rr24": 1.2, "rr3": 0.2, "ff": 3, "dd": 340}


def sheet(station: str = "07690", month: str = "2023-12", **figures: Mapping[str, Any]) -> MonthDocument:
    """A sheet of every element, with some fields of some elements put in place: ``rr={"total": 50.7}``."""
    of = Month.parse(month)
    screened = made_screened({"05 06": WEATHER, "05 18": WEATHER, "06 06": WEATHER}, station, of)
    (made,) = monthly_climates(screened, days_of(screened, Stretch.of(of)))
    return document(msgspec.structs.replace(made, **{name: _with(made, name, put) for name, put in figures.items()}))


def _with(made: MonthlyClimate, element: str, put: Mapping[str, Any]) -> Any:
    return msgspec.structs.replace(getattr(made, element), **put)


def document(made: MonthlyClimate, now: datetime = NOW) -> MonthDocument:
    return month_documents([made], STATIONS, {made.station_id: ("3f2a9c0d1b4e5f67",)}, (), now)[0]
