"""The four metrics of the site and the units they are shown in. What a figure means is `weather_platform.domain`."""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

import pandas as pd

from weather_platform.domain.statistics import EXPECTED_OBSERVATIONS

Aggregation = Literal["mean", "sum", "max", "min"]


class Metric(NamedTuple):
    """A quantity of the documents: the columns (`tabular.COLUMNS`) that hold it, and how a period sums it up."""

    key: str
    column: str
    """The figure that stands for the metric where there is room for one."""
    readings: str
    """How many readings are behind it."""
    over_period: Aggregation
    low: str | None
    high: str
    field: str
    """Of a single observation."""


METRICS: Final[Mapping[str, Metric]] = {
    metric.key: metric
    for metric in (
        Metric(
            "temperature", "temperature_avg_c", "temperature_n", "mean", "temperature_low_c", "temperature_high_c", "t"
        ),
        Metric("pressure", "pressure_avg_hpa", "pressure_n", "mean", "pressure_min_hpa", "pressure_max_hpa", "pmer"),
        Metric("wind", "wind_avg_m_s", "wind_n", "mean", None, "wind_gust_m_s", "ff"),
        Metric("rain", "rain_total_mm", "rain_n", "sum", None, "rain_total_mm", "rr3"),
    )
}  # fmt: skip
METRIC_OF_FIGURES: Final[Mapping[str, str]] = {
    "temperature": "temperature",
    "pressure": "pressure",
    "wind_speed": "wind",
    "rainfall": "rain",
}
"""The metric of a key of a document's `metrics`."""
READINGS_A_DAY: Final = EXPECTED_OBSERVATIONS


class Unit(NamedTuple):
    """How a document's value becomes the number that is shown: ``value * factor + offset``."""

    symbol: str
    suffix: str
    """What a column's name ends in."""
    decimals: int
    factor: float = 1.0
    offset: float = 0.0

    def of(self, value: float | None) -> float | None:
        return None if value is None else value * self.factor + self.offset

    def difference(self, value: float) -> float:
        """A difference of two values, which knows no offset."""
        return value * self.factor


Units = Mapping[str, Unit]

METRIC: Final[Units] = {
    "temperature": Unit("°C", "c", 2),
    "pressure": Unit("hPa", "hpa", 2),
    "wind": Unit("m/s", "m_s", 2),
    "rain": Unit("mm", "mm", 2),
}
IMPERIAL: Final[Units] = {
    "temperature": Unit("°F", "f", 2, 1.8, 32.0),
    "pressure": Unit("inHg", "inhg", 3, 0.029529983071445),
    "wind": Unit("mph", "mph", 2, 2.2369362920544),
    "rain": Unit("in", "in", 3, 1 / 25.4),
}
SYSTEMS: Final[Mapping[str, Units]] = {"metric": METRIC, "imperial": IMPERIAL}
KMH_PER_MS: Final = 3.6


def quantity_of(column: str) -> str | None:
    """The metric whose unit a column's name ends in; None for counts, flags and names."""
    for quantity, unit in METRIC.items():
        if column.startswith(quantity) and column.endswith(f"_{unit.suffix}"):
            return quantity
    return None


def converted(frame: pd.DataFrame, units: Units) -> pd.DataFrame:
    """The frame in the units, which the names of its columns then end in; the same frame where nothing changes."""
    if units is METRIC:
        return frame
    out = {}
    for column in frame.columns:
        quantity = quantity_of(column)
        if quantity is None:
            out[column] = frame[column]
        else:
            unit = units[quantity]
            name = column.removesuffix(METRIC[quantity].suffix) + unit.suffix
            out[name] = (frame[column] * unit.factor + unit.offset).round(unit.decimals)
    return pd.DataFrame(out)
