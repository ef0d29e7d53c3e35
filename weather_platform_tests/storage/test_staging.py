"""The contract of the staging store, held over SQLite, MariaDB and MySQL."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path
from threading import Barrier
from typing import Any

import msgspec
import pytest

from weather_platform.domain.counts import RecordCounts
from weather_platform.domain.errors import NotFound, StoreUnavailable
from weather_platform.domain.fields import FIELDS, Observation
from weather_platform.domain.months import Month
from weather_platform.domain.parsing import Reason, Refusal
from weather_platform.domain.provenance import UNPLACED
from weather_platform.domain.quality import MonthSummary, synoptic_hours
from weather_platform.domain.staging import Quarantined, StagedMonth
from weather_platform.domain.stations import STATIONS, station_for
from weather_platform.storage.databases import open_engine
from weather_platform.storage.staging import StagingStore
from weather_platform_tests import sample_months
from weather_platform_tests.observations import CAP_CEPET, NICE, NOWHERE, at, month_of
from weather_platform_tests.real_months import raw_object
from weather_platform_tests.servers.sql import SqlServer
from weather_platform_tests.storage.conftest import NewStaging, opened
from weather_platform_tests.storage.contents import city_files, city_rows, contents

NOVEMBER, DECEMBER, JANUARY = "2023-11", "2023-12", "2024-01"
PLOUMANACH = "07117"
T = list(FIELDS).index("t")
EVERYTHING = at(
    "2023-12-01T06",
    PLOUMANACH,
    **{field.name: field.high for field in FIELDS.values() if field.kind == "measure"},
    cod_tend=15,
    ww=511,
    n_hidden=1,
    rr_trace=31,
)
A_DECEMBER = [
    EVERYTHING,
    at("2023-12-01T00", t=280.15),
    at("2023-12-31T21", t=273.25),
    at("2023-12-05T12", NOWHERE),
]


def refused(month: StagedMonth, *refusals: Refusal) -> StagedMonth:
    """The month with these records refused."""
    return msgspec.structs.replace(month, quarantine=[Quarantined(raw_object().name, refusal) for refusal in refusals])


def test_what_is_staged_is_read_back_row_for_row(staging: StagingStore) -> None:
    staging.replace_month(DECEMBER, month_of(A_DECEMBER))
    names = list(FIELDS)
    for station_id in (NICE, PLOUMANACH, NOWHERE):
        rows = list(staging.rows(station_for(station_id)))
        assert [Observation(*(row[name] for name in names)) for row in rows] == sorted(
            (o for o in A_DECEMBER if o.numer_sta == station_id), key=lambda o: o.date
        )
        assert list(rows[0]) == [*names, "tc"]
    assert [row["tc"] for row in staging.rows(STATIONS[NICE])] == [7.0, 0.1]


def test_replacing_a_month_twice_changes_nothing(staging: StagingStore) -> None:
    month = refused(month_of(A_DECEMBER), Refusal(3, Reason.NO_TIME, "x", b"{}", None))
    staging.replace_month(NOVEMBER, month_of([at("2023-11-30T21", t=1)]))
    staging.replace_month(DECEMBER, month)
    once = contents(staging)
    staging.replace_month(DECEMBER, month)
    assert contents(staging) == once


def test_a_smaller_month_removes_rows_and_leaves_its_neighbours(staging: StagingStore, tmp_path: Path) -> None:
    neighbours = [at("2023-11-30T23:59:59"), at("2024-01-01T00"), at("2024-01-01T00", NOWHERE)]
    staging.replace_month(NOVEMBER, month_of(neighbours[:1]))
    staging.replace_month(JANUARY, month_of(neighbours[1:]))
    without = contents(staging)
    staging.replace_month(DECEMBER, month_of(A_DECEMBER))
    staging.replace_month(DECEMBER, month_of(A_DECEMBER[1:2]))
    assert {name: len(rows) for name, rows in city_rows(staging).items()} == {"nice": 3, "station_99999": 1}
    assert list(city_files(tmp_path / "csv", DECEMBER)) == ["nice"]
    staging.replace_month(DECEMBER, month_of([]))
    of_december = [row for rows in contents(staging).values() for row in rows if DECEMBER in row]
    assert city_rows(staging) == {name: rows for name, rows in without.items() if not name.startswith("_")}
    assert len(of_december) == 2  # that it was staged, and from which object


def test_an_unknown_station_gets_a_table_of_its_own(staging: StagingStore) -> None:
    unknown = station_for(NOWHERE, "Robert'); DROP TABLE nice;--")
    month = month_of([at("2023-12-01T00", NOWHERE), at("2023-12-01T00")])
    described = msgspec.structs.replace(unknown, latitude_deg=45.5, longitude_deg=7.25, altitude_m=1200)
    month.stations[NOWHERE] = described
    staging.replace_month(DECEMBER, month)
    assert list(city_rows(staging)) == ["nice", "station_99999"]
    assert staging.stations() == {NICE: STATIONS[NICE], NOWHERE: described}


def test_an_unknown_station_is_called_as_in_its_latest_month(staging: StagingStore) -> None:
    for key, name in ((JANUARY, "NEW"), (DECEMBER, "OLD")):
        month = month_of([at(f"{key}-05T00", NOWHERE)])
        month.stations[NOWHERE] = station_for(NOWHERE, name)
        staging.replace_month(key, month)
    assert staging.stations()[NOWHERE].name == "NEW"
    of_months = staging.daily([Month.parse(DECEMBER), Month.parse(JANUARY)])
    assert [[station.name for station in of.days.stations] for of in of_months] == [["OLD"], ["NEW"]]


def test_records_without_a_month_are_in_the_quarantine_alone(staging: StagingStore) -> None:
    nowhere = refused(month_of([], raw_object(UNPLACED)), Refusal(1, Reason.NO_TIME, "no date", b"{}", None))
    staging.replace_month(UNPLACED, nowhere)
    staging.replace_month(DECEMBER, month_of(A_DECEMBER))
    (set_aside,) = staging.quarantine(UNPLACED)
    assert set_aside == {
        "month": UNPLACED,
        "raw_object": raw_object().name,
        "position": 1,
        "reason": "unreadable_date",
        "detail": "no date",
        "record": "{}",
    }
    assert staging.quarantine(DECEMBER) == []
    assert {row.month for row in staging.coverage()} == {DECEMBER}
    staging.replace_month(UNPLACED, month_of([], raw_object(UNPLACED)))
    assert staging.quarantine() == []


@pytest.mark.parametrize(
    ("record", "shown"),
    [
        (b'{"nom": "\xc3\x89t\xc3\xa9 \xf0\x9f\x8c\xa7"}', '{"nom": "Été 🌧"}'),
        (b"\xff\x00'\"\\%s", "�\0'\"\\%s"),
        (b"x" * 20_000_000, "x" * 100_000 + "… (20,000,000 bytes)"),
    ],
    ids=["letters", "rubbish", "long"],
)
def test_a_refused_record_is_shown_as_it_is(staging: StagingStore, record: bytes, shown: str) -> None:
    refusals = [Refusal(n, Reason.NOT_A_RECORD, "é" * 300, record, None) for n in (7, 2)]
    staging.replace_month(DECEMBER, refused(month_of([]), *refusals))
    assert [(row["position"], row["record"]) for row in staging.quarantine(reason="not_a_record")] == [
        (2, shown),
        (7, shown),
    ]
    assert staging.quarantine(reason="impossible_value") == []


def test_a_month_is_summed_up_as_its_tables_hold_it(staging: StagingStore) -> None:
    reported = [*A_DECEMBER, at("2023-12-01T00", NOWHERE), at("2023-12-01T01")]
    month = month_of(reported, raw_object(synthetic=True))
    month.counts = {raw_object().name: RecordCounts(read=7, kept=6, refused={"not_a_record": 1})}
    staging.replace_month(DECEMBER, month)
    staging.replace_month(JANUARY, month_of([at("2024-01-01T00")]))
    for key, days in (("2023-10", range(1, 32)), ("2023-11", range(1, 16)), ("2022-11", range(1, 31))):
        staging.replace_month(key, month_of([at(f"{key}-{day:02}T{h:02}") for day in days for h in range(0, 24, 3)]))
    assert (
        staging.summary(Month(2023, 12))
        == MonthSummary(
            month=Month(2023, 12),
            observations={PLOUMANACH: 1, NICE: 3, NOWHERE: 2},
            usual={NICE: 0.75},  # of October all, of November half; a year ago does not count
            off_hours={NICE: 1},
            names={PLOUMANACH: "PLOUMANAC'H", NICE: "NICE", NOWHERE: "STATION_99999"},
            rows_in_tables=6,
            columns={slug: [*FIELDS, "tc"] for slug in ("ploumanac_h", "nice", "station_99999")},
            silent_hours=list(synoptic_hours(Month(2023, 12)))[1:],  # two of three stations reported at the first
            changes={"rain_trace_to_zero": 1, "hidden_sky_to_null": 1},
            objects=month.counts,
            synthetic=True,
        )
    )
    assert staging.observations(Month(2023, 12)) == {PLOUMANACH: 1, NICE: 3, NOWHERE: 2}
    assert {month: staging.is_synthetic(Month.parse(month)) for month in (DECEMBER, JANUARY)} == {
        DECEMBER: True,
        JANUARY: False,
    }
    for ask in (staging.summary, staging.observations, staging.is_synthetic):
        with pytest.raises(NotFound, match="2023-09 is not staged"):
            ask(Month(2023, 9))


def test_rows_are_given_by_day_both_included(staging: StagingStore) -> None:
    times = ["2023-12-01T00:00:00", "2023-12-01T23:59:59", "2023-12-02T00:00:00", "2023-12-03T00:00:00"]
    staging.replace_month(DECEMBER, month_of(map(at, times)))

    def given(*days: date | None) -> list[str]:
        return [row["date"].isoformat() for row in staging.rows(STATIONS[NICE], *days)]

    first, second = date(2023, 12, 1), date(2023, 12, 2)
    assert given() == times
    assert given(first, first) == times[:2]
    assert given(second, second) == times[2:3]
    assert given(second) == times[2:]
    assert given(None, second) == times[:3]


def test_only_synthetic_objects_of_the_months_around_are_named(staging: StagingStore) -> None:
    for key, name, synthetic in (
        (NOVEMBER, "a", True),
        (DECEMBER, "b", False),
        (JANUARY, "c", True),
        ("2024-02", "d", True),
        (UNPLACED, "e", True),
    ):
        staging.replace_month(key, month_of([], raw_object(key, name, synthetic=synthetic)))
    assert staging.synthetic_objects(date(2023, 11, 30), date(2023, 12, 31)) == {"a", "c"}


def test_a_city_folder_may_have_any_name(staging_url: str, tmp_path: Path) -> None:
    folder = tmp_path / 'l\'été "100 %" \\n; été'
    with opened(staging_url, folder) as staging:
        staging.replace_month(DECEMBER, month_of(A_DECEMBER))
        assert sum(map(len, city_rows(staging).values())) == len(A_DECEMBER)


@pytest.mark.parametrize("staging_url", ["SQLite", "MariaDB"], indirect=True)  # by INSERT, by LOAD DATA
def test_a_month_is_in_62_tables_and_in_as_many_files(staging: StagingStore, tmp_path: Path) -> None:
    staging.replace_month(DECEMBER, sample_months.staged(DECEMBER))
    tables = {slug: [_as_written(row[:-1]) for row in rows] for slug, rows in city_rows(staging).items()}
    assert (len(tables), sum(map(len, tables.values()))) == (62, len(sample_months.records(DECEMBER)))
    assert city_files(tmp_path / "csv", DECEMBER) == tables


def _as_written(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """A row of a table as its file spells it, where a station number reads as a number."""
    number, time, *values = row
    return (float(number), str(time).replace(" ", "T"), *values)


@pytest.fixture(params=["mariadb_server", "mysql_server"])
def sql_server(request: pytest.FixtureRequest) -> SqlServer:
    server: SqlServer = request.getfixturevalue(request.param)
    server.start()
    return server


@contextmanager
def load_data_forbidden(server: SqlServer) -> Iterator[None]:
    server.execute("SET GLOBAL local_infile = 0")
    try:
        yield
    finally:
        server.execute("SET GLOBAL local_infile = 1")


def test_insert_puts_in_the_rows_that_load_data_does(
    sql_server: SqlServer, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Where the server forbids LOAD DATA, which is said once."""
    some = sample_months.staged(DECEMBER, (CAP_CEPET, NICE, PLOUMANACH))
    with sql_server.fresh_database() as url, opened(url, tmp_path / "a") as loading:
        loading.replace_month(DECEMBER, some)
        loaded = contents(loading)
        assert _said_by_loading(caplog) == []
        with load_data_forbidden(sql_server), opened(url, tmp_path / "b") as inserting:
            inserting.replace_month(DECEMBER, month_of([]))
            inserting.replace_month(DECEMBER, some)
            assert contents(inserting) == loaded
            assert len(loaded["nice"]) > 240
        assert [said.partition(" (")[0] for said in _said_by_loading(caplog)] == ["The server refuses LOAD DATA LOCAL"]


def _said_by_loading(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Threads of an API that an earlier test stopped may still log."""
    return [record.getMessage() for record in caplog.records if record.name == "weather_platform.storage.loading"]


@pytest.mark.parametrize(
    "narrower",
    [
        "MODIFY raw_object VARCHAR(4) NOT NULL",
        "MODIFY t SMALLINT",
        "MODIFY ff DOUBLE NOT NULL",
        "ADD UNIQUE (numer_sta)",
        "DROP PRIMARY KEY, ADD UNIQUE (t)",
    ],
)
def test_a_value_that_load_data_would_change_or_skip_stops_it(
    mariadb_server: SqlServer, tmp_path: Path, narrower: str
) -> None:
    """LOCAL makes warnings of errors, even in strict mode."""
    with mariadb_server.fresh_database() as url, opened(url, tmp_path) as staging:
        staging.replace_month(DECEMBER, month_of([at("2023-12-01T00", t=1, ff=1)]))
        with staging.engine.begin() as connection:
            connection.exec_driver_sql("UPDATE nice SET raw_object = 'a'")
            connection.exec_driver_sql(f"ALTER TABLE nice {narrower}")
        before = contents(staging)
        two = month_of([at(f"2023-12-01T{hour:02}", t=40_000.5) for hour in (3, 6)])
        with pytest.raises(StoreUnavailable, match=r"LOAD DATA put . of 2 rows into `?nice`?.*Nothing was changed"):
            staging.replace_month(DECEMBER, two)
        assert contents(staging) == before


def together(*calls: Callable[[], object]) -> None:
    """Calls begun at one moment, each in a thread of its own; the first error of any is raised."""
    start = Barrier(len(calls))

    def begin(call: Callable[[], object]) -> None:
        start.wait()
        call()

    with ThreadPoolExecutor(len(calls)) as pool:
        for done in [pool.submit(begin, call) for call in calls]:
            done.result()


def test_several_may_start_on_a_new_database(staging_url: str, tmp_path: Path) -> None:
    stores = [StagingStore(open_engine(staging_url), tmp_path) for _ in range(4)]
    together(*(store.ensure for store in stores))
    months = {f"2023-0{n}": month_of([at(f"2023-0{n}-01T00")]) for n in range(1, 5)}
    together(*(partial(store.replace_month, *month) for store, month in zip(stores, months.items(), strict=True)))
    assert len(list(stores[0].rows(STATIONS[NICE]))) == 4
    for store in stores:
        store.engine.dispose()


def test_months_load_side_by_side(new_staging: NewStaging) -> None:
    """Neighbours, again and again, in the same tables."""
    days = [f"{day:02}T{hour:02}" for day in range(1, 29) for hour in (0, 12)]

    def load(staging: StagingStore, month: str) -> None:
        for n in range(1, 4):
            observations = [at(f"{month}-{day}", station, t=n) for station in list(STATIONS)[:6] for day in days[n:]]
            staging.replace_month(month, month_of(observations))

    stores = [new_staging() for _ in range(3)]
    together(*(partial(load, *each) for each in zip(stores, (NOVEMBER, DECEMBER, JANUARY), strict=True)))
    rows = [row for of_city in city_rows(stores[0]).values() for row in of_city]
    assert {row[T] for row in rows} == {3}
    assert len(rows) == 3 * 6 * 53 == sum(coverage.observations for coverage in stores[0].coverage())


def test_of_several_who_stage_a_month_at_once_the_last_counts_whole(new_staging: NewStaging) -> None:
    """What each puts in is made while it alone may stage the month."""
    made: list[int] = []

    def stage(staging: StagingStore, n: int) -> None:
        with staging.exclusive(f"stage:{DECEMBER}"):
            made.append(n)
            days = range(1, 29 - n)
            month = month_of(at(f"2023-12-{day:02}T00", station, t=n) for day in days for station in (NICE, NOWHERE))
            staging.replace_month(DECEMBER, month)

    stores = [new_staging() for _ in range(3)]
    together(*(partial(stage, staging, n) for n, staging in enumerate(stores, 1)))
    rows = [row for of_city in city_rows(stores[0]).values() for row in of_city]
    assert {row[T] for row in rows} == {made[-1]}
    assert len(rows) == 2 * (28 - made[-1])


def test_a_reader_sees_one_moment_while_a_month_is_replaced(new_staging: NewStaging) -> None:
    """And neither waits for the other."""
    writer, reader = new_staging(), new_staging()
    writer.replace_month(DECEMBER, month_of([at(f"2023-12-01T{hour:02}", t=280) for hour in range(9)]))
    rows = reader.rows(STATIONS[NICE])
    first = next(rows)
    writer.replace_month(DECEMBER, month_of([at(f"2023-12-01T{hour:02}", t=290) for hour in range(9)]))
    assert [row["t"] for row in (first, *rows)] == [280] * 9
    assert [row["t"] for row in reader.rows(STATIONS[NICE])] == [290] * 9


def test_no_table_is_named_by_a_file() -> None:
    """What an address or a file says is looked up, never spelt into SQL."""
    for name in ("`; DROP TABLE nice; --", "../../etc/passwd", "NICE", "", None):
        assert station_for(NOWHERE, name).slug == "station_99999"
    assert all(_is_identifier(station.slug) for station in STATIONS.values())


def _is_identifier(slug: str) -> bool:
    return slug.isascii() and slug.isidentifier() and slug == slug.lower() and not slug.startswith("_")
