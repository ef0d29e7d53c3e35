"""Origin and names of raw objects, which make every figure traceable."""

from datetime import datetime
from typing import Literal

import msgspec

ETALAB = "Licence Ouverte / Open Licence 2.0 (Etalab), source: Météo-France"
UNPLACED = "unplaced"
"""The partition of records without a month, or with one outside the partitions: stored, and in quarantine."""

FIRST_POSTING = "first"
"""Id of postings stored before postings had ids."""


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """Origin of bytes, stored beside them and shown with every figure made from them."""

    source: str
    """``opendatasoft``, ``meteofrance``, ``sample`` or ``upload``."""
    name: str
    """Address or file name of the bytes."""
    licence: str
    synthetic: bool = False
    """True for generated observations, which are never shown as measurements."""


class Withdrawal(msgspec.Struct, frozen=True, kw_only=True):
    """The withdrawal of a posting."""

    at: datetime
    by: str
    reason: str


class RawObject(msgspec.Struct, frozen=True, kw_only=True):
    """One immutable object of the raw layer: records of one month, with the posting that counts.

    Bytes may be posted several times. The last one that is not withdrawn counts.
    """

    partition: str
    """A month, ``2023-12``, or `UNPLACED`."""
    name: str
    """The first 16 hex digits of the SHA-256 of the bytes; names the object in staging rows and documents."""
    form: Literal["json", "csv"]
    size_bytes: int
    records: int
    sha256: str
    received: datetime
    """UTC; when it was posted."""
    provenance: Provenance
    posting: str = FIRST_POSTING
    """Id of its posting."""
    said_again: bool = False
    """True if these bytes had been overruled when posted again: the time of posting counts, not `insert_time`."""
    withdrawn: Withdrawal | None = None
    """The last withdrawal, if no posting counts."""

    @property
    def key(self) -> str:
        """Key of the bytes in the raw store."""
        return f"{self.partition}/{self.name}.{self.form}"
