"""The map of the stations: MapLibre on our own outline, without a map service."""

import math
from typing import Any

import pandas as pd

from dash_app.figures.look import Figure, Look
from dash_app.frames import is_known, records
from dash_app.insets import TALL, WIDE, Layout, latitude, mercator

OUTLINE_URL = "/assets/outline"
_EDGE_DEG = 0.5
_SCALE_PX = 44
_WORLD_PX = 512
"""MapLibre's world is this wide at zoom 0."""


def stations_map(
    places: pd.DataFrame, metric: str, look: Look, *, width_px: int = 680, outline_url: str = OUTLINE_URL
) -> Figure:
    """Stations coloured by a figure.

    All of France fits into `width_px` without panning. `places`: slug, city, latitude_deg, longitude_deg,
    value (in the document's unit; missing is drawn small and grey) and text.
    """
    layout = TALL if look.narrow else WIDE
    drawn = [(place, spot) for place in records(places) if (spot := _spot(place, layout)) is not None]
    known = [(place, spot) for place, spot in drawn if is_known(place["value"])]
    silent = [(place, spot) for place, spot in drawn if not is_known(place["value"])]
    unit, size = look.unit(metric), 11 if look.narrow else 14
    data = [
        _marks(silent, {"size": size - 2, "color": look.theme.missing, "opacity": 0.55}),
        _marks(known, {"size": size + 3, "color": look.theme.text}) | {"hoverinfo": "skip"},
        _marks(
            known,
            {
                "size": size,
                "color": look.shown(pd.Series([place["value"] for place, _ in known], dtype="float64"), metric),
                "colorscale": look.theme.scales[metric],
                "showscale": True,
                "colorbar": {
                    "thickness": 10,
                    "outlinewidth": 0,
                    "orientation": "h",
                    "len": 0.7,
                    "x": 0.5,
                    "y": 0,
                    "yanchor": "top",
                    "ypad": 4,
                    "ticksuffix": f" {unit.symbol}",
                },
            },
        ),
    ]
    degree_px = width_px / (layout.east - layout.west + 2 * _EDGE_DEG)
    low, high = mercator(layout.south), mercator(layout.north)
    return look.figure(
        [trace for trace in data if trace["lat"]],
        map={
            "style": _ground(look),
            "center": {"lon": (layout.west + layout.east) / 2, "lat": latitude((low + high) / 2)},
            "zoom": math.log2(degree_px * 360 / _WORLD_PX),
            "layers": _outline(look, outline_url, layout),
        },
        hovermode="closest",
        showlegend=False,
        margin={"l": 0, "r": 0, "t": 0, "b": _SCALE_PX},
        dragmode=False,
        height=round(degree_px * (high - low + 2 * _EDGE_DEG)) + _SCALE_PX,
    )


_Drawn = tuple[dict[str, Any], tuple[float, float]]


def _spot(place: dict[str, Any], layout: Layout) -> tuple[float, float] | None:
    longitude_deg, latitude_deg = place["longitude_deg"], place["latitude_deg"]
    return layout.drawn_at(longitude_deg, latitude_deg) if is_known(longitude_deg) and is_known(latitude_deg) else None


def _marks(places: list[_Drawn], marker: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "scattermap",
        "mode": "markers",
        "lon": [spot[0] for _, spot in places],
        "lat": [spot[1] for _, spot in places],
        "text": [place["text"] for place, _ in places],
        "customdata": [place["slug"] for place, _ in places],
        "hovertemplate": "%{text}<extra></extra>",
        "marker": marker,
    }


def _ground(look: Look) -> str | dict[str, Any]:
    """An empty map in the colour of the page; plotly's own empty map is white."""
    if look.theme.scheme == "light":
        return "white-bg"
    ground = {"id": "ground", "type": "background", "paint": {"background-color": look.theme.surface}}
    return {"version": 8, "sources": {}, "layers": [ground]}


def _outline(look: Look, url: str, layout: Layout) -> list[dict[str, Any]]:
    theme = look.theme

    def layer(name: str, kind: str, color: str) -> dict[str, Any]:
        source = {"sourcetype": "geojson", "source": f"{url}/{name}-{layout.name}.geojson", "below": "traces"}
        return {**source, "type": kind, "color": color, "line": {"width": 0.7}}

    return [
        layer("land", "fill", theme.land),
        layer("land", "line", theme.border),
        layer("frames", "line", theme.border),
        layer("names", "fill", theme.text),
    ]
