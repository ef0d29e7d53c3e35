"""The look whether anything changed, over embedded stores and over MariaDB or MySQL with MongoDB."""

import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import datetime
from pathlib import Path
from threading import Barrier, Event
from typing import Any, NamedTuple

import msgspec
import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pymongo.client_session import ClientSession
from sqlalchemy.engine import Connection

from weather_platform.domain.climate.overrides import Override
from weather_platform.domain.climate.reference import StationReferences
from weather_platform.domain.months import Month
from weather_platform.domain.parts import ALL_STATIONS
from weather_platform.domain.quality import Verdict
from weather_platform.settings import Settings
from weather_platform.storage import marks
from weather_platform.storage.by_station import REFERENCES
from weather_platform.storage.curated import by_id
from weather_platform.storage.curated_mongodb import MongoCurated
from weather_platform.storage.databases import in_transaction
from weather_platform.storage.marks_mongodb import COLLECTION, MOST_MARKS
from weather_platform.storage.opening import Stores
from weather_platform.storage.staging_tables import MARKS, VERDICTS
from weather_platform_tests.layers import Environment, embedded, on_servers, opened
from weather_platform_tests.observations import at, month_of
from weather_platform_tests.storage.documents import month_documents
from weather_platform_tests.storage.sheets import sheet
from weather_platform_tests.storage.test_flags import LIFTED, flag

NOVEMBER, DECEMBER = Month(2023, 11), Month(2023, 12)
NOON = datetime(2024, 2, 1, 12)  # noqa: DTZ001
SERVERS = ["mariadb", "mysql"]


class World(NamedTuple):
    """A writer, and a reader of the same stores that shares nothing with it."""

    writer: Stores
    reader: Stores
    environment: Environment

    def contents(self) -> list[object]:
        """All that readers see, as it is stored."""
        staging, curated = self.writer.staging, self.writer.curated
        return [
            [*_rows(self.writer), staging.coverage(), staging.flagging.find(), staging.flagging.revision()],
            [staging.flagging.kept(), staging.verdicts.find([NOVEMBER, DECEMBER])],
            [list(curated.find()), list(self.writer.monthly.find())],
            [self.writer.by_station.get(REFERENCES, f"{n:05}") for n in range(25)],
            self.writer.by_station.revision(REFERENCES),
        ]


def _rows(stores: Stores) -> list[dict[str, Any]]:
    staging = stores.staging
    return [row for station in staging.stations().values() for row in staging.rows(station)]


@contextmanager
def world_of(request: pytest.FixtureRequest, folder: Path, stores: str) -> Iterator[World]:
    with ExitStack() as stack:
        environment = (
            embedded(folder) if stores == "files" else stack.enter_context(on_servers(request, folder, sql=stores))
        )
        reader = Stores(Settings.from_environment(environment), read_only=True)
        writer = stack.enter_context(opened(environment))
        for month in (NOVEMBER, DECEMBER):
            _stage(writer, month, 1)
        _document(writer, NOVEMBER, 1)
        yield World(writer, reader, environment)
        reader.close()


@pytest.fixture(params=["files", "mariadb"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with world_of(request, tmp_path, request.param) as made:
        yield made


@pytest.fixture(params=SERVERS)
def servers(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    with world_of(request, tmp_path, request.param) as made:
        yield made


def _stage(stores: Stores, month: Month, value: int) -> None:
    stores.staging.replace_month(str(month), month_of([at(f"{month}-05T06", t=280 + value)] * (value > 0)))


def _flag(stores: Stores, month: Month, value: int) -> None:
    stores.staging.flagging.replace(month, [flag(5, field=f"f{n}") for n in range(value)], f"made of {value}")


def _decide(stores: Stores, _: Month, value: int) -> None:
    stores.staging.flagging.keep(_decision(value))


def _decide_otherwise(stores: Stores, _: Month, value: int) -> None:
    for kept in stores.staging.flagging.kept()[value:]:
        stores.staging.flagging.drop(kept.id or "")


def _decision(value: int) -> Override:
    return msgspec.structs.replace(LIFTED, reason=f"reason {value}")


def _judge(stores: Stores, month: Month, value: int) -> None:
    stores.staging.verdicts.note(month, {"structure": Verdict(value > 1, f"found {value}")}, NOON)


def _document(stores: Stores, month: Month, value: int) -> None:
    stores.curated.replace((month.first_day, month.last_day), month_documents(month, float(value), range(value)))


def _sum_up(stores: Stores, month: Month, value: int) -> None:
    stores.monthly.replace(month, [sheet(month=str(month), rr={"total": float(value)})] * (value > 0))


def _refer(stores: Stores, _: Month, value: int) -> None:
    made = [StationReferences(station_id=f"{n:05}", made_of=str(value), references=()) for n in range(8 * value)]
    stores.by_station.replace(REFERENCES, made)


WRITES: list[Callable[[Stores, Month, int], None]] = [
    *(_stage, _flag, _decide, _decide_otherwise, _judge, _document, _sum_up, _refer)
]


@settings(deadline=None, max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(
        st.tuples(st.sampled_from(WRITES), st.sampled_from([NOVEMBER, DECEMBER]), st.integers(0, 3)),
        min_size=6,
        max_size=12,
    )
)
def test_whatever_readers_may_see_changes_with_the_token(
    world: World, written: list[tuple[Callable[[Stores, Month, int], None], Month, int]]
) -> None:
    seen: dict[str, list[object]] = {world.reader.token(): world.contents()}
    for write, month, value in written:
        write(world.writer, month, value)
        token, contents = world.reader.token(), world.contents()
        assert seen.setdefault(token, contents) == contents, write


@pytest.mark.parametrize("write", WRITES)
def test_each_kind_of_write_changes_the_token(world: World, write: Callable[[Stores, Month, int], None]) -> None:
    _decide(world.writer, DECEMBER, 1)
    before, contents = world.reader.token(), world.contents()
    assert world.reader.token() == before
    write(world.writer, DECEMBER, 0 if write is _decide_otherwise else 2)
    assert (world.contents() == contents, world.reader.token() == before) == (False, False)


def test_a_reader_beside_many_writers_misses_no_change(world: World) -> None:
    """As long as the token stays the same, so does the data."""
    months = [Month(2023, 9), Month(2023, 10), NOVEMBER, DECEMBER]
    written = Event()

    def write(month: Month) -> None:
        for n in range(1, 9):
            _stage(world.writer, month, n)
            _document(world.writer, month, n % 3)

    def data() -> list[object]:
        return [*_rows(world.reader), *world.reader.curated.find()]

    def look() -> list[tuple[str, list[object]]]:
        seen = []
        while not written.is_set():
            seen.append((world.reader.token(), data()))
        return [*seen, (world.reader.token(), data())]

    for month in months:
        _stage(world.writer, month, 1)
    with ThreadPoolExecutor(5) as pool:
        looking = pool.submit(look)
        list(pool.map(write, months))
        written.set()
        seen = looking.result(60)
    assert seen[-1][1] == data()
    at_rest = [each for each in zip(seen, seen[1:], seen[2:], strict=False) if len({token for token, _ in each}) == 1]
    assert [first for (_, first), _, _ in at_rest] == [second for _, (_, second), _ in at_rest]
    tokens = [token for n, (token, _) in enumerate(seen) if n == 0 or token != seen[n - 1][0]]
    assert len(set(tokens)) == len(tokens)
    assert len(tokens) > len(months)


@pytest.mark.slow
def test_a_transaction_that_is_open_holds_up_no_other_month(servers: World) -> None:
    curated = servers.writer.curated
    assert isinstance(curated, MongoCurated)
    attempts = []
    written, go_on = Barrier(3, timeout=20), Event()

    def documents(session: ClientSession) -> None:
        attempts.append("documents")
        days = (DECEMBER.first_day, DECEMBER.last_day)
        produced = by_id(days, month_documents(DECEMBER, 1.0, range(1)), ALL_STATIONS)
        curated._replace_at_once(days, ALL_STATIONS, produced, session)
        written.wait()
        go_on.wait(20)

    def verdicts(connection: Connection) -> None:
        attempts.append("verdicts")
        row = {"month": "2023-12", "check_name": "c", "place": 1, "noted": NOON, "passed": True, "description": ""}
        connection.execute(sa.insert(VERDICTS), [row])
        written.wait()
        go_on.wait(20)
        marks.mark(connection)

    with ThreadPoolExecutor(2) as pool:
        working = [
            pool.submit(curated.changing, documents),
            pool.submit(in_transaction, servers.writer.staging.engine, verdicts),
        ]
        written.wait()
        before = servers.reader.token()
        for value in range(MOST_MARKS + 2):  # so many that the marks are folded meanwhile
            _document(servers.writer, NOVEMBER, 2 + value % 2)
            _judge(servers.writer, NOVEMBER, value % 2)
        while_open = servers.reader.token()
        go_on.set()
        for each in working:
            each.result(20)
    assert sorted(attempts) == ["documents", "verdicts"]
    assert len({before, while_open, servers.reader.token()}) == 3


def test_marks_of_many_months_are_few_and_no_token_comes_again(servers: World) -> None:
    tokens = [servers.reader.token()]
    for n in range(2 * MOST_MARKS):
        month = Month(2020 + n // 12, n % 12 + 1)
        for write in (_document, _judge):
            write(servers.writer, month, 1)
            tokens.append(servers.reader.token())
    assert len(set(tokens)) == len(tokens)
    assert _database(servers)[COLLECTION].count_documents({}) <= MOST_MARKS + 1
    with servers.writer.staging.engine.connect() as connection:
        assert (connection.scalar(sa.select(sa.func.count()).select_from(MARKS)) or 0) <= marks._SLOTS


@pytest.mark.slow
def test_a_process_killed_before_its_commit_changes_nothing(servers: World) -> None:
    _judge(servers.writer, NOVEMBER, 1)
    before = servers.reader.token(), servers.contents()
    urls = [servers.environment[f"WEATHER_{name}_URL"] for name in ("STAGING", "CURATED")]
    command = [sys.executable, "-m", "weather_platform_tests.storage.marking", *urls]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "marked\n"
        assert servers.reader.token() == before[0]
        process.send_signal(signal.SIGKILL)
    assert (servers.reader.token(), servers.contents()) == before
    _document(servers.writer, DECEMBER, 1)  # ends what the killed process left
    assert servers.reader.token() != before[0]


def test_stores_of_an_earlier_release_are_looked_at_month_by_month(servers: World) -> None:
    def forget() -> str:
        """What a writer of the earlier release leaves behind, and the token then."""
        with servers.writer.staging.engine.begin() as connection:
            connection.execute(sa.schema.DropTable(MARKS, if_exists=True))
        _database(servers)[COLLECTION].drop()
        return servers.reader.token()

    tokens = [forget()]
    for value, write in enumerate((_stage, _document, _flag, _sum_up), 1):
        servers.writer.staging.ensure()
        write(servers.writer, Month(2023, 10), value)
        tokens += [forget(), forget()]
    assert [tokens[n] for n in (1, 3, 5, 7)] == [tokens[n] for n in (2, 4, 6, 8)]
    assert len(set(tokens)) == 5
    servers.writer.staging.ensure()
    _document(servers.writer, DECEMBER, 1)
    assert servers.reader.token() not in tokens


def test_a_connection_that_the_server_closed_is_replaced(servers: World) -> None:
    _judge(servers.writer, DECEMBER, 1)
    before = servers.reader.token()
    kept = servers.reader._marks._connection
    assert kept is not None
    with servers.writer.staging.engine.connect() as connection:
        connection.exec_driver_sql(f"KILL {kept.exec_driver_sql('SELECT CONNECTION_ID()').scalar()}")
    assert servers.reader.token() == before
    _judge(servers.writer, DECEMBER, 2)
    assert servers.reader.token() != before


def _database(world: World) -> Any:
    assert isinstance(world.writer.curated, MongoCurated)
    return world.writer.curated.database
