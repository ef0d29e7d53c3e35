"""The port every source fills: ask for a month, get the bytes it publishes and where they are from."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

import msgspec

from weather_platform.domain.months import Month
from weather_platform.domain.provenance import ETALAB, Provenance

__all__ = ["DOWNLOADS", "ETALAB", "Payload", "Provenance", "Source"]


DOWNLOADS = "weather_platform.downloads"
"""The logger of downloads: lines at INFO whose ``received`` and ``whole`` are bytes (0: not told)."""


class Payload(msgspec.Struct, frozen=True, kw_only=True):
    """A month as the source publishes it: any form that ``domain.parsing`` reads, gzipped or not."""

    body: bytes
    provenance: Provenance
    notes: tuple[str, ...] = ()
    """What to tell of it: a month that ends early, a copy that was passed over."""


class Source(Protocol):
    """A publisher of observations."""

    name: str

    @property
    def grows_daily(self) -> bool:
        """True where yesterday's observations are due by the morning."""
        ...

    def newest(self) -> datetime | None:
        """The time (UTC) of the newest observation; None where there is none.

        Raises SourceUnavailable where the source does not answer.
        """
        ...

    def station_list(self) -> tuple[bytes, Provenance] | None:
        """Météo-France's list of stations (GeoJSON) where the source has it. Raises SourceUnavailable."""
        ...

    def fetch(self, month: Month, stations: Collection[str] | None = None) -> Payload:
        """The month's observations, of all stations or of the given WMO station numbers.

        Raises EmptyMonth where the source has none, SourceUnavailable (transient) where it did
        not answer or not completely, BadInput where what it answered can never be read.
        """
        ...
