"""The Météo-France source against folders and a web server: files by year and by month, whole and broken."""

import gzip
import hashlib
import os
import re
import tempfile
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weather_platform.domain.errors import BadInput, BadSettings, EmptyMonth, SourceUnavailable, WeatherError
from weather_platform.domain.months import Month
from weather_platform.sources.archive_files import archive_lines, cut_into_months
from weather_platform.sources.meteofrance import MeteoFranceSource
from weather_platform.sources.port import DOWNLOADS, ETALAB, Payload, Provenance
from weather_platform_tests import sample_months
from weather_platform_tests.domain.forms import annual_csv
from weather_platform_tests.sources.waiting import FIRST_BACKOFF_S, retry_policy
from weather_platform_tests.sources.web_server import Answer, Request, WebServer, serving

DECEMBER = Month(2023, 12)
MONTHS_OF_2023 = [Month(2023, number) for number in range(1, 13)]
ANNUAL_HEADER = b"lat;lon;geo_id_wmo;geo_id_wigos;name;reference_time;insert_time;validity_time;pmer;tend\n"
MONTHLY_HEADER = b"numer_sta;date;pmer;tend;\n"


def annual_line(station: str, time: str, pressure_pa: str = "101500") -> bytes:
    return f"48.7;2.4;{station};0-20000-0-{station};NOM;;;{time};{pressure_pa};-110\n".encode()


def annual(*lines: bytes) -> bytes:
    return gzip.compress(ANNUAL_HEADER + b"".join(lines), mtime=0)


def monthly(*lines: bytes) -> bytes:
    return gzip.compress(MONTHLY_HEADER + b"".join(lines), mtime=0)


YEAR_2023 = [
    annual_line(station, f"{month}-15T12:00:00Z") for month in MONTHS_OF_2023 for station in ("07690", "07149")
]
WHOLE = annual(*YEAR_2023)
MONTH_LINES = (b"07149;20231201000000;101500;mq;\n", b"07690;20231201000000;mq;-110;\n")


class Archive:
    """Files by name; answers have their content's ETag and yield to If-None-Match and Range, as object storage does."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files

    def answer(self, request: Request) -> Answer:
        body = self.files.get(request.path.removeprefix("/SYNOP/"))
        if body is None:
            return Answer(status=404, body=b"<Error><Code>NoSuchKey</Code></Error>")
        etag = f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}-1"'
        if request.headers.get("If-None-Match") == etag:
            return Answer(status=304, headers={"ETag": etag})
        asked = re.fullmatch(r"bytes=(\d+)-", request.headers.get("Range", ""))
        if asked and request.headers.get("If-Range") == etag:
            first = int(asked[1])
            if first >= len(body):
                return Answer(status=416)
            part = f"bytes {first}-{len(body) - 1}/{len(body)}"
            return Answer(status=206, body=body[first:], headers={"ETag": etag, "Content-Range": part})
        return Answer(body=body, headers={"ETag": etag})


@pytest.fixture
def archive() -> Archive:
    return Archive({"synop_2023.csv.gz": WHOLE})


@pytest.fixture
def web(archive: Archive) -> Iterator[WebServer]:
    with serving(archive.answer) as server:
        yield server


@pytest.fixture
def waited_s() -> list[float]:
    return []


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def source(web: WebServer, cache: Path, waited_s: list[float]) -> MeteoFranceSource:
    return MeteoFranceSource(f"{web.url}/SYNOP/", cache, retry_policy(waited_s))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "archive"
    folder.mkdir()
    return folder


def from_folder(folder: Path) -> MeteoFranceSource:
    return MeteoFranceSource(str(folder), folder.with_name("cache of it"))


def statuses(web: WebServer) -> list[str]:
    """What was asked for, and whether it was a first or a repeated question."""
    return [
        f"{path}{' again' if 'If-None-Match' in request.headers else ''}"
        for path, request in zip(web.paths, web.requests, strict=True)
    ]


def test_a_monthly_file_in_a_folder_comes_as_published(folder: Path, tmp_path: Path) -> None:
    sample_months.write_archive(folder, "2023-12")
    payload = MeteoFranceSource(str(folder), tmp_path / "cache").fetch(DECEMBER)
    assert payload == Payload(
        body=sample_months.archive("2023-12"),
        provenance=Provenance(source="meteofrance", name="synop.202312.csv.gz", licence=ETALAB),
    )
    assert not (tmp_path / "cache").exists()


def test_stations_chosen_from_a_month_are_its_lines_of_theirs(folder: Path, tmp_path: Path) -> None:
    sample_months.write_archive(folder, "2023-12")
    payload = MeteoFranceSource(folder.as_uri(), tmp_path).fetch(DECEMBER, ["07690", "07005"])
    header, *lines = sample_months.archive("2023-12").splitlines(keepends=True)
    assert payload.body == header + b"".join(line for line in lines if line[:5] in (b"07690", b"07005"))


def test_lines_of_the_annual_file_stay_as_they_are(folder: Path) -> None:
    annual = annual_csv(sample_months.records("2026-01", ("07510",)))
    (folder / "synop_2026.csv.gz").write_bytes(gzip.compress(annual))
    payload = from_folder(folder).fetch(Month(2026, 1))
    assert payload.body == annual
    assert payload.provenance.name == "synop_2026.csv.gz"
    with pytest.raises(EmptyMonth, match=r"synop_2026\.csv\.gz has no observation for 2026-02"):
        from_folder(folder).fetch(Month(2026, 2))


def test_a_month_of_the_year_is_its_own_lines(source: MeteoFranceSource, web: WebServer) -> None:
    payload = source.fetch(Month(2023, 5))
    assert payload.body == ANNUAL_HEADER + b"".join(YEAR_2023[8:10])
    assert payload.provenance.name == f"{web.url}/SYNOP/synop_2023.csv.gz"


def test_a_station_of_the_year_is_its_own_lines(source: MeteoFranceSource) -> None:
    assert source.fetch(Month(2023, 5), ["07149"]).body == ANNUAL_HEADER + YEAR_2023[9]
    with pytest.raises(EmptyMonth, match="2023-05 of 07005"):
        source.fetch(Month(2023, 5), ["07005"])


def test_twelve_months_fetch_their_year_once(source: MeteoFranceSource, web: WebServer) -> None:
    bodies = [source.fetch(month).body for month in MONTHS_OF_2023]
    assert b"".join(body.removeprefix(ANNUAL_HEADER) for body in bodies) == b"".join(YEAR_2023)
    assert statuses(web) == ["synop_2023.csv.gz"] + ["synop_2023.csv.gz again"] * 11


def test_a_year_fetched_by_one_process_serves_the_next(
    source: MeteoFranceSource, web: WebServer, cache: Path, waited_s: list[float]
) -> None:
    first = source.fetch(DECEMBER)
    assert MeteoFranceSource(f"{web.url}/SYNOP", cache, retry_policy(waited_s)).fetch(DECEMBER) == first
    assert statuses(web) == ["synop_2023.csv.gz", "synop_2023.csv.gz again"]


def test_a_rewritten_year_is_fetched_again(source: MeteoFranceSource, archive: Archive) -> None:
    source.fetch(DECEMBER)
    late = annual_line("07005", "2023-12-15T12:00:00Z")
    archive.files["synop_2023.csv.gz"] = annual(*YEAR_2023, late)
    assert source.fetch(DECEMBER).body == ANNUAL_HEADER + b"".join(YEAR_2023[-2:]) + late
    archive.files["synop_2023.csv.gz"] = annual(*YEAR_2023)
    assert source.fetch(DECEMBER).body == ANNUAL_HEADER + b"".join(YEAR_2023[-2:])


def versions(cache: Path) -> list[Path]:
    """The versions of files that the cache holds."""
    return sorted(path.parent for path in cache.glob("*/*/.validators.json"))


def test_a_version_unused_for_a_day_leaves_the_cache(source: MeteoFranceSource, archive: Archive, cache: Path) -> None:
    source.fetch(DECEMBER)
    (old,) = versions(cache)
    killed = old.with_name("0123.new")
    killed.mkdir()
    for path in (old, killed):
        os.utime(path, (0, 0))
    archive.files["synop_2023.csv.gz"] = annual(*YEAR_2023[-1:])
    assert source.fetch(DECEMBER).body == ANNUAL_HEADER + YEAR_2023[-1]
    assert old not in versions(cache)
    assert len(versions(cache)) == 1
    assert not killed.exists()


def test_a_version_that_is_asked_for_stays(source: MeteoFranceSource, cache: Path) -> None:
    source.fetch(DECEMBER)
    (kept,) = versions(cache)
    os.utime(kept, (0, 0))
    source.fetch(DECEMBER)
    assert kept.stat().st_mtime > 0


def test_a_download_goes_on_where_it_broke_off(
    source: MeteoFranceSource, web: WebServer, archive: Archive, waited_s: list[float]
) -> None:
    etag = archive.answer(Request("/SYNOP/synop_2023.csv.gz", {}, {})).headers["ETag"]
    web.faults["2023.csv.gz"].append(Answer(body=WHOLE, headers={"ETag": etag}, cut_after=100))
    assert source.fetch(DECEMBER).body == ANNUAL_HEADER + b"".join(YEAR_2023[-2:])
    (again,) = web.requests[1:]
    assert (again.headers["Range"], again.headers["If-Range"], len(waited_s)) == ("bytes=100-", etag, 1)


def test_a_download_that_was_killed_goes_on_in_the_next_process(
    source: MeteoFranceSource, web: WebServer, archive: Archive, cache: Path, waited_s: list[float]
) -> None:
    etag = archive.answer(Request("/SYNOP/synop_2023.csv.gz", {}, {})).headers["ETag"]
    web.faults["2023.csv.gz"].extend([Answer(body=WHOLE, headers={"ETag": etag}, cut_after=100)] * 4)
    with pytest.raises(SourceUnavailable):
        source.fetch(DECEMBER)
    later = MeteoFranceSource(f"{web.url}/SYNOP", cache, retry_policy(waited_s))
    assert later.fetch(DECEMBER).body == ANNUAL_HEADER + b"".join(YEAR_2023[-2:])
    assert web.requests[-1].headers["Range"] == "bytes=100-"


def test_a_file_that_changed_while_it_was_on_its_way_begins_again(
    source: MeteoFranceSource, web: WebServer, archive: Archive
) -> None:
    web.faults["2023.csv.gz"].append(Answer(body=WHOLE, headers={"ETag": '"of yesterday"'}, cut_after=100))
    archive.files["synop_2023.csv.gz"] = annual(*YEAR_2023[-1:])
    assert source.fetch(DECEMBER).body == ANNUAL_HEADER + YEAR_2023[-1]


@pytest.mark.parametrize(
    "wrong",
    [
        Answer(status=416),
        Answer(status=206, body=WHOLE[100:], headers={"ETag": '"other"', "Content-Range": "bytes 100-200/300"}),
        Answer(status=206, body=WHOLE[99:], headers={"ETag": '"e"', "Content-Range": "bytes 99-200/300"}),
    ],
)
def test_a_rest_that_does_not_fit_is_not_joined(source: MeteoFranceSource, web: WebServer, wrong: Answer) -> None:
    web.faults["2023.csv.gz"].extend([Answer(body=WHOLE, headers={"ETag": '"e"'}, cut_after=100), wrong])
    assert source.fetch(DECEMBER).body == ANNUAL_HEADER + b"".join(YEAR_2023[-2:])
    assert "Range" not in web.requests[-1].headers


def test_a_file_without_an_etag_is_asked_for_by_its_date(source: MeteoFranceSource, web: WebServer) -> None:
    date = "Wed, 10 Jan 2024 07:00:00 GMT"
    web.faults["2023.csv.gz"].extend([Answer(body=WHOLE, headers={"Last-Modified": date}), Answer(status=304)])
    assert source.fetch(DECEMBER) == source.fetch(DECEMBER)
    assert web.requests[-1].headers["If-Modified-Since"] == date


def test_a_download_is_told_in_bytes(source: MeteoFranceSource, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", DOWNLOADS):
        source.fetch(DECEMBER)
        source.fetch(DECEMBER.previous)
    (said,) = [record for record in caplog.records if record.name == DOWNLOADS]
    assert (said.__dict__["file"], said.__dict__["received"]) == ("synop_2023.csv.gz", len(WHOLE))


def test_without_etag_and_date_a_file_is_fetched_every_time(source: MeteoFranceSource, web: WebServer) -> None:
    bodies = [annual(YEAR_2023[-2]), annual(YEAR_2023[-1])]
    web.faults["csv.gz"].extend(Answer(body=body) for body in bodies)
    assert [source.fetch(DECEMBER).body for _ in bodies] == [ANNUAL_HEADER + line for line in YEAR_2023[-2:]]
    assert statuses(web) == ["synop_2023.csv.gz"] * 2


def test_an_object_marked_as_gzip_encoded_is_kept_as_published(source: MeteoFranceSource, web: WebServer) -> None:
    web.faults["2023.csv.gz"].append(Answer(status=404))
    published = Answer(body=monthly(*MONTH_LINES), headers={"Content-Encoding": "gzip", "ETag": '"e"'})
    web.faults["202312.csv.gz"].append(published)
    assert source.fetch(DECEMBER).body == gzip.decompress(published.body)
    assert web.paths == ["synop_2023.csv.gz", "synop.202312.csv.gz"]
    assert web.requests[-1].headers["Accept-Encoding"] == "identity"


def test_workers_that_share_a_cache_download_a_year_once(web: WebServer, cache: Path, waited_s: list[float]) -> None:
    bodies: list[bytes] = []

    def work() -> None:
        worker = MeteoFranceSource(f"{web.url}/SYNOP", cache, retry_policy(waited_s))
        bodies.append(worker.fetch(DECEMBER).body)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert bodies == [ANNUAL_HEADER + b"".join(YEAR_2023[-2:])] * 4
    assert statuses(web).count("synop_2023.csv.gz") == 1
    assert len(versions(cache)) == 1


def test_without_an_annual_file_the_monthly_one_is_requested(
    source: MeteoFranceSource, archive: Archive, web: WebServer
) -> None:
    archive.files = {"synop.202312.csv.gz": monthly(*MONTH_LINES)}
    payload = source.fetch(DECEMBER)
    assert payload.body == MONTHLY_HEADER + b"".join(MONTH_LINES)
    assert payload.provenance.name == f"{web.url}/SYNOP/synop.202312.csv.gz"
    assert source.fetch(DECEMBER, ["07690"]).body == MONTHLY_HEADER + MONTH_LINES[1]
    assert statuses(web) == [
        "synop_2023.csv.gz",
        "synop.202312.csv.gz",
        "synop_2023.csv.gz",
        "synop.202312.csv.gz again",
    ]


def test_the_annual_file_is_preferred_and_the_monthly_not_requested(
    source: MeteoFranceSource, archive: Archive, web: WebServer
) -> None:
    archive.files["synop.202312.csv.gz"] = monthly(*MONTH_LINES)
    source.fetch(DECEMBER)
    assert statuses(web) == ["synop_2023.csv.gz"]


@pytest.mark.parametrize(
    ("month", "error_type", "said"),
    [
        (Month(1995, 12), EmptyMonth, "starts with 1996-01"),
        (Month(1996, 1), SourceUnavailable, "the archive may have moved"),
        (DECEMBER.previous, SourceUnavailable, "the archive may have moved"),
        (Month(2024, 1), EmptyMonth, "is updated daily"),  # the month that is now, in these tests
        (Month(2024, 2), EmptyMonth, "is updated daily"),
    ],
)
def test_a_file_that_is_not_there_is_an_outage_if_it_was_published(
    source: MeteoFranceSource,
    archive: Archive,
    waited_s: list[float],
    month: Month,
    error_type: type[WeatherError],
    said: str,
) -> None:
    archive.files = {}
    with pytest.raises(error_type) as raised:
        source.fetch(month)
    assert said in raised.value.cure
    assert f"synop_{month.year}.csv.gz nor http" in raised.value.cause
    assert waited_s == []


def test_a_folder_holds_what_its_owner_put_there(folder: Path) -> None:
    with pytest.raises(EmptyMonth, match=r"neither synop_2023\.csv\.gz nor synop\.202312\.csv\.gz"):
        from_folder(folder).fetch(DECEMBER)


def test_a_folder_that_is_not_there_is_an_outage(folder: Path) -> None:
    with pytest.raises(SourceUnavailable, match="is not there"):
        from_folder(folder / "unmounted").fetch(DECEMBER)


FAULTS = {
    "500": Answer(status=500),
    "503 with a page": Answer(status=503, body=b"<html>Service Unavailable</html>"),
    "429": Answer(status=429),
    "a connection dropped at once": Answer(body=WHOLE, cut_after=0),
    "a body shorter than announced": Answer(body=WHOLE, cut_after=100),
    "chunks cut short": Answer(body=WHOLE, chunked=True, cut_after=100),
    "a gzip file cut short": Answer(body=WHOLE[:-20], headers={"ETag": '"short"'}),
    "a gzip file cut inside its check sum": Answer(body=WHOLE[:-2], headers={"ETag": '"short"'}),
    "a damaged gzip file": Answer(body=WHOLE[:60] + b"\0\0\0\0" + WHOLE[64:], headers={"ETag": '"bad"'}),
    "a page instead of a file": Answer(body=b"<html>maintenance</html>", headers={"ETag": '"page"'}),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_that_passes_costs_one_short_wait(
    source: MeteoFranceSource, web: WebServer, waited_s: list[float], fault: str
) -> None:
    web.faults["csv.gz"].append(FAULTS[fault])
    assert source.fetch(DECEMBER).body == ANNUAL_HEADER + b"".join(YEAR_2023[-2:])
    assert statuses(web) == ["synop_2023.csv.gz"] * 2
    assert [0 <= wait_s <= FIRST_BACKOFF_S for wait_s in waited_s] == [True]


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_that_stays_is_an_outage_and_leaves_nothing_in_the_cache(
    source: MeteoFranceSource, web: WebServer, cache: Path, waited_s: list[float], fault: str
) -> None:
    web.faults["csv.gz"].extend([FAULTS[fault]] * 4)
    with pytest.raises(SourceUnavailable):
        source.fetch(DECEMBER)
    assert len(waited_s) == 3
    assert versions(cache) == []


def test_an_outage_while_revalidating_is_an_outage(source: MeteoFranceSource, web: WebServer, cache: Path) -> None:
    source.fetch(DECEMBER)
    web.faults["csv.gz"].extend([FAULTS["500"]] * 4)
    with pytest.raises(SourceUnavailable):
        source.fetch(DECEMBER)
    assert len(versions(cache)) == 1


def test_a_server_that_hangs_is_left_after_the_read_timeout(web: WebServer, cache: Path, waited_s: list[float]) -> None:
    web.faults["csv.gz"].append(Answer(hangs=True))
    hurried = MeteoFranceSource(f"{web.url}/SYNOP", cache, retry_policy(waited_s, read_timeout_s=0.2))
    assert hurried.fetch(DECEMBER).body == ANNUAL_HEADER + b"".join(YEAR_2023[-2:])


def test_a_server_that_refuses_is_not_asked_again(
    source: MeteoFranceSource, web: WebServer, waited_s: list[float]
) -> None:
    web.faults["csv.gz"].append(Answer(status=403, body=b"AccessDenied"))
    with pytest.raises(SourceUnavailable, match=r"answered 403 .*AccessDenied"):
        source.fetch(DECEMBER)
    assert (waited_s, web.paths) == ([], ["synop_2023.csv.gz"])


def test_a_cache_that_cannot_be_written_is_named(web: WebServer, cache: Path, waited_s: list[float]) -> None:
    cache.write_text("a file where the folder should be")
    with pytest.raises(SourceUnavailable, match=r"cannot be kept in .*cache"):
        MeteoFranceSource(f"{web.url}/SYNOP", cache, retry_policy(waited_s)).fetch(DECEMBER)


@pytest.mark.parametrize("damage", [lambda whole: whole[:-20], lambda whole: whole[:-2], lambda whole: whole[:5]])
@pytest.mark.parametrize(
    ("name", "whole"), [("synop_2023.csv.gz", WHOLE), ("synop.202312.csv.gz", monthly(*MONTH_LINES))]
)
def test_a_file_cut_short_in_a_folder_is_an_outage_and_never_data(
    folder: Path, name: str, whole: bytes, damage: Callable[[bytes], bytes]
) -> None:
    (folder / name).write_bytes(damage(whole))
    with pytest.raises(SourceUnavailable, match=f"{name} (is truncated or damaged|is not a gzip file)"):
        from_folder(folder).fetch(DECEMBER)


@pytest.mark.parametrize("content", [b"", gzip.compress(b"")], ids=["empty", "nothing packed"])
def test_a_file_without_a_line_is_an_outage(folder: Path, content: bytes) -> None:
    (folder / "synop.202312.csv.gz").write_bytes(content)
    with pytest.raises(SourceUnavailable, match=r"is truncated or damaged|is not a gzip file"):
        from_folder(folder).fetch(DECEMBER)


@pytest.mark.parametrize("name", ["synop_2023.csv.gz", "synop.202312.csv.gz"])
def test_a_file_of_something_else_is_bad_input(folder: Path, name: str) -> None:
    (folder / name).write_bytes(gzip.compress(b"NUM_POSTE;AAAAMMJJHH;T\n06088001;2023120100;11.5\n"))
    with pytest.raises(BadInput, match="NUM_POSTE"):
        from_folder(folder).fetch(DECEMBER)


def test_a_month_of_nothing_but_its_header_is_empty(folder: Path) -> None:
    (folder / "synop.202312.csv.gz").write_bytes(monthly())
    with pytest.raises(EmptyMonth):
        from_folder(folder).fetch(DECEMBER)


@pytest.mark.parametrize("address", ["s3://bucket/SYNOP", "file://host/SYNOP", ""])
def test_an_address_of_another_kind_is_refused_when_the_source_is_opened(address: str, cache: Path) -> None:
    with pytest.raises(BadSettings):
        MeteoFranceSource(address, cache)


STATIONS = st.sampled_from(["07690", "07149", "61980"])
LINES = st.builds(
    lambda station, month, day: annual_line(station, f"{month}-{day:02d}T03:00:00Z"),
    STATIONS,
    st.sampled_from(MONTHS_OF_2023),
    st.integers(1, 28),
)


def cut(lines: list[bytes], months: list[Month]) -> list[bytes]:
    """What a file of the lines gives for the months; b"" for one it does not have."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "synop_2023.csv"
        path.write_bytes(b"".join(lines))
        cut_into_months(path, path.name, Path(folder))
        found = []
        for month in months:
            piece = Path(folder) / f"{month}.csv.gz"
            with archive_lines(piece if piece.exists() else Path(os.devnull), piece.name) as held:
                found.append(held.read())
        return found


@given(lines=st.lists(LINES))
def test_the_months_of_a_year_hold_each_of_its_lines_once(lines: list[bytes]) -> None:
    cuts = cut([ANNUAL_HEADER, *lines], MONTHS_OF_2023)
    held = [line for body in cuts for line in body.removeprefix(ANNUAL_HEADER).splitlines(keepends=True)]
    assert sorted(held) == sorted(lines)


@pytest.mark.parametrize("broken", [b"48.7;2.4;07690\n", annual_line("07690", ""), annual_line("07690", "yesterday")])
def test_a_line_whose_month_cannot_be_read_is_left_for_parsing_to_refuse(broken: bytes) -> None:
    lines = [ANNUAL_HEADER, YEAR_2023[0], broken, b"\n", YEAR_2023[-1]]
    assert cut(lines, [DECEMBER, Month(2023, 6)]) == [ANNUAL_HEADER + YEAR_2023[-1] + broken, b""]


def test_a_byte_order_mark_and_a_missing_leading_zero_are_accepted(folder: Path) -> None:
    header, line = b"\xef\xbb\xbf" + MONTHLY_HEADER, b"7690;20231201000000;mq;-110;\r\n"
    (folder / "synop.202312.csv").write_bytes(header + line)
    assert from_folder(folder).fetch(DECEMBER, ["07690"]).body == header + line


@pytest.mark.parametrize(
    "name",
    [
        "synop.202312.csv.gz",
        "synop.202312.csv",
        "SYNOP_202312.CSV",
        "2023/12/synop.202312.csv",
        "synop.202312 (1).csv.gz",
        "synop_2023.csv.gz",
        "years/synop_2023.csv",
        "synop_2023-copy.csv",
    ],
)
def test_a_folder_may_be_as_its_owner_keeps_it(folder: Path, name: str) -> None:
    lines = [ANNUAL_HEADER, *YEAR_2023] if "2023" in name and "202312" not in name else [MONTHLY_HEADER, *MONTH_LINES]
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    body = b"".join(lines)
    (folder / name).write_bytes(gzip.compress(body) if name.endswith(".gz") else body)
    expected = ANNUAL_HEADER + b"".join(YEAR_2023[-2:]) if "202312" not in name else body
    payload = from_folder(folder).fetch(DECEMBER)
    assert (payload.body, payload.provenance.name) == (expected, name)


def test_of_several_copies_the_fullest_is_used_and_reported(folder: Path) -> None:
    (folder / "synop_2023.csv.gz").write_bytes(WHOLE)
    (folder / "old").mkdir()
    (folder / "old" / "synop.202312.csv").write_bytes(MONTHLY_HEADER + MONTH_LINES[0])
    (folder / "broken.csv").write_bytes(b"")
    (folder / "synop.202312 (1).csv.gz").write_bytes(monthly(*MONTH_LINES)[:-9])
    payload = from_folder(folder).fetch(DECEMBER)
    assert payload.body == ANNUAL_HEADER + b"".join(YEAR_2023[-2:])
    assert payload.notes == (
        (
            "Skipped: synop.202312 (1).csv.gz is truncated or damaged: "
            "Compressed file ended before the end-of-stream marker was reached."
        ),
        "2023-12 is taken from synop_2023.csv.gz (2 rows), not from old/synop.202312.csv (1 rows).",
        "2023-12 ends at 2023-12-15 12 UTC in this source; 2023-12-31 21 UTC was due.",
    )


def test_of_equal_copies_the_newest_is_taken(folder: Path) -> None:
    for name, line, changed in (("a", MONTH_LINES[0], 2_000_000_000), ("b", MONTH_LINES[1], 1_000_000_000)):
        (folder / name).mkdir()
        (folder / name / "synop.202312.csv").write_bytes(MONTHLY_HEADER + line)
        os.utime(folder / name / "synop.202312.csv", (changed, changed))
    assert from_folder(folder).fetch(DECEMBER).provenance.name == "a/synop.202312.csv"


def test_a_year_in_a_folder_that_changes_is_cut_again(folder: Path) -> None:
    (folder / "synop_2023.csv").write_bytes(ANNUAL_HEADER + YEAR_2023[-1])
    assert from_folder(folder).fetch(DECEMBER).body == ANNUAL_HEADER + YEAR_2023[-1]
    (folder / "synop_2023.csv").write_bytes(ANNUAL_HEADER + b"".join(YEAR_2023[-2:]))
    assert from_folder(folder).fetch(DECEMBER).body == ANNUAL_HEADER + b"".join(YEAR_2023[-2:])


def test_the_newest_observation_is_that_of_the_latest_year(
    source: MeteoFranceSource, archive: Archive, folder: Path
) -> None:
    newest = datetime(2023, 12, 15, 12, tzinfo=UTC)
    assert (source.newest(), source.grows_daily) == (newest, True)
    archive.files["synop_2024.csv.gz"] = annual(annual_line("07690", "2024-01-09T21:00:00Z"))
    assert source.newest() == datetime(2024, 1, 9, 21, tzinfo=UTC)
    assert (from_folder(folder).newest(), from_folder(folder).grows_daily) == (None, False)
    (folder / "synop.202310.csv").write_bytes(MONTHLY_HEADER + b"07149;20231001000000;101500;mq;\n")
    (folder / "synop.202312.csv").write_bytes(MONTHLY_HEADER + b"".join(MONTH_LINES))
    assert from_folder(folder).newest() == datetime(2023, 12, 1, tzinfo=UTC)
    (folder / "synop_2023.csv.gz").write_bytes(WHOLE)
    assert from_folder(folder).newest() == newest
