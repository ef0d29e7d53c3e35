"""The columns of staging that climatology reads, and those that each figure is made of; without NumPy.

Quality control compares a value with other columns too; these are not counted among those behind a figure.
"""

from collections.abc import Mapping
from typing import Final

TEMPERATURES = ("t", "td", "tn12", "tn24", "tx12", "tx24", "tminsol")
RAINS = {"rr1": 1, "rr3": 3, "rr6": 6, "rr12": 12, "rr24": 24}
"""Fields of rain, and the hours that each covers."""
CODES = ("dd", "ww", "rr_trace")
GRID_FIELDS = (
    *TEMPERATURES,
    *RAINS,
    *CODES,
    *("u", "pmer", "pres", "ff", "raf10", "rafper", "vv", "ht_neige"),
)
"""The columns that climatology reads; an absent one counts as missing."""

_TN, _TX, _RAIN = ("t", "tn12", "tn24"), ("t", "tx12", "tx24"), tuple(RAINS)
BEHIND: Final[Mapping[str, tuple[str, ...]]] = {
    "tn": _TN,
    "tx": _TX,
    "tm": (*_TN, *_TX[1:]),
    "rr": _RAIN,
    "rr.suspect_days": ("rr24",),
    "civil_rr": _RAIN,
    "fxi": ("raf10", "rafper"),
    "fxi.max_direction": ("raf10", "rafper", "dd"),
    "pmer": ("pmer",),
    "u": ("u",),
    "u.vapour_pressure": ("td",),
    "snow": ("ht_neige",),
    "seen_at_hours": ("ww", "vv"),
    "seen_at_hours.thunder": ("ww",),
    "seen_at_hours.snow": ("ww",),
    "seen_at_hours.hail": ("ww",),
    "rose": ("ff", "dd"),
    "decades": (*_TN, *_TX[1:], *_RAIN),
    "flagged": GRID_FIELDS,
}
"""By element of a monthly sheet, or by figure where it differs; the first two and rain are the daily figures' too."""


def behind(path: str) -> tuple[str, ...]:
    """The columns behind a member of a sheet, ``tn.mean``; none behind what describes the sheet."""
    return BEHIND.get(path, BEHIND.get(path.partition(".")[0], ()))
