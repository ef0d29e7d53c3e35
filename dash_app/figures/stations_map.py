"""The map of the stations, as SVG: no script draws it, a finger scrolls over it, each station is a link with a name."""

import math
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import chain, combinations
from typing import Any, NamedTuple
from xml.sax.saxutils import escape, quoteattr

import pandas as pd

from dash_app import scales
from dash_app.figures.legend import Bar, legend, tick
from dash_app.figures.look import Look
from dash_app.frames import is_known, records
from dash_app.insets import INSETS, TALL, WIDE, Layout, is_at_home, mercator
from dash_app.measures import METRICS
from dash_app.scales import Scale
from weather_platform.domain.units import Unit

UNITS_A_DEGREE = 40
"""Of the drawing; the outline (`deploy/make_outline.py`) is in the same."""
_LEGEND_HEIGHT = 72
_FONT = 17
"""Of a legend (`site.css`)."""
_EDGE = 22
"""Room for a value on the edge."""


class Label(NamedTuple):
    """Size of a value's label and of its text, in the drawing's units."""

    width: float
    height: float
    font: float

    def holding(self, characters: int) -> "Label":
        """As wide as so many characters need."""
        return self._replace(width=max(self.width, round(0.62 * self.font * characters + 8)))


LABELS = {WIDE: Label(41, 21, 14.5), TALL: Label(58, 29, 21)}
"""On a phone, the drawing is smaller and its text larger."""


def stations_map(places: pd.DataFrame, metric: str, look: Look, *, title: str, days: int, anomaly: bool = False) -> str:
    """Stations with a figure over so many days, or its anomaly, each in its colour; the legends are above.

    `places`: longitude_deg, latitude_deg, shown (in the document's unit; missing is drawn small and grey), href and
    text, which says what the station is and has.
    """
    layout = TALL if look.narrow else WIDE
    shown = Shown.of(look, metric, days, anomaly=anomaly)
    width = (layout.east - layout.west) * UNITS_A_DEGREE
    height = (mercator(layout.north) - mercator(layout.south)) * UNITS_A_DEGREE
    legends, above = list(_bars(shown, layout, width)), _LEGEND_HEIGHT * (2 if layout is TALL and shown.two else 1)
    box = f"{-_EDGE} {-_EDGE - above} {width + 2 * _EDGE:.0f} {height + above + 2 * _EDGE:.0f}"
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}"'
            f' role="group" aria-label={quoteattr(title)} class="map-drawing {layout.name}">'
        ),
        f'<use href="/assets/outline/{layout.name}.svg#land" class="land"/>',
        *_boxes(layout),
        *_stations(records(places), shown, layout),
        *chain.from_iterable(_legend(shown, bar, -_EDGE - above) for bar in legends),
        "</svg>",
    ]
    return "".join(parts)


class Shown(NamedTuple):
    """What the map shows: a metric or its anomaly, and how it is coloured and written."""

    look: Look
    metric: str
    home: Scale
    """Of metropolitan France."""
    overseas: Scale
    anomaly: bool

    @classmethod
    def of(cls, look: Look, metric: str, days: int, *, anomaly: bool) -> "Shown":
        if anomaly and (scale := scales.anomaly(METRICS[metric].unit, days)):
            return cls(look, metric, scale, scale, anomaly)
        home, overseas = (scales.of_metric(metric, days, home=at_home) for at_home in (True, False))
        return cls(look, metric, home, overseas, anomaly)

    @property
    def two(self) -> bool:
        """Whether stations overseas have a scale of their own."""
        return self.home != self.overseas

    def color(self, place: Mapping[str, Any]) -> str:
        at_home = is_at_home(place["longitude_deg"], place["latitude_deg"])
        return (self.home if at_home else self.overseas).color(place["shown"])

    @property
    def unit(self) -> Unit:
        """Of an anomaly without offset; rain's is percent."""
        unit = self.look.unit(self.metric)
        if self.anomaly and self.metric == "rain":
            return Unit("%", "percent", 0)
        return unit._replace(offset=0.0) if self.anomaly else unit

    def text(self, value: float) -> str:
        """A value as its label shows it, short: one decimal for degrees, a sign for a difference."""
        shown, decimals = self.unit.exact(value), 1 if self.metric == "temperature" or self.unit.decimals > 1 else 0
        sign = "+" if self.anomaly and self.metric != "rain" and round(shown, decimals) > 0 else ""
        return sign + self.look.language.number(shown, decimals)


def drawn_at(layout: Layout, longitude_deg: float, latitude_deg: float) -> tuple[float, float] | None:
    """Where a place is in the drawing; None for one outside France and every inset."""
    spot = layout.drawn_at(longitude_deg, latitude_deg)
    if spot is None:
        return None
    x = (spot[0] - layout.west) * UNITS_A_DEGREE
    return x, (mercator(layout.north) - mercator(spot[1])) * UNITS_A_DEGREE


def _boxes(layout: Layout) -> Iterator[str]:
    top = mercator(layout.north)
    for inset in INSETS:
        west, south, east, north = layout.box(inset)
        x, y = (west - layout.west) * UNITS_A_DEGREE, (top - north) * UNITS_A_DEGREE
        width, height = (east - west) * UNITS_A_DEGREE, (north - south) * UNITS_A_DEGREE
        yield f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{height:.1f}" class="frame"/>'
        yield f'<text x="{x + width / 2:.1f}" y="{y + height - 6:.1f}" class="box-name">{escape(inset.name)}</text>'


def _stations(places: list[dict[str, Any]], shown: Shown, layout: Layout) -> Iterator[str]:
    """Links: first those without a value, as small marks; then the values, moved apart where they would overlap."""
    spots = [(place, spot) for place in places if (spot := _spot(place, layout))]
    known = [(place, spot) for place, spot in spots if is_known(place["shown"])]
    for place, (x, y) in spots:
        if not is_known(place["shown"]):
            yield _link(place, f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" class="silent"/>')
    texts = [shown.text(place["shown"]) for place, _ in known]
    size = LABELS[layout].holding(max(map(len, texts), default=0))
    middles = apart([spot for _, spot in known], size)
    for (place, (x, y)), text, (left, top) in zip(known, texts, middles, strict=True):
        color = shown.color(place)
        moved = math.hypot(left - x, top - y) > size.height / 2
        lead = f'<path d="M{x:.1f} {y:.1f}L{left:.1f} {top:.1f}" class="lead-line"/>' if moved else ""
        mark = f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" class="spot"/>' if moved else ""
        yield _link(
            place,
            f'{lead}{mark}<rect x="{left - size.width / 2:.1f}" y="{top - size.height / 2:.1f}" width="{size.width}"'
            f' height="{size.height}" rx="{size.height / 2}" fill="{color}" class="station"/>'
            f'<text x="{left:.1f}" y="{top + 0.36 * size.font:.1f}" fill="{scales.ink_on(color)}"'
            f' font-size="{size.font}" class="value">{escape(text)}</text>',
        )


def _spot(place: dict[str, Any], layout: Layout) -> tuple[float, float] | None:
    longitude_deg, latitude_deg = place["longitude_deg"], place["latitude_deg"]
    if not is_known(longitude_deg) or not is_known(latitude_deg):
        return None
    return drawn_at(layout, longitude_deg, latitude_deg)


def _link(place: dict[str, Any], drawn: str) -> str:
    name, title = quoteattr(place["text"].replace("\n", ", ")), escape(place["text"])
    return f'<a href={quoteattr(place["href"])} data-go="here" aria-label={name}><title>{title}</title>{drawn}</a>'


def apart(spots: Sequence[tuple[float, float]], size: Label, rounds: int = 400) -> list[tuple[float, float]]:
    """The middles of labels of a size, moved from the spots as little as it takes for none to overlap.

    Pairs that overlap are pushed apart along the axis on which they overlap least, until none does.
    """
    found = [[x, y] for x, y in spots]
    for _ in range(rounds):
        pairs = [
            (one, other)
            for one, other in combinations(found, 2)
            if abs(one[0] - other[0]) < size.width + 1 and abs(one[1] - other[1]) < size.height + 1
        ]
        if not pairs:
            break
        for one, other in pairs:
            over = size.width + 2 - abs(one[0] - other[0]), size.height + 2 - abs(one[1] - other[1])
            axis = 0 if over[0] < over[1] else 1
            step = over[axis] / 2 if one[axis] < other[axis] else -over[axis] / 2
            one[axis] -= step
            other[axis] += step
    return [(x, y) for x, y in found]


class _Bar(NamedTuple):
    """A legend: what it is of (empty for all stations), its scale, and where it stands."""

    name: str
    scale: Scale
    left: float
    length: float
    row: int = 0


def _bars(shown: Shown, layout: Layout, width: float) -> Iterator[_Bar]:
    """One legend for all, or two: above the boxes and above France, on a phone one below the other."""
    if not shown.two:
        yield _Bar("", shown.home, width * 0.04, width * 0.92)
        return
    home, overseas = (shown.look.language(f"overview.{area}") for area in ("home", "overseas"))
    if layout is TALL:
        yield _Bar(home, shown.home, width * 0.04, width * 0.92)
        yield _Bar(overseas, shown.overseas, width * 0.04, width * 0.92, row=1)
        return
    boxes = layout.columns * layout.box_width * UNITS_A_DEGREE
    yield _Bar(overseas, shown.overseas, 0, boxes - 20)
    yield _Bar(home, shown.home, boxes + 20, width - boxes - 40)


def _legend(shown: Shown, bar: _Bar, top: float) -> Iterator[str]:
    """With its name and unit above."""
    y = top + bar.row * _LEGEND_HEIGHT + 26
    unit, signed = shown.unit, shown.anomaly and shown.metric != "rain"
    said = partial(tick, shown.look.language, unit, signed=signed)
    yield from legend(bar.scale, Bar(bar.left, y, bar.length, 14, _FONT), said)
    symbol = shown.look.language("overview.percent_of_usual") if unit.symbol == "%" else unit.symbol
    if bar.name:
        yield f'<text x="{bar.left:.1f}" y="{y - 7}" class="bar-name">{escape(bar.name)}</text>'
    yield f'<text x="{bar.left + bar.length:.1f}" y="{y - 7}" class="unit">{escape(symbol)}</text>'
