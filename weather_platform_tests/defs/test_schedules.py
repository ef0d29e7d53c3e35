"""When the schedule fetches which months."""

from datetime import UTC, datetime
from functools import cache

import dagster as dg
import pytest

from weather_platform import names
from weather_platform.definitions import defs
from weather_platform.defs.schedules import cron, wanted_months

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
    assert asked_at("2024-03-17T10:15") == [("2024-03", "2024-03 at 2024-03-17T10")]


@pytest.mark.parametrize(
    ("moment", "months"),
    [
        ("2024-01-01T08:15", ["2023-12"]),
        ("2024-01-02T08:15", ["2023-12"]),
        ("2024-01-02T10:15", ["2023-12", "2024-01"]),
        ("2024-01-04T10:15", ["2023-12", "2024-01"]),
        ("2024-01-05T10:15", ["2024-01"]),
    ],
)
def test_no_month_is_asked_for_that_the_archive_cannot_have_yet(moment: str, months: list[str]) -> None:
    assert [month for month, _ in asked_at(moment)] == months


def test_a_synoptic_hour_source_has_the_new_month_on_its_first_day() -> None:
    def months(day: int, hour: int) -> list[str]:
        return [str(month) for month in wanted_months("opendatasoft", datetime(2024, 1, day, hour, 20, tzinfo=UTC))]

    assert [months(1, 0), months(1, 6), months(4, 6)] == [["2023-12"], ["2023-12", "2024-01"], ["2024-01"]]
    assert (cron("meteofrance"), cron("opendatasoft")) == ("15 8,10 * * *", "20 */3 * * *")


def test_every_tick_asks_for_new_runs() -> None:
    """Dagster starts no second run for a run key that it has seen."""
    keys = {key for day in (17, 18) for hour in (8, 10) for _, key in asked_at(f"2024-03-{day}T{hour:02d}:15")}
    assert len(keys) == 4


def test_what_it_asks_for_can_be_run() -> None:
    schedule = defs().resolve_schedule_def(SCHEDULE)
    assert schedule.job_name == names.LOAD_JOB
    assert schedule.default_status == dg.DefaultScheduleStatus.STOPPED
    partitions = defs().resolve_job_def(names.LOAD_JOB).partitions_def
    assert partitions is not None
    for month, _ in asked_at(f"{datetime.now(UTC):%Y-%m-%dT%H:%M}"):
        assert month in partitions.get_partition_keys()
