"""The raw store: files of observations as received, immutable, a folder of them per month.

An object's name is the hash of its bytes, so the same file stored twice is one object. Where it is from and when it
was first received stand in a sidecar beside it. What the bytes mean is `domain.parsing`.
"""

import hashlib
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import msgspec

from weather_platform.domain.errors import BadInput, NotFound
from weather_platform.domain.provenance import UNPLACED, Provenance, RawObject
from weather_platform.domain.record_files import Form
from weather_platform.storage.blobs import Blobs

_SIDECAR = ".meta.json"
_PARTITION = rf"\d{{4}}-(?:0[1-9]|1[0-2])|{UNPLACED}"
_NAME = r"[0-9a-f]{16}"
_SIDECAR_KEY = re.compile(rf"({_PARTITION})/({_NAME}){re.escape(_SIDECAR)}")
_ASKED_FOR = re.compile(rf"(?:({_PARTITION})/)?({_NAME})(?:\.(?:json|csv))?")


class RawStore:
    """Raw objects in any `Blobs`, whose errors pass through."""

    def __init__(self, blobs: Blobs) -> None:
        self.blobs = blobs

    def put(
        self,
        partition: str,
        body: bytes,
        *,
        form: Form,
        records: int,
        provenance: Provenance,
        received: datetime | None = None,
    ) -> tuple[RawObject, bool]:
        """Keep the bytes; the object as stored, and whether it is new.

        Bytes that are there already keep their first receipt, whoever stores them again, in whatever order and at the
        same time. `received` (aware) is now where not given.
        """
        sha256 = hashlib.sha256(body).hexdigest()
        offered = RawObject(
            partition=_checked_partition(partition),
            name=sha256[:16],
            form=form,
            size_bytes=len(body),
            records=records,
            sha256=sha256,
            received=(received or datetime.now(UTC)).astimezone(UTC),
            provenance=provenance,
        )
        try:
            return self._described(partition, offered.name), False
        except NotFound:
            self.blobs.put_if_absent(offered.key, body)
        # The sidecar last: a writer killed before it has stored nothing yet, and the next one completes the object.
        description = msgspec.json.format(msgspec.json.encode(offered))
        if self.blobs.put_if_absent(f"{partition}/{offered.name}{_SIDECAR}", description):
            return offered, True
        return self._described(partition, offered.name), False

    def objects(self, partition: str) -> list[RawObject]:
        """A partition's objects in the order of receipt; reads no other partition."""
        listed = self.blobs.list(f"{_checked_partition(partition)}/")
        names = [match[2] for blob in listed if (match := _SIDECAR_KEY.fullmatch(blob.key))]
        return sorted((self._described(partition, name) for name in names), key=lambda raw: (raw.received, raw.name))

    def partitions(self) -> list[str]:
        """Partitions that have an object, months first and in order; lists every key."""
        return sorted({match[1] for blob in self.blobs.list() if (match := _SIDECAR_KEY.fullmatch(blob.key))})

    def find(self, name: str) -> RawObject:
        """The object of a key (``2023-12/0123456789abcdef.json``) or of a name alone, which lists every key."""
        asked = _ASKED_FOR.fullmatch(name)
        if asked is None:
            raise BadInput(f"{name[:80]!r} names no raw object.", "Give its 16 hex digits, or month/digits.json.")
        for partition in [asked[1]] if asked[1] else self._partitions_of(asked[2]):
            return self._described(partition, asked[2])
        raise _not_found(name)

    def read(self, raw: RawObject) -> bytes:
        """The bytes as received."""
        return self.blobs.get(raw.key)

    def stream(self, raw: RawObject) -> Iterator[bytes]:
        """The bytes as received, in chunks."""
        return self.blobs.stream(raw.key)

    def _partitions_of(self, name: str) -> Iterator[str]:
        for blob in self.blobs.list():
            if (match := _SIDECAR_KEY.fullmatch(blob.key)) and match[2] == name:
                yield match[1]

    def _described(self, partition: str, name: str) -> RawObject:
        try:
            description = self.blobs.get(f"{partition}/{name}{_SIDECAR}")
        except NotFound as error:
            raise _not_found(f"{partition}/{name}") from error
        return msgspec.json.decode(description, type=RawObject)


def _checked_partition(partition: str) -> str:
    if re.fullmatch(_PARTITION, partition) is None:
        raise BadInput(f"{partition!r} is not a month.", "Write it as YYYY-MM, for example 2023-12.")
    return partition


def _not_found(name: str) -> NotFound:
    return NotFound(f"There is no raw object {name!r}.", "List the month's objects first.")
