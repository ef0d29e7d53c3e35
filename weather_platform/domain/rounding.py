"""Rounding of exact sums: once, halves away from zero, as the published figures are."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from weather_platform.domain.statistics import MILLION, Scale


def mean_of_millionths(
    millionths: NDArray[Any],
    readings: NDArray[Any],
    scale: Scale = Scale(),  # noqa: B008  # immutable
) -> NDArray[np.float64]:
    """Sums of millionths over readings, in the unit of the scale, to 2 decimals, halves away from zero, never -0.

    Whole numbers in doubles, added up as integers; NaN where there are no readings.
    """
    there = ~np.isnan(millionths) & (readings > 0)
    count = np.where(there, readings, 1).astype(np.int64)
    exact = (np.where(there, millionths, 0).astype(np.int64) - count * scale.offset) * scale.times
    per_hundredth = MILLION // 100 * count * scale.per
    hundredths = (2 * np.abs(exact) + per_hundredth) // (2 * per_hundredth)
    return np.where(there, np.where(exact < 0, -hundredths, hundredths) / 100, np.nan)
