"""Dagster's databases of SQLite by connections that stay open."""

import sqlite3
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.instance import InstanceRef
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.test_utils import create_run_for_test

from weather_platform.dagster_patches import sqlite_storage
from weather_platform.dagster_patches.sqlite_storage import OpenEvents
from weather_platform.runtime.instance import write_instance
from weather_platform.settings import Settings


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return write_instance(Settings.from_environment({"WEATHER_HOME": str(tmp_path)}))


@contextmanager
def as_it_comes(home: Path) -> Iterator[dg.DagsterInstance]:
    """The instance of this home by Dagster's own storage."""
    own = {"storage": {"sqlite": {"base_dir": str(home)}}}
    with dg.DagsterInstance.from_ref(InstanceRef.from_dir(str(home), overrides=own)) as instance:
        yield instance


@dg.asset(check_specs=[dg.AssetCheckSpec("plausible", asset="month")])
def month() -> dg.MaterializeResult:  # type: ignore[type-arg]
    return dg.MaterializeResult(metadata={"rows": 8}, check_results=[dg.AssetCheckResult(passed=True)])


def run_once(instance: dg.DagsterInstance) -> str:
    return dg.materialize([month], instance=instance).run_id


def recorded(instance: dg.DagsterInstance) -> list[object]:
    """All that Dagster says of its runs, their events, the asset and its check."""
    key = dg.AssetKey("month")
    latest = instance.get_latest_materialization_event(key)
    return [
        {run.run_id: run.status for run in instance.get_runs()},
        {run.run_id: [record.message for record in instance.all_logs(run.run_id)] for run in instance.get_runs()},
        latest and latest.asset_materialization,
        [
            record.status
            for record in instance.event_log_storage.get_asset_check_execution_history(
                dg.AssetCheckKey(key, "plausible"), limit=9
            )
        ],
        instance.get_run_stats(instance.get_runs()[0].run_id),
    ]


def connections(monkeypatch: pytest.MonkeyPatch, what: Callable[[], object]) -> int:
    """How often a database is opened meanwhile."""
    opened: list[str] = []
    connect = sqlite3.dbapi2.connect

    def counted(*args: object, **kwargs: object) -> sqlite3.Connection:
        opened.append(str(args[0]))
        return connect(*args, **kwargs)  # type: ignore[call-overload,no-any-return]

    with monkeypatch.context() as patch:
        patch.setattr(sqlite3.dbapi2, "connect", counted)
        patch.setattr(sqlite3, "connect", counted)
        what()
    return len(opened)


def test_a_run_opens_each_database_about_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with dg.DagsterInstance.from_config(str(home)) as instance:
        run_once(instance)
        assert connections(monkeypatch, lambda: run_once(instance)) <= 3


def test_dagster_as_it_comes_opens_one_per_statement(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Should this fail, Dagster keeps its databases open and `sqlite_storage` can go."""
    with as_it_comes(home) as instance:
        run_once(instance)
        assert connections(monkeypatch, lambda: run_once(instance)) > 40


def test_dagsters_own_storage_reads_and_goes_on_with_what_is_written(home: Path) -> None:
    with dg.DagsterInstance.from_config(str(home)) as ours:
        assert isinstance(ours.event_log_storage, OpenEvents)
        run_once(ours)
        written = recorded(ours)
    with as_it_comes(home) as dagsters:
        assert type(dagsters.event_log_storage) is SqliteEventLogStorage
        assert recorded(dagsters) == written
        run_once(dagsters)
        written = recorded(dagsters)
    with dg.DagsterInstance.from_config(str(home)) as ours:
        assert recorded(ours) == written
        revision, newest = ours.event_log_storage.alembic_version() or ("", None)
        assert revision == newest


def test_threads_of_two_instances_write_side_by_side(home: Path) -> None:
    with dg.DagsterInstance.from_config(str(home)) as one, dg.DagsterInstance.from_config(str(home)) as other:
        runs = [create_run_for_test(one, "months") for _ in range(3)]

        def report(number: int) -> None:
            (one, other)[number % 2].report_engine_event(f"event {number}", runs[number % 3])

        with ThreadPoolExecutor(4) as threads:
            list(threads.map(report, range(60)))
        for which, run in enumerate(runs):
            messages = {record.message for record in other.all_logs(run.run_id)}
            assert messages >= {f"event {number}" for number in range(which, 60, 3)}


def open_files(home: Path) -> list[str]:
    files = (str(entry.readlink()) for entry in Path("/proc/self/fd").iterdir() if entry.is_symlink())
    return [file for file in files if file.startswith(str(home)) and ".db" in file]


def test_few_databases_stay_open_and_none_of_a_closed_instance(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_storage, "_MOST_OPEN", 4)
    with dg.DagsterInstance.from_config(str(home)) as instance:
        runs = [run_once(instance) for _ in range(6)]
        assert len({file for file in open_files(home) if file.endswith(".db")}) == 4
        assert all(instance.all_logs(run) for run in runs)
    assert open_files(home) == []
