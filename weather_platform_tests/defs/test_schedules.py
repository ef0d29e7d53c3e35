"""When the schedule fetches which months."""

from datetime import UTC, datetime
from functools import cache

import dagster as dg
import pytest

from weather_platform import names
from weather_platform.definitions import defs

SCHEDULE = "refresh_current_month"
pytestmark = pytest.mark.usefixtures("weather_home")


@cache
def _repository() -> dg.RepositoryDefinition:
    return defs().get_repository_def()


def asked_at(moment: str) -> list[tuple[str | None, str | None]]:
    """Partition and run key of every run that the schedule asks for at a moment, UTC."""
    repository = _repository()
    with dg.DagsterInstance.ephemeral() as instance:
        context = dg.build_schedule_context(
            instance,
            scheduled_execution_time=datetime.fromisoformat(f"{moment}+00:00"),
            repository_def=repository,
        )
        tick = repository.get_schedule_def(SCHEDULE).evaluate_tick(context)
    return [(request.partition_key, request.run_key) for request in tick.run_requests or ()]


def test_a_day_late_in_the_month_refreshes_the_current_month_alone() -> None:
    assert asked_at("2024-03-17T09:20") == [("2024-03", "2024-03 at 2024-03-17T09")]


@pytest.mark.parametrize("day", [1, 2, 3])
def test_the_first_days_refresh_the_month_before_too(day: int) -> None:
    months = [month for month, _ in asked_at(f"2024-01-{day:02d}T03:20")]
    assert months == ["2023-12", "2024-01"]


def test_the_fourth_day_leaves_the_month_before_alone() -> None:
    assert [month for month, _ in asked_at("2024-01-04T00:20")] == ["2024-01"]


def test_every_tick_asks_for_new_runs() -> None:
    """Dagster starts no second run for a run key that it has seen."""
    keys = {key for hour in range(0, 24, 3) for _, key in asked_at(f"2024-03-17T{hour:02d}:20")}
    assert len(keys) == 8


def test_what_it_asks_for_can_be_run() -> None:
    schedule = defs().resolve_schedule_def(SCHEDULE)
    assert schedule.job_name == names.LOAD_JOB
    assert schedule.default_status == dg.DefaultScheduleStatus.STOPPED
    partitions = defs().resolve_job_def(names.LOAD_JOB).partitions_def
    assert partitions is not None
    for month, _ in asked_at(f"{datetime.now(UTC):%Y-%m-%dT%H:%M}"):
        assert month in partitions.get_partition_keys()
