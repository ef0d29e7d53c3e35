"""Where bytes come from, and the name they go by in every layer after: what makes a figure traceable."""

from datetime import datetime
from typing import Literal

import msgspec

ETALAB = "Licence Ouverte / Open Licence 2.0 (Etalab), source: Météo-France"
UNPLACED = "unplaced"
"""The partition of records that tell no month, or one outside the partitions: kept, and in quarantine."""


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """Where bytes come from; stored beside them and shown with every figure made of them."""

    source: str
    """``opendatasoft``, ``meteofrance``, ``sample`` or ``upload``."""
    name: str
    """The address or file name they were read from."""
    licence: str
    synthetic: bool = False
    """True for generated observations: nobody may take them for a measurement."""


class RawObject(msgspec.Struct, frozen=True, kw_only=True):
    """One immutable object of the raw layer: records of one month from one receipt."""

    partition: str
    """A month, ``2023-12``, or `UNPLACED`."""
    name: str
    """The first 16 hex digits of the SHA-256 of the bytes; names the object in staging rows and documents."""
    form: Literal["json", "csv"]
    size_bytes: int
    records: int
    sha256: str
    received: datetime
    """UTC; of the posting that counts: the last of these bytes that was not withdrawn."""
    provenance: Provenance
    said_again: bool = False
    """That posting came after others had overruled these bytes, so that its time counts, not `insert_time`."""

    @property
    def key(self) -> str:
        """Where the bytes are, below the raw store's root."""
        return f"{self.partition}/{self.name}.{self.form}"
