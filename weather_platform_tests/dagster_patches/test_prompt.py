"""The daemons that look when there is something to do: a new backfill, a run that has ended."""

import threading
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.execution.backfill import BulkActionStatus, PartitionBackfill
from dagster._core.test_utils import create_run_for_test
from dagster._core.workspace.context import IWorkspaceProcessContext
from dagster._daemon.daemon import BackfillDaemon, DagsterDaemon
from dagster._daemon.run_coordinator import QueuedRunCoordinatorDaemon

from weather_platform.dagster_patches.prompt import PromptBackfills, PromptQueue, prompt_daemons
from weather_platform.runtime.instance import write_instance
from weather_platform.settings import Settings


class Waits(threading.Event):
    """A daemon's pauses, noted instead of spent; after the first one, `happens` happens."""

    def __init__(self, happens: Callable[[], object]) -> None:
        super().__init__()
        self.noted: list[float] = []
        self._happens = happens

    def wait(self, timeout: float | None = None) -> bool:
        self.noted.append(timeout or 0)
        if len(self.noted) == 1:
            self._happens()
        return False


class Context:
    """All that the looks of these tests ask of a workspace."""

    def __init__(self, instance: dg.DagsterInstance) -> None:
        self.instance = instance


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[dg.DagsterInstance]:
    home = write_instance(Settings.from_environment({"WEATHER_HOME": str(tmp_path)}))
    with dg.DagsterInstance.from_config(str(home)) as opened:
        yield opened


def waits_until_it_looks(daemon: DagsterDaemon[Any], context: Context, happens: Callable[[], object]) -> list[float]:
    """The pauses between a daemon's first look and its second, if something happens in the first pause."""
    looks: list[int] = []
    waits = Waits(happens)

    def look(*_: Any, **__: Any) -> Iterator[None]:
        looks.append(len(waits.noted))
        yield None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("weather_platform.dagster_patches.prompt.execute_backfill_iteration", look)
        patch.setattr("dagster._daemon.backfill.execute_backfill_iteration", look)
        patch.setattr(QueuedRunCoordinatorDaemon, "run_iteration", look)
        workspace: IWorkspaceProcessContext[Any] = context  # type: ignore[assignment]
        for _ in islice(daemon.core_loop(workspace, waits), 500):
            if len(looks) == 2:
                return waits.noted
    raise AssertionError(f"no second look in {len(waits.noted)} pauses")


def request_backfill(instance: dg.DagsterInstance) -> None:
    backfill = PartitionBackfill("abcdefgh", BulkActionStatus.REQUESTED, False, {}, 0.0)
    instance.add_backfill(backfill)


def test_a_new_backfill_is_looked_at_within_two_seconds(instance: dg.DagsterInstance) -> None:
    context = Context(instance)
    with PromptBackfills({}) as daemon:
        assert waits_until_it_looks(daemon, context, lambda: request_backfill(instance)) == [2.0]


def test_a_backfill_whose_runs_are_over_is_looked_at_again(instance: dg.DagsterInstance) -> None:
    request_backfill(instance)
    tags = {"dagster/backfill": "abcdefgh"}
    run = create_run_for_test(instance, "months", status=dg.DagsterRunStatus.STARTED, tags=tags)
    with PromptBackfills({}) as daemon:
        assert waits_until_it_looks(daemon, Context(instance), lambda: instance.report_run_failed(run)) == [2.0]


def test_dagster_as_it_comes_waits_half_a_minute(instance: dg.DagsterInstance) -> None:
    """Should this fail, Dagster looks sooner and `prompt` can go."""
    with BackfillDaemon({}) as daemon:
        (pause,) = waits_until_it_looks(daemon, Context(instance), lambda: request_backfill(instance))
    assert pause > 29


def test_a_run_that_ends_lets_the_queue_be_looked_at(instance: dg.DagsterInstance) -> None:
    run = create_run_for_test(instance, "months", status=dg.DagsterRunStatus.STARTED)
    with PromptQueue(interval_seconds=60) as daemon:
        assert waits_until_it_looks(daemon, Context(instance), lambda: instance.report_run_failed(run)) == [0.1]


def test_both_take_the_place_of_dagsters_own(instance: dg.DagsterInstance) -> None:
    kinds = {type(daemon).__name__ for daemon in prompt_daemons(instance)}
    assert {"PromptQueue", "PromptBackfills"} <= kinds
    assert kinds.isdisjoint({"QueuedRunCoordinatorDaemon", "BackfillDaemon"})
