"""A file that others write and this process passes on at once."""

import io
from typing import Any


class Sink(io.RawIOBase):
    """Collects the bytes written since the last read; cannot seek."""

    def __init__(self) -> None:
        super().__init__()
        self._written: list[bytes] = []
        self._position = 0

    def writable(self) -> bool:
        return True

    def write(self, piece: Any) -> int:
        self._written.append(bytes(piece))
        self._position += len(piece)
        return len(piece)

    def tell(self) -> int:
        return self._position

    def taken(self) -> bytes:
        """The bytes written since the last call."""
        piece = b"".join(self._written)
        self._written.clear()
        return piece
