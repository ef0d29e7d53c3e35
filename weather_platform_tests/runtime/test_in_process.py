"""Loading without Dagster's servers, as `weather load` does: recorded where the UI will show it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from dagster import DagsterInstance, DagsterRun, DagsterRunStatus

from weather_platform import names
from weather_platform.domain.errors import BadInput, BadSettings
from weather_platform.domain.months import Month
from weather_platform.pipeline import open_stores
from weather_platform.runtime.in_process import MonthRun, load_in_process
from weather_platform.settings import Settings
from weather_platform_tests import sample_months

OCTOBER, NOVEMBER, DECEMBER = (Month(2023, number) for number in (10, 11, 12))
Shown = tuple[str, DagsterRunStatus, str, str]


def shown(dagster_home: Path) -> list[Shown]:
    """Job, status, month and code location of the runs that the UI lists, the first run first."""
    with DagsterInstance.from_config(str(dagster_home)) as instance:
        runs = reversed(instance.get_runs())
        return [(run.job_name, run.status, run.tags["dagster/partition"], _location(run)) for run in runs]


def _location(run: DagsterRun) -> str:
    assert run.remote_job_origin is not None
    return run.remote_job_origin.location_name


def test_each_month_is_a_run_that_is_recorded_where_the_timeline_looks(weather_home: Path) -> None:
    before = dict(os.environ)
    settings = Settings.from_environment()

    runs = list(load_in_process(settings, [DECEMBER, Month(2023, 6), NOVEMBER], source="sample", cities=["NICE"]))

    assert runs == [MonthRun(month, "loaded") for month in (Month(2023, 6), NOVEMBER, DECEMBER)]
    done = DagsterRunStatus.SUCCESS
    assert shown(weather_home / "dagster") == [
        (names.LOAD_JOB, done, "2023-06", "weather_platform"),
        (names.LOAD_JOB, done, "2023-11", "weather_platform"),
        (names.LOAD_JOB, done, "2023-12", "weather_platform"),
    ]
    months = {coverage.month for coverage in open_stores(settings).curated.coverage()}
    assert months == {Month(2023, 6), NOVEMBER, DECEMBER}
    assert dict(os.environ) == before
    assert list((weather_home / "dagster" / "owners").iterdir()) == []


def test_a_month_that_fails_keeps_no_other_from_loading(
    weather_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """October is there, November is not, and the current month not yet."""
    (tmp_path / "archive").mkdir()
    sample_months.write_archive(tmp_path / "archive", "2023-10", ("07690",))
    monkeypatch.setenv("WEATHER_ARCHIVE_URL", str(tmp_path / "archive"))
    months = [NOVEMBER, Month.current(), OCTOBER]

    runs = list(load_in_process(Settings.from_environment(), months, source="meteofrance", cities=["NICE"]))

    assert [(run.month, run.state) for run in runs] == [
        (OCTOBER, "loaded"),
        (NOVEMBER, "failed"),
        (Month.current(), "skipped"),
    ]
    assert runs[1].cause.startswith("2023-11 is not to be had from meteofrance: The archive has neither")
    assert [status for _, status, _, _ in shown(weather_home / "dagster")] == [
        DagsterRunStatus.SUCCESS,
        DagsterRunStatus.FAILURE,
        DagsterRunStatus.SUCCESS,
    ]


def test_an_unknown_source_is_said_before_anything_is_written(weather_home: Path) -> None:
    with pytest.raises(BadInput, match="'weatherman' is not a source"):
        next(load_in_process(Settings.from_environment(), [OCTOBER], source="weatherman"))
    assert not weather_home.exists()


def test_an_unexpected_error_names_the_step_and_where_to_look(
    weather_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bug, here in the source: its own words, and the UI for its traceback."""

    def broken(*_: object) -> None:
        raise ZeroDivisionError("divided by the sea")

    monkeypatch.setattr("weather_platform.sources.sample.SampleSource.fetch", broken)
    (run,) = load_in_process(Settings.from_environment(), [DECEMBER], source="sample")
    assert run == MonthRun(
        DECEMBER,
        "failed",
        "raw_observations failed: ZeroDivisionError: divided by the sea",
        "Look at the run in the Dagster UI for its log.",
    )
    assert (weather_home / "dagster").is_dir()


@pytest.mark.parametrize("month", [Month(1995, 12), Month.current().next], ids=["too early", "to come"])
def test_a_month_that_is_not_kept_is_refused_before_anything_is_written(weather_home: Path, month: Month) -> None:
    with pytest.raises(BadInput, match=f"{month} is outside the partitions"):
        list(load_in_process(Settings.from_environment(), [DECEMBER, month], source="sample"))
    assert not weather_home.exists()


def test_a_dagster_home_of_their_own_is_used_as_it_is(
    weather_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    (own / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    monkeypatch.setenv("DAGSTER_HOME", str(own))
    list(load_in_process(Settings.from_environment(), [DECEMBER], source="sample", cities=["NICE"]))
    assert shown(own) == [(names.LOAD_JOB, DagsterRunStatus.SUCCESS, "2023-12", "weather_platform")]
    assert not (weather_home / "dagster").exists()


@pytest.mark.usefixtures("weather_home")
def test_a_dagster_home_that_is_not_there_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "nowhere"))
    with pytest.raises(BadSettings, match="which is not a folder"):
        list(load_in_process(Settings.from_environment(), [DECEMBER], source="sample"))


_DROPPED = """
import os, signal, time
from contextlib import suppress
from weather_platform import definitions
from weather_platform.domain.months import Month
from weather_platform.runtime.in_process import load_in_process
from weather_platform.settings import Settings

def interrupted():
    with suppress(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(1)
    return load_graph()

signal.signal(signal.SIGINT, signal.default_int_handler)  # a script in the background has it ignored
load_graph, definitions.defs = definitions.defs, interrupted
try:
    list(load_in_process(Settings.from_environment(), [Month(2023, 12)], source="sample", cities=["NICE"]))
except KeyboardInterrupt:
    print("stopped")
"""


def test_an_interrupt_that_is_dropped_while_dagster_loads_still_stops(weather_home: Path) -> None:
    """Python drops one that comes within a callback of its imports."""
    done = subprocess.run([sys.executable, "-c", _DROPPED], capture_output=True, text=True, check=True)
    assert done.stdout == "stopped\n"
    assert shown(weather_home / "dagster") == []


def test_an_interrupt_that_is_held_is_told_by_the_process_that_follows() -> None:
    """What `weather up --load` does between its load and serving."""
    code = """
import os, signal, sys
from weather_platform.runtime.interrupts import hold_interrupts
signal.signal(signal.SIGINT, signal.default_int_handler)
hold_interrupts()
os.kill(os.getpid(), signal.SIGINT)
os.execv(sys.executable, [sys.executable, "-m", "weather_platform", "--version"])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "Stopping …\n")
