"""A wiped catalogue is repaired from the stores."""

from typing import Any

import dagster as dg
import pytest

from weather_platform import names
from weather_platform.definitions import defs
from weather_platform.domain.months import Month
from weather_platform.month_report import CHECKS
from weather_platform.pipeline import open_stores
from weather_platform.runtime.catalogue import repair
from weather_platform.runtime.in_process import home_of, load_in_process
from weather_platform.settings import Settings

MONTHS = [Month(2023, 11), Month(2023, 12)]
OWN = {"received_by", "reference", "new_objects", "written", "unchanged", "notes"}
"""What tells how the month came."""
OF_ITS_TIME = {"complete_tn", "complete_tx", "complete_rr", "flagged_erroneous", "flagged_suspect", "flags"}
"""What the run of the next month completes: November's last climatological day ends in December."""


def shown(instance: dg.DagsterInstance) -> dict[tuple[str, str], dict[str, Any]]:
    """The latest metadata by asset and month."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for asset in names.ASSETS:
        for record in instance.fetch_materializations(dg.AssetKey(asset), limit=100).records:
            event = record.asset_materialization
            assert event is not None
            metadata = {label: value for label, value in event.metadata.items() if label not in OWN | OF_ITS_TIME}
            found.setdefault((asset, str(event.partition)), metadata)
    return found


def verdicts(instance: dg.DagsterInstance) -> dict[tuple[str, str], tuple[bool, Any]]:
    """The latest verdict by check and month."""
    found: dict[tuple[str, str], tuple[bool, Any]] = {}
    for check in CHECKS:
        key = dg.AssetCheckKey(dg.AssetKey(check.asset), check.name)
        for record in instance.event_log_storage.get_asset_check_execution_history(key, limit=100):
            evaluation = record.event.asset_check_evaluation if record.event else None
            if evaluation is not None:
                found.setdefault((check.name, str(evaluation.partition)), (evaluation.passed, evaluation.metadata))
    return found


@pytest.mark.slow
@pytest.mark.usefixtures("weather_home")
def test_a_wiped_catalogue_is_put_right_from_the_stores_key_by_key() -> None:
    settings = Settings.from_environment()
    assert [run.state for run in load_in_process(settings, MONTHS, source="sample")] == ["loaded"] * 2
    stores = open_stores(settings)
    with dg.DagsterInstance.from_config(str(home_of(settings))) as instance:
        before, judged = shown(instance), verdicts(instance)
        instance.wipe_assets([dg.AssetKey(asset) for asset in names.ASSETS])
        assert shown(instance) == {}

        assert list(repair(settings, stores)) == [(month, list(names.ASSETS)) for month in MONTHS]

        assert (shown(instance), verdicts(instance)) == (before, judged)
        assert list(repair(settings, stores)) == [(month, []) for month in MONTHS]
        instance.wipe_assets([dg.AssetKey(asset) for asset in names.ASSETS])
        assert defs().resolve_job_def(names.REPAIR_JOB).execute_in_process(instance=instance).success
        assert (shown(instance), verdicts(instance)) == (before, judged)
        instance.wipe_assets([dg.AssetKey(names.WEATHER_STATS)])
        assert list(repair(settings, stores, MONTHS[1:])) == [(MONTHS[1], [names.WEATHER_STATS])]
