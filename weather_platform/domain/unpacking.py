"""Files inside gzip and zip, within limits: what unpacks to more than it should is refused before it fills memory."""

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import NamedTuple

from weather_platform.domain.errors import BadInput, TooLarge

_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_CHUNK = 1 << 20
_ENCRYPTED = 0x1
_ZIP_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    IndexError,
    NotImplementedError,
    OSError,  # of bz2
    ValueError,  # among them a name that is no UTF-8
)
"""What zipfile raises for one changed byte somewhere (60,000 zips of the four kinds of compression were tried)."""


class Limits(NamedTuple):
    """How much may come out of one file."""

    unpacked_bytes: int = 2_000_000_000
    members: int = 1_000


DEFAULT_LIMITS = Limits()


class Member(NamedTuple):
    """A file, by itself or out of an archive."""

    name: str
    body: bytes


def unpack(name: str, body: bytes, limits: Limits = DEFAULT_LIMITS) -> Iterator[Member]:
    """The files in `body`: itself, or what its gzip or zip holds; a zip may hold gzipped files, no further zips.

    BadInput for a damaged archive, TooLarge where it exceeds the limits. Folders and files that a system
    adds by itself (``__MACOSX``, names with a leading dot) are passed over.
    """
    if body.startswith((_ZIP, _EMPTY_ZIP)):
        yield from _unzipped(name, body, limits)
    elif body.startswith(_GZIP):
        yield Member(name.removesuffix(".gz"), _gunzipped(name, body, limits.unpacked_bytes))
    else:
        yield Member(name, body)


def _gunzipped(name: str, body: bytes, limit_bytes: int) -> bytes:
    out = bytearray()
    rest = body
    try:
        while rest:  # a gzip file may be several, one after the other
            inflater = zlib.decompressobj(wbits=31)
            chunk = inflater.decompress(rest, _CHUNK)
            while chunk or inflater.unconsumed_tail:
                out += chunk
                _check_size(name, len(out), limit_bytes)
                chunk = inflater.decompress(inflater.unconsumed_tail, _CHUNK)
            if not inflater.eof:
                raise BadInput(f"{name} ends before its gzip stream does.", "Send the whole file again.")
            rest = inflater.unused_data.lstrip(b"\0")
    except zlib.error as error:
        raise BadInput(f"{name} is a damaged gzip file: {error}.", "Send the file again.") from error
    return bytes(out)


def _unzipped(name: str, body: bytes, limits: Limits) -> Iterator[Member]:
    try:
        archive = zipfile.ZipFile(io.BytesIO(body))
        members = [info for info in archive.infolist() if not _passed_over(info)]
    except _ZIP_DAMAGED as error:
        raise BadInput(f"{name} is a damaged zip file: {error}.", "Send the file again.") from error
    if not members:
        raise BadInput(f"{name} holds no file.", "Put the observation files into the zip.")
    if len(members) > limits.members:
        raise TooLarge(f"{name} holds {len(members)} files, more than {limits.members}.", "Send it in parts.")
    left = limits.unpacked_bytes
    for info in members:
        inner = f"{name}/{info.filename}"
        data = _member(archive, info, inner, left)
        if data.startswith(_ZIP):
            raise BadInput(f"{inner} is a zip inside a zip.", "Unpack the inner one first.")
        if data.startswith(_GZIP):
            data = _gunzipped(inner, data, left)
        left -= len(data)
        yield Member(inner, data)


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, inner: str, limit_bytes: int) -> bytes:
    if info.flag_bits & _ENCRYPTED:
        raise BadInput(f"{inner} is encrypted.", "Send it without a password.")
    out = bytearray()
    try:
        with archive.open(info) as file:
            while chunk := file.read(_CHUNK):
                out += chunk
                _check_size(inner, len(out), limit_bytes)
    except _ZIP_DAMAGED as error:
        raise BadInput(f"{inner} is damaged: {error}.", "Make the zip again and send it.") from error
    return bytes(out)


def _passed_over(info: zipfile.ZipInfo) -> bool:
    parts = info.filename.split("/")
    return info.is_dir() or "__MACOSX" in parts or parts[-1].startswith(".")


def _check_size(name: str, size_bytes: int, limit_bytes: int) -> None:
    if size_bytes > limit_bytes:
        raise TooLarge(f"{name} unpacks to more than {limit_bytes:,} bytes.", "Send it in parts.")
