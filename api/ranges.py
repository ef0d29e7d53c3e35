"""Parts of a body by `Range` (RFC 9110, 14): one range of bytes; other requests get the whole body."""

import re
from typing import NamedTuple

from starlette.requests import Request

from api.errors import OutsideBody

_ONE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


class Part(NamedTuple):
    """Bytes from first to last (inclusive) of a body; `last` is -1 for an empty body."""

    first: int
    last: int
    of: int
    is_whole: bool

    @property
    def headers(self) -> dict[str, str]:
        told = {"accept-ranges": "bytes", "content-length": str(self.last - self.first + 1)}
        return told if self.is_whole else {**told, "content-range": f"bytes {self.first}-{self.last}/{self.of}"}

    @property
    def status(self) -> int:
        return 200 if self.is_whole else 206


def asked_part(request: Request, size_bytes: int, etag: str) -> Part:
    """The requested range of a body; OutsideBody if it is outside."""
    whole = Part(0, size_bytes - 1, size_bytes, is_whole=True)
    found = _ONE.fullmatch(request.headers.get("range", "").strip())
    if found is None or request.headers.get("if-range", etag) != etag or not (found[1] or found[2]):
        return whole
    if not found[1]:  # a number of last bytes
        first, last = max(size_bytes - int(found[2]), 0), size_bytes - 1
    else:
        first, last = int(found[1]), min(int(found[2] or size_bytes - 1), size_bytes - 1)
        if found[2] and int(found[2]) < first:
            return whole
    if first >= size_bytes:
        raise OutsideBody(size_bytes)
    return Part(first, last, size_bytes, is_whole=False)
