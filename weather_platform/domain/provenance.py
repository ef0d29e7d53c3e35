"""Where bytes come from, and the name they go by in every layer after: what makes a figure traceable."""

from datetime import datetime
from typing import Literal

import msgspec

ETALAB = "Licence Ouverte / Open Licence 2.0 (Etalab), source: Météo-France"
UNPLACED = "unplaced"
"""The partition of records that tell no month, or one outside the partitions: kept, and in quarantine."""

FIRST_POSTING = "first"
"""What a posting is called that was kept before postings had ids."""


class Provenance(msgspec.Struct, frozen=True, kw_only=True):
    """Where bytes come from; stored beside them and shown with every figure made of them."""

    source: str
    """``opendatasoft``, ``meteofrance``, ``sample`` or ``upload``."""
    name: str
    """The address or file name they were read from."""
    licence: str
    synthetic: bool = False
    """True for generated observations: nobody may take them for a measurement."""


class Withdrawal(msgspec.Struct, frozen=True, kw_only=True):
    """That a posting does not count any more."""

    at: datetime
    by: str
    reason: str


class RawObject(msgspec.Struct, frozen=True, kw_only=True):
    """One immutable object of the raw layer: records of one month, as the posting of them that counts brought them.

    Bytes may be posted several times. The last posting that was not withdrawn counts.
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
    """The id that it was posted under."""
    said_again: bool = False
    """Others had overruled these bytes when they were posted again: the time of posting counts, not `insert_time`."""
    withdrawn: Withdrawal | None = None
    """Where no posting counts: that of the last one."""

    @property
    def key(self) -> str:
        """Where the bytes are, below the raw store's root."""
        return f"{self.partition}/{self.name}.{self.form}"
