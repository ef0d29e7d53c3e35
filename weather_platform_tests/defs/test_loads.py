"""Loads from source to documents: what is stored then, and what Dagster knows of it."""

import gzip
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
import msgspec
import pytest

from weather_platform import names
from weather_platform.defs.partitions import KEPT
from weather_platform.domain.months import Month
from weather_platform.domain.provenance import ETALAB, Provenance
from weather_platform.domain.quality import MonthSummary
from weather_platform.domain.staging import Staged
from weather_platform.intake import receive
from weather_platform.month_report import CHECKS
from weather_platform.pipeline import RawMonth, Stores, open_stores, staged
from weather_platform.settings import Settings
from weather_platform.storage.curated import Query
from weather_platform.storage.staging import StagingStore
from weather_platform_tests.defs.runs import Graph

CITIES = ("NICE", "CAP CEPET", "LA DESIRADE METEO")


@contextmanager
def stores() -> Iterator[Stores]:
    """What the environment names, to look into."""
    opened = open_stores(Settings.from_environment())
    try:
        yield opened
    finally:
        opened.staging.engine.dispose()
        opened.curated.close()


def everything_stored() -> dict[str, Any]:
    """All rows and documents, but for when they were written."""
    with stores() as opened:
        documents = [msgspec.to_builtins(document) for document in opened.curated.find()]
        for document in documents:
            del document["provenance"]["updated_at"]
        known = opened.staging.stations()
        rows = {station.slug: list(opened.staging.rows(station)) for station in known.values()}
        return {"rows": rows, "documents": documents, "quarantine": opened.staging.quarantine()}


def metrics(documents: Sequence[dict[str, Any]], metric: str, figure: str) -> list[float]:
    return [value for document in documents if (value := document["metrics"][metric][figure]) is not None]


@pytest.fixture
def real_archive(real_data: Path, weather_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: ARG001  # first
    monkeypatch.setenv("WEATHER_ARCHIVE_URL", str(real_data / "meteofrance-monthly"))


@pytest.mark.slow
@pytest.mark.usefixtures("real_archive")
def test_real_december_gives_the_figures_that_were_worked_out_by_hand(stored: str, weather: Graph) -> None:
    run = weather.load("2023-12", source="meteofrance")

    assert run.success, run.failures
    rows = {asset: made["dagster/partition_row_count"] for (asset, _), made in run.materialised.items()}
    assert rows == {
        names.RAW_OBSERVATIONS: 14_979,
        names.STAGED_OBSERVATIONS: 14_979,
        names.WEATHER_STATS: 1_893,
        names.MONTHLY_CLIMATE: 62,
    }
    assert run.materialised[names.STAGED_OBSERVATIONS, "2023-12"]["tables"] == 62
    raw = run.materialised[names.RAW_OBSERVATIONS, "2023-12"]
    assert (raw["source"], raw["files"], raw["synthetic"]) == ("meteofrance", ["synop.202312.csv.gz"], False)
    assert "Etalab" in raw["licence"]
    assert run.failed_checks == []
    completeness = run.verdicts["completeness", "2023-12"]
    assert completeness.severity == dg.AssetCheckSeverity.WARN
    assert completeness.description == "0 stations absent, no earlier month to compare with, 0 days silent"
    with stores() as opened:
        assert opened.staging.engine.dialect.name == ("sqlite" if stored == "embedded" else "mysql")
        documents = [msgspec.to_builtins(document) for document in opened.curated.find()]
        assert len(documents) == 1_893
        assert sum(metrics(documents, "rainfall", "total")) == pytest.approx(5_215.4, abs=0.05)
        of = {document["_id"]: document["metrics"] for document in documents}
    nice, cap, new_year = of["07690:2023-12-01"], of["07661:2023-12-10"], of["07690:2023-12-31"]
    assert [nice["temperature"][figure] for figure in ("avg", "min", "max")] == [14.26, 11.80, 16.50]
    assert [nice["pressure"][figure] for figure in ("avg", "min", "max")] == [997.38, 993.60, 1000.80]
    assert [nice["wind_speed"][figure] for figure in ("avg", "max", "gust")] == [3.69, 7.70, 11.20]
    assert [nice["rainfall"][figure] for figure in ("total", "max_3h")] == [2.40, 1.00]
    assert [cap[metric]["avg"] for metric in ("temperature", "pressure")] == [None, None]
    assert cap["rainfall"]["total"] is None
    assert [cap["wind_speed"][figure] for figure in ("avg", "max")] == [10.69, 15.30]
    assert [new_year["rainfall"][figure] for figure in ("total", "n")] == [13.90, 7]


def test_a_range_is_a_run_per_month_each_with_its_metadata_and_checks(weather: Graph) -> None:
    months = ["2023-10", "2023-11", "2023-12"]
    run = weather.load("2023-10", "2023-12", cities=CITIES)

    assert run.success, run.failures
    assert set(run.materialised) == {(asset, month) for asset in names.ASSETS for month in months}
    with stores() as opened:
        for month in months:
            (raw,) = opened.raw.objects(month)
            staged = opened.staging.coverage([month])
            rows = sum(coverage.observations for coverage in staged)
            first, last = date.fromisoformat(f"{month}-01"), date.fromisoformat(f"{month}-30")
            documents = [doc for doc in opened.curated.find(Query(first=first)) if doc.period.startswith(month)]
            assert documents[-1].date.date() >= last
            made = {asset: run.materialised[asset, month] for asset in names.ASSETS}
            assert [made[asset]["dagster/partition_row_count"] for asset in names.ASSETS] == [
                raw.records,
                rows,
                len(documents),
                len(CITIES),
            ]
            assert made[names.RAW_OBSERVATIONS]["raw_objects"] == [raw.key]
            assert made[names.STAGED_OBSERVATIONS]["synthetic"] is True
            table = made[names.STAGED_OBSERVATIONS]["coverage"].records
            assert sorted((line.data["city"], line.data["observations"]) for line in table) == sorted(
                (coverage.station.name, coverage.observations) for coverage in staged
            )
    assert set(run.verdicts) == {(check.name, month) for check in CHECKS for month in months}
    assert run.failed_checks == [("completeness", months[0])]  # without a month before, all stations are expected


def test_loading_again_changes_nothing(weather: Graph) -> None:
    weather.load("2023-12", cities=CITIES)
    with stores() as opened:
        before = list(opened.curated.find())

    again = weather.load("2023-12", cities=CITIES)

    assert again.success
    assert again.materialised[names.RAW_OBSERVATIONS, "2023-12"]["new_objects"] == 0
    curated = again.materialised[names.WEATHER_STATS, "2023-12"]
    assert (curated["written"], curated["unchanged"], curated["deleted"]) == (0, len(before), 0)
    with stores() as opened:
        assert list(opened.curated.find()) == before


def test_cities_may_be_given_by_name_slug_or_number(weather: Graph) -> None:
    run = weather.load("2023-11", cities=["Saint-Laurent", "cap_cepet", "7690", "07002"])
    assert run.success
    with stores() as opened:
        assert set(opened.staging.stations()) == {"81401", "07661", "07690", "07002"}
    run = weather.load("2023-12", cities=["station_07002"])  # a slug that is known since it was staged
    assert run.success
    with stores() as opened:
        assert [covered.station.station_id for covered in opened.staging.coverage(["2023-12"])] == ["07002"]


@pytest.mark.parametrize(
    ("config", "cause", "cure"),
    [
        ({"cities": ["NISE"]}, "No station matches 'NISE'.", "Did you mean Nice?"),
    ],
    ids=["city"],
)
def test_config_that_names_nothing_fails_at_once_in_words(
    weather: Graph, config: dict[str, Any], cause: str, cure: str
) -> None:
    run = weather.load("2023-12", **config)
    assert not run.success
    assert run.failures == {names.RAW_OBSERVATIONS: {"cause": cause, "cure": cure}}
    assert run.retries == {}
    assert run.materialised == {}


def test_a_run_may_override_source_and_stores_in_the_launchpad(
    weather_home: Path, weather: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = {
        "staging_url": f"sqlite:///{weather_home}/other.sqlite",
        "curated_url": f"sqlite:///{weather_home}/other-curated.sqlite",
        "raw_url": f"file://{weather_home}/other-raw",
    }
    overridden = {"stores": {"config": addresses}, "sources": {"config": {"default": "sample"}}}
    cities = {names.RAW_OBSERVATIONS: {"config": {"cities": ["nice"]}}}
    run = weather.run_tagged(names.LOAD_JOB, {"dagster/partition": "2023-12"}, cities, overridden)
    assert run.success, run.failures
    assert run.materialised[names.RAW_OBSERVATIONS, "2023-12"]["source"] == "sample"
    assert everything_stored() == {"rows": {}, "documents": [], "quarantine": []}
    for name, address in addresses.items():
        monkeypatch.setenv(f"WEATHER_{name.upper()}", address)
    stored = everything_stored()
    assert (list(stored["rows"]), len(stored["documents"])) == (["nice"], 31)


def test_a_step_overtaken_by_another_process_is_repeated_in_its_run(
    weather: Graph, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file is posted while the month is staged: the run that saw less must not write last."""
    seen: list[int] = []

    def posted_meanwhile(raw: RawMonth) -> Staged:
        made = staged(raw)
        if not seen:
            body = b'[{"numer_sta": "07002", "date": "2023-12-01T00:00:00Z", "t": 280.15}]'
            provenance = Provenance(source="upload", name="late.json", licence=ETALAB, synthetic=True)
            with stores() as opened:
                receive(opened.raw, body, provenance, KEPT)
        seen.append(len(made.objects))
        return made

    monkeypatch.setattr("weather_platform.defs.staging.staged", posted_meanwhile)
    run = weather.load("2023-12", cities=["nice"])
    assert run.success, run.failures
    assert (seen, run.retries) == ([1, 2], {names.STAGED_OBSERVATIONS: 1})
    assert sorted(everything_stored()["rows"]) == ["nice", "station_07002"]


@pytest.fixture
def own_archive(weather_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:  # noqa: ARG001  # first
    """An empty folder as the archive."""
    folder = tmp_path / "archive"
    folder.mkdir()
    monkeypatch.setenv("WEATHER_ARCHIVE_URL", str(folder))
    return folder


@pytest.mark.usefixtures("own_archive")
def test_a_month_missing_in_the_source_fails_at_once_storing_nothing(weather: Graph) -> None:
    run = weather.load("2023-12", source="meteofrance")
    assert not run.success
    assert run.failures[names.RAW_OBSERVATIONS]["cause"].startswith(
        "2023-12 is not to be had from meteofrance: The archive has neither synop_2023.csv.gz nor"
    )
    assert run.failures[names.RAW_OBSERVATIONS]["cure"]
    assert run.retries == {}
    assert run.materialised == {}
    assert everything_stored() == {"rows": {}, "documents": [], "quarantine": []}


RANGE = {"dagster/asset_partition_range_start": "2023-11", "dagster/asset_partition_range_end": "2023-12"}


@pytest.mark.parametrize(
    ("tags", "cause"),
    [
        ({"dagster/partition": "1995-12"}, "1995-12 is outside the partitions"),
        ({"dagster/partition": "2999-01"}, "2999-01 is outside the partitions"),
        (RANGE, "The run is for a range of months, not for one."),
        ({}, "The run is for no month, not for one."),
    ],
    ids=["too early", "to come", "a range", "none"],
)
def test_a_run_outside_the_partitions_is_refused_before_fetching(
    weather: Graph, tags: dict[str, str], cause: str
) -> None:
    """Launched by GraphQL: the UI offers none of these. Without the check, a future month succeeds."""
    run = weather.run_tagged(names.LOAD_JOB, tags)
    assert not run.success
    assert run.failures[names.RAW_OBSERVATIONS]["cause"].startswith(cause)
    assert run.failures[names.RAW_OBSERVATIONS]["cure"]
    assert run.materialised == {}
    assert run.retries == {}
    with stores() as opened:
        assert opened.raw.partitions() == []


def test_processing_a_future_month_fails(weather: Graph) -> None:
    run = weather.process("2999-01")
    assert not run.success
    assert run.failures[names.STAGED_OBSERVATIONS]["cause"] == "The run is for 0 months, not for one."


def test_stored_months_are_processed_without_their_source(weather: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    weather.load("2023-11", "2023-12", cities=CITIES)
    before = everything_stored()
    with stores() as opened:
        opened.curated.replace((date(2023, 11, 1), date(2023, 12, 31)), [])
    monkeypatch.setenv("WEATHER_SOURCE", "meteofrance")  # which the test has not

    run = weather.process("2023-11", "2023-12")

    assert run.success
    assert {asset for asset, _ in run.materialised} == set(names.ASSETS[1:])
    assert everything_stored() == before


def test_records_of_no_month_are_kept_counted_and_shown_in_quarantine(
    archive: Path, own_archive: Path, weather: Graph
) -> None:
    """Two lines: the month of one is unreadable, that of the other is outside the partitions."""
    header, first, second, third, *_ = _lines(archive / "synop.202312.csv.gz")
    broken = second.replace(b"20231201", b"2023?201", 1)
    ancient = third.replace(b"20231201", b"19891201", 1)
    _write(own_archive / "synop.202312.csv.gz", [header, first, broken, ancient])

    run = weather.load("2023-12", source="meteofrance")

    assert run.success, run.failures
    raw = run.materialised[names.RAW_OBSERVATIONS, "2023-12"]
    assert (raw["dagster/partition_row_count"], raw["records_of_no_or_another_month"]) == (1, 2)
    shown = [(row["month"], row["reason"], row["record"]) for row in everything_stored()["quarantine"]]
    assert sorted(shown) == sorted(
        [
            ("unplaced", "unreadable_date", broken.decode().rstrip()),
            ("unplaced", "outside_partitions", ancient.decode().rstrip()),
        ]
    )


def _lines(path: Path) -> list[bytes]:
    return gzip.decompress(path.read_bytes()).splitlines(keepends=True)


def _write(path: Path, lines: list[bytes]) -> None:
    path.write_bytes(gzip.compress(b"".join(lines)))


@pytest.mark.usefixtures("archive")
def test_the_first_rain_of_a_month_completes_the_day_before(weather: Graph) -> None:
    """What fell between 21 UTC and midnight is reported at 00 UTC of the 1st."""
    weather.load("2023-11", source="meteofrance", cities=["NICE"])
    with stores() as opened:
        alone = opened.curated.get("07690:2023-11-30")
    weather.load("2023-12", source="meteofrance", cities=["NICE"])
    with stores() as opened:
        completed = opened.curated.get("07690:2023-11-30")
    assert alone.metrics.rainfall.n + 1 == completed.metrics.rainfall.n


def test_a_run_counts_the_tables_of_its_month_once(weather: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    """For the metadata of staging; its checks judge the same count, and a check of a stored month counts again."""
    counted, count = [], StagingStore.summary

    def noted(staging: StagingStore, month: Month) -> MonthSummary:
        counted.append(month)
        return count(staging, month)

    monkeypatch.setattr(StagingStore, "summary", noted)
    assert weather.load("2023-12", cities=["NICE"]).success
    assert counted == [Month(2023, 12)]
    assert weather.run(names.CHECK_JOB, "2023-12").success
    assert counted == [Month(2023, 12)] * 2
