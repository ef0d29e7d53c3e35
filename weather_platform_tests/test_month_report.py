"""What is told of a month: checks that pass on the months there were and fail on cut ones, and links that lead."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from weather_platform.domain.fields import Observation
from weather_platform.domain.months import Month
from weather_platform.domain.staging import StagedMonth
from weather_platform.month_report import CHECKS, StoredMonth
from weather_platform.pipeline import Stores
from weather_platform_tests import layers, real_months, sample_months

STAGING_CHECKS = {check.name: check for check in CHECKS if check.name != "documents_conserved"}


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    with layers.opened(layers.embedded(tmp_path)) as opened:
        yield opened


def failed(stores: Stores, month: str) -> dict[str, str]:
    held = StoredMonth(stores, Month.parse(month))
    verdicts = {name: check.judge(held) for name, check in STAGING_CHECKS.items()}
    return {name: verdict.description for name, verdict in verdicts.items() if not verdict.passed}


def without(staged: StagedMonth, *stations: str, day: int | None = None, only: set[str] | None = None) -> StagedMonth:
    """The month without some stations, or without a day of all stations or of `only` some."""

    def stays(station: str, row: Observation) -> bool:
        return row.date.day != day or (only is not None and station not in only)

    rows = {s: [row for row in rows if stays(s, row)] for s, rows in staged.rows.items() if s not in stations}
    return msgspec.structs.replace(staged, rows={s: found for s, found in rows.items() if found})


@pytest.mark.slow
def test_ordinary_real_months_pass_every_check(stores: Stores, real_data: Path) -> None:
    months = ["2023-05", "2023-06", "2023-11", "2023-12"]
    for month in months:
        stores.staging.replace_month(month, real_months.staged(real_data, month))
    assert {month: failed(stores, month) for month in months} == {month: {} for month in months}


@pytest.mark.slow
def test_a_month_without_a_day_or_a_region_is_incomplete(stores: Stores) -> None:
    before, month = "2023-06", "2023-07"
    whole = sample_months.staged(month)
    corsica, antilles = ("07761", "07790"), ("78890", "78894", "78897", "78922", "78925")
    metropolitan = {station for station in whole.rows if station.startswith("07")}
    cuts = [
        without(whole, day=17),
        without(whole, day=17, only=metropolitan),
        without(whole, *corsica),
        without(whole, *antilles),
    ]
    stores.staging.replace_month(before, sample_months.staged(before))
    found = []
    for cut in (whole, *cuts):
        stores.staging.replace_month(month, cut)
        found.append(failed(stores, month).get("completeness", "passed"))
    assert found[0] == "passed"
    assert ["1 day silent" in said for said in found[1:]] == [True, True, False, False], found
    assert [said.split(",")[0] for said in found[3:]] == ["2 stations absent", "5 stations absent"]
