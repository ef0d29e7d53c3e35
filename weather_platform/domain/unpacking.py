"""Files inside gzip and zip, unpacked piece by piece and within limits: none fills memory or disk."""

import itertools
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, NamedTuple

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
    chunks: Iterator[bytes]
    """Its bytes in order, unpacked as they are asked for: read them before the next member."""


def unpack(name: str, file: IO[bytes], limits: Limits = DEFAULT_LIMITS) -> Iterator[Member]:
    """The files in a seekable file: itself, or what its gzip or zip holds; a zip may hold gzipped files, no zips.

    BadInput for a damaged archive, TooLarge where it exceeds the limits; both may come while chunks are read.
    Folders and files that a system adds by itself (``__MACOSX``, names with a leading dot) are passed over.
    """
    allowance = _Allowance(limits.unpacked_bytes)
    file.seek(0)
    head = file.read(len(_ZIP))
    file.seek(0)
    if head.startswith((_ZIP, _EMPTY_ZIP)):
        yield from _unzipped(name, file, limits.members, allowance)
    elif head.startswith(_GZIP):
        yield Member(name.removesuffix(".gz"), allowance.spent_on(name, _gunzipped(name, _chunks(file))))
    else:
        yield Member(name, _chunks(file))


class _Allowance:
    """How many bytes may still be unpacked."""

    def __init__(self, limit_bytes: int) -> None:
        self._left_bytes = limit_bytes

    def spent_on(self, name: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
        limit_bytes = self._left_bytes
        for chunk in chunks:
            self._left_bytes -= len(chunk)
            if self._left_bytes < 0:
                raise TooLarge(f"{name} unpacks to more than {limit_bytes:,} bytes.", "Send it in parts.")
            yield chunk


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK):
        yield chunk


def _gunzipped(name: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """A gzip file may be several, one after the other, and padded with zeros at its end."""
    inflater = None
    try:
        for packed in chunks:
            rest = packed
            while rest := rest if inflater else rest.lstrip(b"\0"):
                inflater = inflater or zlib.decompressobj(wbits=31)
                chunk = inflater.decompress(rest, _CHUNK)
                while chunk or inflater.unconsumed_tail:
                    yield chunk
                    chunk = inflater.decompress(inflater.unconsumed_tail, _CHUNK)
                rest = inflater.unused_data
                if inflater.eof:
                    inflater = None
    except zlib.error as error:
        raise BadInput(f"{name} is a damaged gzip file: {error}.", "Send the file again.") from error
    if inflater:
        raise BadInput(f"{name} ends before its gzip stream does.", "Send the whole file again.")


def _unzipped(name: str, file: IO[bytes], most_members: int, allowance: _Allowance) -> Iterator[Member]:
    try:
        archive = zipfile.ZipFile(file)
        members = [info for info in archive.infolist() if not _passed_over(info)]
    except _ZIP_DAMAGED as error:
        raise BadInput(f"{name} is a damaged zip file: {error}.", "Send the file again.") from error
    if not members:
        raise BadInput(f"{name} holds no file.", "Put the observation files into the zip.")
    if len(members) > most_members:
        raise TooLarge(f"{name} holds {len(members)} files, more than {most_members}.", "Send it in parts.")
    for info in members:
        inner = f"{name}/{info.filename}"
        chunks = _member(archive, info, inner)
        first = next(chunks, b"")
        chunks = itertools.chain((first,), chunks)
        if first.startswith(_ZIP):
            raise BadInput(f"{inner} is a zip inside a zip.", "Unpack the inner one first.")
        if first.startswith(_GZIP):
            chunks = _gunzipped(inner, chunks)
        yield Member(inner, allowance.spent_on(inner, chunks))


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, inner: str) -> Iterator[bytes]:
    if info.flag_bits & _ENCRYPTED:
        raise BadInput(f"{inner} is encrypted.", "Send it without a password.")
    try:
        with archive.open(info) as file:
            yield from _chunks(file)
    except _ZIP_DAMAGED as error:
        raise BadInput(f"{inner} is damaged: {error}.", "Make the zip again and send it.") from error


def _passed_over(info: zipfile.ZipInfo) -> bool:
    parts = info.filename.split("/")
    return info.is_dir() or "__MACOSX" in parts or parts[-1].startswith(".")
