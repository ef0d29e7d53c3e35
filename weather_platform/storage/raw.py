"""The raw store: files of observations as received, immutable, a folder of them per month.

An object's name is the hash of its bytes, so the same file stored twice is one object. Each posting of the bytes leaves
a sidecar of its own beside them (where they are from, when they came), whose key no other writer uses: postings cannot
be lost in a race, on servers without conditional writes either. A withdrawn posting has a mark beside its sidecar.
What the bytes mean is `domain.parsing`.
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
"""Partition, name, time of posting and its id; the last two are not there in what an earlier release stored."""
_MARK_KEY = re.compile(rf"({_PARTITION})/({_NAME})\.([0-9a-z-]+)\.withdrawn\.json")
_ASKED_FOR = re.compile(rf"(?:({_PARTITION})/)?({_NAME})(?:\.(?:json|csv))?")


class _Posting(NamedTuple):
    """What the key of a sidecar tells; in order of time."""

    stamp: str
    id: str
    key: str


class _Listed(msgspec.Struct):
    """What the keys of a partition tell of an object."""

    postings: list[_Posting] = []
    marks: dict[str, str] = {}
    """Keys of the marks of withdrawn postings, by id."""

    @property
    def counting(self) -> _Posting | None:
        """The last posting that was not withdrawn."""
        return max((posting for posting in self.postings if posting.id not in self.marks), default=None)


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
        posting: str | None = None,
        is_overruled: Callable[[str, str], bool] = lambda _partition, _name: False,
    ) -> tuple[RawObject, bool]:
        """Keep the bytes and that they were posted; the object as it counts from here on, and whether it is new.

        A posting is kept once, whoever stores it again, in whatever order and at the same time. Its id is the name of
        the source where none is given: a source that says the same again has said nothing new.
        `received` (aware) is now where not given. `is_overruled` is asked of bytes (partition, name) that are there.
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
        elif any(each.id == offered.posting for each in known.postings):
            return self._described(partition, offered.name, known), False
        elif is_overruled(partition, offered.name):
            offered = msgspec.structs.replace(offered, said_again=True)
        # The sidecar last: a writer killed before it has stored nothing yet, and the next one completes the object.
        key = f"{partition}/{offered.name}.{received.strftime(_STAMP)}.{offered.posting}.meta.json"
        self.blobs.put(key, msgspec.json.format(msgspec.json.encode(offered)))
        if known is None:
            return offered, True
        return self._described(partition, offered.name, self._listed(partition, offered.name)[offered.name]), False

    def withdraw(self, partition: str, name: str, posting: str, withdrawal: Withdrawal) -> None:
        """Let a posting not count any more; one that is withdrawn already stays as it is."""
        self.blobs.put_if_absent(_mark(partition, name, posting), msgspec.json.encode(withdrawal))

    def restore(self, partition: str, name: str, posting: str) -> None:
        """Let a posting count again."""
        self.blobs.delete(_mark(partition, name, posting))

    def objects(self, partition: str, *, withdrawn: bool = False) -> list[RawObject]:
        """A partition's objects that count, in the order of receipt; all, or those `withdrawn` too.

        Reads no other partition.
        """
        listed = self._listed(_checked_partition(partition)).items()
        found = [self._described(partition, name, of) for name, of in listed if of.counting or withdrawn]
        return sorted(found, key=lambda raw: (raw.received, raw.name))

    def posted(self, posting: str) -> list[tuple[str, str]]:
        """Partition and name of the objects that a posting brought, new or not, withdrawn or not; lists every key."""
        keys = (_SIDECAR_KEY.fullmatch(blob.key) for blob in self.blobs.list())
        return sorted({(match[1], match[2]) for match in keys if match and match[4] == posting})

    def partitions(self) -> list[str]:
        """Partitions that have an object, months first and in order; lists every key."""
        return sorted({match[1] for blob in self.blobs.list() if (match := _SIDECAR_KEY.fullmatch(blob.key))})

    def find(self, name: str) -> RawObject:
        """The object of a key (``2023-12/0123456789abcdef.json``) or of a name alone, which lists every key."""
        asked = _ASKED_FOR.fullmatch(name)
        if asked is None:
            raise BadInput(f"{name[:80]!r} names no raw object.", "Give its 16 hex digits, or month/digits.json.")
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
        """Objects of a partition that have a sidecar, by name; of one name alone where it is given."""
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
        except NotFound as error:  # removed, or restored, since it was listed
            raise _not_found(f"{partition}/{name}") from error
        return raw


def _mark(partition: str, name: str, posting: str) -> str:
    return f"{partition}/{name}.{posting}.withdrawn.json"


def _checked_partition(partition: str) -> str:
    if re.fullmatch(_PARTITION, partition) is None:
        raise BadInput(f"{partition!r} is not a month.", "Write it as YYYY-MM, for example 2023-12.")
    return partition


def _not_found(name: str) -> NotFound:
    return NotFound(f"There is no raw object {name!r}.", "List the month's objects first.")
