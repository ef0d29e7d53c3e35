"""Files inside gzip and zip, unpacked in pieces and within limits of memory and disk."""

import itertools
import lzma
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from typing import IO, NamedTuple

from weather_platform.domain.errors import BadInput, NoObservations, TooLarge

_GZIP = b"\x1f\x8b"
_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_CHUNK = 1 << 20
_ENCRYPTED = 0x1
_LOCAL_HEADER_BYTES = 30
_DEEPEST = 3
"""Deepest nesting: a gzipped file in a zip in a zip."""
_DOCUMENTS = (
    ({"[Content_Types].xml", "xl/workbook.xml"}, "an Excel workbook"),
    ({"[Content_Types].xml", "xl/workbook.bin"}, "an Excel workbook"),
    ({"META-INF/manifest.xml", "content.xml"}, "an OpenDocument file"),
)
"""Office documents that are zips, by two of their members."""
_ZIP_DAMAGED = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    struct.error,
    EOFError,
    IndexError,
    NotImplementedError,
    OSError,  # of bz2
    ValueError,  # for example a name that is not UTF-8
)
"""Errors of zipfile for one changed byte (tried with 60,000 zips of all four compression methods)."""


class Limits(NamedTuple):
    """Limits for unpacking one file."""

    unpacked_bytes: int = 2_000_000_000
    members: int = 1_000


DEFAULT_LIMITS = Limits()


class Member(NamedTuple):
    """A file, alone or from an archive."""

    name: str
    chunks: Iterator[bytes]
    """Its bytes in order, unpacked while read: read them before the next member."""
    in_zip: bool = False
    """Whether it is in a zip, possibly with others."""


def unpack(name: str, file: IO[bytes], limits: Limits = DEFAULT_LIMITS) -> Iterator[Member]:
    """The files in a seekable file: itself, or the content of its gzip or zip, which may be archives again.

    Folders and system files (``__MACOSX``, names with a leading dot) are skipped. A zip in a zip and a gzipped zip are
    copied to disk.

    Raises:
        BadInput: a damaged archive; may be raised while chunks are read.
        NoObservations: a spreadsheet; for one inside an archive, when its chunks are read.
        TooLarge: it exceeds the limits or announces so; may be raised while chunks are read.
    """
    return _Unpacking(name, limits).files(name, file)


class _Unpacking:
    """The remaining limits while one file is unpacked."""

    def __init__(self, name: str, limits: Limits) -> None:
        self._name = name
        self._limits = limits
        self._bytes = 0
        self._members = 0

    def files(self, name: str, file: IO[bytes], depth: int = 0) -> Iterator[Member]:
        file.seek(0)
        head = file.read(len(_ZIP))
        file.seek(0)
        if head.startswith((_ZIP, _EMPTY_ZIP)):
            yield from self._zipped(name, file, depth)
        else:
            yield from self._opened(name, _chunks(file), depth, in_zip=False)

    def _opened(self, name: str, chunks: Iterator[bytes], depth: int, *, in_zip: bool) -> Iterator[Member]:
        first = next(chunks, b"")
        chunks = itertools.chain((first,), chunks)
        if first.startswith((_ZIP, _GZIP)) and depth > _DEEPEST:
            raise BadInput(f"{name} is inside more than {_DEEPEST} archives.", "Unpack the outer ones first.")
        if first.startswith(_GZIP):
            unzipped = self._counted(_gunzipped(name, chunks))
            yield from self._opened(name.removesuffix(".gz"), unzipped, depth + 1, in_zip=in_zip)
        elif first.startswith(_ZIP):
            with tempfile.TemporaryFile() as copy:
                copy.writelines(chunks)
                try:
                    yield from self.files(name, copy, depth)
                except NoObservations as error:
                    yield Member(name, _nothing(error), in_zip)
        else:
            yield Member(name, chunks, in_zip)

    def _zipped(self, name: str, file: IO[bytes], depth: int) -> Iterator[Member]:
        try:
            archive = zipfile.ZipFile(file)
            entries = archive.infolist()
        except _ZIP_DAMAGED as error:
            raise BadInput(f"{name} is a damaged zip file: {error}.", "Send the file again.") from error
        names = {entry.filename for entry in entries}
        for parts, what in _DOCUMENTS:
            if parts <= names:
                raise NoObservations(f"{name} is {what}.", "Save its sheet as CSV and send that.")
        members = [entry for entry in entries if not _passed_over(entry)]
        if not members:
            raise NoObservations(f"{name} holds no file.", "Put the observation files into the zip.")
        self._check(name, entries, members)
        for entry in members:
            inner = f"{name}/{entry.filename}"
            yield from self._opened(inner, self._counted(_member(archive, entry, inner)), depth + 1, in_zip=True)

    def _check(self, name: str, entries: list[zipfile.ZipInfo], members: list[zipfile.ZipInfo]) -> None:
        """Raise TooLarge before unpacking if the list of contents exceeds the limits."""
        self._members += len(members)
        if self._members > self._limits.members:
            raise TooLarge(
                f"{self._name} holds {self._members:,} files or more, the limit is {self._limits.members:,}.",
                "Send it in parts.",
            )
        if self._bytes + sum(entry.file_size for entry in members) > self._limits.unpacked_bytes:
            raise self._too_large()
        in_order = sorted(entries, key=lambda entry: entry.header_offset)
        for entry, following in itertools.pairwise(in_order):
            end = entry.header_offset + _LOCAL_HEADER_BYTES + len(entry.orig_filename) + entry.compress_size
            if end > following.header_offset:
                raise BadInput(
                    f"{name} is a damaged zip file: {entry.filename!r} and {following.filename!r} overlap.",
                    "Make the zip again and send it.",
                )

    def _counted(self, chunks: Iterator[bytes]) -> Iterator[bytes]:
        for chunk in chunks:
            self._bytes += len(chunk)
            if self._bytes > self._limits.unpacked_bytes:
                raise self._too_large()
            yield chunk

    def _too_large(self) -> TooLarge:
        limit = self._limits.unpacked_bytes
        return TooLarge(f"{self._name} unpacks to more than the limit of {limit:,} bytes.", "Send it in parts.")


def _nothing(error: NoObservations) -> Iterator[bytes]:
    """The error of a file inside an archive, which must not stop the others from being read."""
    raise error
    yield b""


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK):
        yield chunk


def _gunzipped(name: str, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """A gzip file may consist of several members and end with zero padding."""
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
