"""Assets read back through their IO managers: as what the next asset takes, and as what a notebook wants."""

import re
from collections.abc import Callable, Iterator

import dagster as dg
import numpy as np
import pandas as pd
import pytest

from weather_platform import names
from weather_platform.defs.staged_frame import staged_frame, staged_frame_type
from weather_platform.defs.stores import StoresResource
from weather_platform.domain.climate.daily import station_days
from weather_platform.domain.fields import FIELDS
from weather_platform.domain.months import Month
from weather_platform.domain.stations import STATIONS
from weather_platform.pipeline import MonthFigures, RawMonth, Stores, curated_days, open_stores
from weather_platform.settings import Settings
from weather_platform.storage.curated import Query
from weather_platform.storage.staging import StagingStore
from weather_platform_tests import sample_months
from weather_platform_tests.defs.runs import Graph, graph

DECEMBER = Month(2023, 12)
AUTUMN = ["2023-11", "2023-12"]
CITIES, NUMBERS = ("NICE", "CAP CEPET"), ("07690", "07661")


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Graph]:
    """Two months of two cities, loaded once: NICE measures all, CAP CEPET neither temperature nor rain."""
    archive = tmp_path_factory.mktemp("archive")
    for month in AUTUMN:
        sample_months.write_archive(archive, month, NUMBERS)
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("WEATHER_HOME", str(tmp_path_factory.mktemp("loaded")))
        environment.setenv("WEATHER_ARCHIVE_URL", str(archive))
        with graph() as weather:
            run = weather.load("2023-11", "2023-12", source="meteofrance", cities=CITIES)
            assert run.success, run.failures
            yield weather


@pytest.fixture
def frame(loaded: Graph) -> pd.DataFrame:
    read = loaded.definitions.load_asset_value(
        names.STAGED_OBSERVATIONS, python_type=pd.DataFrame, partition_key="2023-12", instance=loaded.instance
    )
    assert isinstance(read, pd.DataFrame)
    return read


@pytest.fixture
def staging(loaded: Graph) -> StagingStore:  # noqa: ARG001  # the stores it filled
    return open_stores(Settings.from_environment()).staging


def test_a_frame_holds_every_row_of_the_month_as_the_database_does(frame: pd.DataFrame, staging: StagingStore) -> None:
    rows = [
        {name: row[name] for name in FIELDS}
        for number in ("07661", "07690")
        for row in staging.rows(STATIONS[number], DECEMBER.first_day, DECEMBER.last_day)
    ]
    assert len(rows) == len(sample_months.records("2023-12", NUMBERS))
    assert frame.astype(object).replace({np.nan: None}).to_dict("records") == rows


def test_a_frame_has_numbers_and_times_even_where_nothing_was_measured(frame: pd.DataFrame) -> None:
    cap_cepet = frame[frame["numer_sta"] == "07661"]
    assert cap_cepet["t"].isna().all()
    kinds = {name: str(frame[name].dtype) for name in ("numer_sta", "date", "t", "rr3", "ww", "rr_trace")}
    assert kinds == {
        "numer_sta": "object",
        "date": "datetime64[ns]",
        "t": "float64",
        "rr3": "float64",
        "ww": "float64",
        "rr_trace": "int64",
    }


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda frame: frame.drop(columns="rr24"), "rr24"),
        (lambda frame: frame.assign(t=frame["t"] - 273.15), "t"),
        (lambda frame: frame.assign(rr3=-0.1), "rr3"),
        (lambda frame: frame.assign(t="mild"), "t"),
        (lambda frame: frame.assign(date=frame["date"].astype(str)), "date"),
        (lambda frame: frame.assign(numer_sta=None), "numer_sta"),
    ],
    ids=["a column is missing", "in °C", "a trace as it was", "no number", "a text for a time", "no station"],
)
def test_a_frame_that_is_not_as_the_fields_say_is_refused(
    frame: pd.DataFrame, spoil: Callable[[pd.DataFrame], pd.DataFrame], said: str
) -> None:
    with dg.build_op_context() as context:
        assert staged_frame_type().type_check(context, frame).success
        verdict = staged_frame_type().type_check(context, spoil(frame))
    assert not verdict.success
    assert re.search(rf'column "?{said}\b', verdict.description or "")


def test_what_the_database_holds_against_the_rules_reaches_no_notebook(staging: StagingStore) -> None:
    def warm(kelvin: float) -> None:
        with staging.engine.begin() as connection:
            connection.exec_driver_sql(f"UPDATE nice SET t = t + {kelvin} WHERE date = '2023-11-30 00:00:00'")

    warm(100)
    with pytest.raises(dg.Failure, match=r'The staged frame is not valid.*column "t"'):
        staged_frame(staging, [Month(2023, 11)])
    warm(-100)


def test_an_asset_may_take_months_of_observations_as_one_frame(loaded: Graph) -> None:
    @dg.asset(ins={"staged_observations": dg.AssetIn(partition_mapping=dg.SpecificPartitionsPartitionMapping(AUTUMN))})
    def warmest(staged_observations: pd.DataFrame) -> dg.MaterializeResult[None]:
        found = staged_observations.groupby(staged_observations["date"].dt.strftime("%Y-%m"))["t"].max()
        return dg.MaterializeResult(metadata={str(month): float(kelvin) for month, kelvin in found.items()})

    job = dg.define_asset_job("warmest_months", selection=[warmest], executor_def=dg.in_process_executor)
    weather = Graph(loaded.instance, dg.Definitions(assets=[warmest], jobs=[job]))
    run = weather.run("warmest_months", None)
    assert run.success, run.failures
    staged = {month: sample_months.staged(month, NUMBERS).rows.values() for month in AUTUMN}
    expected = {month: max(row.t for rows in cities for row in rows if row.t) for month, cities in staged.items()}
    assert run.materialised == {("warmest", ""): expected}


def test_statistics_are_read_as_the_documents_that_are_stored(loaded: Graph) -> None:
    read = loaded.definitions.load_asset_value(names.WEATHER_STATS, partition_key="2023-12", instance=loaded.instance)
    stored = open_stores(Settings.from_environment()).curated.find(
        Query(first=DECEMBER.first_day, last=DECEMBER.last_day)
    )
    assert read == list(stored)
    assert len(read) == 62


def test_raw_observations_are_read_as_objects_with_their_records(loaded: Graph) -> None:
    read = loaded.definitions.load_asset_value(
        names.RAW_OBSERVATIONS, partition_key="2023-12", instance=loaded.instance
    )
    assert isinstance(read, RawMonth)
    ((described, file),) = read
    assert described.provenance.name == "synop.202312.csv.gz"
    assert len(file.records) == described.records == len(sample_months.records("2023-12", NUMBERS))


def test_staged_observations_are_read_as_daily_figures(loaded: Graph) -> None:
    read = loaded.definitions.load_asset_value(
        names.STAGED_OBSERVATIONS, python_type=MonthFigures, partition_key="2023-12", instance=loaded.instance
    )
    assert isinstance(read, MonthFigures)
    ((_, daily),) = read.daily
    *_, days = (station_days(of, *curated_days(read.month)) for of in daily)  # November's last are there too
    assert [(station.name, day.day) for station, day in zip(days.station, days.day, strict=True)] == [
        (name, day) for name in ("CAP CEPET", "NICE") for day in range(1, 32)
    ]


def test_stores_are_closed_after_a_run(loaded: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[StoresResource] = []
    original = StoresResource.open

    def noted(self: StoresResource) -> Stores:
        used.append(self)
        return original(self)

    monkeypatch.setattr(StoresResource, "open", noted)
    assert loaded.process("2023-12").success
    assert used
    assert [resource._stores for resource in used] == [None] * len(used)
