"""The wind rose of a month: shares of all readings by sector and speed, calm included."""

import numpy as np

from weather_platform.domain.climate.grid import Values
from weather_platform.domain.climate.screening import Screened
from weather_platform.domain.climate.sheet import WindRose
from weather_platform.domain.climate.stretches import Stretch

SECTORS = 16
CLASSES_MS = (0.5, 1.5, 4.5, 8.0)
"""Lower bounds of the classes of speed; below the first it is calm. From 1.5 they are those of Météo-France's roses
(own knowledge); the last begins above 8."""


def wind_roses(screened: Screened, stretch: Stretch) -> list[WindRose]:
    """The roses of all stations of the grid; readings of (00 UTC of the 1st, 00 UTC of the next month's 1st]."""
    grid = screened.grid
    hours = slice(grid.column(stretch.first) + 1, grid.column(stretch.end) + 1)
    dd, ff = screened.sound("dd")[:, hours], screened.sound("ff")[:, hours]
    return [_rose(dd[station], ff[station]) for station in range(len(dd))]


def _rose(dd: Values, ff: Values) -> WindRose:
    there = ~np.isnan(dd) & ~np.isnan(ff)
    dd, ff = dd[there], ff[there]
    blowing = (ff >= CLASSES_MS[0] * 100) & (dd > 0)
    speed = (ff[:, None] >= np.array(CLASSES_MS[1:-1]) * 100).sum(axis=1) + (ff > CLASSES_MS[-1] * 100)
    return WindRose(
        n=len(dd),
        calm=int((~blowing).sum()),
        sectors_16=_counts(dd[blowing], speed[blowing], SECTORS),
        sectors_8=_counts(dd[blowing], speed[blowing], SECTORS // 2),
    )


def _counts(dd: Values, speed: Values, sectors: int) -> tuple[tuple[int, ...], ...]:
    width = 360 / sectors
    sector = np.floor((dd + width / 2) / width).astype(np.int64) % sectors
    cells = np.bincount(sector * len(CLASSES_MS) + speed.astype(np.int64), minlength=sectors * len(CLASSES_MS))
    return tuple(tuple(row) for row in cells.reshape(sectors, len(CLASSES_MS)).tolist())
