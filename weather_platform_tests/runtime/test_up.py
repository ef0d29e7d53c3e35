"""The whole of `weather up`, with a trivial graph: one start for all these tests, in this order."""

import os
import signal

import pytest
from dagster import RunsFilter

from weather_platform.runtime.up import reload_code
from weather_platform_tests.runtime.processes import command, descendants, sessions, survivors
from weather_platform_tests.runtime.serving import Serving, wait_for

pytestmark = [
    pytest.mark.slow,
    # dagster-graphql 1.13.27 calls gql 4 the way of gql 3.
    pytest.mark.filterwarnings("ignore:Using variable_values and operation_name arguments:DeprecationWarning"),
]

MARCH = {"dagster/partition": "2023-03-01"}
YEAR = {"dagster/asset_partition_range_start": "2023-01-01", "dagster/asset_partition_range_end": "2023-12-01"}


@pytest.mark.parametrize(("tags", "months"), [(MARCH, 1), (YEAR, 12)], ids=["month", "year"])
def test_a_run_launched_by_graphql_succeeds_on_the_worker(serving: Serving, tags: dict[str, str], months: int) -> None:
    run_id = serving.launch(tags)

    assert serving.wait_for_status(run_id, "SUCCESS", "FAILURE") == "SUCCESS"
    events = [entry.dagster_event for entry in serving.instance.all_logs(run_id) if entry.dagster_event]
    assert sum(event.is_step_materialization for event in events) == 3 * months
    assert any("WeatherRunLauncher" in (event.message or "") for event in events)


def test_a_second_run_waits_its_turn_and_then_runs(serving: Serving) -> None:
    serving.hold()
    first = serving.launch(MARCH)
    serving.wait_until_held(first)
    second = serving.launch({"dagster/partition": "2023-04-01"})
    assert serving.status(second) == "QUEUED"
    serving.let_go()

    assert serving.wait_for_status(first, "SUCCESS", "FAILURE") == "SUCCESS"
    assert serving.wait_for_status(second, "SUCCESS", "FAILURE") == "SUCCESS"
    ended, started = (serving.instance.get_run_record_by_id(run_id) for run_id in (first, second))
    assert ended is not None
    assert started is not None
    assert (ended.end_time or 0) < (started.start_time or 0)


def test_a_run_stopped_by_a_person_is_canceled_and_not_retried(serving: Serving) -> None:
    serving.hold()
    run_id = serving.launch(MARCH)
    serving.wait_until_held(run_id)

    serving.client.terminate_run(run_id)

    assert serving.wait_for_status(run_id, "CANCELED", "FAILURE", "SUCCESS") == "CANCELED"
    serving.let_go()
    later = serving.launch(MARCH)
    assert serving.wait_for_status(later, "SUCCESS", "FAILURE") == "SUCCESS"
    assert serving.instance.get_runs(RunsFilter(tags={"dagster/parent_run_id": run_id})) == []


def test_a_run_whose_process_is_killed_fails_and_is_retried_by_the_same_worker(serving: Serving) -> None:
    serving.hold()
    run_id = serving.launch(MARCH)
    serving.wait_until_held(run_id)

    os.kill(serving.executing_pid(run_id), signal.SIGKILL)

    serving.wait_for_status(run_id, "FAILURE")
    serving.let_go()
    retry = serving.wait_for_retry(run_id)
    assert serving.wait_for_status(retry, "SUCCESS", "FAILURE") == "SUCCESS"
    assert "news: The worker" not in serving.printed


def test_a_run_that_cannot_write_its_end_fails_and_is_retried(serving: Serving) -> None:
    (serving.home / "deaf").touch()
    run_id = serving.launch(MARCH)

    serving.wait_for_status(run_id, "FAILURE")
    (serving.home / "deaf").unlink()
    retry = serving.wait_for_retry(run_id)
    assert serving.wait_for_status(retry, "SUCCESS", "FAILURE") == "SUCCESS"


def test_the_broker_keeps_nothing_of_runs_that_are_done(serving: Serving) -> None:
    assert list((serving.home / "dagster/broker/messages").iterdir()) == []


def test_changed_code_is_loaded_on_request_by_all_that_hold_it(serving: Serving) -> None:
    before = descendants(serving.process.pid)
    holding = {found for found in before if "--module" in command(found)}  # code server and worker, and its children
    assert len(holding) >= 4

    assert reload_code(serving.home) == serving.process.pid

    serving.wait_until_printed("news: Reloading the code: restarting worker and code-server.")
    wait_for(lambda: not holding & descendants(serving.process.pid), "the old ones to be gone")
    wait_for(lambda: len(descendants(serving.process.pid)) >= len(before), "new ones")
    assert descendants(serving.process.pid) > before - holding


def test_ctrl_c_leaves_no_process_behind(serving: Serving) -> None:
    family = descendants(serving.process.pid)
    theirs = sessions(family)
    assert len(family) >= 6  # webserver, daemon, code server, worker and its two children

    assert serving.interrupt() == 0

    assert survivors(family, theirs) == set()
    assert "Traceback" not in serving.printed
