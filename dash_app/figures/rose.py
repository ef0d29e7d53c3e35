"""The wind rose: shares of readings by wind direction and speed."""

from typing import NamedTuple

import numpy as np
import pandas as pd

from dash_app.figures.look import Figure, Look

SECTORS = 12
"""30° each: three tens of degrees, in which `dd` is published, fall into every sector. In 16 sectors, some would get
two of them and some three, and the rose would show winds that did not blow."""
SPEED_CLASSES_MS = (0.0, 2.0, 4.0, 6.0, 8.0, 11.0)
"""Where each class of speed begins; the last has no end."""
FEW_READINGS = 80
"""Ten days of readings; a rose of fewer is mostly chance."""


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


def wind_rose(found: Rose, look: Look) -> Figure:
    """The rose as stacked bars around the compass."""
    word, theme = look.language, look.theme
    shades = _shades(theme.scheme)
    bars = [
        {
            "type": "barpolar",
            "name": speed_class(look, number),
            "theta": [sector * 360 / SECTORS for sector in range(SECTORS)],
            "r": [round(float(share), 3) for share in shares],
            "marker": {"color": shades[number], "line": {"color": theme.surface, "width": 0.5}},
            "hovertemplate": f"%{{theta}}° · {speed_class(look, number)} · %{{r:.1f}} %<extra></extra>",
        }
        for number, shares in enumerate(found.shares)
    ]
    return look.figure(
        bars,
        hovermode="closest",
        polar={
            "bgcolor": theme.surface,
            "angularaxis": {
                "direction": "clockwise",
                "rotation": 90,
                "tickmode": "array",
                "tickvals": [0, 45, 90, 135, 180, 225, 270, 315],
                "ticktext": word("chart.compass").split(),
                "gridcolor": theme.grid,
                "linecolor": theme.border,
            },
            "radialaxis": {"ticksuffix": " %", "angle": 75, "tickangle": 75, "gridcolor": theme.grid, "nticks": 4},
        },
        legend={"orientation": "h", "y": -0.16, "yanchor": "top", "x": 0.5, "xanchor": "center"},
        margin={"t": 28, "b": 28, "l": 36, "r": 36},
    )


def speed_class(look: Look, number: int) -> str:
    """``2–4 m/s``, in the units that are shown."""
    unit, say = look.unit("wind"), look.language.number
    low = say(unit.exact(SPEED_CLASSES_MS[number]))
    if number + 1 == len(SPEED_CLASSES_MS):
        return f"≥ {low} {unit.symbol}"
    return f"{low}–{say(unit.exact(SPEED_CLASSES_MS[number + 1]))} {unit.symbol}"


def _shades(scheme: str) -> tuple[str, ...]:
    if scheme == "dark":
        return ("#2b5c5a", "#2f8079", "#3aa597", "#66c9b4", "#f5c26b", "#fb8b5c")
    return ("#cfe8e2", "#93cfc2", "#4fae9e", "#1f7f78", "#d08a1d", "#a83a10")
