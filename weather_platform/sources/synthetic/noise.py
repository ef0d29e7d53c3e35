"""Random numbers by position: a value depends on seed, name, key and step, never on earlier draws.

That is why a month alone equals the same month inside a year, and a station alone equals itself among 5,000.
Only elementwise arithmetic: a BLAS product may round differently with the number of stations.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Self
from zlib import crc32

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
_Bits = NDArray[np.uint64]

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)


@dataclass(frozen=True, eq=False)
class Noise:
    """The random numbers of some keys (stations), one row each."""

    seed: int
    keys: tuple[str, ...]

    def uniform(self, name: str, steps: Integers) -> Floats:
        """Independent values in [0, 1): a row for each key, a column for each step."""
        bits = _mix(self._rows(name)[:, None] + steps.astype(np.uint64)[None, :] * _GOLDEN)
        return (bits >> np.uint64(11)).astype(np.float64) * 2.0**-53

    def once(self, name: str) -> Floats:
        """A value in [0, 1) for each key, as a column that broadcasts over steps."""
        return self.uniform(name, np.zeros(1, dtype=np.int64))

    def smooth(self, name: str, hours: Integers, every_h: int) -> Floats:
        """Values of mean 0 and deviation about 1 that change over ``every_h`` hours, without a jump."""
        knots = hours // every_h
        first = int(knots[0])
        drawn = self.uniform(name, np.arange(first, int(knots[-1]) + 2, dtype=np.int64))
        part = (hours - knots * every_h) / every_h
        weight = part * part * (3.0 - 2.0 * part)
        column = knots - first
        # A uniform value has deviation 0.29, the mean of two neighbours by this weight 0.86 of it: 4 makes it 1.
        return 4.0 * (drawn[:, column] * (1.0 - weight) + drawn[:, column + 1] * weight - 0.5)

    def _rows(self, name: str) -> _Bits:
        seed, salt = np.array([[self.seed & 0xFFFFFFFFFFFFFFFF], [crc32(name.encode())]], dtype=np.uint64)
        return _mix(self._hashed_keys ^ _mix(_mix(seed) + salt))

    @cached_property
    def _hashed_keys(self) -> _Bits:
        return _mix(np.array([crc32(key.encode()) for key in self.keys], dtype=np.uint64))


@dataclass(frozen=True, eq=False)
class Waves:
    """Plane waves that travel round the globe: their sum is a moving map of mean 0 and deviation 1."""

    east: Floats
    """Waves around a circle of latitude (whole numbers, so that the map closes at 180°)."""
    north: Floats
    """Radians of phase per radian of latitude."""
    speed_rad_h: Floats
    phase: Floats

    @classmethod
    def of(
        cls,
        seed: int,
        name: str,
        *,
        count: int,
        east: tuple[int, int],
        north: tuple[int, int],
        drift_deg_h: tuple[float, float],
    ) -> Self:
        """``count`` waves drawn between the bounds; ``drift_deg_h`` is degrees of longitude per hour, eastwards."""
        index = np.arange(count, dtype=np.int64)
        draw = Noise(seed, (name,))
        zonal = np.floor(east[0] + (east[1] - east[0] + 1) * draw.uniform("east", index)[0])
        sign = np.where(draw.uniform("tilt", index)[0] < 0.5, -1.0, 1.0)
        drift = drift_deg_h[0] + (drift_deg_h[1] - drift_deg_h[0]) * draw.uniform("drift", index)[0]
        return cls(
            east=zonal,
            north=sign * (north[0] + (north[1] - north[0]) * draw.uniform("north", index)[0]),
            speed_rad_h=zonal * np.radians(drift),
            phase=2.0 * np.pi * draw.uniform("phase", index)[0],
        )

    def height(self, latitude_rad: Floats, longitude_rad: Floats, hours: Integers) -> Floats:
        """The map's value: a row for each place (columns of radians), a column for each hour."""
        return self._sum(latitude_rad, longitude_rad, hours, np.ones_like(self.east), quarter=0.0)

    def slope_east(self, latitude_rad: Floats, longitude_rad: Floats, hours: Integers) -> Floats:
        """The map's change per radian of longitude."""
        return self._sum(latitude_rad, longitude_rad, hours, self.east, quarter=np.pi / 2)

    def slope_north(self, latitude_rad: Floats, longitude_rad: Floats, hours: Integers) -> Floats:
        """The map's change per radian of latitude."""
        return self._sum(latitude_rad, longitude_rad, hours, self.north, quarter=np.pi / 2)

    def _sum(
        self, latitude_rad: Floats, longitude_rad: Floats, hours: Integers, weight: Floats, *, quarter: float
    ) -> Floats:
        # cos(a - b) = cos a cos b + sin a sin b: trigonometry for each place and each hour, not for each pair.
        total = np.zeros((latitude_rad.shape[0], hours.shape[0]))
        for k in range(self.east.shape[0]):
            place = self.east[k] * longitude_rad + self.north[k] * latitude_rad + self.phase[k] + quarter
            time = self.speed_rad_h[k] * hours[None, :]
            total += weight[k] * (np.cos(place) * np.cos(time) + np.sin(place) * np.sin(time))
        total *= np.sqrt(2.0 / self.east.shape[0])
        return total


def _mix(bits: _Bits) -> _Bits:
    """SplitMix64's finaliser (Steele, Lea and Flood 2014): every input bit moves every output bit."""
    bits = bits + _GOLDEN
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))
