"""A file is cut where its records end, also where some of them are broken, and put together again."""

import re
import tracemalloc
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weather_platform.domain import record_files
from weather_platform.domain.errors import BadInput
from weather_platform.domain.parsing import Parsed, Refusal, parse
from weather_platform.domain.record_files import RecordFile, cut, cut_in_pieces
from weather_platform_tests.domain.broken import anything, csv_files, long_json_files, record

A, B, C = record(t=280), record(t=281, coordonnees={"lon": 7.2, "lat": 43.6}), record(t=282)
HEADER = b"numer_sta;date;t"


@pytest.mark.parametrize(
    ("body", "records"),
    [
        (b"[" + A + b"," + B + b"]", [A, B]),
        (b"\xef\xbb\xbf \n[" + A + b" ,\r\n " + B + b"]\n\n", [A, B]),
        (b'{"total_count": 2, "results": [' + A + b"," + B + b"]}", [A, B]),
        (b'{"nhits": 2, "parameters": {"rows": 1}, "records": [' + A + b"], " + b'"facet_groups": []}', [A]),
        (A, [A]),
        (A + b"\n", [A]),
        (A + b"\n\n" + B + b"\r\n", [A, B]),
        (b"[]", []),
        (b'{"total_count": 0, "results": []}', []),
        (b'[5, "x", null]', [b"5", b'"x"', b"null"]),
    ],
)
def test_sound_json_is_cut_at_its_records(body: bytes, records: list[bytes]) -> None:
    assert [bytes(found) for found in cut(body).records] == records


@pytest.mark.parametrize(
    ("body", "records"),
    [
        pytest.param(b"[" + A + b"," + B[:-9], [A, B[:-9]], id="an export that ends too early"),
        pytest.param(b'{"results":[' + A + b"," + B[:-9], [A, B[:-9]], id="an answer that ends too early"),
        pytest.param(b'{"nhits":2,"parameters":{"a":1},"records":[' + A + b"," + B[:-9], [A, B[:-9]], id="so of v1"),
        pytest.param(b"[" + A + b',{"t":},' + B + b"]", [A, b'{"t":}', B], id="a value left out"),
        pytest.param(b"[" + A + b',{"t":,' + B + b"]", [A, b'{"t":', B], id="a record that does not end"),
        pytest.param(b"[" + A + b',{"t":NaN},' + B + b"]", [A, b'{"t":NaN}', B], id="NaN"),
        pytest.param(b"[" + A + b"\n" + B + b"]", [A, B], id="a comma left out"),
        pytest.param(b"[" + A + b",," + B + b",]", [A, B], id="too many commas"),
        pytest.param(b"[" + A + b"]\n[" + B + b"]\n", [A, B], id="two files, one after the other"),
        pytest.param(
            b"[" + A + b"," + B + b"]Streaming interrupted", [A, B, b"Streaming interrupted"], id="words after"
        ),
        pytest.param(b"[" + A + b", nothing, " + B + b"]", [A, b"nothing", B], id="a word between"),
        pytest.param(b"[" + b'{"nom":"\xff"' + b"," + B + b"]", [b'{"nom":"\xff"', B], id="no UTF-8"),
        pytest.param(A + b'\n{"t":\n' + B, [A, b'{"t":', B], id="a bad line"),
        pytest.param(A[:-1] + b"\n" + B, [A[:-1], B], id="a bad first line"),
        pytest.param(b'[{"t":' + b"[" * 9_999 + b"\n," + B + b"]", [b'{"t":' + b"[" * 9_999, B], id="a deep nest"),
    ],
)
def test_a_broken_record_is_found_alone(body: bytes, records: list[bytes]) -> None:
    file = cut(body)
    assert [bytes(found) for found in file.records] == records
    assert [bytes(again) for again in cut(file.with_records(file.records)).records] == records


@pytest.mark.parametrize("line_end", [b"\n", b"\r\n", b"\r"])
def test_csv_is_cut_at_any_line_end(line_end: bytes) -> None:
    file = cut(line_end.join([b"\xef\xbb\xbf" + HEADER, b"07690;x;1", b"", b" ", b"07149;y;2", b""]))
    assert file == ("csv", [b"07690;x;1", b"07149;y;2"], HEADER, "utf-8", ";", True, None)


@pytest.mark.parametrize(
    ("encoding", "recognised"),
    [("utf-8", "utf-8"), ("mac_roman", "mac_roman"), ("cp1252", "cp1252"), ("latin-1", "cp1252")],
)
def test_the_accents_of_the_header_tell_the_encoding(encoding: str, recognised: str) -> None:
    header = "ID OMM station;Date;Température;Periode de mesure de la rafale".encode(encoding)
    assert cut(header + b"\n").encoding == recognised


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" \n\t",
        b"\xef\xbb\xbf",
        b"a,b,c\n1,2,3",
        b"null",
        b"42",
        b"<html></html>",
        b"[",
        b"[[[",
        b"\x00" * 9,
        b"[" * 99_999,
    ],
)
def test_a_file_without_observations_is_bad_input(body: bytes) -> None:
    with pytest.raises(BadInput, match=r"No observations can be read here.*"):
        cut(body)


def test_broken_records_are_not_put_together_to_a_sound_one() -> None:
    halves = [b'{"a":[1', b"2]}", b'{"b":"', b'"}']
    file = cut(b"\x1e" + b"\x1e".join(halves))
    assert file.records == halves == cut(file.with_records(halves)).records


@settings(deadline=None)
@given(anything, st.data())
def test_any_part_of_a_file_is_a_file_of_the_same_records(body: bytes, data: st.DataObject) -> None:
    """The raw store keeps a file's records by month, and finds each again byte for byte."""
    try:
        file = cut(body)
    except BadInput:
        return
    chosen = [n for n in range(len(file.records)) if data.draw(st.booleans())]
    again = cut(file.with_records([file.records[n] for n in chosen]))
    assert [bytes(record) for record in again.records] == [bytes(file.records[n]) for n in chosen]
    read = list(parse(file))
    assert [_meaning(item) for item in parse(again)] == [_meaning(read[n]) for n in chosen]


@settings(deadline=None)
@given(anything, st.integers(0, 5))
def test_parts_of_a_file_are_joined_to_the_whole(body: bytes, at: int) -> None:
    try:
        file = cut(body)
    except BadInput:
        return
    parts = [records for records in (file.records[:at], file.records[at:]) if records]
    if parts:
        assert file.joined(map(file.with_records, parts)) == file.with_records(file.records)


def test_what_was_stored_is_cut_without_a_copy() -> None:
    body = cut(A).with_records([record(nom="x" * 10_000)] * 500)
    tracemalloc.start()
    records = cut(body).records
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (len(records), peak_bytes < len(body) / 10) == (500, True)


def _in_pieces(body: bytes, piece_bytes: int) -> list[RecordFile]:
    return list(cut_in_pieces((body[at : at + 7] for at in range(0, len(body), 7)), piece_bytes))


def _readable(file: RecordFile) -> list[bytes]:
    return [bytes(item.raw) for item in parse(file) if isinstance(item, Parsed)]


@settings(deadline=None)
@given(anything | long_json_files | csv_files, st.integers(1_500, 4_000))
def test_a_file_in_pieces_holds_the_records_of_the_whole(body: bytes, piece_bytes: int) -> None:
    try:
        whole = cut(body)
    except BadInput as error:
        with pytest.raises(BadInput, match=f"^{re.escape(error.cause)}"):
            _in_pieces(body, piece_bytes)
        return
    pieces = _in_pieces(body, piece_bytes)
    if whole.is_whole:
        assert [bytes(record) for piece in pieces for record in piece.records] == [bytes(r) for r in whole.records]
    else:  # of a broken file a piece may give more: what is broken reaches no further than its piece
        found = iter([record for piece in pieces for record in _readable(piece)])
        assert all(record in found for record in _readable(whole))


def test_pieces_are_no_larger_than_asked_for() -> None:
    records = [record(t=250 + n % 60) for n in range(200)]
    for body in (b"[" + b",".join(records) + b"]", b"\n".join(records), HEADER + b"\n1;2;3" * 2_000):
        pieces = _in_pieces(body, 5_000)
        assert 2 < len(pieces) < 6
        assert all(sum(map(len, piece.records)) <= 5_007 for piece in pieces)


def test_a_file_without_record_ends_is_refused_before_it_fills_memory(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(record_files, "_LONGEST_RECORD_BYTES", 1 << 20)
    read = 0

    def endless() -> Iterator[bytes]:
        nonlocal read
        yield b'[{"nom": "'
        while True:
            read += 1 << 20
            yield b"x" * (1 << 20)

    with pytest.raises(BadInput, match="No record ends within 1,048,576 bytes"):
        list(cut_in_pieces(endless(), 1 << 16))
    assert read < 4 << 20


def _meaning(item: Parsed | Refusal) -> tuple[object, ...]:
    return (item.place, item.record) if isinstance(item, Parsed) else item[1:]


@settings(deadline=None)
@given(anything)
def test_no_bytes_stop_the_reading(body: bytes) -> None:
    try:
        file = cut(body)
    except BadInput:
        return
    assert [item.position for item in parse(file)] == list(range(1, len(file.records) + 1))
