"""The map of the stations, as SVG: no script draws it, a finger scrolls over it, each station is a link with a name."""

from collections.abc import Iterator
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pandas as pd

from dash_app import scales
from dash_app.figures.look import Look
from dash_app.frames import is_known, records
from dash_app.insets import INSETS, TALL, WIDE, Layout, mercator
from dash_app.scales import Scale

UNITS_A_DEGREE = 40
"""Of the drawing; the outline (`deploy/make_outline.py`) is in the same."""
_LEGEND_HEIGHT = 74
_LEGEND_STEPS = 48
_EDGE = 16
"""Room for a circle on the edge."""


def stations_map(places: pd.DataFrame, metric: str, look: Look, *, title: str, days: int) -> str:
    """Stations coloured by a figure over so many days, and the legend.

    `places`: longitude_deg, latitude_deg, value (in the document's unit; missing is drawn small and grey), href and
    text, which says what the station is and has.
    """
    layout, scale = (TALL if look.narrow else WIDE), scales.of_metric(metric, days)
    width = (layout.east - layout.west) * UNITS_A_DEGREE
    height = (mercator(layout.north) - mercator(layout.south)) * UNITS_A_DEGREE
    known = sorted(records(places), key=lambda place: is_known(place["value"]))
    box = f"{-_EDGE} {-_EDGE} {width + 2 * _EDGE:.0f} {height + _LEGEND_HEIGHT + _EDGE:.0f}"
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="{box}"'
            f' role="group" aria-label={quoteattr(title)} class="map-drawing {layout.name}">'
        ),
        f'<use href="/assets/outline/{layout.name}.svg#land" class="land"/>',
        *_boxes(layout),
        *(part for place in known for part in _station(place, metric, look, layout, scale)),
        *_legend(scale, metric, look, width, height),
        "</svg>",
    ]
    return "".join(parts)


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


def _station(place: dict[str, Any], metric: str, look: Look, layout: Layout, scale: Scale) -> Iterator[str]:
    longitude_deg, latitude_deg = place["longitude_deg"], place["latitude_deg"]
    if not is_known(longitude_deg) or not is_known(latitude_deg):
        return
    spot = drawn_at(layout, longitude_deg, latitude_deg)
    if spot is None:
        return
    x, y = spot
    name = quoteattr(place["text"].replace("\n", ", "))
    yield f'<a href={quoteattr(place["href"])} data-go="here" aria-label={name}><title>{escape(place["text"])}</title>'
    if is_known(place["value"]):
        color = scale.color(place["value"])
        value = look.language.number(look.unit(metric).exact(place["value"]))
        kind = "value long" if len(value) > 3 else "value"
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="15" fill="{color}" class="station"/>'
        yield f'<text x="{x:.1f}" y="{y + 5:.1f}" fill="{scales.ink_on(color)}" class="{kind}">{value}</text>'
    else:
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="6" class="silent"/>'
    yield "</a>"


def _legend(scale: Scale, metric: str, look: Look, width: float, top: float) -> Iterator[str]:
    """A bar of the scale's colours; classes are equally wide, whatever they span."""
    unit, (low, high) = look.unit(metric), scale.bounds
    left, length, y = width * 0.1, width * 0.8, top + 18
    if scale.steps:
        shares = [(n / len(scale.stops), color) for n, (_, color) in enumerate(scale.stops)]
        ticks = [(n / len(scale.stops), value) for n, (value, _) in enumerate(scale.stops)]
    else:
        shares = [
            (n / _LEGEND_STEPS, scale.color(low + (n + 0.5) / _LEGEND_STEPS * (high - low)))
            for n in range(_LEGEND_STEPS)
        ]
        ticks = [((value - low) / (high - low), value) for value, _ in scale.stops]
    piece = length / len(shares)
    for share, color in shares:
        yield f'<rect x="{left + share * length:.1f}" y="{y}" width="{piece + 0.5:.1f}" height="14" fill="{color}"/>'
    for share, value in ticks:
        text = look.language.number(unit.exact(value), 1 if 0 < abs(unit.exact(value)) < 1 else 0)
        yield f'<text x="{left + share * length:.1f}" y="{y + 34}" class="tick">{text}</text>'
    yield f'<text x="{left + length + 14:.1f}" y="{y + 13}" class="unit">{escape(unit.symbol)}</text>'
