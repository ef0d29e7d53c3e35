"""The checks of a month: what fails them, what a failure stops, and what Dagster shows of them."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import dagster as dg
import msgspec
import pytest
import sqlalchemy as sa
from dagster._core.definitions.automation_tick_evaluation_context import build_run_requests_with_backfill_policies
from dagster._core.definitions.events import AssetKeyPartitionKey
from dagster._core.storage.asset_check_execution_record import AssetCheckExecutionRecordStatus

from weather_platform import names
from weather_platform.domain.months import Month, Partitions
from weather_platform.domain.provenance import Provenance
from weather_platform.intake import receive
from weather_platform.month_report import CHECKS
from weather_platform.pipeline import open_stores
from weather_platform.settings import Settings
from weather_platform.storage.curated import Query
from weather_platform.storage.databases import open_engine
from weather_platform.storage.staging import StagingStore
from weather_platform_tests.defs.runs import Graph

DECEMBER = "2023-12"


def upload(*records: dict[str, Any], received: datetime) -> None:
    """Keep records as the API would; made up, as those of the sample that they correct."""
    settings = Settings.from_environment()
    provenance = Provenance(source="upload", name="corrected.json", licence="none", synthetic=True)
    raw = open_stores(settings).raw
    receive(raw, msgspec.json.encode(records), provenance, Partitions(settings.first_month), received)


def observation(day: int, hour: int, **fields: Any) -> dict[str, Any]:
    return {"numer_sta": "07690", "nom": "NICE", "date": f"2023-12-{day:02d}T{hour:02d}:00:00+00:00", **fields}


def figures(verdict: dg.AssetCheckEvaluation) -> dict[str, Any]:
    return {name: value.value for name, value in verdict.metadata.items()}


def change_by_hand(*statements: str) -> None:
    engine = open_engine(Settings.from_environment().staging_url)
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(sa.text(statement))
    engine.dispose()


def test_missing_stations_are_named_in_a_warning(weather: Graph) -> None:
    run = weather.load(DECEMBER, cities=["NICE"])
    completeness = run.verdicts["completeness", DECEMBER]

    assert run.success
    assert run.failed_checks == [("completeness", DECEMBER)]
    assert completeness.severity == dg.AssetCheckSeverity.WARN
    absent = figures(completeness)["stations_absent"]
    assert len(absent) == 61
    assert "ORLY (07149)" in absent
    assert "NICE (07690)" not in absent


@pytest.mark.parametrize(
    ("record", "check", "shown"),
    [
        (observation(1, 1, t=280.0), "cadence", {"observations_at_other_times": 1, "stations": {"NICE (07690)": 1}}),
        (observation(1, 0, t=999.0), "plausibility", {"not_a_number": 0, "impossible_value": 1, "records_read": 246}),
        (observation(1, 0, t="mild"), "plausibility", {"not_a_number": 1, "impossible_value": 0, "records_read": 246}),
    ],
    ids=["between synoptic hours", "an impossible value", "no number"],
)
def test_what_an_upload_spoils_is_counted_in_a_warning(
    weather: Graph, record: dict[str, Any], check: str, shown: dict[str, Any]
) -> None:
    weather.load(DECEMBER, cities=["NICE"])
    upload(record, received=datetime.now(UTC) + timedelta(seconds=1))

    run = weather.process(DECEMBER)

    assert run.success
    assert run.failed_checks == sorted([("completeness", DECEMBER), (check, DECEMBER)])
    assert figures(run.verdicts[check, DECEMBER]) == shown
    assert run.verdicts[check, DECEMBER].severity == dg.AssetCheckSeverity.WARN


def test_checks_run_alone_find_losses_since_the_load_in_their_month(weather: Graph) -> None:
    loaded = weather.load("2023-11", DECEMBER, cities=["NICE", "ORLY"])
    change_by_hand("DELETE FROM nice WHERE date = '2023-12-24 12:00:00'")
    curated = open_stores(Settings.from_environment()).curated
    christmas = date(2023, 12, 25)
    curated.replace((christmas, christmas), curated.find(Query(stations=["07149"], first=christmas, last=christmas)))

    alone = weather.run(names.CHECK_JOB, "2023-11", DECEMBER)

    assert alone.success
    assert alone.materialised == {}
    assert set(alone.verdicts) == set(loaded.verdicts)
    assert set(alone.failed_checks) - set(loaded.failed_checks) == {
        ("rows_conserved", DECEMBER),
        ("documents_conserved", DECEMBER),
    }
    rows = figures(alone.verdicts["rows_conserved", DECEMBER])
    assert rows["observations"] == rows["rows_in_tables"] + 1
    differing = figures(alone.verdicts["documents_conserved", DECEMBER])["stations_differing"]
    assert list(differing) == ["07690"]


def test_a_check_of_a_month_that_was_never_loaded_says_what_to_do(weather: Graph) -> None:
    run = weather.run(names.CHECK_JOB, DECEMBER)
    assert not run.success
    assert {step: said["cure"] for step, said in run.failures.items()} == {
        "staged_observations_checks": "Materialise staged_observations of that month first.",
        "weather_stats_checks": "Materialise staged_observations of that month first.",
    }


REORDERED = ("ALTER TABLE nice DROP COLUMN rr24", "ALTER TABLE nice ADD COLUMN rr24 DOUBLE")


@pytest.mark.parametrize("store", ["weather_home", "on_mariadb"])
def test_a_table_changed_since_the_load_is_found_and_repaired(request: pytest.FixtureRequest, store: str) -> None:
    request.getfixturevalue(store)
    weather: Graph = request.getfixturevalue("weather")
    weather.load(DECEMBER, cities=["NICE"])
    change_by_hand(*REORDERED)

    alone = weather.run(names.CHECK_JOB, DECEMBER)

    structure = alone.verdicts["structure", DECEMBER]
    assert (structure.passed, structure.blocking) == (False, True)
    assert (structure.severity, structure.partition) == (dg.AssetCheckSeverity.ERROR, DECEMBER)
    assert structure.description == "1 tables have other columns: drop them, then load their months again"
    assert figures(structure)["tables"]["nice"][-1] == "rr24"
    assert weather.load(DECEMBER, cities=["NICE"]).verdicts["structure", DECEMBER].passed
    history = open_stores(Settings.from_environment()).staging.verdicts.find([Month.parse(DECEMBER)])
    assert [each.passed for each in history if each.check == "structure"] == [True, False, True]
    assert [each.passed for each in history if each.check == "completeness"] == [False], "said once"


def test_structure_that_fails_stops_the_run_before_its_documents(
    weather: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The table is changed by another between staging and its check."""
    replace_month = StagingStore.replace_month

    def replace_and_change(*arguments: Any, **options: Any) -> None:
        replace_month(*arguments, **options)
        change_by_hand(*REORDERED)

    monkeypatch.setattr(StagingStore, "replace_month", replace_and_change)
    run = weather.load(DECEMBER, cities=["NICE"])

    assert not run.success
    assert set(run.materialised) == {(names.RAW_OBSERVATIONS, DECEMBER), (names.STAGED_OBSERVATIONS, DECEMBER)}
    assert ("structure", DECEMBER) in run.failed_checks
    assert list(run.failures) == ["staged_observations_checks"]
    assert run.retries == {}


def test_however_it_is_launched_a_month_has_each_check_evaluated_once(weather: Graph) -> None:
    """The job behind the UI's "Materialize", `dg launch --assets` and a backfill; and the two jobs by name."""
    fetch = {names.RAW_OBSERVATIONS: {"config": {"source": "sample", "cities": ["NICE"]}}}
    once = {(check.name, DECEMBER): 1 for check in CHECKS}
    assert weather.run("__ASSET_JOB", DECEMBER, ops=fetch).evaluations == once
    assert weather.load(DECEMBER, cities=["NICE"]).evaluations == once
    assert weather.process(DECEMBER).evaluations == once
    assert weather.run(names.CHECK_JOB, DECEMBER).evaluations == once


def test_a_backfill_makes_one_run_per_month_and_all_checks_current(weather: Graph) -> None:
    """As Dagster's daemon makes runs of what a person selects in the UI: assets with all their checks."""
    months = ["2023-10", "2023-11", DECEMBER]
    assets = weather.definitions.get_repository_def().asset_graph
    asked = [AssetKeyPartitionKey(dg.AssetKey(name), month) for name in names.ASSETS for month in months]
    requests = build_run_requests_with_backfill_policies(asked, assets, weather.instance)
    assert [request.partition_key for request in requests] == months
    of_months = {key for key in assets.asset_check_keys if key.asset_key.to_user_string() in names.ASSETS}
    fetch = {names.RAW_OBSERVATIONS: {"config": {"source": "sample", "cities": ["NICE"]}}}

    run = weather.run("__ASSET_JOB", months[0], months[-1], fetch)

    assert run.success, run.failures
    shown = {
        (key.name, info.partition_key): (info.latest_execution_status, info.is_current)
        for key in of_months
        for info in weather.instance.event_log_storage.get_asset_check_partition_info([key])
    }
    passed, failed = AssetCheckExecutionRecordStatus.SUCCEEDED, AssetCheckExecutionRecordStatus.FAILED
    assert shown == {
        (key.name, month): (passed if (key.name, month) != ("completeness", "2023-10") else failed, True)
        for key in of_months
        for month in months
    }


def test_execute_all_judges_every_month_that_is_stored(weather: Graph) -> None:
    """The UI's button names no month; without this its run fails with `Cannot access partition_key`."""
    nothing = weather.run(names.CHECK_JOB, None)
    assert nothing.success
    weather.load("2023-11", DECEMBER, cities=["NICE"])

    run = weather.run(names.CHECK_JOB, None)

    assert run.success
    said = {check: verdict.description for (check, month), verdict in run.verdicts.items() if not month}
    assert said["rows_conserved"] == "2 of 2 months pass"
    assert said["completeness"] == "1 of 2 months pass"
    months = figures(run.verdicts["completeness", ""])["months"].records
    assert [(line.data["month"], line.data["passed"]) for line in months] == [("2023-11", False), (DECEMBER, True)]
