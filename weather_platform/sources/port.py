"""The port of every source: it returns the published bytes of a month with their provenance."""

from collections.abc import Collection
from datetime import datetime
from typing import Protocol

import msgspec

from weather_platform.domain.months import Month
from weather_platform.domain.provenance import ETALAB, Provenance

__all__ = ["DOWNLOADS", "ETALAB", "Payload", "Provenance", "Source"]


DOWNLOADS = "weather_platform.downloads"
"""The logger of downloads; INFO lines have ``received`` and ``whole`` in bytes (0: unknown)."""


class Payload(msgspec.Struct, frozen=True, kw_only=True):
    """A month as published, in any format that ``domain.parsing`` reads, gzipped or not."""

    body: bytes
    provenance: Provenance
    notes: tuple[str, ...] = ()
    """Remarks, for example that the month ends early or that a copy was skipped."""


class Source(Protocol):
    """A publisher of observations."""

    name: str

    @property
    def grows_daily(self) -> bool:
        """Whether yesterday's observations are due in the morning."""
        ...

    def newest(self) -> datetime | None:
        """Time (UTC) of the newest observation; None if there is none.

        Raises SourceUnavailable if the source does not answer.
        """
        ...

    def station_list(self) -> tuple[bytes, Provenance] | None:
        """Météo-France's list of stations (GeoJSON), or None. Raises SourceUnavailable."""
        ...

    def fetch(self, month: Month, stations: Collection[str] | None = None) -> Payload:
        """The month's observations, of all stations or of the given WMO station numbers.

        Raises EmptyMonth if the source has none, SourceUnavailable (transient) for no answer
        or an incomplete one, BadInput for an answer that cannot be read.
        """
        ...
