"""Processes and servers that die in the middle of a replacement, and many that replace at once."""

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from threading import Barrier
from typing import Any

import pymongo
import pytest

from weather_platform.domain.months import Month, month_range
from weather_platform.domain.weather_stats import WeatherStats
from weather_platform.settings import Settings
from weather_platform.storage.curated import CuratedStore, Days, Query
from weather_platform.storage.curated_sqlite import SqliteCurated
from weather_platform.storage.opening import open_curated
from weather_platform_tests.servers.mongodb import MongoDB
from weather_platform_tests.storage.documents import month_documents

OLD, NEW = 1.0, 2.0
OLD_STATIONS, NEW_STATIONS = range(5), range(1, 6)  # some altered, some new, some gone
DECEMBER = Month(2023, 12)

SQLITE_POINTS = ["BEGIN", "SELECT", "INSERT 0", "INSERT 100", "DELETE 15", "COMMIT"]
MONGODB_POINTS = ["find", "update", "insert", "insert+", "delete", "delete+", "commitTransaction"]


def test_a_process_killed_anywhere_leaves_the_old_month_in_sqlite(sqlite_url: str) -> None:
    assert _states_after_kills(sqlite_url, SQLITE_POINTS) == dict.fromkeys(SQLITE_POINTS, "old")
    _next_run_brings_the_new_months(sqlite_url, len(SQLITE_POINTS))


@pytest.mark.slow
def test_a_killed_process_leaves_the_old_or_the_new_month_in_mongodb(
    mongodb_server: MongoDB, fresh_mongo_database: str
) -> None:
    """The abandoned transactions block their months until the next run ends them, after 3 s."""
    points = [*MONGODB_POINTS, "commitTransaction+"]
    expected = {**dict.fromkeys(MONGODB_POINTS, "old"), "commitTransaction+": "new"}
    assert _states_after_kills(fresh_mongo_database, points) == expected
    _next_run_brings_the_new_months(fresh_mongo_database, len(points))
    # A transaction that has only read blocks nothing but dropping the database.
    with pymongo.MongoClient[dict[str, Any]](mongodb_server.url()) as client:
        client.admin.command("killAllSessions", [])


@pytest.mark.slow
def test_a_server_killed_in_the_middle_comes_back_with_the_old_month(
    mongodb_server: MongoDB, fresh_mongo_database: str
) -> None:
    with closing(open_store(fresh_mongo_database)) as store:
        store.replace(_days(DECEMBER), _old(DECEMBER))
    child = _replacing(fresh_mongo_database, DECEMBER, "delete", str(mongodb_server.pid))
    _, said = child.communicate()
    assert child.returncode == 1
    assert said.startswith(f"StoreUnavailable: MongoDB at 127.0.0.1:{mongodb_server.port}/")
    mongodb_server.kill()  # takes note that it is dead
    mongodb_server.start()
    assert _state(fresh_mongo_database, DECEMBER) == "old"
    with closing(open_store(fresh_mongo_database)) as store:
        store.replace(_days(DECEMBER), _new(DECEMBER))
    assert _state(fresh_mongo_database, DECEMBER) == "new"


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


def test_many_may_make_the_same_sqlite_file_at_once(tmp_path: Path) -> None:
    start = Barrier(8, timeout=20)

    def make(n: int) -> None:
        store = SqliteCurated(tmp_path / str(n) / "curated.sqlite")
        start.wait()
        store.ensure()

    with ThreadPoolExecutor(8) as pool:
        for n in range(20):
            list(pool.map(make, [n] * 8))


@pytest.mark.slow
@pytest.mark.parametrize("url", ["sqlite_url", "fresh_mongo_database"], indirect=True)
def test_four_processes_writing_at_once_lose_nothing(url: str) -> None:
    quarters = [(Month(2023, n), Month(2023, n + 2)) for n in (1, 4, 7, 10)]
    children = [_replacing(url, f"{first}..{last}") for first, last in quarters]
    assert [(child.communicate()[1], child.returncode) for child in children] == [("", 0)] * 4
    with closing(open_store(url)) as store:
        assert list(store.find()) == [doc for month in _months(12) for doc in _new(month)]


@pytest.fixture
def sqlite_url(tmp_path_factory: pytest.TempPathFactory) -> str:
    return f"sqlite:///{tmp_path_factory.mktemp('curated')}/curated.sqlite"


@pytest.fixture
def url(request: pytest.FixtureRequest) -> str:
    """The address of an empty store, by the name of its fixture."""
    return str(request.getfixturevalue(request.param))


def open_store(url: str) -> CuratedStore:
    return open_curated(Settings.from_environment({"WEATHER_CURATED_URL": url}))


def _states_after_kills(url: str, points: list[str]) -> dict[str, str]:
    """What of each point's month is stored, after a process was killed there that replaced old by new."""
    months = _months(len(points))
    with closing(open_store(url)) as store:
        for month in months:
            store.replace(_days(month), _old(month))
    for pair in zip(months[::2], points[::2], strict=True), zip(months[1::2], points[1::2], strict=True):
        children = {point: _replacing(url, month, point) for month, point in pair}
        ends = {point: (child.communicate()[1], child.returncode) for point, child in children.items()}
        assert ends == dict.fromkeys(children, ("", -signal.SIGKILL))
    return {point: _state(url, month) for month, point in zip(months, points, strict=True)}


def _next_run_brings_the_new_months(url: str, count: int) -> None:
    with closing(open_store(url)) as store:
        for month in _months(count):
            store.replace(_days(month), _new(month))
        assert list(store.find()) == [doc for month in _months(count) for doc in _new(month)]


def _state(url: str, month: Month) -> str:
    with closing(open_store(url)) as store:
        stored = list(store.find(Query(first=month.first_day, last=month.last_day)))
    return "old" if stored == _old(month) else "new" if stored == _new(month) else "mixture"


def _replacing(url: str, months: Month | str, *point: str) -> subprocess.Popen[str]:
    stations = f"{NEW_STATIONS[0]}-{NEW_STATIONS[-1]}"
    command = [sys.executable, "-m", "weather_platform_tests.storage.replacing"]
    return subprocess.Popen([*command, url, str(months), str(NEW), stations, *point], stderr=subprocess.PIPE, text=True)


def _months(count: int) -> list[Month]:
    return list(month_range(Month(2023, 1), Month(2023, count)))


def _days(month: Month) -> Days:
    return month.first_day, month.last_day


def _old(month: Month) -> list[WeatherStats]:
    return month_documents(month, OLD, OLD_STATIONS)


def _new(month: Month) -> list[WeatherStats]:
    return month_documents(month, NEW, NEW_STATIONS)
