"""Bytes under keys: the port for raw objects and landed files, and its adapter for a folder.

The bytes are opaque here. The adapter for S3 is `blobs_s3`; `opening` chooses by address.
"""

import errno
import os
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple, Protocol

from weather_platform.domain.errors import BadInput, NotFound, StoreFull, StoreRefused
from weather_platform.files import atomic_write, sync

CHUNK_BYTES = 1 << 20
_KEY_BYTES = 900  # S3 allows 1,024, including the prefix
_SEGMENT_BYTES = 255  # limit of file systems


class BlobInfo(NamedTuple):
    """One blob in a listing."""

    key: str
    size_bytes: int
    modified: datetime


class Blobs(Protocol):
    """Bytes under keys such as ``2023-12/0a1b.json``; each blob is written atomically.

    Every method raises StoreUnavailable (transient) for an outage or a full disk, StoreRefused for missing rights,
    and BadInput for a key that is not a relative path of printable names. No key may be the folder of another.
    """

    def ensure(self) -> None:
        """Create the folder or bucket if it is missing."""
        ...

    def ping(self) -> None:
        """Return if the store answers and matches the settings; else raise the error that says why not."""
        ...

    def put_if_absent(self, key: str, body: bytes) -> bool:
        """Store and return True; if the key is taken, change nothing and return False. Of two writers one wins.

        An S3 server without conditional writes lets the last one win: use keys derived from the content.
        """
        ...

    def put(self, key: str, body: bytes) -> None:
        """Store, replacing what was there."""
        ...

    def get(self, key: str) -> bytes:
        """The bytes; NotFound if the key is unknown."""
        ...

    def stream(self, key: str, first: int = 0, last: int | None = None) -> Iterator[bytes]:
        """The bytes from first to last, both included, in chunks of about a MiB; NotFound at the first chunk.

        Without `last` to the end; where it is given, both lie within the blob.
        """
        ...

    def stat(self, key: str) -> BlobInfo:
        """Size and time without the bytes; NotFound if the key is unknown."""
        ...

    def list(self, prefix: str = "") -> Iterator[BlobInfo]:
        """Blobs whose key starts with the prefix, in key order; reads no folder outside the prefix.

        Files whose names are not keys (``.DS_Store``, ``.nfs0001``) are skipped.
        """
        ...

    def delete(self, key: str) -> None:
        """Remove the blob, if there is one."""
        ...

    def move(self, key: str, to: str) -> None:
        """Move a blob to another key, replacing any blob there; NotFound if the blob is missing."""
        ...


def is_key(key: str) -> bool:
    """Whether a key is valid both as a file path and as an S3 key."""
    if any(unicodedata.category(letter).startswith("C") for letter in key):  # control characters and surrogates
        return False
    segments = key.split("/")
    return len(key.encode()) <= _KEY_BYTES and all(
        segment and not segment.startswith(".") and len(segment.encode()) <= _SEGMENT_BYTES for segment in segments
    )


def checked_key(key: str) -> str:
    """The key itself; BadInput if it is invalid."""
    if not is_key(key):
        raise BadInput(f"{key[:80]!r} cannot be the key of a stored file.", "Give printable names separated by /.")
    return key


class FolderBlobs:
    """Blobs as files below a folder; the contract is `Blobs`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def __repr__(self) -> str:
        return f"FolderBlobs({str(self.folder)!r})"

    def ensure(self) -> None:
        with self._explained():
            self.folder.mkdir(parents=True, exist_ok=True)

    def ping(self) -> None:
        standing = next(path for path in (self.folder, *self.folder.parents) if path.exists())
        with self._explained():
            if not standing.is_dir():
                raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
            if not os.access(standing, os.R_OK | os.W_OK | os.X_OK):
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    def put_if_absent(self, key: str, body: bytes) -> bool:
        return self._write(key, body, replace=False)

    def put(self, key: str, body: bytes) -> None:
        self._write(key, body, replace=True)

    def get(self, key: str) -> bytes:
        with self._explained(key):
            return self._path(key).read_bytes()

    def stream(self, key: str, first: int = 0, last: int | None = None) -> Iterator[bytes]:
        with self._explained(key), self._path(key).open("rb") as file:
            left = file.seek(0, os.SEEK_END) if last is None else last + 1
            left -= file.seek(first)
            while left > 0 and (chunk := file.read(min(CHUNK_BYTES, left))):
                left -= len(chunk)
                yield chunk

    def stat(self, key: str) -> BlobInfo:
        with self._explained(key):
            return self._info(key, self._path(key))

    def list(self, prefix: str = "") -> Iterator[BlobInfo]:
        folder = prefix.rpartition("/")[0]
        root = self._path(folder) if folder else self.folder
        with self._explained():
            keys = [path.relative_to(self.folder).as_posix() for path in root.rglob("*") if path.is_file()]
        # S3 sorts by the bytes of the whole key, so that `a-b` comes before `a/b`.
        for key in sorted((key for key in keys if key.startswith(prefix) and is_key(key)), key=str.encode):
            with suppress(NotFound):  # deleted since
                yield self.stat(key)

    def delete(self, key: str) -> None:
        with self._explained():
            self._path(key).unlink(missing_ok=True)

    def move(self, key: str, to: str) -> None:
        source, target = self._path(key), self._path(to)
        with self._explained(key):
            source.stat()
            target.parent.mkdir(parents=True, exist_ok=True)
            source.replace(target)
            sync(target.parent)

    def _write(self, key: str, body: bytes, *, replace: bool) -> bool:
        with self._explained():
            try:
                with atomic_write(self._path(key), durable=True, replace=replace) as unfinished:
                    unfinished.write_bytes(body)
            except FileExistsError:
                return False
        return True

    def _path(self, key: str) -> Path:
        return self.folder / checked_key(key)

    def _info(self, key: str, path: Path) -> BlobInfo:
        status = path.stat()
        return BlobInfo(key, status.st_size, datetime.fromtimestamp(status.st_mtime, UTC))

    @contextmanager
    def _explained(self, key: str = "") -> Iterator[None]:
        """Translate an error of the folder into one with cause and cure."""
        try:
            yield
        except FileNotFoundError as error:
            raise NotFound(f"Nothing is stored as {key!r} in {self.folder}.", "List what is there first.") from error
        except OSError as error:
            if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
                raise StoreFull(
                    f"{self.folder} is full ({error.strerror}).",
                    "Free some space there, or set another folder in WEATHER_RAW_URL.",
                ) from error
            raise StoreRefused(
                f"{self.folder} cannot be used: {error.strerror}.",
                "Give this user the folder, or set another one in WEATHER_RAW_URL.",
            ) from error
