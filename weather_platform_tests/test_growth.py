"""What a month costs the databases does not grow with the years and the stations that are there already.

Counted in steps of SQLite's virtual machine, which do not depend on the load of the machine: a query that reads a row
more takes steps more.
"""

import sqlite3
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from weather_platform.domain.months import Month, Partitions, month_range
from weather_platform.domain.parts import StationRange
from weather_platform.domain.provenance import ETALAB, Provenance
from weather_platform.intake import receive
from weather_platform.month_report import StoredMonth, judge_month
from weather_platform.pipeline import Stores, curate_month, stage_month
from weather_platform_tests import layers, sample_months

FIRST = Month(2020, 1)
_CITIES = ("07005", "07015", "07690", "07761", "61968", "61972", "71805", "78890", "81401", "89642")


class Steps:
    """Steps of the connections opened since."""

    def __init__(self) -> None:
        self.taken = 0

    def of(self, work: Callable[[], Any]) -> int:
        before = self.taken
        work()
        return self.taken - before

    def count(self) -> int:
        self.taken += 1
        return 0


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> Iterator[Steps]:
    counted = Steps()

    class Counting(sqlite3.Connection):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **options)
            self.set_progress_handler(counted.count, 1)

    def connect(*args: Any, connect: Any = sqlite3.connect, **options: Any) -> Any:
        return connect(*args, factory=Counting, **options)

    monkeypatch.setattr("sqlite3.connect", connect)
    monkeypatch.setattr("sqlite3.dbapi2.connect", connect)
    yield counted
    assert counted.taken


def _post(stores: Stores, month: Month, stations: tuple[str, ...]) -> None:
    body = sample_months.archive("2023-01", stations).replace(b"202301", str(month).replace("-", "").encode())
    provenance = Provenance(source="upload", name=str(month), licence=ETALAB)
    receive(stores.raw, body, provenance, Partitions(FIRST))


def test_a_month_costs_the_same_after_years_of_months(tmp_path: Path, steps: Steps) -> None:
    with layers.opened(layers.embedded(tmp_path)) as stores:

        def make(month: Month) -> None:
            _post(stores, month, ("07690",))
            stage_month(stores, month)
            curate_month(stores, month)
            judge_month(StoredMonth(stores, month))

        taken = [steps.of(partial(make, month)) for month in month_range(FIRST, Month(2022, 1))]
    assert taken[24] == taken[12]


def test_a_part_of_a_month_costs_the_same_beside_other_stations(tmp_path: Path, steps: Steps) -> None:
    within, days, taken = StationRange("07690", "07691"), (FIRST.first_day, FIRST.last_day), []
    for stations in (("07690",), _CITIES):
        with layers.opened(layers.embedded(tmp_path / str(len(stations)))) as stores:
            _post(stores, FIRST, stations)
            read = partial(stores.staging.month_climate, FIRST, within)
            stage_month(stores, FIRST)
            read()  # each connection reads once which tables there are
            stage_month(stores, FIRST)
            curate_month(stores, FIRST)
            taken.append((steps.of(read), steps.of(partial(stores.curated.replace, days, [], within))))
    (read_alone, replaced_alone), (read_beside, replaced_beside) = taken
    assert read_beside <= read_alone + 1
    assert replaced_beside <= replaced_alone + 2 * len(FIRST.days)
