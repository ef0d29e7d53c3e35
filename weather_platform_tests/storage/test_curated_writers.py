"""Many that replace at once; what becomes of those that die is tried in `faults`."""

from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing
from pathlib import Path
from threading import Barrier, Event

import pytest
from pymongo.client_session import ClientSession

from weather_platform.domain.months import Month
from weather_platform.domain.parts import ALL_STATIONS
from weather_platform.domain.weather_stats import WeatherStats
from weather_platform.settings import Settings
from weather_platform.storage.curated import CuratedStore, Days, Query, by_id
from weather_platform.storage.curated_mongodb import MongoCurated
from weather_platform.storage.curated_sqlite import SqliteCurated
from weather_platform.storage.opening import open_curated
from weather_platform_tests.storage.documents import month_documents

DECEMBER = Month(2023, 12)


@pytest.mark.parametrize("url", ["sqlite_url", "fresh_mongo_database"], indirect=True)
def test_of_those_who_replace_the_same_days_at_once_one_is_the_last(url: str) -> None:
    step = Barrier(4, timeout=20)  # one that fails must not leave the others waiting
    # No document of one is also another's: nothing but the store itself can notice that they collide.
    offers = [month_documents(DECEMBER, float(n), range(10 * n, 10 * n + 3)) for n in range(4)]

    def replace(n: int) -> list[list[WeatherStats]]:
        seen = []
        with closing(open_store(url)) as store:
            for _ in range(5):
                step.wait()
                store.replace(_days(DECEMBER), offers[n])
                step.wait()
                seen.append(list(store.find()))
        return seen

    with ThreadPoolExecutor(4) as pool:
        seen = [stored for each in pool.map(replace, range(4)) for stored in each]
    assert [stored for stored in seen if stored not in offers] == []


@pytest.mark.parametrize("url", ["sqlite_url", "fresh_mongo_database"], indirect=True)
def test_a_mirror_that_follows_the_changes_of_many_writers_misses_none(url: str) -> None:
    """Two mirrors read while three writers write; each reads again what changed, from where it stopped."""
    months = [Month(2023, 10), Month(2023, 11), DECEMBER]
    written = Event()

    def write(n: int) -> None:
        with closing(open_store(url)) as store:
            for again in range(6):
                store.replace(_days(months[n]), month_documents(months[n], float(again), range(again % 3 + 1)))

    def mirror(_: int) -> list[str]:
        copied: dict[tuple[str, str], list[str]] = {}
        since = 0
        with closing(open_store(url)) as store:
            while True:
                is_last_round = written.is_set()
                for change in store.changes(since, limit=2):
                    days = _days(Month.parse(change.month))
                    found = store.find(Query(stations=[change.station_id], first=days[0], last=days[1]))
                    copied[change.month, change.station_id] = [repr(document) for document in found]
                    since = change.number
                if is_last_round and not store.changes(since, limit=1):
                    return sorted(text for texts in copied.values() for text in texts)

    with ThreadPoolExecutor(5) as pool:
        mirrors = [pool.submit(mirror, n) for n in range(2)]
        list(pool.map(write, range(3)))
        written.set()
        copies = [each.result(timeout=60) for each in mirrors]
    with closing(open_store(url)) as store:
        stored = sorted(map(repr, store.find()))
    assert copies == [stored, stored]


def test_a_change_that_is_numbered_while_it_is_written_again_is_numbered_again(fresh_mongo_database: str) -> None:
    days, (first, again) = _days(DECEMBER), (month_documents(DECEMBER, value, range(1)) for value in (0.0, 1.0))
    written, seen_by_reader = Event(), Event()
    with closing(MongoCurated(fresh_mongo_database)) as store, ThreadPoolExecutor(2) as pool:
        store.replace(days, first)

        def write(session: ClientSession) -> None:
            store._replace_at_once(days, ALL_STATIONS, by_id(days, again, ALL_STATIONS), session)
            written.set()
            seen_by_reader.wait(20)

        writing = pool.submit(store.in_transaction, write)
        assert written.wait(20)
        reading = pool.submit(store.changes)
        wait([reading], timeout=1)
        since = reading.result()[-1].number if reading.done() else 0
        seen_by_reader.set()
        writing.result(20)
        assert [change.month for change in store.changes(since)] == ["2023-12"]


def test_many_may_make_the_same_sqlite_file_at_once(tmp_path: Path) -> None:
    start = Barrier(8, timeout=20)

    def make(n: int) -> None:
        store = SqliteCurated(tmp_path / str(n) / "curated.sqlite")
        start.wait()
        store.ensure()

    with ThreadPoolExecutor(8) as pool:
        for n in range(20):
            list(pool.map(make, [n] * 8))


@pytest.fixture
def sqlite_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('curated')}/curated.sqlite"


@pytest.fixture
def url(request: pytest.FixtureRequest) -> str:
    """The address of an empty store, by the name of its fixture."""
    return str(request.getfixturevalue(request.param))


def open_store(url: str) -> CuratedStore:
    return open_curated(Settings.from_environment({"WEATHER_CURATED_URL": url}))


def _days(month: Month) -> Days:
    return month.first_day, month.last_day
