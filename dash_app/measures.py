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


class Summary(NamedTuple):
    """What a metric is over a period: of its days, or the figures of its sheets (`domain.climate.figures`)."""

    how: Aggregation
    column: str
    low: str | None
    high: str | None
    figure: str
    low_figure: str | None
    high_figure: str | None


SUMMARIES: Final[Mapping[str, Summary]] = {
    "temperature": Summary(
        "mean", "temperature_avg_c", "temperature_tn_c", "temperature_tx_c", "tm.mean", "tn.min", "tx.max"
    ),
    "pressure": Summary("mean", "pressure_avg_hpa", "pressure_avg_hpa", None, "pmer.mean", "pmer.min", None),
    "wind": Summary("max", "wind_gust_m_s", None, None, "fxi.max", None, None),
    "rain": Summary("sum", "rain_rr_mm", None, "rain_rr_mm", "rr.total", None, "rr.max"),
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
