"""The wind rose: shares of readings by wind direction and speed."""

import math
from collections.abc import Iterator
from typing import NamedTuple
from xml.sax.saxutils import escape, quoteattr

import numpy as np
import pandas as pd

from dash_app.figures.chart import nice_ticks
from dash_app.figures.look import Look

SECTORS = 12
"""30° each: three tens of degrees, in which `dd` is published, fall into every sector. In 16 sectors, some would get
two of them and some three, and the rose would show winds that did not blow."""
SPEED_CLASSES_MS = (0.0, 2.0, 4.0, 6.0, 8.0, 11.0)
"""Where each class of speed begins; the last has no end."""
FEW_READINGS = 80
"""Ten days of readings; a rose of fewer is mostly chance."""

_MIDDLE, _RADIUS, _RINGS, _LEGEND_HEIGHT = 200, 160, 5, 58
"""Of the drawing, in its own units."""


class Rose(NamedTuple):
    """Shares of all readings in percent: `shares` by speed class (rows) and sector from north clockwise."""

    shares: np.ndarray
    calm: float
    readings: int

    @property
    def few(self) -> bool:
        return self.readings < FEW_READINGS


def rose(observations: pd.DataFrame) -> Rose | None:
    """The rose of readings with `dd` (degrees, 0 is calm) and `ff` (m/s); None without readings."""
    wind = observations[["dd", "ff"]].dropna().astype("float64")
    if wind.empty:
        return None
    blowing = wind[(wind["ff"] > 0) & (wind["dd"] > 0)]
    width = 360 / SECTORS
    sector = (np.floor((blowing["dd"] + width / 2) / width) % SECTORS).astype(int)
    speed = np.searchsorted(SPEED_CLASSES_MS, blowing["ff"], side="right") - 1
    counts = np.zeros((len(SPEED_CLASSES_MS), SECTORS))
    np.add.at(counts, (speed, sector), 1)
    return Rose(100 * counts / len(wind), 100 * (len(wind) - len(blowing)) / len(wind), len(wind))


def wind_rose(found: Rose, look: Look, *, title: str) -> str:
    """The rose as SVG: wedges around the compass, stacked from the weakest wind at the middle."""
    rings = nice_ticks(0.0, max(5.0, float(found.shares.sum(axis=0).max())), most=_RINGS)[1:]
    most = rings[-1]
    wedges = []
    for sector in range(SECTORS):
        start = 0.0
        for number, share in enumerate(found.shares[:, sector]):
            if share:
                wedges.append(_wedge(look, sector, number, (start, float(share)), _RADIUS / most))
            start += float(share)
    width, height = 2 * _MIDDLE, 2 * _MIDDLE + _LEGEND_HEIGHT
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"'
            f' aria-label={quoteattr(title)} class="rose-drawing">'
        ),
        *(f'<circle cx="{_MIDDLE}" cy="{_MIDDLE}" r="{_RADIUS * ring / most:.1f}" class="ring"/>' for ring in rings),
        *wedges,
        *_compass(look),
        *(_share_of(look, ring, _RADIUS * ring / most) for ring in rings),
        *_classes(look, width),
        "</svg>",
    ]
    return "".join(parts)


def _point(radius: float, degrees: float) -> str:
    """From north clockwise."""
    x = _MIDDLE + radius * math.sin(math.radians(degrees))
    return f"{x:.1f} {_MIDDLE - radius * math.cos(math.radians(degrees)):.1f}"


def _wedge(look: Look, sector: int, number: int, span: tuple[float, float], scale: float) -> str:
    (start, share), half = span, 0.45 * 360 / SECTORS
    inner, outer, middle = start * scale, (start + share) * scale, sector * 360 / SECTORS
    path = (
        f"M{_point(inner, middle - half)}L{_point(outer, middle - half)}"
        f"A{outer:.1f} {outer:.1f} 0 0 1 {_point(outer, middle + half)}"
        f"L{_point(inner, middle + half)}A{inner:.1f} {inner:.1f} 0 0 0 {_point(inner, middle - half)}Z"
    )
    text = f"{middle:.0f}° · {speed_class(look, number)} · {look.language.number(share, 1)} %"
    return f'<path d="{path}" class="speed-{number}"><title>{escape(text)}</title></path>'


def _compass(look: Look) -> Iterator[str]:
    for number, name in enumerate(look.language("chart.compass").split()):
        x, y = _point(_RADIUS + 16, number * 45).split()
        yield f'<text x="{x}" y="{float(y) + 5:.1f}" class="tick">{escape(name)}</text>'


def _share_of(look: Look, ring: float, radius: float) -> str:
    x, y = _point(radius, 15).split()
    text = look.language.number(ring, 0 if ring == int(ring) else 1)
    return f'<text x="{x}" y="{y}" class="ring-share">{text} %</text>'


def _classes(look: Look, width: int) -> Iterator[str]:
    for number in range(len(SPEED_CLASSES_MS)):
        x, y = 14 + (number % 3) * (width - 20) / 3, 2 * _MIDDLE + 6 + 24 * (number // 3)
        yield f'<rect x="{x:.0f}" y="{y}" width="14" height="14" class="speed-{number}"/>'
        yield f'<text x="{x + 20:.0f}" y="{y + 12}" class="class-name">{escape(speed_class(look, number))}</text>'


def speed_class(look: Look, number: int) -> str:
    """``2–4 m/s``, in the units that are shown."""
    unit, say = look.unit("wind"), look.language.number
    low = say(unit.exact(SPEED_CLASSES_MS[number]))
    if number + 1 == len(SPEED_CLASSES_MS):
        return f"≥ {low} {unit.symbol}"
    return f"{low}–{say(unit.exact(SPEED_CLASSES_MS[number + 1]))} {unit.symbol}"
