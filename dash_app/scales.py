"""Which colour a value has: the same on every map, heat map and legend, whatever else is shown beside it.

Stations overseas have scales of their own for temperature and rain, from Terre Adélie to the tropics: on one for all,
metropolitan France would be of one colour. A difference from what is usual has the same colour everywhere.
Bounds are in the documents' units. A value beyond an end has the colour of the end. Blue to red by way of a pale
yellow, and single hues from light to dark, stay apart for people who see few colours.
"""

from bisect import bisect_right
from itertools import pairwise
from typing import Final, NamedTuple

from weather_platform.domain.climate.figures import FIGURES

_PARTS: Final = 6
"""Of a legend between two stops, where colours pass over."""


class Scale(NamedTuple):
    """Values and their colours, in order; between them colours pass over, or with `steps` change at the value."""

    stops: tuple[tuple[float, str], ...]
    steps: bool = False

    def color(self, value: float) -> str:
        """``#rrggbb``."""
        low, high = self.bounds
        value = min(max(value, low), high)
        number = bisect_right([stop for stop, _ in self.stops], value) - 1
        start, color = self.stops[number]
        if self.steps or number == len(self.stops) - 1:
            return color
        end, next_color = self.stops[number + 1]
        return _mixed(color, next_color, (value - start) / (end - start))

    @property
    def bounds(self) -> tuple[float, float]:
        return self.stops[0][0], self.stops[-1][0]

    @property
    def marks(self) -> list[tuple[float, float]]:
        """Place on a legend, from 0 to 1, and value: stops stand equally far apart, whatever lies between them."""
        last = len(self.stops) if self.steps else len(self.stops) - 1
        return [(n / last, value) for n, (value, _) in enumerate(self.stops)]

    @property
    def pieces(self) -> list[tuple[float, float, str]]:
        """Where each piece of a legend begins, how wide it is, and its colour."""
        places = [place for place, _ in self.marks]
        if self.steps:
            return [(place, 1 / len(self.stops), color) for place, (_, color) in zip(places, self.stops, strict=True)]
        return [
            (start + part / _PARTS * (end - start), (end - start) / _PARTS, _mixed(color, next_color, part / _PARTS))
            for (start, end), ((_, color), (_, next_color)) in zip(pairwise(places), pairwise(self.stops), strict=True)
            for part in range(_PARTS)
        ]


_RAINS: Final = ("#f4f6f8", "#d3e6f3", "#a5cce6", "#6aaad6", "#3b82bf", "#1f5a9e", "#143a78", "#0d1f4d")
_BEFORE_RAIN_MM: Final = {
    1: (0, 0.1, 1, 5, 10, 20, 40, 80),
    45: (0, 5, 15, 30, 60, 100, 150, 250),
    400: (0, 100, 300, 500, 700, 1_000, 1_500, 2_500),
}
"""Where each class of a sum begins, by the most days that it may be of: day, month (or season's part), year."""
_BEFORE_RAIN_OVERSEAS_MM: Final = {
    1: (0, 0.1, 2, 10, 25, 50, 100, 200),
    45: (0, 20, 50, 100, 175, 250, 400, 600),
    400: (0, 250, 600, 1_000, 1_500, 2_200, 3_000, 4_000),
}
TEMPERATURE: Final = Scale(
    (
        (-15, "#33206e"),
        (-5, "#2f5fae"),
        (3, "#74aed8"),
        (9, "#c6dfe4"),
        (14, "#f7f0c4"),
        (20, "#f5bd6a"),
        (27, "#dd6a35"),
        (34, "#a8202a"),
        (40, "#5c0a22"),
    )
)
TEMPERATURE_OVERSEAS: Final = Scale(
    (
        (-30, "#33206e"),
        (-10, "#2f5fae"),
        (0, "#74aed8"),
        (10, "#c6dfe4"),
        (20, "#f7f0c4"),
        (24, "#f5bd6a"),
        (28, "#dd6a35"),
        (32, "#a8202a"),
        (36, "#5c0a22"),
    )
)
"""Most stations are tropical: the warm half of the colours is for their 16 degrees."""
ANOMALY: Final = Scale(
    (
        (-6, "#1d4480"),
        (-3, "#5c95c5"),
        (-1, "#c3dbe9"),
        (0, "#f6f5ef"),
        (1, "#f7d3b5"),
        (3, "#e0823f"),
        (6, "#8e2a0b"),
    )
)
"""Degrees of a month above or below what is usual: white is usual."""
PRESSURE_ANOMALY: Final = Scale(
    (
        (-15, "#3d1f73"),
        (-7, "#8a6cb8"),
        (-2, "#d9cfe6"),
        (0, "#f6f5ef"),
        (2, "#eeddb8"),
        (7, "#d0a050"),
        (15, "#8a5212"),
    )
)
RAIN_PERCENT: Final = Scale(
    (
        (0, "#7a4a10"),
        (50, "#c99b52"),
        (75, "#e8d5ad"),
        (90, "#f4f2ec"),
        (110, "#bfdedc"),
        (125, "#83bfc0"),
        (150, "#3a8f9c"),
        (200, "#135f7a"),
        (300, "#0d2f52"),
    ),
    steps=True,
)
"""Classes of percent of the usual rain: brown is dry, pale is usual, blue is wet."""
_ANOMALIES: Final = {"°C": ANOMALY, "hPa": PRESSURE_ANOMALY, "mm": RAIN_PERCENT}
"""By unit; of rain in percent. The strongest gust is shown as it is."""
COMPARED: Final = ("temperature", "pressure", "rain")
"""Metrics that the map shows against what is usual."""
PRESSURE: Final = Scale(
    ((970, "#3d1f73"), (1_000, "#8a6cb8"), (1_015, "#e6dfee"), (1_030, "#e2b878"), (1_045, "#a8641a"))
)
WIND: Final = Scale(((0, "#eef6f2"), (4, "#9fd3c2"), (8, "#46a58c"), (14, "#12706a"), (25, "#08383d")))
GUST: Final = Scale(((8, "#eef6f2"), (16, "#9fd3c2"), (22, "#46a58c"), (28, "#12706a"), (42, "#08383d")))
HUMIDITY: Final = Scale(((40, "#c28f3c"), (60, "#f3ead2"), (75, "#a9d3d6"), (95, "#1d6f86")))
SNOW: Final = Scale(((0, "#f4f6f8"), (1, "#d8e1f0"), (10, "#9fb4dc"), (30, "#5f74b8"), (100, "#2f2f7a")), steps=True)
_DAY_SHARES: Final = ((0.0, "#f7f5f0"), (0.15, "#e3d3ec"), (0.4, "#b18bcf"), (0.7, "#7443a6"), (1.0, "#3b1268"))
"""Of the days of a period, for counts of days."""
SHARE: Final = Scale(((0, "#b3432c"), (50, "#e6b450"), (90, "#9cc3c9"), (100, "#2a6f8f")))
"""Percent of what was expected."""


def rain(days: int, *, home: bool) -> Scale:
    """Classes of a sum over so many days; over more than a year, the year's classes as often as there are years."""
    classes = _BEFORE_RAIN_MM if home else _BEFORE_RAIN_OVERSEAS_MM
    limit = next((most for most in classes if days <= most), 400)
    times = max(1.0, days / 365.25) if days > 400 else 1.0
    return Scale(tuple((mm * times, color) for mm, color in zip(classes[limit], _RAINS, strict=True)), steps=True)


def of_metric(metric: str, days: int = 1, *, home: bool) -> Scale:
    """The scale of a metric of `METRICS`, of sums over `days`, at `home` in metropolitan France or overseas."""
    if metric == "rain":
        return rain(days, home=home)
    return {"temperature": temperature(home=home), "pressure": PRESSURE, "wind": WIND}[metric]


def anomaly(unit: str, days: int) -> Scale | None:
    """The scale of differences from what is usual, of figures in a unit as stored; None where there is none.

    A season or a year differs less than a month: half and a third as much.
    """
    found = _ANOMALIES.get(unit)
    if found is None or found.steps:
        return found
    share = 1.0 if days <= 45 else 0.5 if days <= 100 else 1 / 3
    return Scale(tuple((value * share, color) for value, color in found.stops))


def temperature(*, home: bool) -> Scale:
    return TEMPERATURE if home else TEMPERATURE_OVERSEAS


def _mixed(one: str, other: str, share: float) -> str:
    channels = (round(int(one[i : i + 2], 16) * (1 - share) + int(other[i : i + 2], 16) * share) for i in (1, 3, 5))
    return "#" + "".join(f"{channel:02x}" for channel in channels)


def ink_on(color: str) -> str:
    """Black or white, whichever is read better on a colour."""
    red, green, blue = (int(color[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return "#101418" if 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2 > 0.2 else "#ffffff"


def of_figure(figure: str, days: int, *, home: bool) -> Scale:
    """The scale of a figure of `domain.climate.figures` over so many days, as `of_metric`."""
    found = FIGURES[figure]
    if found.unit == "mm":
        return rain(days if found.kind == "total" else 1, home=home)
    if found.unit == "days":
        return Scale(tuple((share * days, color) for share, color in _DAY_SHARES))
    return {"°C": temperature(home=home), "hPa": PRESSURE, "m/s": GUST, "%": HUMIDITY, "cm": SNOW}[found.unit]
