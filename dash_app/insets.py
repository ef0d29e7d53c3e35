"""Where a place is drawn on the map of France: at home, or in the inset of its territory.

The map shows metropolitan France as it is; each overseas territory is drawn in a box to its west, at a scale of its
own. All of it is in Web Mercator, so that shapes keep their angles. `deploy/make_outline.py` draws the outline with
the same table.
"""

import math
from typing import NamedTuple

FRAME = (-14.4, 41.2, 9.8, 51.3)
"""West, south, east and north of the whole drawing, in degrees."""
COLUMNS = 3
_COLUMN_DEG = 2.75
_ROW_DEG = 2.8
_MARGIN_DEG = 0.22
_LABEL_DEG = 0.5


class Inset(NamedTuple):
    """A territory: its name, the window of degrees that is shown, and its place in the grid from the top left."""

    name: str
    west: float
    south: float
    east: float
    north: float
    slot: int

    def holds(self, longitude_deg: float, latitude_deg: float) -> bool:
        return self.west <= longitude_deg <= self.east and self.south <= latitude_deg <= self.north

    @property
    def box(self) -> tuple[float, float, float, float]:
        """West, bottom, east and top of the drawn frame: degrees of longitude, and `mercator` heights."""
        row, column = divmod(self.slot, COLUMNS)
        west = FRAME[0] + column * _COLUMN_DEG
        top = mercator(FRAME[3]) - row * _ROW_DEG
        return west, top - _ROW_DEG + _MARGIN_DEG, west + _COLUMN_DEG - _MARGIN_DEG, top

    def place(self, longitude_deg: float, latitude_deg: float) -> tuple[float, float]:
        """Longitude and latitude at which a point of the territory is drawn."""
        left, bottom, right, top = self.box
        low, high = mercator(self.south), mercator(self.north)
        scale = min(
            (right - left - 2 * _MARGIN_DEG) / (self.east - self.west),
            (top - bottom - _LABEL_DEG - 2 * _MARGIN_DEG) / (high - low),
        )
        x = (left + right) / 2 + (longitude_deg - (self.west + self.east) / 2) * scale
        y = (bottom + _LABEL_DEG + top) / 2 + (mercator(latitude_deg) - (low + high) / 2) * scale
        return x, latitude(y)


INSETS = (
    Inset("Guadeloupe", -61.85, 15.80, -60.95, 16.55, 0),
    Inset("Martinique", -61.26, 14.36, -60.78, 14.92, 1),
    Inset("Guyane", -54.7, 2.05, -51.55, 5.85, 2),
    Inset("La Réunion", 55.15, -21.42, 55.92, -20.82, 3),
    Inset("Mayotte", 44.98, -13.03, 45.35, -12.60, 4),
    Inset("St-Pierre", -56.45, 46.72, -56.05, 47.18, 5),
    Inset("St-Barth.", -62.95, 17.84, -62.75, 17.98, 6),
    Inset("Glorieuses", 47.26, -11.60, 47.36, -11.52, 7),
    Inset("Juan de Nova", 42.67, -17.11, 42.81, -17.01, 8),
    Inset("Europa", 40.29, -22.42, 40.43, -22.28, 9),
    Inset("Tromelin", 54.49, -15.92, 54.55, -15.86, 10),
    Inset("Crozet", 51.5, -46.6, 52.0, -46.2, 11),
    Inset("Kerguelen", 68.5, -49.8, 70.65, -48.5, 12),
    Inset("Amsterdam", 77.44, -37.96, 77.64, -37.75, 13),
    Inset("Terre Adélie", 138.5, -67.3, 141.5, -66.2, 14),
)


def drawn_at(longitude_deg: float, latitude_deg: float) -> tuple[float, float] | None:
    """Longitude and latitude at which a station is drawn; None for one that is outside France and every inset."""
    for inset in INSETS:
        if inset.holds(longitude_deg, latitude_deg):
            return inset.place(longitude_deg, latitude_deg)
    at_home = -6 <= longitude_deg <= FRAME[2] and FRAME[1] <= latitude_deg <= FRAME[3]
    return (longitude_deg, latitude_deg) if at_home else None


def mercator(latitude_deg: float) -> float:
    """Height on the Web Mercator map, in degrees of longitude at the equator."""
    return math.degrees(math.asinh(math.tan(math.radians(latitude_deg))))


def latitude(height: float) -> float:
    """The inverse of `mercator`."""
    return math.degrees(math.atan(math.sinh(math.radians(height))))
