"""Files come out of gzip and zip whole and within limits, or are bad input."""

import contextlib
import gzip
import io
import itertools
import zipfile

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weather_platform.domain.errors import BadInput, TooLarge
from weather_platform.domain.unpacking import DEFAULT_LIMITS, Limits, unpack
from weather_platform_tests.domain.forms import zipped

BODY = b'[{"numer_sta": "07690"}]'
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
        ("z.zip", zipped({"a.json.gz": gzip.compress(BODY)}), [("z.zip/a.json.gz", BODY)]),
        ("z.zip", zipped({"a/": b"", "__MACOSX/a": b"x", "a/.DS_Store": b"x", "a/b": BODY}), [("z.zip/a/b", BODY)]),
    ],
    ids=itertools.count(),
)
def test_what_is_packed_comes_out(name: str, body: bytes, members: list[tuple[str, bytes]]) -> None:
    assert unpacked(name, body) == members


def _flagged_as_encrypted(archive: bytes) -> bytes:
    entry = archive.index(b"PK\x01\x02")
    return archive[: entry + 8] + bytes([archive[entry + 8] | 1]) + archive[entry + 9 :]


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
        (zipped({"a": zipped({"b": BODY})}), "f/a is a zip inside a zip."),
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
        (gzip.compress(b"0" * 1_001), "f unpacks to more than 1,000 bytes."),
        (gzip.compress(b"0" * 600) + gzip.compress(b"0" * 600), "f unpacks to more than 1,000 bytes."),
        (zipped({"a": b"0" * 1_001}), "f/a unpacks to more than 1,000 bytes."),
        (zipped({"a": b"0" * 600, "b": b"0" * 600}), "f/b unpacks to more than 400 bytes."),
        (zipped({"a": gzip.compress(b"0" * 5_000)}), "f/a unpacks to more than 1,000 bytes."),
        (zipped(dict.fromkeys("abcd", b"")), "f holds 4 files, more than 3."),
    ],
    ids=itertools.count(),
)
def test_more_than_the_limit_is_refused(body: bytes, cause: str) -> None:
    with pytest.raises(TooLarge, match=f"^{cause}"):
        unpacked("f", body, SMALL)


def test_a_bomb_is_refused_before_it_fills_memory() -> None:
    """A gigabyte in a megabyte; the size that the zip itself claims is not asked."""
    bomb = gzip.compress(bytes(1 << 20), 9) * 1_000
    with pytest.raises(TooLarge):
        unpacked("f", zipped({"a": bomb}), Limits(unpacked_bytes=3 << 20))


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
