"""The Météo-France source against folders and a web server: files by year and by month, whole and broken."""

import gzip
import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from weather_platform.domain.errors import BadInput, BadSettings, EmptyMonth, SourceUnavailable, WeatherError
from weather_platform.domain.months import Month
from weather_platform.sources.meteofrance import ANNUAL, MONTHLY, MeteoFranceSource, cut
from weather_platform.sources.port import ETALAB, Provenance
from weather_platform_tests.sources.waiting import FIRST_BACKOFF_S, patience
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
    """Files by name; each answer has its content's ETag and yields to If-None-Match, as object storage does."""

    def __init__(self, files: dict[str, bytes]) -> None:
        self.files = files

    def answer(self, request: Request) -> Answer:
        body = self.files.get(request.path.removeprefix("/SYNOP/"))
        if body is None:
            return Answer(status=404, body=b"<Error><Code>NoSuchKey</Code></Error>")
        etag = f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}-1"'
        if request.headers.get("If-None-Match") == etag:
            return Answer(status=304, headers={"ETag": etag})
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
    return MeteoFranceSource(f"{web.url}/SYNOP/", cache, patience(waited_s))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "archive"
    folder.mkdir()
    return folder


def from_folder(folder: Path) -> MeteoFranceSource:
    return MeteoFranceSource(str(folder), folder / "no cache is made")


def statuses(web: WebServer) -> list[str]:
    """What was asked for, and whether it was a first or a repeated question."""
    return [
        f"{path}{' again' if 'If-None-Match' in request.headers else ''}"
        for path, request in zip(web.paths, web.requests, strict=True)
    ]


def test_a_monthly_file_in_a_folder_comes_as_published(real_data: Path, tmp_path: Path) -> None:
    real_months = real_data / "meteofrance-monthly"
    payload = MeteoFranceSource(str(real_months), tmp_path / "cache").fetch(DECEMBER)
    assert payload.body == (real_months / "synop.202312.csv.gz").read_bytes()
    assert payload.provenance == Provenance(source="meteofrance", name="synop.202312.csv.gz", licence=ETALAB)
    assert not (tmp_path / "cache").exists()


def test_stations_chosen_from_a_real_month_are_its_lines_of_theirs(real_data: Path, tmp_path: Path) -> None:
    real_months = real_data / "meteofrance-monthly"
    payload = MeteoFranceSource(real_months.as_uri(), tmp_path).fetch(DECEMBER, ["07690", "07005"])
    header, *lines = gzip.decompress((real_months / "synop.202312.csv.gz").read_bytes()).splitlines(keepends=True)
    assert payload.body == header + b"".join(line for line in lines if line[:5] in (b"07690", b"07005"))


def test_lines_of_the_real_annual_file_stay_as_they_are(real_data: Path, folder: Path) -> None:
    sample = (real_data / "samples" / "meteofrance-annual-synop_2026-two-rows.csv").read_bytes()
    (folder / "synop_2026.csv.gz").write_bytes(gzip.compress(sample))
    payload = from_folder(folder).fetch(Month(2026, 1))
    assert payload.body == sample
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
    assert MeteoFranceSource(f"{web.url}/SYNOP", cache, patience(waited_s)).fetch(DECEMBER) == first
    assert statuses(web) == ["synop_2023.csv.gz", "synop_2023.csv.gz again"]


def test_a_rewritten_year_is_fetched_again(source: MeteoFranceSource, archive: Archive) -> None:
    source.fetch(DECEMBER)
    late = annual_line("07005", "2023-12-15T12:00:00Z")
    archive.files["synop_2023.csv.gz"] = annual(*YEAR_2023, late)
    assert source.fetch(DECEMBER).body == ANNUAL_HEADER + b"".join(YEAR_2023[-2:]) + late
    archive.files["synop_2023.csv.gz"] = annual(*YEAR_2023)
    assert source.fetch(DECEMBER).body == ANNUAL_HEADER + b"".join(YEAR_2023[-2:])


def test_what_nobody_asked_for_in_a_day_leaves_the_cache(
    source: MeteoFranceSource, archive: Archive, cache: Path
) -> None:
    source.fetch(DECEMBER)
    (old,) = cache.glob("*/*")
    killed = old.with_name("0.part")
    killed.touch()
    for path in (old, killed):
        os.utime(path, (0, 0))
    archive.files["synop_2023.csv.gz"] = annual(*YEAR_2023[-1:])
    source.fetch(DECEMBER)
    assert [path.read_bytes() for path in cache.glob("*/*")] == [annual(*YEAR_2023[-1:])]


def test_a_download_that_was_killed_is_no_file(source: MeteoFranceSource, web: WebServer, cache: Path) -> None:
    source.fetch(DECEMBER)
    (kept,) = cache.glob("*/*")
    killed = kept.with_name(".tmp-0")
    killed.write_bytes(WHOLE[:50])
    os.utime(kept, (0, 0))
    assert source.fetch(DECEMBER).body == ANNUAL_HEADER + b"".join(YEAR_2023[-2:])
    assert (len(web.requests), web.requests[-1].headers["If-None-Match"]) == (2, unquote(kept.name))
    assert kept.stat().st_mtime > 0, "asked for today, so not to be cleared away as unused"


def test_without_an_etag_a_file_is_fetched_every_time(source: MeteoFranceSource, web: WebServer) -> None:
    bodies = [annual(YEAR_2023[-2]), annual(YEAR_2023[-1])]
    web.faults["csv.gz"].extend(Answer(body=body) for body in bodies)
    assert [source.fetch(DECEMBER).body for _ in bodies] == [ANNUAL_HEADER + line for line in YEAR_2023[-2:]]
    assert statuses(web) == ["synop_2023.csv.gz"] * 2


def test_an_object_marked_as_gzip_encoded_is_kept_as_published(source: MeteoFranceSource, web: WebServer) -> None:
    web.faults["2023.csv.gz"].append(Answer(status=404))
    published = Answer(body=monthly(*MONTH_LINES), headers={"Content-Encoding": "gzip", "ETag": '"e"'})
    web.faults["202312.csv.gz"].append(published)
    assert source.fetch(DECEMBER).body == published.body
    assert web.paths == ["synop_2023.csv.gz", "synop.202312.csv.gz"]
    assert web.requests[-1].headers["Accept-Encoding"] == "identity"


def test_workers_may_share_a_cache(web: WebServer, cache: Path, waited_s: list[float], archive: Archive) -> None:
    bodies: list[bytes] = []

    def work() -> None:
        worker = MeteoFranceSource(f"{web.url}/SYNOP", cache, patience(waited_s))
        bodies.append(worker.fetch(DECEMBER).body)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert bodies == [ANNUAL_HEADER + b"".join(YEAR_2023[-2:])] * 4
    assert [path.read_bytes() for path in cache.glob("*/*")] == [archive.files["synop_2023.csv.gz"]]


def test_where_there_is_no_year_the_month_is_asked_for(
    source: MeteoFranceSource, archive: Archive, web: WebServer
) -> None:
    archive.files = {"synop.202312.csv.gz": monthly(*MONTH_LINES)}
    payload = source.fetch(DECEMBER)
    assert payload.body == monthly(*MONTH_LINES)
    assert payload.provenance.name == f"{web.url}/SYNOP/synop.202312.csv.gz"
    assert source.fetch(DECEMBER, ["07690"]).body == MONTHLY_HEADER + MONTH_LINES[1]
    assert statuses(web) == [
        "synop_2023.csv.gz",
        "synop.202312.csv.gz",
        "synop_2023.csv.gz",
        "synop.202312.csv.gz again",
    ]


def test_folder_and_web_agree_on_the_year_first(
    folder: Path, source: MeteoFranceSource, archive: Archive, web: WebServer
) -> None:
    archive.files["synop.202312.csv.gz"] = monthly(*MONTH_LINES)
    for name, content in archive.files.items():
        (folder / name).write_bytes(content)
    assert from_folder(folder).fetch(DECEMBER).body == source.fetch(DECEMBER).body
    assert statuses(web) == ["synop_2023.csv.gz"]


@pytest.mark.parametrize(
    ("month", "error_type", "said"),
    [
        (Month(1995, 12), EmptyMonth, "begins with 1996-01"),
        (Month(1996, 1), SourceUnavailable, "the archive has moved"),
        (DECEMBER.previous, SourceUnavailable, "the archive has moved"),
        (Month(2024, 1), EmptyMonth, "grows day by day"),  # the month that is now, in these tests
        (Month(2024, 2), EmptyMonth, "grows day by day"),
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
    assert list(cache.glob("*/*")) == []


def test_an_outage_while_revalidating_is_an_outage(source: MeteoFranceSource, web: WebServer, cache: Path) -> None:
    source.fetch(DECEMBER)
    web.faults["csv.gz"].extend([FAULTS["500"]] * 4)
    with pytest.raises(SourceUnavailable):
        source.fetch(DECEMBER)
    assert len(list(cache.glob("*/*"))) == 1


def test_a_server_that_hangs_is_left_after_the_read_timeout(web: WebServer, cache: Path, waited_s: list[float]) -> None:
    web.faults["csv.gz"].append(Answer(hangs=True))
    hurried = MeteoFranceSource(f"{web.url}/SYNOP", cache, patience(waited_s, read_timeout_s=0.2))
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
        MeteoFranceSource(f"{web.url}/SYNOP", cache, patience(waited_s)).fetch(DECEMBER)


@pytest.mark.parametrize("damage", [lambda whole: whole[:-20], lambda whole: whole[:-2], lambda whole: whole[:5]])
@pytest.mark.parametrize(
    ("name", "whole"), [("synop_2023.csv.gz", WHOLE), ("synop.202312.csv.gz", monthly(*MONTH_LINES))]
)
def test_a_file_cut_short_in_a_folder_is_an_outage_and_never_data(
    folder: Path, name: str, whole: bytes, damage: Callable[[bytes], bytes]
) -> None:
    (folder / name).write_bytes(damage(whole))
    with pytest.raises(SourceUnavailable, match=f"{name} cannot be read to its end"):
        from_folder(folder).fetch(DECEMBER)


@pytest.mark.parametrize("content", [b"", b"not gzip", gzip.compress(b"")])
def test_a_file_without_a_line_in_gzip_is_an_outage(folder: Path, content: bytes) -> None:
    (folder / "synop.202312.csv.gz").write_bytes(content)
    with pytest.raises(SourceUnavailable, match="cannot be read to its end"):
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


@given(lines=st.lists(LINES), chosen=st.none() | st.sets(STATIONS, min_size=1))
def test_the_months_of_a_year_hold_each_of_its_lines_once(lines: list[bytes], chosen: set[str] | None) -> None:
    cuts = [cut([ANNUAL_HEADER, *lines], ANNUAL, month, chosen) for month in MONTHS_OF_2023]
    wanted = [line for line in lines if chosen is None or line.split(b";")[2].decode() in chosen]
    held = [line for body in cuts for line in body.removeprefix(ANNUAL_HEADER).splitlines(keepends=True)]
    assert sorted(held) == sorted(wanted)


@pytest.mark.parametrize("broken", [b"48.7;2.4;07690\n", annual_line("07690", ""), annual_line("07690", "yesterday")])
def test_a_line_whose_month_cannot_be_read_is_left_for_parsing_to_refuse(broken: bytes) -> None:
    lines = [ANNUAL_HEADER, YEAR_2023[0], broken, b"\n", YEAR_2023[-1]]
    assert cut(lines, ANNUAL, DECEMBER, None) == ANNUAL_HEADER + broken + YEAR_2023[-1]
    assert cut(lines, ANNUAL, Month(2023, 6), None) == b""


def test_a_header_may_begin_with_a_byte_order_mark_and_a_station_may_lack_its_zero() -> None:
    header, line = b"\xef\xbb\xbf" + MONTHLY_HEADER, b"7690;20231201000000;mq;-110;\r\n"
    assert cut([header, line], MONTHLY, None, ["07690"]) == header + line
