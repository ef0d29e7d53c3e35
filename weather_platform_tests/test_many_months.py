"""Several months at once, half of them made by a second process where they are many, end as one by one."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from weather_platform import many_months
from weather_platform.domain.errors import NotFound, StoreUnavailable
from weather_platform.domain.months import Month, month_range
from weather_platform.domain.parts import StationRange
from weather_platform.many_months import SecondProcess, make_months
from weather_platform.pipeline import ParsedBefore, Stores, stage_month
from weather_platform.storage.month_climate import MonthClimate
from weather_platform_tests import layers
from weather_platform_tests.test_pipeline import array, load, report, take_in

FEW = list(month_range(Month(2023, 11), Month(2024, 1)))
MANY = list(month_range(Month(2023, 1), Month(2023, 8)))


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    with layers.opened(layers.embedded(tmp_path)) as opened:
        yield opened


@pytest.fixture
def staged_here(monkeypatch: pytest.MonkeyPatch) -> list[Month]:
    """The months that this process stages."""
    staged: list[Month] = []

    def noted(stores: Stores, month: Month, before: ParsedBefore) -> many_months.Counts:
        staged.append(month)
        return stage_month(stores, month, before)

    monkeypatch.setattr(many_months, "stage_month", noted)
    return staged


@pytest.fixture
def sheets_made(stores: Stores, monkeypatch: pytest.MonkeyPatch) -> list[Month]:
    """The months whose sheets are made, in order."""
    made: list[Month] = []
    month_climate = stores.staging.month_climate

    def noted(month: Month, stations: StationRange) -> MonthClimate | None:
        made.append(month)
        return month_climate(month, stations)

    monkeypatch.setattr(stores.staging, "month_climate", noted)
    return made


@pytest.mark.parametrize(("months", "here"), [(FEW, FEW), (MANY, MANY[:4])], ids=["few", "many"])
def test_months_made_together_are_as_one_by_one_with_sheets_made_once(
    stores: Stores,
    sheets_made: list[Month],
    staged_here: list[Month],
    tmp_path: Path,
    months: Sequence[Month],
    here: Sequence[Month],
) -> None:
    bodies = [array(*(report(f"{month}-{day:02}T06", t=280) for day in (1, 15, 28)), b"{}") for month in months]
    for body in bodies:
        take_in(stores, body)
    made = list(make_months(stores, months))
    assert sorted(each.month for each in made) == months
    assert [count.kept for each in made for count in each.counts.values()] == [3] * len(months)
    assert (sheets_made, sorted(staged_here)) == (here, here)
    with layers.opened(layers.embedded(tmp_path / "one by one")) as others:
        for body in reversed(bodies):
            load(others, body)
        assert layers.state(others) == layers.state(stores)


def test_what_the_second_process_finds_wrong_is_raised_by_the_first(stores: Stores) -> None:
    *_, (stored,) = (take_in(stores, array(report(f"{month}-01T06", t=280))) for month in MANY)
    stores.raw.blobs.delete(stored.object.key)
    with pytest.raises(NotFound, match=stored.object.name) as raised:
        list(make_months(stores, MANY))
    assert raised.value.cure


def test_a_second_process_that_was_killed_is_an_outage(stores: Stores) -> None:
    with SecondProcess(stores.settings) as second:
        second.begin(MANY)
        second._child.kill()
        second.wait_until_staged()
        with pytest.raises(StoreUnavailable, match=r"has ended with exit code -9\. .* post the file again"):
            list(second.made(to_the_end=True))
