"""How complete a month's figure is, by WMO-No. 1203, with a weaker status `nearly` for rain.

A mean may lack ten days, four of them in a row. A total and a count of days may lack none. Only 52 % of French
station-months pass that for rain, so one with few gaps is `nearly`: its total is a lower bound, which may rank as wet,
never as dry.
"""

from collections.abc import Sequence
from typing import Literal

Status = Literal["complete", "nearly", "incomplete", "missing"]

MEAN_MISSING = 10
MEAN_GAP = 4
NEARLY_MISSING = 3
NEARLY_HOURS = 24


def longest_gap(there: Sequence[bool]) -> int:
    """The longest run of missing days."""
    longest = gap = 0
    for day in there:
        gap = 0 if day else gap + 1
        longest = max(longest, gap)
    return longest


def mean_status(there: Sequence[bool]) -> Status:
    """Status of a mean of daily figures."""
    if not any(there):
        return "missing"
    missing = sum(not day for day in there)
    return "complete" if missing <= MEAN_MISSING and longest_gap(there) <= MEAN_GAP else "incomplete"


def count_status(there: Sequence[bool]) -> Status:
    """Of a count of days."""
    if not any(there):
        return "missing"
    missing = sum(not day for day in there)
    return "complete" if not missing else "nearly" if missing <= NEARLY_MISSING else "incomplete"


def total_status(there: Sequence[bool], unknown_hours: int) -> Status:
    """Of a total and its counts; `unknown_hours` are the hours of missing days without any total."""
    status = count_status(there)
    return "incomplete" if status == "nearly" and unknown_hours > NEARLY_HOURS else status
