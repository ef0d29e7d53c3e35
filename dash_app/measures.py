"""The four metrics of the site, and the units that they are shown in (`weather_platform.domain.units`)."""

from collections.abc import Mapping
from typing import Final, Literal, NamedTuple

from weather_platform.domain.statistics import EXPECTED_OBSERVATIONS
from weather_platform.domain.units import UNITS, System, Unit

Aggregation = Literal["mean", "sum", "max", "min"]


class Metric(NamedTuple):
    """A metric of the documents: its columns (`tabular.COLUMNS`), and how a period is summarised."""

    key: str
    column: str
    """The main figure of the metric."""
    readings: str
    """Column with its number of readings."""
    over_period: Aggregation
    low: str | None
    high: str
    field: str
    """Of a single observation."""
    unit: str
    """As stored."""


METRICS: Final[Mapping[str, Metric]] = {
    metric.key: metric
    for metric in (
        Metric(
            "temperature",
            "temperature_avg_c",
            "temperature_n",
            "mean",
            "temperature_tn_c",
            "temperature_tx_c",
            "t",
            "°C",
        ),
        Metric(
            "pressure", "pressure_avg_hpa", "pressure_n", "mean", "pressure_min_hpa", "pressure_max_hpa", "pmer", "hPa"
        ),
        Metric("wind", "wind_avg_m_s", "wind_n", "mean", None, "wind_gust_m_s", "ff", "m/s"),
        Metric("rain", "rain_total_mm", "rain_n", "sum", None, "rain_total_mm", "rr3", "mm"),
    )
}
METRIC_OF_FIGURES: Final[Mapping[str, str]] = {
    "temperature": "temperature",
    "pressure": "pressure",
    "wind_speed": "wind",
    "rainfall": "rain",
}
"""The metric of a key of a document's `metrics`."""
READINGS_A_DAY: Final = EXPECTED_OBSERVATIONS


Units = Mapping[str, Unit]
"""The unit of each metric, by its key."""


def units_of(system: System) -> Units:
    """The units that the metrics are shown in, with as many decimals as instruments have: one fewer than is stored."""
    units = {metric.key: UNITS[system][metric.unit] for metric in METRICS.values()}
    return {key: unit._replace(decimals=unit.decimals - 1) for key, unit in units.items()}
