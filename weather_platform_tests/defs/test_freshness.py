"""Whether observations are as new as they can be, and who is told."""

import json
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import dagster as dg
import pytest
from dagster._core.definitions.sensor_definition import SensorExecutionData
from dagster._core.remote_origin import (
    RegisteredCodeLocationOrigin,
    RemoteInstigatorOrigin,
    RemoteRepositoryOrigin,
)
from dagster._core.scheduler.instigation import (
    InstigatorState,
    InstigatorStatus,
    InstigatorType,
    ScheduleInstigatorData,
)

from weather_platform import names
from weather_platform.definitions import defs
from weather_platform.defs.freshness import failed_runs, verdict
from weather_platform.defs.schedules import refresh_current_month
from weather_platform.domain.months import Month, Partitions
from weather_platform.domain.provenance import ETALAB, Provenance
from weather_platform.intake import receive
from weather_platform.pipeline import Stores, open_stores, stage_month
from weather_platform.settings import Settings
from weather_platform.sources.due import newest_due
from weather_platform.webhooks import alert
from weather_platform_tests.api.serving import as_json


@pytest.fixture
def stores(weather_home: Path) -> Stores:  # noqa: ARG001
    return open_stores(Settings.from_environment())


def stage(stores: Stores, time: datetime) -> None:
    """An observation of NICE at a time."""
    body = as_json([{"numer_sta": "07690", "date": time.isoformat(), "t": 280.15}])
    origin = Provenance(source="upload", name="a.json", licence=ETALAB)
    receive(stores.raw, body, origin, Partitions(Month(2020, 1)))
    stage_month(stores, Month.of(time))


@pytest.mark.parametrize(("behind_h", "passed"), [(0, True), (24, True), (27, False)])
def test_observations_may_be_a_day_older_than_the_source_can_have(stores: Stores, behind_h: int, passed: bool) -> None:
    now = datetime(2024, 3, 17, 12, tzinfo=UTC)
    stage(stores, newest_due(now) - timedelta(hours=behind_h))
    found = verdict(stores, now)
    assert (found.passed, found.metadata["behind_hours"].value) == (passed, behind_h)
    assert found.description is not None
    assert found.description.endswith("2024-03-16 21 UTC was due")


def test_loading_an_old_month_makes_nothing_fresh(stores: Stores) -> None:
    stage(stores, datetime(2023, 12, 1, tzinfo=UTC))
    found = verdict(stores, datetime(2024, 3, 17, 12, tzinfo=UTC))
    assert (found.passed, found.description) == (
        False,
        "no observation of this month or the last, 2024-03-16 21 UTC was due",
    )


@pytest.fixture
def received(monkeypatch: pytest.MonkeyPatch, weather_home: Path) -> Iterator[list[dict[str, Any]]]:  # noqa: ARG001
    """What a webhook on this machine was told."""
    told: list[dict[str, Any]] = []

    class Webhook(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quietly."""

    with HTTPServer(("127.0.0.1", 0), Webhook) as server:
        monkeypatch.setenv("WEATHER_ALERT_URL", f"http://127.0.0.1:{server.server_port}/hook")
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield told
        server.shutdown()


def switch_on(instance: dg.DagsterInstance) -> None:
    """The schedule, as Dagster's UI does."""
    repository = RemoteRepositoryOrigin(RegisteredCodeLocationOrigin(names.LOCATION), names.REPOSITORY)
    origin = RemoteInstigatorOrigin(repository, refresh_current_month.name)
    data = ScheduleInstigatorData(refresh_current_month.cron_schedule, datetime.now(UTC).timestamp())
    instance.add_instigator_state(InstigatorState(origin, InstigatorType.SCHEDULE, InstigatorStatus.RUNNING, data))


def tick(instance: dg.DagsterInstance, cursor: str | None = None) -> SensorExecutionData:
    loaded = defs()
    assert loaded.resources is not None
    with dg.build_sensor_context(instance, cursor, resources={"stores": loaded.resources["stores"]}) as context:
        return loaded.get_repository_def().get_sensor_def("freshness").evaluate_tick(context)


@pytest.fixture
def instance(tmp_path: Path) -> dg.DagsterInstance:
    return dg.DagsterInstance.local_temp(str(tmp_path))


def test_nothing_is_due_while_the_schedule_is_off(instance: dg.DagsterInstance, received: list[dict[str, Any]]) -> None:
    found = tick(instance)
    assert (found.skip_message, received) == ("The schedule is off: nothing is due.", [])


def test_overdue_and_returning_observations_are_each_alerted_once(
    instance: dg.DagsterInstance, stores: Stores, received: list[dict[str, Any]]
) -> None:
    switch_on(instance)
    first = tick(instance)
    second = tick(instance, first.cursor)
    stage(stores, newest_due(datetime.now(UTC)))
    third = tick(instance, second.cursor or first.cursor)
    reported = [
        [event.passed for event in found.asset_events if isinstance(event, dg.AssetCheckEvaluation)]
        for found in (first, second, third)
    ]
    assert reported == [[False], [], [True]]
    assert [(told["kind"], told["passed"]) for told in received] == [("freshness", False), ("freshness", True)]
    assert received[0]["text"].startswith("Observations are stale: no observation of this month")


def test_a_person_is_told_of_a_failed_run_with_cause_and_cure(
    received: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEATHER_DAGSTER_PUBLIC_URL", "https://dagster.example.org")

    @dg.op
    def fails() -> None:
        raise dg.Failure("x", metadata={"cause": "The source has no 2023-07.", "cure": "Choose another month."})

    @dg.job
    def load() -> None:
        fails()

    with dg.DagsterInstance.ephemeral() as instance:
        tags = {"dagster/partition": "2023-07"}
        result = load.execute_in_process(instance=instance, raise_on_error=False, tags=tags)
        context = dg.build_run_status_sensor_context(
            "failed_runs", result.get_run_failure_event(), instance, result.dagster_run
        ).for_run_failure()
        failed_runs(context)
    (told,) = received
    assert told == {
        "text": "A run of 2023-07 failed: The source has no 2023-07.",
        "kind": "run_failure",
        "run": result.run_id,
        "run_url": f"https://dagster.example.org/runs/{result.run_id}",
        "month": "2023-07",
        "cause": "The source has no 2023-07.",
        "cure": "Choose another month.",
    }


@pytest.mark.usefixtures("weather_home")
def test_a_webhook_that_is_down_hides_nothing(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("WEATHER_ALERT_URL", "http://127.0.0.1:9/s3cret")
    assert not alert(Settings.from_environment(), "stale")
    assert [record.getMessage() for record in caplog.records] == ["alert not taken"]
    assert "s3cret" not in str([vars(record) for record in caplog.records])
