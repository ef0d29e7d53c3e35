"""The buddy check of metropolitan France: a station's anomaly against those of its neighbours.

The anomaly is against the median of the station at that hour in the month; the residual, against the median anomaly of
the five nearest stations (the fifth is 191 km away, median of 42). Stations overseas have no neighbours.
"""

import numpy as np
from numpy.typing import NDArray

from weather_platform.domain.climate.grid import Grid, Values
from weather_platform.domain.climate.stretches import Stretch
from weather_platform.domain.climate.windows import zone_of

_NEIGHBOURS = 5
_EARTH_KM = 6371.0


def residuals(grid: Grid, stretch: Stretch, values: Values) -> Values:
    """Residuals of the stretch's own hours; NaN elsewhere, overseas, and where fewer than five neighbours reported."""
    out = np.full(values.shape, np.nan)
    french = np.array([i for i, s in enumerate(grid.stations) if zone_of(s) == "france" and s.latitude_deg is not None])
    if len(french) <= _NEIGHBOURS:
        return out
    first, end = grid.column(stretch.first), grid.column(stretch.end)
    by_hour = values[french, first:end].reshape(len(french), -1, 24)
    anomaly = (by_hour - _median(by_hour, axis=1)[:, None, :]).reshape(len(french), -1)
    around = anomaly[_nearest(grid, french)]
    out[french, first:end] = anomaly - np.where(np.isnan(around).any(axis=1), np.nan, _median(around, axis=1))
    return out


def _median(values: Values, axis: int) -> Values:
    """The median of present values; NaN if there are none. NumPy's nanmedian warns then, and is slow."""
    ordered = np.sort(values, axis=axis)
    count = np.sum(~np.isnan(values), axis=axis, keepdims=True)
    low, high = np.maximum(count - 1, 0) // 2, np.minimum(count // 2, values.shape[axis] - 1)
    middle = (np.take_along_axis(ordered, low, axis) + np.take_along_axis(ordered, high, axis)) / 2
    return np.squeeze(middle, axis)


def _nearest(grid: Grid, french: NDArray[np.int64]) -> NDArray[np.int64]:
    """The five nearest of each French station, as indices in `french`."""
    latitude = np.radians([grid.stations[i].latitude_deg or 0.0 for i in french])
    longitude = np.radians([grid.stations[i].longitude_deg or 0.0 for i in french])
    half = np.sin((latitude[:, None] - latitude) / 2) ** 2
    half = half + np.cos(latitude[:, None]) * np.cos(latitude) * np.sin((longitude[:, None] - longitude) / 2) ** 2
    distance_km = 2 * _EARTH_KM * np.arcsin(np.sqrt(half))
    np.fill_diagonal(distance_km, np.inf)
    return np.argsort(distance_km, axis=1, kind="stable")[:, :_NEIGHBOURS]
