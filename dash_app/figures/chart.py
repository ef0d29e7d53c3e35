"""A chart of days, months or years, as SVG: colours are the style sheet's, so that another theme draws nothing again.

`site.js` reads `data-points` for what the pointer or the arrow keys show, on all charts of a page at once, and for the
table of values.
"""

import json
import math
from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple
from xml.sax.saxutils import escape, quoteattr

from dash_app.figures.look import Look
from weather_platform.domain.units import Unit

Values = Sequence[float | None]
Kind = Literal["line", "thin", "dashed", "bars", "up", "down", "none"]
"""How a layer is drawn; ``none`` is only said, not drawn."""
_CHARACTER, _ROW, _SWATCH = 7.4, 19, 22
"""Of the legend and the axes, in the drawing's units: a letter's width, a row's height, a mark."""
_HEAD, _BOTTOM, _LEAST_HEIGHT = 26, 26, 100
"""Of a plot: the room above it for its unit, below for the days, and its least height."""
_MARK, _MOST_MARKS = 3.4, 130


class Layer(NamedTuple):
    """Values by day in the unit that is shown; `css` names the colour."""

    kind: Kind
    name: str
    css: str
    values: Values
    right: bool = False
    hollow: frozenset[int] = frozenset()
    """Places of incomplete values, which are drawn hollow."""


class Band(NamedTuple):
    """The area between two values."""

    name: str
    css: str
    low: Values
    high: Values
    right: bool = False


class Chart(NamedTuple):
    """All that a chart shows."""

    labels: Sequence[str]
    """What each place on the axis is called."""
    ticks: Sequence[tuple[int, str]]
    bands: Sequence[Band]
    layers: Sequence[Layer]
    unit: Unit
    """How values are said; they are in it already."""
    right_title: str = ""
    from_zero: bool = False
    threshold: tuple[float, str] | None = None
    days: Sequence[str] = ()
    """ISO days, where each place is one."""


class _Frame(NamedTuple):
    """The plot's area, and the value axes on its left and right."""

    left: float
    right: float
    top: float
    bottom: float
    places: int
    axes: tuple[list[float], list[float]]
    """The marks of each, from the lowest to the highest."""

    @property
    def step(self) -> float:
        return (self.right - self.left) / self.places

    def x(self, place: float) -> float:
        return self.left + (place + 0.5) * self.step

    def y(self, value: float, *, right: bool = False) -> float:
        low, high = self.axes[right][0], self.axes[right][-1]
        return self.bottom - (value - low) / (high - low) * (self.bottom - self.top)


def drawn(chart: Chart | list[Chart], look: Look, *, title: str) -> str:
    """The chart as SVG; several of the same days and unit below each other, each on an axis of its own."""
    charts = chart if isinstance(chart, list) else [chart]
    width, height = (366, 290) if look.narrow else (640, 310)
    legend = list(_legend(charts, width))
    top = (legend[-1][1] + 1 if legend else 0) * _ROW + _HEAD
    height = max(height, top + len(charts) * _LEAST_HEIGHT + (len(charts) - 1) * _HEAD + _BOTTOM)
    has_right = any(layer.right for one in charts for layer in one.layers)
    axes = [(_axis(one, right=False), _axis(one, right=True)) for one in charts]
    left = max(44.0, 14 + _CHARACTER * max(len(mark) for marks, _ in axes for mark in _marks_said(marks, look)))
    step = (height - _BOTTOM - top + _HEAD) / len(charts)
    frames = [
        _Frame(left, width - (46 if has_right else 8), start, start + step - _HEAD, len(one.labels), axis)
        for one, axis, start in zip(charts, axes, (top + n * step for n in range(len(charts))), strict=True)
    ]
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" tabindex="0"'
            f' aria-label={quoteattr(title)} class="chart-drawing" data-points={quoteattr(_points(charts, frames[0]))}>'
        ),
        *(text for text, _ in legend),
        *(
            part
            for one, frame in zip(charts, frames, strict=True)
            for part in _panel(one, look, frame, has_right=has_right)
        ),
        *_days(charts[-1], frames[-1]),
        f'<path d="M0 {top}V{frames[-1].bottom:g}" class="cursor" visibility="hidden"/>',
        "</svg>",
    ]
    return "".join(parts)


def _panel(chart: Chart, look: Look, frame: _Frame, *, has_right: bool) -> Iterator[str]:
    yield from _grid(chart, look, frame, has_right=has_right)
    yield from (_area(band, frame) for band in chart.bands)
    yield from (part for layer in chart.layers for part in _layer(layer, frame))
    yield from _threshold(chart, frame)


def _points(charts: Sequence[Chart], frame: _Frame) -> str:
    """What `site.js` says of a place: names and values of the layers, and where the place is."""
    chart, said = charts[0], []
    for one in charts:
        said += [{"name": band.name, "low": band.low, "high": band.high} for band in one.bands]
        said += [{"name": layer.name, "values": layer.values} for layer in one.layers]
    found = {
        "left": frame.left,
        "step": round(frame.step, 4),
        "labels": chart.labels,
        "days": chart.days,
        "unit": chart.unit.symbol,
        "decimals": chart.unit.decimals,
        "series": said,
    }
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))


def nice_ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Round values from at or below `low` to at or above `high`, a step of 1, 2 or 5 tens apart."""
    span = max(high - low, 1e-9)
    size = 10 ** math.floor(math.log10(span / most))
    step = next(size * n for n in (1, 2, 5, 10, 20) if span / (size * n) <= most)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return [round(n * step, 10) for n in range(first, max(last, first + 1) + 1)]


def _axis(chart: Chart, *, right: bool) -> list[float]:
    values = [v for layer in chart.layers if layer.right is right for v in layer.values if v is not None]
    values += [v for band in chart.bands if band.right is right for v in (*band.low, *band.high) if v is not None]
    if chart.from_zero or right:
        values.append(0.0)
    return nice_ticks(min(values, default=0.0), max(values, default=1.0))


def _marks_said(marks: Sequence[float], look: Look) -> list[str]:
    decimals = max(0, -math.floor(math.log10(marks[1] - marks[0]) + 1e-9))
    return [look.language.number(mark, decimals) for mark in marks]


def _legend(charts: Sequence[Chart], width: float) -> Iterator[tuple[str, int]]:
    """Marks with their names in rows, and the row of each."""
    x, row = 4.0, 0
    named: list[Band | Layer] = []
    for chart in charts:
        named += [*chart.bands, *(layer for layer in chart.layers if layer.kind != "none")]
    for part in named:
        needed = _SWATCH + len(part.name) * _CHARACTER + 10
        if x + needed > width and x > 4:
            x, row = 4.0, row + 1
        y = 12 + row * _ROW
        text = f'<text x="{x + _SWATCH:g}" y="{y + 4}" class="name">{escape(part.name)}</text>'
        yield f"{_swatch(part, x, y)}{text}", row
        x += needed


def _swatch(part: Band | Layer, x: float, y: float) -> str:
    if isinstance(part, Band):
        return f'<rect x="{x}" y="{y - 5}" width="16" height="10" class="area-{part.css}"/>'
    if part.kind in ("up", "down"):
        return f'<path d="{_triangle(x + 8, y, up=part.kind == "up")}" class="fill-{part.css}"/>'
    if part.kind == "bars":
        return f'<rect x="{x + 4}" y="{y - 5}" width="8" height="10" class="fill-{part.css}"/>'
    return f'<path d="M{x} {y}h16" class="line-{part.css} {part.kind}"/>'


def _grid(chart: Chart, look: Look, frame: _Frame, *, has_right: bool) -> Iterator[str]:
    for right in (False, True) if has_right else (False,):
        x, side = (frame.right + 6, "start") if right else (frame.left - 6, "end")
        for value, said in zip(frame.axes[right], _marks_said(frame.axes[right], look), strict=True):
            y = frame.y(value, right=right)
            if not right:
                yield f'<path d="M{frame.left:g} {y:.1f}H{frame.right:g}" class="grid"/>'
            yield f'<text x="{x:g}" y="{y + 4:.1f}" class="tick {side}">{said}</text>'
        title = chart.right_title if right else chart.unit.symbol
        at = frame.right + 44 if right else 2
        kind = "end" if right else "start"
        yield f'<text x="{at:g}" y="{frame.top - 8:g}" class="tick {kind}">{escape(title)}</text>'
    yield f'<path d="M{frame.left:g} {frame.bottom:g}H{frame.right:g}" class="axis"/>'


def _days(chart: Chart, frame: _Frame) -> Iterator[str]:
    for place, text in chart.ticks:
        x = frame.x(place)
        yield f'<path d="M{x:.1f} {frame.bottom:g}v4" class="axis"/>'
        yield f'<text x="{x:.1f}" y="{frame.bottom + 18:g}" class="tick">{escape(text)}</text>'


def _runs(*values: Values) -> Iterator[range]:
    """Unbroken stretches of places where all have a value."""
    known = [all(v is not None for v in at) for at in zip(*values, strict=True)]
    start = None
    for place, here in enumerate([*known, False]):
        if here and start is None:
            start = place
        elif not here and start is not None:
            yield range(start, place)
            start = None


def _area(band: Band, frame: _Frame) -> str:
    pieces = []
    for run in _runs(band.low, band.high):
        up = [(frame.x(i), frame.y(_known(band.high, i), right=band.right)) for i in run]
        down = [(frame.x(i), frame.y(_known(band.low, i), right=band.right)) for i in reversed(run)]
        if len(run) == 1:  # a day alone is as wide as its place
            (x, high), (_, low) = up[0], down[0]
            half = frame.step / 2
            up, down = [(x - half, high), (x + half, high)], [(x + half, low), (x - half, low)]
        pieces.append("M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in (*up, *down)) + "Z")
    return f'<path d="{"".join(pieces)}" class="area-{band.css}"/>'


def _layer(layer: Layer, frame: _Frame) -> Iterator[str]:
    known = [place for place, value in enumerate(layer.values) if value is not None]
    spots = {place: (frame.x(place), frame.y(_known(layer.values, place), right=layer.right)) for place in known}
    if layer.kind == "bars":
        for kind, places in (
            (f"fill-{layer.css}", [place for place in known if place not in layer.hollow]),
            (f"bar-{layer.css} hollow", [place for place in known if place in layer.hollow]),
        ):
            path = "".join(_bar(*spots[place], frame) for place in places)
            yield f'<path d="{path}" class="{kind}"/>' if path else ""
    elif layer.kind in ("up", "down"):
        path = "".join(_triangle(*spots[place], up=layer.kind == "up") for place in known)
        yield f'<path d="{path}" class="fill-{layer.css}"/>'
    elif layer.kind != "none":
        path = "".join(
            "M" + "L".join("{:.1f} {:.1f}".format(*spots[place]) for place in run) for run in _runs(layer.values)
        )
        yield f'<path d="{path}" class="line-{layer.css} {layer.kind}"/>'
        if layer.kind == "line":
            yield from _marks(layer, spots)


def _marks(layer: Layer, spots: dict[int, tuple[float, float]]) -> Iterator[str]:
    """A mark on every value; on long lines only where the line does not show it: alone, or incomplete."""
    for place, (x, y) in spots.items():
        hollow = place in layer.hollow
        alone = place - 1 not in spots and place + 1 not in spots
        if hollow or alone or len(layer.values) <= _MOST_MARKS:
            kind = f"line-{layer.css} hollow" if hollow else f"fill-{layer.css}"
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{_MARK if hollow else _MARK - 1}" class="{kind}"/>'


def _bar(x: float, y: float, frame: _Frame) -> str:
    half = max(0.4, 0.42 * frame.step)
    return f"M{x - half:.1f} {frame.bottom:g}V{y:.1f}h{2 * half:.1f}V{frame.bottom:g}Z"


def _triangle(x: float, y: float, *, up: bool) -> str:
    tip = -4 if up else 4
    return f"M{x - 4:.1f} {y - tip / 2:.1f}h8L{x:.1f} {y + tip:.1f}Z"


def _threshold(chart: Chart, frame: _Frame) -> Iterator[str]:
    if chart.threshold and frame.axes[0][0] < chart.threshold[0] <= frame.axes[0][-1]:
        y = frame.y(chart.threshold[0])
        yield f'<path d="M{frame.left:g} {y:.1f}H{frame.right:g}" class="line-warm dashed"/>'
        yield f'<text x="{frame.left + 6:g}" y="{y - 5:.1f}" class="threshold">{escape(chart.threshold[1])}</text>'


def _known(values: Values, place: int) -> float:
    value = values[place]
    if value is None:
        raise ValueError(f"There is no value at {place}.")
    return value
