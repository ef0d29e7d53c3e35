"""The shape of a monthly sheet: Météo-France's figures of a station and month, each with its days and completeness.

Units: °C, mm, m/s, hPa, %, cm. Extremes name all their days. Without NumPy: `month` computes the sheets.
"""

from datetime import date
from typing import Literal

import msgspec

from weather_platform.domain.climate.windows import DayRule

Status = Literal["complete", "nearly", "incomplete", "missing"]
"""How complete a figure is (`completeness`)."""


class MonthTemperature(msgspec.Struct, frozen=True, kw_only=True):
    """What Tn and Tx have in common, °C. `status` is of the mean, `days_status` of the counts of days."""

    n: int
    missing: int
    longest_gap: int
    status: Status
    days_status: Status
    method: dict[str, int]
    """Number of days by method."""
    estimated: bool
    """True where more than one day in five rests on readings: they make Tn 0.6 K too high, Tx 0.7 too low."""
    mean: float | None
    min: float | None
    min_days: tuple[date, ...]
    max: float | None
    max_days: tuple[date, ...]
    suspect_days: tuple[date, ...]
    """Days whose value rests on a suspect report."""


class MonthTn(MonthTemperature, frozen=True, kw_only=True):
    """Minimum temperature."""

    days_le_0: int
    days_le_m5: int
    days_le_m10: int
    days_ge_20: int
    days_ge_25: int


class MonthTx(MonthTemperature, frozen=True, kw_only=True):
    """Maximum temperature."""

    days_le_0: int
    days_ge_25: int
    days_ge_30: int
    days_ge_32: int
    days_ge_35: int


class MonthTm(msgspec.Struct, frozen=True, kw_only=True):
    """(Tn + Tx)/2 over the days that have both; degree days in K·d."""

    n: int
    missing: int
    longest_gap: int
    status: Status
    mean: float | None
    heating_18: float | None
    growing_10: float | None
    days_status: Status
    """Of the degree days."""


class MonthRain(msgspec.Struct, frozen=True, kw_only=True):
    """Rain, mm."""

    n: int
    missing: int
    longest_gap: int
    unknown_hours: int
    status: Status
    method: dict[str, int]
    total: float | None
    """Of the days that have a value: a lower bound where days are missing."""
    known_part: float
    """Known rain on the missing days."""
    max: float | None
    max_days: tuple[date, ...]
    suspect_days: tuple[date, ...]
    days_ge_1: int
    days_ge_5: int
    days_ge_10: int
    days_ge_20: int
    days_ge_30: int
    days_ge_50: int
    days_ge_100: int


class MonthGust(msgspec.Struct, frozen=True, kw_only=True):
    """Greatest gust of the day, m/s. Values and counts are lower bounds: `rafper` covers an hour or less."""

    n: int
    missing: int
    status: Status
    max: float | None
    max_days: tuple[date, ...]
    max_direction: tuple[int, ...]
    """Wind direction at the greatest gust, degrees, by day; -1 if unknown."""
    days_ge_10: int
    days_ge_16: int
    days_ge_28: int


class MonthPressure(msgspec.Struct, frozen=True, kw_only=True):
    """Sea-level pressure: mean and least of the daily means, hPa."""

    n: int
    missing: int
    longest_gap: int
    status: Status
    mean: float | None
    min: float | None
    min_days: tuple[date, ...]


class MonthHumidity(msgspec.Struct, frozen=True, kw_only=True):
    """Relative humidity, %: mean of the daily means, extremes of the readings; vapour pressure, hPa."""

    n: int
    missing: int
    longest_gap: int
    status: Status
    mean: float | None
    min: float | None
    min_days: tuple[date, ...]
    max: float | None
    max_days: tuple[date, ...]
    vapour_pressure: float | None


class MonthSnow(msgspec.Struct, frozen=True, kw_only=True):
    """Snow on the ground, cm; false snow (rule E6) left out."""

    n: int
    missing: int
    status: Status
    max: float | None
    max_days: tuple[date, ...]
    days_ge_1: int


class SeenAtHours(msgspec.Struct, frozen=True, kw_only=True):
    """Days on which a phenomenon was seen at an hour of observation; Météo-France counts more days."""

    n: int
    """Days with present weather or visibility."""
    fog: int
    thunder: int
    snow: int
    hail: int


class Decade(msgspec.Struct, frozen=True, kw_only=True):
    """A ten-day period: 1 to 10, 11 to 20, 21 to the end."""

    first: date
    last: date
    tn: float | None
    tn_missing: int
    tx: float | None
    tx_missing: int
    rr: float | None
    rr_missing: int


class WindRose(msgspec.Struct, frozen=True, kw_only=True):
    """Readings by where the wind comes from. North (348.75 to 11.25°) is first, then clockwise."""

    n: int
    """Readings with direction and speed."""
    calm: int
    """Of these, below 0.5 m/s or without a direction."""
    sectors_16: tuple[tuple[int, ...], ...]
    """Of each sector, the readings by class of speed: 0.5, 1.5, 4.5 and above 8 m/s."""
    sectors_8: tuple[tuple[int, ...], ...]
    """As `sectors_16`, in sectors of 45°."""


class MonthlyClimate(msgspec.Struct, frozen=True, kw_only=True):
    """The sheet of a station and month."""

    station_id: str
    month: str
    day_rule: DayRule
    days: int
    tn: MonthTn
    tx: MonthTx
    tm: MonthTm
    rr: MonthRain
    fxi: MonthGust
    pmer: MonthPressure
    u: MonthHumidity
    snow: MonthSnow
    seen_at_hours: SeenAtHours
    decades: tuple[Decade, ...]
    rose: WindRose
    flagged: dict[str, int]
    """Values of the month that are erroneous, and suspect."""
