"""The assets of all months together, and automation that follows a correction."""

from datetime import UTC, datetime

import dagster as dg
import pytest

from weather_platform import names
from weather_platform.definitions import defs
from weather_platform_tests.defs.runs import Graph

NOWHERE = "http://127.0.0.1:9"


def test_references_and_normals_are_made_without_a_network(weather: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEATHER_NORMALS_URL", NOWHERE)
    monkeypatch.setattr("weather_platform.sources.transport.RetryPolicy.attempts_to_connect", 1)
    assert weather.load("2023-12", cities=["NICE"]).success
    run = weather.run_tagged(names.USUAL_JOB, {})
    assert run.success, run.failures
    (evaluation,) = [
        event.asset_check_evaluation_data for event in run.events if event.event_type_value == "ASSET_CHECK_EVALUATION"
    ]
    assert (evaluation.check_name, evaluation.passed) == ("covers_its_years", True)
    facts = {
        event.asset_key.to_user_string(): event.step_materialization_data.materialization.metadata
        for event in run.events
        if event.is_step_materialization and event.asset_key
    }
    assert facts[names.CLIMATE_REFERENCE]["stations"].value == 1
    assert "cannot be reached" in str(facts[names.CLIMATE_NORMALS]["trouble"].value)


@pytest.mark.usefixtures("weather_home")
def test_a_correction_of_an_old_month_flows_where_automation_is_on() -> None:
    def corrected(instance: dg.DagsterInstance, asset: str) -> None:
        instance.report_runless_asset_event(dg.AssetMaterialization(asset, partition="2023-12"))

    with dg.DagsterInstance.ephemeral() as instance:
        now = datetime(2026, 11, 26, tzinfo=UTC)
        before = dg.evaluate_automation_conditions(defs(), instance, evaluation_time=now)
        corrected(instance, names.STAGED_OBSERVATIONS)
        first = dg.evaluate_automation_conditions(defs(), instance, cursor=before.cursor, evaluation_time=now)
        assert first.get_requested_partitions(dg.AssetKey(names.WEATHER_STATS)) == {"2023-12"}
        assert first.get_num_requested(dg.AssetKey(names.STAGED_OBSERVATIONS)) == 0
        corrected(instance, names.MONTHLY_CLIMATE)
        second = dg.evaluate_automation_conditions(defs(), instance, cursor=first.cursor, evaluation_time=now)
        assert second.get_num_requested(dg.AssetKey(names.CLIMATE_REFERENCE)) == 1
        assert before.total_requested == 0
