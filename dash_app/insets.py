"""Position of a place on the map of France: in metropolitan France, or in the inset of its territory.

The map shows metropolitan France as it is; each overseas territory is drawn in a box beside or below it (a `Layout`),
at a scale of its own. All of it is in Web Mercator, so that shapes keep their angles. `deploy/make_outline.py` draws
the outlines with the same tables.
"""

import math
from typing import Final, NamedTuple

_MARGIN_DEG = 0.22
_LABEL_SHARE = 0.19
"""Of a box's height, for the name."""


class Inset(NamedTuple):
    """A territory: its name, and its window in degrees."""

    name: str
    west: float
    south: float
    east: float
    north: float

    def holds(self, longitude_deg: float, latitude_deg: float) -> bool:
        return self.west <= longitude_deg <= self.east and self.south <= latitude_deg <= self.north


INSETS: Final = (
    Inset("Guadeloupe", -61.85, 15.80, -60.95, 16.55),
    Inset("Martinique", -61.26, 14.36, -60.78, 14.92),
    Inset("Guyane", -54.7, 2.05, -51.55, 5.85),
    Inset("La Réunion", 55.15, -21.42, 55.92, -20.82),
    Inset("Mayotte", 44.98, -13.03, 45.35, -12.60),
    Inset("St-Pierre", -56.45, 46.72, -56.05, 47.18),
    Inset("St-Barth.", -62.95, 17.84, -62.75, 17.98),
    Inset("Glorieuses", 47.26, -11.60, 47.36, -11.52),
    Inset("Juan de Nova", 42.67, -17.11, 42.81, -17.01),
    Inset("Europa", 40.29, -22.42, 40.43, -22.28),
    Inset("Tromelin", 54.49, -15.92, 54.55, -15.86),
    Inset("Crozet", 51.5, -46.6, 52.0, -46.2),
    Inset("Kerguelen", 68.5, -49.8, 70.65, -48.5),
    Inset("Amsterdam", 77.44, -37.96, 77.64, -37.75),
    Inset("Terre Adélie", 138.5, -67.3, 141.5, -66.2),
)
"""In the order of the boxes, from the top left."""
_HOME: Final = (-6.0, 41.2, 9.8, 51.3)
"""West, south, east and north of metropolitan France."""


class Layout(NamedTuple):
    """A grid of boxes beside metropolitan France; lengths in degrees of longitude and `mercator` heights."""

    name: str
    columns: int
    box_width: float
    box_height: float
    left: float
    top: float
    west: float
    south: float
    east: float
    north: float
    """The frame of the whole drawing, in degrees."""

    def box(self, inset: Inset) -> tuple[float, float, float, float]:
        """West, bottom, east and top of an inset's frame."""
        row, column = divmod(INSETS.index(inset), self.columns)
        west, top = self.left + column * self.box_width, self.top - row * self.box_height
        return west, top - self.box_height + _MARGIN_DEG, west + self.box_width - _MARGIN_DEG, top

    def place(self, inset: Inset, longitude_deg: float, latitude_deg: float) -> tuple[float, float]:
        """Longitude and latitude at which a point of a territory is drawn."""
        left, bottom, right, top = self.box(inset)
        floor = bottom + _LABEL_SHARE * (top - bottom)
        low, high = mercator(inset.south), mercator(inset.north)
        scale = min(
            (right - left - 2 * _MARGIN_DEG) / (inset.east - inset.west),
            (top - floor - 2 * _MARGIN_DEG) / (high - low),
        )
        x = (left + right) / 2 + (longitude_deg - (inset.west + inset.east) / 2) * scale
        y = (floor + top) / 2 + (mercator(latitude_deg) - (low + high) / 2) * scale
        return x, latitude(y)

    def drawn_at(self, longitude_deg: float, latitude_deg: float) -> tuple[float, float] | None:
        """Longitude and latitude at which a station is drawn; None for one outside France and all insets."""
        for inset in INSETS:
            if inset.holds(longitude_deg, latitude_deg):
                return self.place(inset, longitude_deg, latitude_deg)
        return (longitude_deg, latitude_deg) if is_at_home(longitude_deg, latitude_deg) else None


def is_at_home(longitude_deg: float | None, latitude_deg: float | None) -> bool:
    """Whether a place is in metropolitan France or near its coast; False for an unknown one."""
    if longitude_deg is None or latitude_deg is None:
        return False
    west, south, east, north = _HOME
    return west <= longitude_deg <= east and south <= latitude_deg <= north


def mercator(latitude_deg: float) -> float:
    """Height on the Web Mercator map, in degrees of longitude at the equator."""
    return math.degrees(math.asinh(math.tan(math.radians(latitude_deg))))


def latitude(height: float) -> float:
    """The inverse of `mercator`."""
    return math.degrees(math.atan(math.sinh(math.radians(height))))


def _below(south: float, rows: int, box_height: float) -> float:
    return latitude(mercator(south) - rows * box_height)


WIDE: Final = Layout("wide", 3, 2.75, 2.8, -14.4, mercator(51.3), -14.4, 41.2, 9.8, 51.3)
"""Boxes to the west: for screens that are wider than high."""
TALL: Final = Layout("tall", 4, 3.8, 3.1, -5.2, mercator(41.2), -5.2, _below(41.2, 4, 3.1), 9.8, 51.3)
"""Boxes to the south: on a phone, France would be too small beside them."""
LAYOUTS: Final = (WIDE, TALL)
