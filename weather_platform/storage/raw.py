"""The raw store: files of observations as received, immutable, in one folder per month.

An object's name is the hash of its bytes, so the same file stored twice is one object. Each posting of the bytes leaves
a sidecar of its own beside them (origin and time), whose key no other writer uses: no posting is lost in a race, even
on servers without conditional writes. A withdrawn posting has a mark beside its sidecar.
`domain.parsing` reads the bytes.
"""

import hashlib
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import NamedTuple

import msgspec

from weather_platform.domain.errors import BadInput, NotFound
from weather_platform.domain.provenance import FIRST_POSTING, UNPLACED, Provenance, RawObject, Withdrawal
from weather_platform.domain.record_files import Form
from weather_platform.storage.blobs import Blobs

_PARTITION = rf"\d{{4}}-(?:0[1-9]|1[0-2])|{UNPLACED}"
_NAME = r"[0-9a-f]{16}"
_STAMP = "%Y%m%dT%H%M%S%fZ"
_SIDECAR_KEY = re.compile(rf"({_PARTITION})/({_NAME})(?:\.(\d{{8}}T\d{{12}}Z)\.([0-9a-z-]+))?\.meta\.json")
"""Partition, name, time of posting and its id; objects stored by an earlier release lack the last two."""
_MARK_KEY = re.compile(rf"({_PARTITION})/({_NAME})\.([0-9a-z-]+)\.withdrawn\.json")
_ASKED_FOR = re.compile(rf"(?:({_PARTITION})/)?({_NAME})(?:\.(?:json|csv))?")


class _Posting(NamedTuple):
    """Parts of a sidecar's key; they sort by time."""

    stamp: str
    id: str
    key: str

    @property
    def source(self) -> str:
        """``meteofrance`` of ``meteofrance-2f8a…``."""
        return self.id.partition("-")[0]


class _Listed(msgspec.Struct):
    """Sidecars and withdrawal marks of an object, from the keys of its partition."""

    postings: list[_Posting] = []
    marks: dict[str, str] = {}
    """Keys of the marks of withdrawn postings, by id."""

    @property
    def counting(self) -> _Posting | None:
        """The last posting that is not withdrawn."""
        return max((posting for posting in self.postings if posting.id not in self.marks), default=None)


class RawStore:
    """Raw objects in any `Blobs`; its errors are raised unchanged."""

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
        posting: str | None = None,
        is_overruled: Callable[[str, str], bool] = lambda _partition, _name: False,
    ) -> tuple[RawObject, bool]:
        """Store the bytes and their posting; returns the object as it counts now, and whether it is new.

        A posting is stored once, even if several processes store it at the same time. Its id defaults to the name of
        the source, with which all ids of a source's postings begin: a source that repeats the same bytes makes no new
        posting.
        `received` (aware) defaults to now. `is_overruled` is called with (partition, name) of bytes already stored.
        """
        sha256 = hashlib.sha256(body).hexdigest()
        received = (received or datetime.now(UTC)).astimezone(UTC)
        offered = RawObject(
            partition=_checked_partition(partition),
            name=sha256[:16],
            form=form,
            size_bytes=len(body),
            records=records,
            sha256=sha256,
            received=received,
            provenance=provenance,
            posting=posting or provenance.source,
        )
        known = self._listed(partition, offered.name).get(offered.name)
        if known is None:
            self.blobs.put_if_absent(offered.key, body)
        elif any(each.id == offered.posting or each.source == provenance.source for each in known.postings):
            return self._described(partition, offered.name, known), False
        elif is_overruled(partition, offered.name):
            offered = msgspec.structs.replace(offered, said_again=True)
        # The sidecar comes last: a writer killed before it has stored nothing; the next one completes the object.
        key = f"{partition}/{offered.name}.{received.strftime(_STAMP)}.{offered.posting}.meta.json"
        self.blobs.put(key, msgspec.json.format(msgspec.json.encode(offered)))
        if known is None:
            return offered, True
        return self._described(partition, offered.name, self._listed(partition, offered.name)[offered.name]), False

    def withdraw(self, partition: str, name: str, posting: str, withdrawal: Withdrawal) -> None:
        """Withdraw a posting; if it is already withdrawn, nothing changes."""
        self.blobs.put_if_absent(_mark(partition, name, posting), msgspec.json.encode(withdrawal))

    def restore(self, partition: str, name: str, posting: str) -> None:
        """Restore a withdrawn posting."""
        self.blobs.delete(_mark(partition, name, posting))

    def objects(self, partition: str, *, withdrawn: bool = False) -> list[RawObject]:
        """A partition's objects that count, in order of receipt; with `withdrawn`, all objects.

        Reads no other partition.
        """
        listed = self._listed(_checked_partition(partition)).items()
        found = [self._described(partition, name, of) for name, of in listed if of.counting or withdrawn]
        return sorted(found, key=lambda raw: (raw.received, raw.name))

    def posted(self, posting: str) -> list[tuple[str, str]]:
        """Partition and name of a posting's objects, new or not, withdrawn or not; lists every key."""
        keys = (_SIDECAR_KEY.fullmatch(blob.key) for blob in self.blobs.list())
        return sorted({(match[1], match[2]) for match in keys if match and match[4] == posting})

    def last_posted(self, partition: str) -> datetime | None:
        """When the last posting of a partition was received, by the clock of the machine that stored it."""
        stamps = [
            posting.stamp for each in self._listed(_checked_partition(partition)).values() for posting in each.postings
        ]
        last = max(stamps, default="")
        return datetime.strptime(last, _STAMP).replace(tzinfo=UTC) if last else None

    def partitions(self) -> list[str]:
        """Partitions with an object, months first, in order; lists every key."""
        return sorted({match[1] for blob in self.blobs.list() if (match := _SIDECAR_KEY.fullmatch(blob.key))})

    def find(self, name: str) -> RawObject:
        """The object of a key (``2023-12/0123456789abcdef.json``), or of a name, which lists every key."""
        asked = _ASKED_FOR.fullmatch(name)
        if asked is None:
            raise BadInput(
                f"{name[:80]!r} is not the name of a raw object.", "Give its 16 hex digits, or month/digits.json."
            )
        for partition in [asked[1]] if asked[1] else self._partitions_of(asked[2]):
            if listed := self._listed(partition, asked[2]).get(asked[2]):
                return self._described(partition, asked[2], listed)
        raise _not_found(name)

    def read(self, raw: RawObject) -> bytes:
        """The bytes as received."""
        return self.blobs.get(raw.key)

    def stream(self, raw: RawObject, first: int = 0, last: int | None = None) -> Iterator[bytes]:
        """The bytes as received, in chunks; from first to last, both included."""
        return self.blobs.stream(raw.key, first, last)

    def _partitions_of(self, name: str) -> Iterator[str]:
        for blob in self.blobs.list():
            if (match := _SIDECAR_KEY.fullmatch(blob.key)) and match[2] == name:
                yield match[1]

    def _listed(self, partition: str, name: str = "") -> dict[str, _Listed]:
        """Objects of a partition with a sidecar, by name; optionally of one name only."""
        found: dict[str, _Listed] = {}
        for blob in self.blobs.list(f"{partition}/{name}"):
            if match := _SIDECAR_KEY.fullmatch(blob.key):
                posting = _Posting(match[3] or "", match[4] or FIRST_POSTING, blob.key)
                found.setdefault(match[2], _Listed()).postings.append(posting)
            elif match := _MARK_KEY.fullmatch(blob.key):
                found.setdefault(match[2], _Listed()).marks[match[3]] = blob.key
        return {name: listed for name, listed in found.items() if listed.postings}

    def _described(self, partition: str, name: str, listed: _Listed) -> RawObject:
        posting = listed.counting or max(listed.postings)
        try:
            raw = msgspec.json.decode(self.blobs.get(posting.key), type=RawObject)
            if not listed.counting:
                mark = self.blobs.get(listed.marks[posting.id])
                raw = msgspec.structs.replace(raw, withdrawn=msgspec.json.decode(mark, type=Withdrawal))
        except NotFound as error:  # removed or restored since the listing
            raise _not_found(f"{partition}/{name}") from error
        return raw


def _mark(partition: str, name: str, posting: str) -> str:
    return f"{partition}/{name}.{posting}.withdrawn.json"


def _checked_partition(partition: str) -> str:
    if re.fullmatch(_PARTITION, partition) is None:
        raise BadInput(f"{partition!r} is not a month.", "Write it as YYYY-MM, for example 2023-12.")
    return partition


def _not_found(name: str) -> NotFound:
    return NotFound(f"No raw object is called {name!r}.", "List the month's objects first.")
