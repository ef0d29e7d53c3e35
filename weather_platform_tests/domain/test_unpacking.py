"""Files come out of gzip and zip whole and within limits, or are bad input."""

import contextlib
import gzip
import io
import itertools
import struct
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weather_platform.domain.errors import BadInput, NoObservations, TooLarge
from weather_platform.domain.unpacking import DEFAULT_LIMITS, Limits, unpack
from weather_platform_tests.domain.forms import zipped

BODY = b'[{"numer_sta": "07690"}]'
OVER = "f unpacks to more than the limit of 1,000 bytes."
SMALL = Limits(unpacked_bytes=1_000, members=3)


def unpacked(name: str, body: bytes, limits: Limits = DEFAULT_LIMITS) -> list[tuple[str, bytes]]:
    return [(member.name, b"".join(member.chunks)) for member in unpack(name, io.BytesIO(body), limits)]


@pytest.mark.parametrize(
    ("name", "body", "members"),
    [
        ("a.json", BODY, [("a.json", BODY)]),
        ("a.json", b"", [("a.json", b"")]),
        ("a.json.gz", gzip.compress(BODY), [("a.json", BODY)]),
        ("a.csv", gzip.compress(BODY), [("a.csv", BODY)]),
        ("two.gz", gzip.compress(BODY) + gzip.compress(b"x"), [("two", BODY + b"x")]),
        ("padded.gz", gzip.compress(BODY) + b"\0" * 512, [("padded", BODY)]),
        ("empty.gz", gzip.compress(b""), [("empty", b"")]),
        ("z.zip", zipped({"a/b.json": BODY, "c.csv": b"x"}), [("z.zip/a/b.json", BODY), ("z.zip/c.csv", b"x")]),
        ("z.zip", zipped({"a.json.gz": gzip.compress(BODY)}), [("z.zip/a.json", BODY)]),
        ("z.zip", zipped({"a": zipped({"b": BODY}), "c": b"x"}), [("z.zip/a/b", BODY), ("z.zip/c", b"x")]),
        ("z.gz", gzip.compress(zipped({"a": BODY})), [("z/a", BODY)]),
        ("a.gz.gz", gzip.compress(gzip.compress(BODY)), [("a", BODY)]),
        ("z.zip", zipped({"a": zipped({"b.gz": gzip.compress(BODY)})}), [("z.zip/a/b", BODY)]),
        ("z.zip", zipped({"a/": b"", "__MACOSX/a": b"x", "a/.DS_Store": b"x", "a/b": BODY}), [("z.zip/a/b", BODY)]),
    ],
    ids=itertools.count(),
)
def test_what_is_packed_comes_out(name: str, body: bytes, members: list[tuple[str, bytes]]) -> None:
    assert unpacked(name, body) == members


def _flagged_as_encrypted(archive: bytes) -> bytes:
    entry = archive.index(b"PK\x01\x02")
    return archive[: entry + 8] + bytes([archive[entry + 8] | 1]) + archive[entry + 9 :]


def _nested(times: int) -> bytes:
    return zipped({"a": _nested(times - 1)}) if times else zipped({"a": BODY})


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        (gzip.compress(BODY)[:-9], "f ends before its gzip stream does."),
        (b"\x1f\x8b" + b"\xff" * 20, "f is a damaged gzip file: .*"),
        (gzip.compress(BODY) + b"tail", "f is a damaged gzip file: .*"),
        (zipped({"a": BODY})[:-30], "f is a damaged zip file: .*"),
        (zipped({"a": BODY}).replace(b"PK\x01\x02", b"PK\x01\x03"), "f is a damaged zip file: .*"),
        (zipped({}), "f holds no file."),
        (zipped({"__MACOSX/a": b"x"}), "f holds no file."),
        (_nested(4), "f/a/a/a/a is inside more than 3 archives."),
        (zipped({"a": zipped({"b": BODY})[:-30]}), "f/a is a damaged zip file: .*"),
        (zipped({"a": gzip.compress(BODY)[:-9]}), "f/a ends before its gzip stream does."),
        (_flagged_as_encrypted(zipped({"a": BODY})), "f/a is encrypted."),
    ],
    ids=itertools.count(),
)
def test_what_cannot_be_unpacked_is_bad_input(body: bytes, cause: str) -> None:
    with pytest.raises(BadInput, match=f"^{cause}"):
        unpacked("f", body)


@pytest.mark.parametrize(
    ("body", "cause"),
    [
        (gzip.compress(b"0" * 1_001), OVER),
        (gzip.compress(b"0" * 600) + gzip.compress(b"0" * 600), OVER),
        (zipped({"a": b"0" * 1_001}), OVER),
        (zipped({"a": b"0" * 600, "b": b"0" * 600}), OVER),
        (zipped({"a": gzip.compress(b"0" * 5_000)}), OVER),
        (zipped({"a": zipped({"b": b"0" * 990})}), OVER),
        (zipped(dict.fromkeys("abcd", b"")), "f holds 4 files or more, the limit is 3."),
        (zipped({"a": zipped({"b": b"", "c": b""}), "d": b""}), "f holds 4 files or more, the limit is 3."),
    ],
    ids=itertools.count(),
)
def test_more_than_the_limit_is_refused(body: bytes, cause: str) -> None:
    with pytest.raises(TooLarge, match=f"^{cause}"):
        unpacked("f", body, SMALL)


def test_a_bomb_is_refused_before_it_fills_memory() -> None:
    """A gigabyte in a megabyte; the zip itself announces only the megabyte."""
    bomb = gzip.compress(bytes(1 << 20), 9) * 1_000
    with pytest.raises(TooLarge):
        unpacked("f", zipped({"a": bomb}), Limits(unpacked_bytes=3 << 20))


def overlapping(entries: int, size_bytes: int) -> bytes:
    """A zip of one file that its list of contents names many times."""
    one = zipped({"a.json": bytes(size_bytes)})
    start, end = one.index(b"PK\x01\x02"), one.index(b"PK\x05\x06")
    entry = one[start:end]
    tail = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, entries, entries, entries * len(entry), start, 0)
    return one[:start] + entry * entries + tail


@pytest.mark.parametrize("limits", [DEFAULT_LIMITS, Limits(unpacked_bytes=10**12)])
def test_a_zip_that_unpacks_one_file_many_times_is_refused_at_once(
    limits: Limits, monkeypatch: pytest.MonkeyPatch
) -> None:
    """900 entries of 10 MB in 55 kB: 9 GB, by its own list of contents."""
    body = overlapping(900, 10_000_000)
    monkeypatch.delattr(zipfile.ZipFile, "open")
    assert len(body) < 60_000
    with pytest.raises(BadInput, match=r"unpacks to more than the limit of 2,000,000,000 bytes|'a.json' overlap"):
        unpacked("f", body, limits)


@pytest.mark.parametrize(
    ("names", "what"),
    [
        (("[Content_Types].xml", "xl/workbook.xml", "xl/worksheets/sheet1.xml"), "an Excel workbook"),
        (("mimetype", "content.xml", "META-INF/manifest.xml"), "an OpenDocument file"),
    ],
)
def test_a_spreadsheet_is_said_to_be_one_and_spoils_no_other_file(names: tuple[str, ...], what: str) -> None:
    workbook = zipped(dict.fromkeys(names, b"<xml/>"))
    with pytest.raises(NoObservations, match=rf"^f is {what}\. Save its sheet as CSV"):
        unpacked("f", workbook)
    members = unpack("z", io.BytesIO(zipped({"a.xlsx": workbook, "b.json": BODY})))
    spoilt, sound = next(members), next(members)
    with pytest.raises(NoObservations, match=rf"^z/a\.xlsx is {what}"):
        list(spoilt.chunks)
    assert (sound.name, b"".join(sound.chunks)) == ("z/b.json", BODY)


def _archive(compression: int) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", compression) as file:
        file.writestr("é/a.json", BODY * 20)
        file.writestr("b.csv.gz", gzip.compress(b"x" * 200))
    return archive.getvalue()


_PACKED = [
    *map(_archive, (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)),
    gzip.compress(BODY * 20),
]


@settings(deadline=None)
@given(st.sampled_from(_PACKED), st.lists(st.tuples(st.integers(2, 700), st.integers(0, 255)), min_size=1, max_size=3))
def test_no_damage_raises_anything_but_bad_input(packed: bytes, changes: list[tuple[int, int]]) -> None:
    damaged = bytearray(packed)
    for place, byte in changes:
        damaged[place % len(packed)] = byte
    with contextlib.suppress(BadInput):
        unpacked("f", bytes(damaged))
