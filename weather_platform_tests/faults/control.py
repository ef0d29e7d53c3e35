"""A few numbers that a test and a served platform share: what it has done, when it must die, what its clock shows."""

import mmap
import struct
from pathlib import Path
from typing import Self

_NUMBERS = ("steps", "die_at", "clock_s", "ready")
NEVER = -1


class Control:
    """Whole numbers in a file that both processes map into memory."""

    def __init__(self, path: Path) -> None:
        with path.open("r+b") as file:
            self._map = mmap.mmap(file.fileno(), 0)

    @classmethod
    def made(cls, path: Path) -> Self:
        path.write_bytes(bytes(8 * len(_NUMBERS)))
        return cls(path)

    def get(self, name: str) -> int:
        number: int = struct.unpack_from("q", self._map, 8 * _NUMBERS.index(name))[0]
        return number

    def set(self, name: str, number: int) -> None:
        struct.pack_into("q", self._map, 8 * _NUMBERS.index(name), number)
