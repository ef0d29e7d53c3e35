"""Loading without Dagster's servers, as `weather load` does: recorded where the UI will show it."""

import os
from collections.abc import Mapping
from pathlib import Path

import pytest
from dagster import DagsterInstance, DagsterRunStatus

from weather_platform import names
from weather_platform.domain.errors import BadInput, BadSettings
from weather_platform.domain.months import Month
from weather_platform.pipeline import open_stores
from weather_platform.runtime.in_process import RunFailed, load_in_process
from weather_platform.settings import Settings

OCTOBER, NOVEMBER, DECEMBER = (Month(2023, number) for number in (10, 11, 12))
Shown = tuple[str, DagsterRunStatus, str]


def shown(dagster_home: Path) -> list[Shown]:
    """Job, status and months of the runs that the UI lists, the first run first."""
    with DagsterInstance.from_config(str(dagster_home)) as instance:
        runs = reversed(instance.get_runs())
        return [(run.job_name, run.status, _months(run.tags)) for run in runs]


def _months(tags: Mapping[str, str]) -> str:
    span = (tags.get(f"dagster/asset_partition_range_{end}") for end in ("start", "end"))
    return tags.get("dagster/partition") or "..".join(map(str, span))


def test_an_unbroken_stretch_is_one_run_and_each_stretch_is_recorded(weather_home: Path) -> None:
    before = dict(os.environ)
    settings = Settings.from_environment()

    load_in_process(settings, [DECEMBER, Month(2023, 6), NOVEMBER], source="sample", cities=["NICE"])

    done = DagsterRunStatus.SUCCESS
    assert shown(weather_home / "dagster") == [
        (names.LOAD_JOB, done, "2023-06"),
        (names.LOAD_JOB, done, "2023-11..2023-12"),
    ]
    months = {coverage.month for coverage in open_stores(settings).curated.coverage()}
    assert months == {Month(2023, 6), NOVEMBER, DECEMBER}
    assert dict(os.environ) == before
    assert list((weather_home / "dagster" / "owners").iterdir()) == []


def test_a_run_that_fails_raises_what_its_step_recorded_and_the_rest_is_not_begun(weather_home: Path) -> None:
    months = [OCTOBER, DECEMBER]
    with pytest.raises(RunFailed) as raised:
        load_in_process(Settings.from_environment(), months, source="weatherman")
    assert raised.value.cause == "'weatherman' is no source."
    assert raised.value.cure == "Choose one of meteofrance, opendatasoft, sample."
    assert shown(weather_home / "dagster") == [(names.LOAD_JOB, DagsterRunStatus.FAILURE, "2023-10")]


def test_what_nobody_explained_names_the_step_and_where_to_look(
    weather_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug, here in the source: its own words, and the UI for its traceback."""

    def broken(*_: object) -> None:
        raise ZeroDivisionError("divided by the sea")

    monkeypatch.setattr("weather_platform.sources.sample.SampleSource.fetch", broken)
    with pytest.raises(RunFailed) as raised:
        load_in_process(Settings.from_environment(), [DECEMBER], source="sample")
    assert raised.value.cause == "raw_observations failed: ZeroDivisionError: divided by the sea"
    assert raised.value.cure == "Look at the run in the Dagster UI for its log."
    assert (weather_home / "dagster").is_dir()


@pytest.mark.parametrize("month", [Month(1995, 12), Month.current().next], ids=["too early", "to come"])
def test_a_month_that_is_not_kept_is_refused_before_anything_is_written(weather_home: Path, month: Month) -> None:
    with pytest.raises(BadInput, match=f"{month} is not among the months"):
        load_in_process(Settings.from_environment(), [DECEMBER, month], source="sample")
    assert not weather_home.exists()


def test_a_dagster_home_of_their_own_is_used_as_it_is(
    weather_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    monkeypatch.setenv("DAGSTER_HOME", str(own))
    load_in_process(Settings.from_environment(), [DECEMBER], source="sample", cities=["NICE"])
    assert shown(own) == [(names.LOAD_JOB, DagsterRunStatus.SUCCESS, "2023-12")]
    assert not (weather_home / "dagster").exists()


@pytest.mark.usefixtures("weather_home")
def test_a_dagster_home_that_is_not_there_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "nowhere"))
    with pytest.raises(BadSettings, match="which is no folder"):
        load_in_process(Settings.from_environment(), [DECEMBER], source="sample")
