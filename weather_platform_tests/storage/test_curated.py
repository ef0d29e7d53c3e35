"""The contract of `CuratedStore`, held by SQLite and by MongoDB."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from weather_platform.domain.errors import BadInput, NotFound, StoreRefused
from weather_platform.domain.events import StationEvent
from weather_platform.domain.months import Month
from weather_platform.domain.weather_stats import WeatherStats
from weather_platform.settings import Settings
from weather_platform.storage.curated import Coverage, CuratedStore, Days, EventQuery, Query, Replaced, StoredCity
from weather_platform.storage.curated_mongodb import COLLECTION, MongoCurated, coverage_pipeline
from weather_platform.storage.curated_sqlite import SqliteCurated
from weather_platform.storage.opening import open_curated
from weather_platform_tests.storage.documents import BREST, CITIES, NICE, ORLY, day_document

DECEMBER = Month(2023, 12)
DAYS = (DECEMBER.first_day, DECEMBER.last_day)
FIRST = DECEMBER.first_day
NEW_YEARS_EVE = date(2023, 12, 31)

property_test = settings(
    deadline=None,
    max_examples=25,
    # One store for all examples: each begins by emptying it, or only reads.
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture(params=["sqlite", "mongodb"])
def curated_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of an empty store."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/stores/curated.sqlite"
    return str(request.getfixturevalue("fresh_mongo_database"))


@pytest.fixture
def curated(curated_url: str) -> Iterator[CuratedStore]:
    store = open_store(curated_url)
    yield store
    store.close()


def open_store(url: str) -> CuratedStore:
    return open_curated(Settings.from_environment({"WEATHER_CURATED_URL": url}))


# Replacing


def test_documents_come_out_as_they_went_in(curated: CuratedStore) -> None:
    docs = [
        day_document(NICE, FIRST, events=[("frost", -1.5), ("gale", 18)]),
        day_document(NICE, NEW_YEARS_EVE, temperature_c=None),
        day_document("61998", FIRST, temperature_c=-0.0),
    ]
    assert curated.replace(DAYS, iter(docs)) == Replaced(written=3, unchanged=0, deleted=0)
    assert list(curated.find()) == [docs[0], docs[2], docs[1]]
    assert curated.get(f"{NICE}:2023-12-01") == docs[0]
    assert curated.get(f"{NICE}:2023-12-01").provenance.updated_at.tzinfo == UTC


def test_replacing_leaves_what_is_unchanged_and_deletes_what_is_gone(curated: CuratedStore) -> None:
    before = [day_document(NICE, FIRST), day_document(BREST, FIRST), day_document(ORLY, FIRST)]
    curated.replace(DAYS, before)
    later = datetime(2025, 1, 1, tzinfo=UTC)
    again = day_document(NICE, FIRST, updated_at=later)
    corrected = day_document(BREST, FIRST, temperature_c=-3.0, updated_at=later)
    added = day_document(BREST, NEW_YEARS_EVE, updated_at=later)
    assert curated.replace(DAYS, [again, corrected, added]) == Replaced(written=2, unchanged=1, deleted=1)
    assert list(curated.find()) == [corrected, before[0], added]


def test_changes_name_each_month_and_station_once_by_its_last_change(curated: CuratedStore) -> None:
    curated.replace(DAYS, [day_document(NICE, FIRST), day_document(ORLY, FIRST)])
    assert _changes(curated) == [(1, "2023-12", ORLY), (2, "2023-12", NICE)]
    eve_and_new_year = (NEW_YEARS_EVE, date(2024, 1, 1))
    curated.replace(eve_and_new_year, [day_document(NICE, day) for day in eve_and_new_year])
    curated.replace(eve_and_new_year, [day_document(NICE, day) for day in eve_and_new_year])  # changes nothing
    assert _changes(curated) == [(1, "2023-12", ORLY), (3, "2023-12", NICE), (4, "2024-01", NICE)]
    curated.replace(DAYS, [day_document(NICE, FIRST), day_document(NICE, NEW_YEARS_EVE)])
    assert _changes(curated, since=3) == [(4, "2024-01", NICE), (5, "2023-12", ORLY)]
    assert _changes(curated, limit=1) == [(3, "2023-12", NICE)]
    assert (curated.last_change(), _changes(curated, since=5)) == (5, [])


def _changes(store: CuratedStore, since: int = 0, limit: int | None = None) -> list[tuple[int, str, str]]:
    return [(each.number, each.month, each.station_id) for each in store.changes(since, limit)]


def test_what_an_earlier_version_stored_is_a_change(curated: CuratedStore, curated_url: str) -> None:
    curated.replace((FIRST, date(2024, 1, 1)), [day_document(NICE, FIRST), day_document(NICE, date(2024, 1, 1))])
    _forget_changes(curated)
    with closing(open_store(curated_url)) as later:
        assert _changes(later) == [(1, "2023-12", NICE), (2, "2024-01", NICE)]


def _forget_changes(store: CuratedStore) -> None:
    if isinstance(store, SqliteCurated):
        with store.connection() as connection:
            connection.execute("DROP TABLE changes")
    elif isinstance(store, MongoCurated):
        store.database["_changes"].drop()


def test_a_follower_is_remembered_by_its_name(curated: CuratedStore) -> None:
    curated.replace(DAYS, [])
    assert (curated.followed("webhook"), curated.last_change()) == (0, 0)
    curated.follow("webhook", 7)
    curated.follow("webhook", 9)
    assert (curated.followed("webhook"), curated.followed("another")) == (9, 0)


def test_replacing_keeps_to_its_days(curated: CuratedStore) -> None:
    november = day_document(NICE, date(2023, 11, 30))
    january = day_document(NICE, date(2024, 1, 1))
    curated.replace((date(2023, 11, 30), date(2024, 1, 1)), [november, day_document(NICE, FIRST), january])
    assert curated.replace(DAYS, []) == Replaced(written=0, unchanged=0, deleted=1)
    assert list(curated.find()) == [november, january]


def test_a_document_of_another_day_is_an_error_and_nothing_is_written(curated: CuratedStore) -> None:
    with pytest.raises(ValueError, match="2024-01-01 is not of the days 2023-12-01 to 2023-12-31"):
        curated.replace(DAYS, [day_document(NICE, FIRST), day_document(NICE, date(2024, 1, 1))])
    assert list(curated.find()) == []


def test_an_empty_store_answers(curated: CuratedStore) -> None:
    curated.ping()
    assert (list(curated.find()), list(curated.events())) == ([], [])
    assert curated.days() is None
    assert curated.cities() == []
    assert curated.coverage() == []
    assert curated.month_revision(DECEMBER) == "none"
    assert curated.replace(DAYS, []) == Replaced(0, 0, 0)
    with pytest.raises(NotFound):
        curated.get(f"{NICE}:2023-12-01")


def test_a_closed_store_opens_again(curated: CuratedStore) -> None:
    curated.replace(DAYS, [day_document(NICE, FIRST)])
    curated.close()
    curated.close()
    assert curated.days() == (FIRST, FIRST)


CONTENTS = st.dictionaries(
    st.tuples(st.sampled_from([NICE, BREST]), st.integers(0, 3)), st.sampled_from([1.0, 2.0]), max_size=6
)
STEPS = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), CONTENTS), min_size=1, max_size=4)


@property_test
@given(STEPS)
def test_any_replacements_end_in_exactly_the_documents_last_given(
    curated: CuratedStore, steps: list[tuple[int, int, dict[tuple[str, int], float]]]
) -> None:
    everything = (_day(0), _day(3))
    curated.replace(everything, [])
    expected: dict[str, WeatherStats] = {}
    for n, (one, other, contents) in enumerate(steps):
        days = (_day(min(one, other)), _day(max(one, other)))
        given_docs = {
            doc.document_id: doc
            for (station_id, day), temperature_c in contents.items()
            if days[0] <= _day(day) <= days[1]
            for doc in [day_document(station_id, _day(day), temperature_c=temperature_c, updated_at=_minute(n))]
        }
        revision = curated.revision()
        before = {key: doc for key, doc in expected.items() if days[0] <= doc.date.date() <= days[1]}
        same = {key for key, doc in given_docs.items() if key in before and _revision(before[key]) == _revision(doc)}
        gone = before.keys() - given_docs.keys()
        assert curated.replace(days, given_docs.values()) == Replaced(len(given_docs) - len(same), len(same), len(gone))
        expected = {key: doc for key, doc in expected.items() if key not in before or key in same} | {
            key: doc for key, doc in given_docs.items() if key not in same
        }
        assert list(curated.find()) == sorted(expected.values(), key=_order)
        assert (curated.revision() == revision) == (len(same) == len(given_docs) and not gone)


def test_a_revision_changes_with_its_month_alone(curated: CuratedStore) -> None:
    november = Month(2023, 11)
    empty = curated.revision()
    curated.replace(DAYS, [day_document(NICE, FIRST)])
    curated.replace((november.first_day, november.last_day), [day_document(NICE, november.first_day)])
    seen = (curated.month_revision(november), curated.month_revision(DECEMBER), curated.revision())
    assert len({*seen, empty}) == 4
    curated.replace(DAYS, [day_document(NICE, FIRST)])
    assert (curated.month_revision(november), curated.month_revision(DECEMBER), curated.revision()) == seen
    curated.replace(DAYS, [])
    assert curated.month_revision(november) == seen[0]
    assert curated.month_revision(DECEMBER) not in ("none", seen[1])
    assert curated.revision() not in (empty, seen[2])


# Reading


DATASET = [
    day_document(station_id, FIRST + timedelta(days=n), temperature_c=float(n), events=events)
    for station_id in CITIES
    for n, events in enumerate(
        [[("gale", 20.0), ("frost", -1.0)], [], [("frost", -12.5)], [("heavy_rain", 30.0)], [("frost", 0.0)]]
    )
    if (station_id, n) != (ORLY, 2)
]
DATASET.append(day_document(NICE, date(2024, 2, 29)))


@pytest.fixture
def filled(curated: CuratedStore) -> CuratedStore:
    curated.replace((FIRST, date(2024, 2, 29)), DATASET)
    return curated


STATIONS = st.none() | st.sets(st.sampled_from([*CITIES, "99999"]))
DATES = st.none() | st.dates(FIRST - timedelta(days=1), FIRST + timedelta(days=6))
BOUNDS = st.none() | st.dictionaries(st.sampled_from(["°C", "m/s", "mm"]), st.sampled_from([-12.5, -1.0, 0.0, 25.0]))
TYPES = st.none() | st.sets(st.sampled_from(["frost", "gale", "heavy_rain", "tornado"]))


@property_test
@given(STATIONS, DATES, DATES, st.booleans(), st.integers(1, 5))
def test_find_gives_what_was_asked_whole_or_in_pages(
    filled: CuratedStore,
    stations: set[str] | None,
    first: date | None,
    last: date | None,
    newest_first: bool,
    limit: int,
) -> None:
    expected = sorted((doc for doc in DATASET if _is_in(doc, stations, first, last)), key=_order, reverse=newest_first)
    asked = Query(stations=stations, first=first, last=last, newest_first=newest_first)
    assert list(filled.find(asked)) == expected
    assert _paged(filled.find, asked, limit, lambda doc: doc.document_id) == expected


@property_test
@given(
    TYPES,
    STATIONS,
    DATES,
    DATES,
    BOUNDS,
    st.booleans(),
    st.integers(1, 4),
)
def test_events_gives_what_was_asked_whole_or_in_pages(
    filled: CuratedStore,
    types: set[str] | None,
    stations: set[str] | None,
    first: date | None,
    last: date | None,
    at_least: dict[str, float] | None,
    newest_first: bool,
    limit: int,
) -> None:
    expected = [
        StationEvent(
            event_id=f"{doc.document_id}:{event.type}",
            station_id=doc.station_id,
            city=doc.city,
            slug=doc.slug,
            period=doc.period,
            date=doc.date,
            type=event.type,
            value=event.value,
            unit=event.unit,
            threshold=event.threshold,
        )
        for doc in DATASET
        if _is_in(doc, stations, first, last)
        for event in doc.extreme_events
        if (types is None or event.type in types)
        and (at_least is None or event.value >= at_least.get(event.unit, float("inf")))
    ]
    expected.sort(key=lambda event: (*_order(event), event.type), reverse=newest_first)
    asked = EventQuery(
        types=types, stations=stations, first=first, last=last, at_least=at_least, newest_first=newest_first
    )
    assert list(filled.events(asked)) == expected
    assert _paged(filled.events, asked, limit, lambda event: event.event_id) == expected


def test_the_next_page_follows_even_if_the_last_document_is_deleted(filled: CuratedStore) -> None:
    seen = next(filled.find(Query(limit=1)))
    rest = list(filled.find())[1:]
    filled.replace((FIRST, FIRST), [doc for doc in DATASET if doc.period == str(FIRST) and doc != seen])
    assert list(filled.find(Query(after=seen.document_id))) == rest


@pytest.mark.parametrize(
    "after", ["", "07690", "07690:2023-02-30", "07690:2023-12-01:frost:x", "' OR 1=1 --", '{"$gt": ""}']
)
def test_an_invalid_cursor_is_refused(filled: CuratedStore, after: str) -> None:
    with pytest.raises(BadInput, match="not the end of a page"):
        filled.find(Query(after=after))
    with pytest.raises(BadInput, match="not the end of a page"):
        filled.events(EventQuery(after=after))


@pytest.mark.parametrize("kind", [Query, EventQuery])
@pytest.mark.parametrize("limit", [0, -1])
def test_a_page_of_nothing_is_refused(kind: type[Query], limit: int) -> None:
    with pytest.raises(BadInput, match="1 or more"):
        kind(limit=limit)


def test_documents_of_another_version_are_refused_and_replaced(curated_url: str) -> None:
    """A figure that is missing is not null: reading says so, and making the month again heals it."""
    with closing(open_store(curated_url)) as store:
        store.replace(DAYS, [day_document(NICE, FIRST)])
        _forget_humidity(store)
        for read in (lambda: list(store.find()), lambda: store.get(f"{NICE}:2023-12-01")):
            with pytest.raises(StoreRefused, match=r"another version of the platform.*humidity.*weather rebuild"):
                read()
        assert store.coverage()[0].documents == 1
        again = day_document(NICE, FIRST, temperature_c=1.0)
        assert store.replace(DAYS, [again]).written == 1
        assert list(store.find()) == [again]


def _forget_humidity(store: CuratedStore) -> None:
    if isinstance(store, MongoCurated):
        store._documents.update_many({}, {"$unset": {"metrics.humidity": ""}})
    elif isinstance(store, SqliteCurated):
        with closing(store._connect()) as connection:
            connection.execute("UPDATE weather_stats SET doc = json_remove(doc, '$.metrics.humidity')")


@pytest.mark.parametrize("text", ["", "' OR ''='", '{"$ne": null}', "07690:2023-12-0%", "\0"])
def test_no_text_is_taken_for_a_query(filled: CuratedStore, text: str) -> None:
    with pytest.raises(NotFound):
        filled.get(text)
    assert list(filled.find(Query(stations=[text]))) == []
    assert list(filled.events(EventQuery(types=[text]))) == []


def test_cities_tell_what_each_station_has(filled: CuratedStore) -> None:
    fourth = FIRST + timedelta(days=4)
    assert filled.cities() == [
        StoredCity(
            station_id=BREST, slug="brest_guipavas", city="BREST-GUIPAVAS", documents=5, first=FIRST, last=fourth
        ),
        StoredCity(station_id=NICE, slug="nice", city="NICE", documents=6, first=FIRST, last=date(2024, 2, 29)),
        StoredCity(station_id=ORLY, slug="orly", city="ORLY", documents=4, first=FIRST, last=fourth),
    ]
    assert filled.days() == (FIRST, date(2024, 2, 29))


def test_dates_are_the_days_that_a_station_has_a_document_of(filled: CuratedStore) -> None:
    station = DATASET[0].station_id
    of_station = sorted({doc.date.date() for doc in DATASET if doc.station_id == station})

    assert filled.dates() == sorted({doc.date.date() for doc in DATASET})
    assert filled.dates([station]) == of_station
    assert filled.dates(["99999"]) == []


def test_a_city_has_its_latest_name(curated: CuratedStore) -> None:
    renamed = msgspec.structs.replace(day_document(NICE, NEW_YEARS_EVE), city="NICE-AÉROPORT", slug="nice_aeroport")
    curated.replace(DAYS, [renamed, day_document(NICE, FIRST)])
    assert [(city.city, city.slug, city.documents) for city in curated.cities()] == [
        ("NICE-AÉROPORT", "nice_aeroport", 2)
    ]


def test_coverage_counts_by_station_and_month(filled: CuratedStore) -> None:
    december = [
        # 1 and 3 and 5 December have 8 observations, the others 7.
        Coverage(station_id=BREST, month=DECEMBER, documents=5, observations=38, expected=40),
        Coverage(station_id=ORLY, month=DECEMBER, documents=4, observations=30, expected=32),
        Coverage(station_id=NICE, month=DECEMBER, documents=5, observations=38, expected=40),
    ]
    leap_day = Coverage(station_id=NICE, month=Month(2024, 2), documents=1, observations=8, expected=8)
    assert filled.coverage() == [*december, leap_day]
    assert filled.coverage(*DAYS) == december
    assert filled.coverage(first=date(2024, 1, 1)) == [leap_day]


def test_rain_is_that_of_the_documents_that_have_it(curated: CuratedStore) -> None:
    fell = {ORLY: (1.2, None, 0.0), NICE: (30.5, None, 4.0)}
    curated.replace(DAYS, [_with_rain(number, day, mm) for number, of in fell.items() for day, mm in enumerate(of, 1)])
    assert curated.rain(*DAYS) == {ORLY: [1.2, 0.0], NICE: [30.5, 4.0]}
    assert curated.rain(date(2023, 12, 3), date(2023, 12, 3)) == {ORLY: [0.0], NICE: [4.0]}


def _with_rain(number: str, day: int, mm: float | None) -> WeatherStats:
    made = day_document(number, date(2023, 12, day))
    rainfall = msgspec.structs.replace(made.metrics.rainfall, rr=mm)
    return msgspec.structs.replace(made, metrics=msgspec.structs.replace(made.metrics, rainfall=rainfall))


@pytest.mark.parametrize(
    ("days", "read"), [(DAYS, 14), ((date(2024, 1, 1), None), 1), ((None, None), len(DATASET))], ids=str
)
def test_coverage_reads_only_index_entries_of_its_days(
    fresh_mongo_database: str, days: tuple[date | None, date | None], read: int
) -> None:
    """Reading all months for one, it grew from 19 to 540 ms in three years of 190 stations (benchmarks/scaling.py)."""
    store = MongoCurated(fresh_mongo_database)
    store.replace((date(2023, 12, 1), date(2024, 2, 29)), DATASET)
    command = {"aggregate": COLLECTION, "pipeline": coverage_pipeline(*days), "cursor": {}}
    explained = store.database.command("explain", command, verbosity="executionStats")
    stages = explained.get("stages")
    stats = (stages[0]["$cursor"] if stages else explained)["executionStats"]
    store.close()
    assert stats["totalDocsExamined"] == 0
    assert read <= stats["totalKeysExamined"] <= read + 2


def test_one_answer_may_be_read_by_several_threads_in_turn(filled: CuratedStore) -> None:
    rows = filled.find()
    read = [next(rows)]
    for _ in range(3):
        with ThreadPoolExecutor(1) as pool:
            read.append(pool.submit(next, rows).result())
    with ThreadPoolExecutor(1) as pool:
        read += pool.submit(list, rows).result()
    assert read == sorted(DATASET, key=_order)


def test_many_threads_share_a_store(filled: CuratedStore) -> None:
    expected = list(filled.find())
    with ThreadPoolExecutor(8) as pool:
        assert all(answer == expected for answer in pool.map(lambda _: list(filled.find()), range(24)))


def _day(n: int) -> date:
    """Four days; the first is in the month before."""
    return date(2023, 11, 30) + timedelta(days=n)


def _minute(n: int) -> datetime:
    return datetime(2024, 1, 1, 0, n, tzinfo=UTC)


def _revision(doc: WeatherStats) -> str:
    return doc.provenance.revision


def _order(doc: WeatherStats | StationEvent) -> tuple[datetime, str]:
    return doc.date, doc.station_id


def _is_in(doc: WeatherStats, stations: set[str] | None, first: date | None, last: date | None) -> bool:
    days: Days = (first or date.min, last or date.max)
    return (stations is None or doc.station_id in stations) and days[0] <= doc.date.date() <= days[1]


Row = TypeVar("Row")
Asked = TypeVar("Asked", bound=Query)


def _paged(read: Callable[[Asked], Iterator[Row]], asked: Asked, limit: int, cursor: Callable[[Row], str]) -> list[Row]:
    rows: list[Row] = []
    while page := list(read(msgspec.structs.replace(asked, limit=limit, after=cursor(rows[-1]) if rows else None))):
        assert len(page) <= limit
        rows += page
        assert len(rows) < 100, "the pages never end"
    return rows
