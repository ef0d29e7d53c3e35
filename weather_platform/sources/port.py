"""The port every source fills: ask for a month, get the bytes it publishes and where they are from."""

from collections.abc import Collection
from typing import Protocol

import msgspec

from weather_platform.domain.months import Month

ETALAB = "Licence Ouverte / Open Licence 2.0 (Etalab), source: Météo-France"


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """Where bytes come from; stored beside them and shown with every figure made of them."""

    source: str
    """``opendatasoft``, ``meteofrance``, ``sample`` or ``upload``."""
    name: str
    """The address or file name they were read from."""
    licence: str
    synthetic: bool = False
    """True for generated observations: nobody may take them for a measurement."""


class Payload(msgspec.Struct, frozen=True, kw_only=True):
    """A month as the source publishes it: any form that ``domain.parsing`` reads, gzipped or not."""

    body: bytes
    provenance: Provenance


class Source(Protocol):
    """A publisher of observations."""

    name: str

    def fetch(self, month: Month, stations: Collection[str] | None = None) -> Payload:
        """The month's observations, of all stations or of the given WMO station numbers.

        Raises EmptyMonth where the source has none, SourceUnavailable (transient) where it did
        not answer or not completely, BadInput where what it answered can never be read.
        """
        ...
