"""Intake: one object per month and file, every record as received, all of a posting or nothing."""

import gzip
import io
import json
import tempfile
import tracemalloc
from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weather_platform import intake as intake_module
from weather_platform.domain.errors import BadInput, StoreUnavailable
from weather_platform.domain.months import Month, Partitions
from weather_platform.domain.parsing import Parsed, parse
from weather_platform.domain.provenance import ETALAB, UNPLACED, Provenance
from weather_platform.domain.record_files import RecordFile, cut, cut_in_pieces
from weather_platform.domain.staging import StagedMonth, stage
from weather_platform.intake import Intake, Stored, receive
from weather_platform.pipeline import RawMonth
from weather_platform.storage.blobs import FolderBlobs
from weather_platform.storage.raw import RawStore
from weather_platform_tests.domain.broken import long_json_files, record
from weather_platform_tests.domain.forms import zipped
from weather_platform_tests.observations import NICE

FROM_2010 = Partitions(Month(2010, 1))
NOON = datetime(2024, 2, 1, 12, tzinfo=UTC)
ORIGIN = Provenance(source="upload", name="f.json", licence=ETALAB)


@pytest.fixture
def raw(tmp_path: Path) -> RawStore:
    return RawStore(FolderBlobs(tmp_path))


def report(time: str, **values: Any) -> bytes:
    return record(**{"numer_sta": NICE, "date": f"{time}:00:00Z", "t": None, **values})


def array(*records: bytes) -> bytes:
    return b"[" + b",".join(records) + b"]"


GOOD = array(report("2023-12-01T00"))


def in_a_zip(*files: bytes) -> list[bytes]:
    return [zipped(dict(zip("ab", files, strict=True)))]


def one_by_one(*files: bytes) -> list[bytes]:
    return list(files)


def take_in(raw: RawStore, *bodies: bytes, name: str = "f.json", received: datetime | None = NOON) -> list[Stored]:
    with Intake(FROM_2010) as intake:
        for body in bodies:
            intake.add(name, io.BytesIO(body))
        return intake.keep(raw, ORIGIN, received)


def test_a_file_becomes_an_object_a_month_with_every_record_as_it_came(raw: RawStore) -> None:
    december, november, warm, early, empty = (
        report("2023-12-01T00"),
        report("2023-11-30T21"),
        report("2023-12-02T00", t="warm"),
        report("2009-12-31T21"),
        b"{}",
    )
    body = gzip.compress(array(december, november, warm, early, empty))
    stored = {s.object.partition: s for s in take_in(raw, body, name="f.json.gz")}
    assert {partition: raw.read(s.object) for partition, s in stored.items()} == {
        "2023-11": b"[" + november + b"]\n",
        "2023-12": b"[" + december + b",\n" + warm + b"]\n",
        UNPLACED: b"[" + early + b",\n" + empty + b"]\n",
    }
    assert {partition: (s.new, s.refused, s.object.records, s.object.received) for partition, s in stored.items()} == {
        "2023-11": (True, {}, 1, NOON),
        "2023-12": (True, {"not_a_number": 1}, 2, NOON),
        UNPLACED: (True, {"no_station_number": 1}, 2, NOON),
    }
    assert [s.object.provenance for s in stored.values()] == [ORIGIN] * 3


def readable(body: bytes) -> list[bytes]:
    return [bytes(item.raw) for item in parse(cut(body)) if isinstance(item, Parsed)]


@pytest.mark.parametrize(
    ("bodies", "cause"),
    [
        ([zipped({"a.txt": b"hello"})], "z/a.txt: No observations"),
        ([zipped({"a.txt": b"hello", "b": b"{}"})], "None of the 2 files in z holds observations. z/a.txt: No"),
        ([zipped({"good.json": GOOD, "bad.json.gz": gzip.compress(GOOD)[:-9]})], "z/bad.json.gz ends before"),
        ([GOOD, b"nothing"], "z: No observations"),
        ([GOOD, gzip.compress(b"[")[:-9]], "z ends before its gzip stream does"),
    ],
    ids=["a zip of nothing", "a zip of several", "a damaged member", "another file", "a gzip cut short"],
)
def test_a_file_that_cannot_be_read_leaves_nothing_of_the_others(
    raw: RawStore, bodies: list[bytes], cause: str
) -> None:
    with pytest.raises(BadInput, match=f"^{cause}"):
        take_in(raw, *bodies, name="z")
    assert raw.partitions() == []


def test_files_in_a_zip_without_observations_are_named_and_passed_over(raw: RawStore) -> None:
    stations = b'{"type":"FeatureCollection","features":[{"properties":{"Id":"07690","Nom":"NICE"}}]}'
    members = {
        "README.txt": b"Good morning",
        "postesSynop.csv": b"ID;Nom;Latitude;Longitude;Altitude\n07690;NICE;43.65;7.21;2\n",
        "postes_synop.geojson": stations,
        "empty.csv": b"",
        "sheet.xlsx": zipped({"[Content_Types].xml": b"", "xl/workbook.xml": b""}),
        "\x1b[2Jhidden.exe": b"MZ",
        "__MACOSX/._a.json": b"\0\5\x16\7",
        ".DS_Store": b"\0\0\0\1Bud1",
        "months/a": GOOD,
    }
    with Intake(FROM_2010) as intake:
        intake.add("z.zip", io.BytesIO(zipped(members)))
        stored = intake.keep(raw, ORIGIN, NOON)
        passed_over = [(file.name, file.cause) for file in intake.passed_over]
    assert [(each.object.provenance.name, each.object.records, each.refused) for each in stored] == [
        ("z.zip/months/a", 1, {})
    ]
    assert passed_over == [
        ("z.zip/README.txt", "No observations can be read here: the file begins with b'Good morning'."),
        (
            "z.zip/postesSynop.csv",
            "No observations can be read here: the file begins with b'ID;Nom;Latitude;Longitude;Altitude\\n07690'.",
        ),
        ("z.zip/postes_synop.geojson", "None of its records has a station or a date."),
        ("z.zip/empty.csv", "No observations can be read here: the file is empty."),
        ("z.zip/sheet.xlsx", "z.zip/sheet.xlsx is an Excel workbook."),
        ("z.zip/\ufffd[2Jhidden.exe", "No observations can be read here: the file begins with b'MZ'."),
    ]


def test_a_thousand_files_passed_over_make_no_long_receipt() -> None:
    members = {f"{n:04}{'x' * 400}": b"hello" for n in range(999)} | {"a": GOOD}
    with Intake(FROM_2010) as intake:
        intake.add("z", io.BytesIO(zipped(members)))
    assert len(intake.passed_over) == 51
    assert intake.passed_over[-1].cause == "949 more files hold no observations."
    assert max(len(file.name) for file in intake.passed_over) == 300


def test_columns_that_are_not_used_are_named_once() -> None:
    files = {
        "a.csv": b"numer_sta;date;t;wind;w1\n07690;20231201000000;287.15;3;2\n",
        "b.json": array(report("2023-12-01T03", wind=3, geop=None)),
    }
    with Intake(FROM_2010) as intake:
        intake.add("z", io.BytesIO(zipped(files)))
    assert intake.unused_columns == ["wind", "w1", "geop"]


@pytest.mark.parametrize("order", [(280, 290), (290, 280)])
@pytest.mark.parametrize("together", [in_a_zip, one_by_one])
def test_of_files_of_one_posting_the_later_is_received_later(
    raw: RawStore, order: tuple[int, int], together: Callable[..., list[bytes]]
) -> None:
    """Both report the same station and time: which one counts is their order's business, not their hashes'."""
    take_in(raw, *together(*(array(report("2023-12-01T00", t=t)) for t in order)))
    received = [(obj.received - NOON, json.loads(raw.read(obj))[0]["t"]) for obj in raw.objects("2023-12")]
    assert received == [(timedelta(0), order[0]), (timedelta(microseconds=1), order[1])]


@settings(deadline=None, max_examples=30)
@given(long_json_files, st.integers(1_500, 4_000))
def test_pieces_of_a_file_are_put_together_to_the_objects_of_the_whole(body: bytes, piece_bytes: int) -> None:
    try:
        cut(body)
    except BadInput:
        return
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        cut_small(patch, piece_bytes)
        raw = RawStore(FolderBlobs(Path(folder)))
        stored = receive(raw, body, ORIGIN, FROM_2010)
        objects = [raw.read(each.object) for each in stored]
        assert [as_sorted(each) for each in stored] == [as_read(raw, each) for each in stored]
    assert sorted(readable(body)) == sorted(found for each in objects for found in readable(each))


def cut_small(patch: pytest.MonkeyPatch, piece_bytes: int) -> None:
    """Have files cut in pieces of about so many bytes; a piece is never smaller than a chunk of the file."""

    def pieces(chunks: Iterable[bytes]) -> Iterator[RecordFile]:
        body = b"".join(chunks)
        return cut_in_pieces((body[at : at + 1_000] for at in range(0, len(body), 1_000)), piece_bytes)

    patch.setattr(intake_module, "cut_in_pieces", pieces)


def as_sorted(stored: Stored) -> StagedMonth | None:
    """What is staged of an object from the records that sorting has parsed."""
    return stored.parsed and stage([(stored.object, stored.parsed.read())])


def as_read(raw: RawStore, stored: Stored) -> StagedMonth | None:
    """What is staged from its bytes; None if a record is refused, or has no month."""
    if stored.refused or stored.object.partition == UNPLACED:
        return None
    return stage([(stored.object, cut(raw.read(stored.object)))])


@pytest.mark.parametrize("rare", [0, 127, 128, 129, 200, 256, 511])
def test_columns_are_those_of_the_whole_object_however_it_was_cut(
    raw: RawStore, monkeypatch: pytest.MonkeyPatch, rare: int
) -> None:
    cut_small(monkeypatch, 5_000)
    times = [f"2023-{12 - n % 2}-{n // 24 + 1:02d}T{n % 24:02d}" for n in range(600)]
    records = [report(time, **({"u": 80} if n // 2 == rare else {})) for n, time in enumerate(times)]
    stored = take_in(raw, array(*records), received=None)
    assert [as_sorted(each) for each in stored] == [as_read(raw, each) for each in stored]


def test_more_records_than_are_staged_at_once_are_not_kept_parsed(
    raw: RawStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake_module, "RECORDS_AT_ONCE", 2)
    times = ["2023-11-01T00", "2023-11-01T03", "2023-12-01T00", "2023-12-01T03", "2023-12-01T06"]
    stored = take_in(raw, array(*map(report, times)), received=None)
    assert {each.object.partition: each.parsed is not None for each in stored} == {"2023-11": True, "2023-12": False}


def test_the_cells_of_a_csv_are_staged_as_sorting_has_parsed_them(raw: RawStore) -> None:
    body = b"numer_sta;date;tc;rr3;n;u\n07690;20231201000000;14,0;-0.1;101;\n07690;20231201030000;;0;50;88\n"
    (stored,) = take_in(raw, body, received=None)
    assert as_sorted(stored) == as_read(raw, stored) != None  # noqa: E711  # both are there


def test_records_parsed_after_their_object_was_received_are_read_from_it(raw: RawStore) -> None:
    """One of them may be later than its receipt, and so refused."""
    early = NOON - timedelta(days=60)
    (first,) = take_in(raw, array(report("2024-01-15T00"), report("2023-12-02T00")), received=early)[:1]
    again = take_in(raw, array(report("2024-01-15T00"), report("2023-12-02T00")), received=None)
    known = {each.object.name: each.parsed for each in again if each.parsed}
    assert first.object.name in known
    for month in (Month(2024, 1), Month(2023, 12)):
        month_of = RawMonth(raw, month)
        assert stage(month_of.parsed(known)) == stage(month_of)
    assert stage(RawMonth(raw, Month(2024, 1)).parsed(known)).quarantine


def test_a_pile_too_high_for_memory_is_several_objects_of_one_month(
    raw: RawStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    cut_small(monkeypatch, 5_000)
    monkeypatch.setattr(intake_module, "_OBJECT_BYTES", 10_000)
    records = [report(f"2023-12-{n // 8 + 1:02d}T{n % 8 * 3:02d}", t=250 + n % 60) for n in range(240)]
    stored = take_in(raw, array(*records))
    assert len(stored) == 2
    found = [bytes(each) for _, file in RawMonth(raw, Month(2023, 12)) for each in file.records]
    assert found == records


def test_memory_does_not_grow_with_the_file(raw: RawStore, tmp_path: Path) -> None:
    def peak_mb(months: int) -> float:
        path = tmp_path / f"{months}.json"
        with path.open("wb") as file:
            for n in range(months):
                month = f"{2010 + n // 12}-{n % 12 + 1:02d}"
                file.writelines(report(f"{month}-{d:02d}T00", nom="x" * 100_000) + b"\n" for d in range(1, 29))
        tracemalloc.start()
        with Intake(FROM_2010) as intake, path.open("rb") as file:
            intake.add(path.name, file)
            assert len(intake.keep(raw, ORIGIN, NOON)) == months
        peak = tracemalloc.get_traced_memory()[1] / 1e6
        tracemalloc.stop()
        return peak

    few, many = peak_mb(12), peak_mb(60)  # 34 and 170 MB
    assert many < few * 1.2
    assert many < 20


def test_a_full_disk_is_an_outage_with_its_cure_and_keeps_nothing(
    raw: RawStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "TemporaryFile", partial(Path("/dev/full").open, "r+b"))
    with pytest.raises(StoreUnavailable, match=r"No space left on device\. Free space in this machine's TMPDIR"):
        take_in(raw, GOOD)
    assert raw.partitions() == []
