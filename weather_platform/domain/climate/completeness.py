"""How complete a month's figure is, by WMO-No. 1203, with a weaker status `nearly` for rain.

A mean may lack ten days, four of them in a row. A total and a count of days may lack none. Only 52 % of French
station-months pass that for rain, so one with few gaps is `nearly`: its total is a lower bound, which may rank as wet,
never as dry.
"""

import numpy as np
from numpy.typing import NDArray

from weather_platform.domain.climate.grid import Mask
from weather_platform.domain.climate.sheet import Status

MEAN_MISSING = 10
MEAN_GAP = 4
NEARLY_MISSING = 3
NEARLY_HOURS = 24


def longest_gaps(there: Mask) -> NDArray[np.int64]:
    """The longest run of missing days of each station; all here take masks of station × day."""
    longest = gap = np.zeros(len(there), dtype=np.int64)
    for day in there.T:
        gap = np.where(day, 0, gap + 1)
        longest = np.maximum(longest, gap)
    return longest


def mean_status(there: Mask) -> list[Status]:
    """Status of a mean of daily figures."""
    missing = (~there).sum(axis=1)
    is_complete = (missing <= MEAN_MISSING) & (longest_gaps(there) <= MEAN_GAP)
    return _chosen([missing == there.shape[1], is_complete], ["missing", "complete"])


def count_status(there: Mask) -> list[Status]:
    """Of a count of days."""
    missing = (~there).sum(axis=1)
    conditions = [missing == there.shape[1], missing == 0, missing <= NEARLY_MISSING]
    return _chosen(conditions, ["missing", "complete", "nearly"])


def total_status(there: Mask, unknown_hours: NDArray[np.int64]) -> list[Status]:
    """Of a total and its counts; `unknown_hours` are the hours of missing days without any total."""
    missing = (~there).sum(axis=1)
    is_nearly = (missing <= NEARLY_MISSING) & (unknown_hours <= NEARLY_HOURS)
    return _chosen([missing == there.shape[1], missing == 0, is_nearly], ["missing", "complete", "nearly"])


def _chosen(conditions: list[Mask], statuses: list[Status]) -> list[Status]:
    """The status of the first condition that holds for each station; incomplete if none does."""
    chosen: list[Status] = np.select(conditions, statuses, "incomplete").tolist()
    return chosen
