"""The contract of `MonthlyStore`, held by SQLite and by MongoDB."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from weather_platform.domain.climate.figures import FIGURES
from weather_platform.domain.climate.years import years_of
from weather_platform.domain.errors import BadInput, NotFound
from weather_platform.domain.months import Month
from weather_platform.settings import Settings
from weather_platform.storage.curated import Replaced
from weather_platform.storage.monthly import MonthlyStore, MonthQuery
from weather_platform.storage.opening import Stores
from weather_platform_tests.storage.sheets import sheet

NICE, ORLY = "07690", "07149"
NOVEMBER, DECEMBER = Month(2023, 11), Month(2023, 12)


@pytest.fixture(params=["sqlite", "mongodb"])
def monthly(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[MonthlyStore]:
    url = (
        f"sqlite:///{tmp_path}/curated.sqlite"
        if request.param == "sqlite"
        else str(request.getfixturevalue("fresh_mongo_database"))
    )
    stores = Stores(Settings.from_environment({"WEATHER_CURATED_URL": url}))
    yield stores.monthly
    stores.close()


def test_sheets_come_out_as_they_went_in(monthly: MonthlyStore) -> None:
    sheets = [sheet(ORLY), sheet(NICE, rr={"total": None, "max_days": ()})]
    assert monthly.replace(DECEMBER, sheets) == Replaced(written=2, unchanged=0, deleted=0)
    assert list(monthly.find()) == sheets
    assert monthly.get(NICE, DECEMBER) == sheets[1]
    with pytest.raises(NotFound, match="07690 for 2023-11"):
        monthly.get(NICE, NOVEMBER)


def test_a_month_holds_the_sheets_it_was_last_given(monthly: MonthlyStore) -> None:
    orly, nice = sheet(ORLY), sheet(NICE)
    monthly.replace(NOVEMBER, [sheet(ORLY, "2023-11")])
    monthly.replace(DECEMBER, [orly, nice])
    later = msgspec.structs.replace(nice, updated_at=datetime(2025, 1, 1, tzinfo=UTC))
    assert monthly.replace(DECEMBER, [later]) == Replaced(written=0, unchanged=1, deleted=1)
    assert list(monthly.find(MonthQuery(first=DECEMBER))) == [nice]
    assert (monthly.months(), monthly.stations()) == ([NOVEMBER, DECEMBER], [ORLY, NICE])
    with pytest.raises(ValueError, match="not of 2023-11"):
        monthly.replace(NOVEMBER, [nice])


def test_the_revision_changes_with_a_sheet_of_the_month_alone(monthly: MonthlyStore) -> None:
    monthly.replace(NOVEMBER, [sheet(NICE, "2023-11")])
    monthly.replace(DECEMBER, [sheet(NICE)])
    before = monthly.revision(), monthly.month_revision(NOVEMBER), monthly.month_revision(DECEMBER)
    monthly.replace(DECEMBER, [sheet(NICE)])
    assert (monthly.revision(), monthly.month_revision(NOVEMBER), monthly.month_revision(DECEMBER)) == before
    monthly.replace(DECEMBER, [sheet(NICE, rr={"total": 1.0})])
    assert monthly.revision() != before[0]
    assert monthly.month_revision(NOVEMBER) == before[1]
    assert monthly.month_revision(DECEMBER) != before[2]
    found = monthly.month_revisions()
    assert found == {month: monthly.month_revision(month) for month in found}
    assert DECEMBER in found


@pytest.mark.parametrize("newest_first", [False, True])
def test_pages_hold_every_sheet_once(monthly: MonthlyStore, newest_first: bool) -> None:
    for month in ("2023-11", "2023-12"):
        monthly.replace(Month.parse(month), [sheet(station, month) for station in (ORLY, NICE)])
    found: list[str] = []
    while page := list(
        monthly.find(MonthQuery(after=found[-1] if found else None, limit=1, newest_first=newest_first))
    ):
        found += [each.document_id for each in page]
    expected = ["07149:2023-11", "07690:2023-11", "07149:2023-12", "07690:2023-12"]
    assert found == (expected[::-1] if newest_first else expected)
    with pytest.raises(BadInput, match="not where a page ended"):
        list(monthly.find(MonthQuery(after="nice")))


def test_figures_alone_are_those_of_the_whole_sheet(monthly: MonthlyStore) -> None:
    whole = [sheet(ORLY), sheet(NICE)]
    monthly.replace(DECEMBER, whole)
    years, alone = years_of(whole), years_of(monthly.figures(MonthQuery(stations=[NICE])))
    for figure in FIGURES:
        assert alone.at(figure, NICE, 2023, "12") == years.at(figure, NICE, 2023, "12")
    assert alone.stations == (NICE,)
