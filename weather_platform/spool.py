"""A file of this machine for bytes that do not fit into memory."""

import os
import tempfile
import weakref
from typing import IO, Any, NamedTuple

from weather_platform.domain.errors import StoreFull


class Extent(NamedTuple):
    """A stretch of a spool."""

    at: int
    size_bytes: int


class Spool:
    """Written at its end, read anywhere; it has no name and is gone when it is closed or let go."""

    def __init__(self, file: IO[bytes] | None = None) -> None:
        # Unbuffered: a full disk is noticed here, not when the file is closed.
        file = file or tempfile.TemporaryFile(buffering=0)  # noqa: SIM115
        self._file = file
        self.close = weakref.finalize(self, file.close)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickled for a process that inherits its file, under the same number."""
        return _inherited, (self.fileno(),)

    def fileno(self) -> int:
        return self._file.fileno()

    def write(self, body: bytes) -> Extent:
        """StoreFull: this machine's disk is full."""
        try:
            at = self._file.seek(0, os.SEEK_END)
            rest = memoryview(body)
            while rest:
                rest = rest[self._file.write(rest) :]
        except OSError as error:
            raise StoreFull(
                f"A file cannot be sorted on disk: {error.strerror}.",
                "Free space in this machine's TMPDIR and send the file again.",
            ) from error
        return Extent(at, len(body))

    def read(self, extent: Extent) -> bytes:
        return os.pread(self._file.fileno(), extent.size_bytes, extent.at)


def _inherited(number: int) -> Spool:
    return Spool(os.fdopen(number, "r+b", buffering=0))
