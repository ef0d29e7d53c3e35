"""Start hours of a station's climatological day, and its climate.

Tn of day D in metropolitan France is the minimum of (18 UTC D-1, 18 UTC D], Tx and rain are of (06 UTC D, 06 UTC D+1]
(Météo-France, descriptor of the daily data). Overseas "hours are local hours" (data.gouv.fr, base climatological
data), so a day begins at the synoptic hour nearest to 06 h local time, unless the station's own totals end at others.
That Tn and Tx follow the same sentence overseas is an inference. A day has the local date of its beginning.
"""

from typing import Literal

import msgspec

from weather_platform.domain.stations import Station

Zone = Literal["france", "tropics", "saint_pierre", "southern", "adelie", "unknown"]

_STEP_H = 3
_MORNING_H = 6
_TROPIC_DEG = 23.5
_POLAR_CIRCLE_DEG = 66.5


class DayWindows(msgspec.Struct, frozen=True, kw_only=True):
    """Hours after 00 UTC of day D at which its windows of 24 h begin; negative on D-1.

    Windows are half open: a reading at the beginning belongs to the day before, one at the end to this day.
    """

    tn_start_h: int
    tx_start_h: int
    rr_start_h: int
    offset_h: int
    """Local standard time minus UTC."""
    supposed: bool = False
    """True where the hours follow from the longitude alone."""

    def rule(self) -> "DayRule":
        return DayRule(
            tn=_span(self.tn_start_h),
            tx=_span(self.tx_start_h),
            rr=_span(self.rr_start_h),
            offset_h=self.offset_h,
            supposed=self.supposed,
        )


class DayRule(msgspec.Struct, frozen=True, kw_only=True):
    """The windows as documents say them: ``18-18`` is from 18 UTC of one day to 18 UTC of the next."""

    tn: str
    tx: str
    rr: str
    offset_h: int
    zone: str = "UTC"
    supposed: bool = False


def windows(offset_h: int, *, tx_start_h: int | None = None, rr_start_h: int | None = None) -> DayWindows:
    """Windows by local time, but for the starts that a station's own totals fix."""
    morning_h = _nearest_synoptic(_MORNING_H - offset_h)
    tx_h = morning_h if tx_start_h is None else tx_start_h
    rr_h = morning_h if rr_start_h is None else rr_start_h
    return DayWindows(tn_start_h=tx_h - 12, tx_start_h=tx_h, rr_start_h=rr_h, offset_h=offset_h)


def windows_of(station: Station) -> DayWindows:
    """The day windows of a station; of an unknown one by its longitude, marked as supposed."""
    number = station.station_id
    if number in _OWN_HOURS:
        return _OWN_HOURS[number]
    for prefix, offset_h in _OFFSETS_H.items():
        if number.startswith(prefix):
            return windows(offset_h)
    offset_h = 0 if station.longitude_deg is None else round(station.longitude_deg / 15)
    return msgspec.structs.replace(windows(offset_h), supposed=True)


def zone_of(station: Station) -> Zone:
    """The climate whose limits apply; `unknown` has those of Earth."""
    for prefix, zone in _ZONES.items():
        if station.station_id.startswith(prefix):
            return zone
    if station.latitude_deg is None:
        return "unknown"
    if abs(station.latitude_deg) <= _TROPIC_DEG:
        return "tropics"
    return "adelie" if station.latitude_deg <= -_POLAR_CIRCLE_DEG else "unknown"


def _nearest_synoptic(hour: int) -> int:
    return round(hour / _STEP_H) * _STEP_H


def _span(start_h: int) -> str:
    hour = start_h % 24
    return f"{hour:02d}-{hour:02d}"


# Numbers or their beginnings, and local standard time minus UTC. Metropolitan France counts in UTC by definition.
_OFFSETS_H = {
    "07": 0,
    "788": -4,  # Guadeloupe, Saint-Barthélemy, Saint-Martin
    "789": -4,  # Martinique
    "814": -3,  # Guyane
    "61968": 4,  # GLORIEUSES
    "61970": 3,  # JUAN DE NOVA
    "61972": 3,  # EUROPA
    "61976": 4,  # TROMELIN
    "61980": 4,  # GILLOT
    "61996": 5,  # NOUVELLE AMSTERDAM
    "61997": 4,  # CROZET
    "67005": 3,  # PAMANDZI
}
# Stations whose totals end at hours of their own (shares of the reports of 13 months).
_OWN_HOURS = {
    "71805": windows(-3, tx_start_h=6),  # ST-PIERRE: tn12, tx12 at 06 and 18 in 98 %
    "61998": windows(5, tx_start_h=6, rr_start_h=6),  # KERGUELEN: tn12 at 06, tx12 at 18, rr24 at 06 alone
    "89642": windows(10, tx_start_h=0, rr_start_h=0),  # DUMONT D'URVILLE: tn12, tx12 at 00 and 12; no rain at all
}
_ZONES: dict[str, Zone] = {
    "07": "france",
    "788": "tropics",
    "789": "tropics",
    "814": "tropics",
    "6196": "tropics",
    "6197": "tropics",
    "61980": "tropics",
    "67005": "tropics",
    "71805": "saint_pierre",
    "61996": "southern",
    "61997": "southern",
    "61998": "southern",
    "89642": "adelie",
}
