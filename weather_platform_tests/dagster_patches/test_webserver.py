"""Verdicts without a run."""

from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
from sqlalchemy.exc import IntegrityError

from weather_platform.dagster_patches import webserver

KEY = dg.AssetCheckKey(dg.AssetKey("staged"), "structure")


def reported(instance: dg.DagsterInstance, *, passed: bool) -> None:
    verdict = dg.AssetCheckEvaluation(KEY.asset_key, KEY.name, passed=passed, metadata={}, partition="2023-12")
    instance.report_runless_asset_event(verdict)


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dg.DagsterInstance:
    monkeypatch.setattr(SqlEventLogStorage, "_store_runless_asset_check_evaluation", webserver._insert)
    return dg.DagsterInstance.local_temp(str(tmp_path))


def test_dagster_as_it_comes_takes_one_verdict_of_a_partition(instance: dg.DagsterInstance) -> None:
    """Should this fail, Dagster takes verdicts again and the repair can go."""
    reported(instance, passed=False)
    with pytest.raises(IntegrityError):
        reported(instance, passed=True)


def test_the_latest_verdict_without_a_run_counts(instance: dg.DagsterInstance) -> None:
    webserver.allow_verdicts_again()
    for passed in (False, True):
        reported(instance, passed=passed)
        (latest,) = instance.event_log_storage.get_asset_check_execution_history(KEY, limit=9)
        assert latest.event is not None
        assert latest.event.asset_check_evaluation is not None
        assert latest.event.asset_check_evaluation.passed == passed
