"""The columns behind each figure are those that it depends on."""

import random
from collections.abc import Iterable, Iterator, Mapping

import numpy as np

from weather_platform.domain.climate.columns import BEHIND, GRID_FIELDS, behind
from weather_platform.domain.climate.days import days_of
from weather_platform.domain.climate.grid import Grid
from weather_platform.domain.climate.month import monthly_climates
from weather_platform.domain.climate.screening import Screened
from weather_platform.domain.climate.stretches import Stretch
from weather_platform.domain.climate.table import COLUMNS, cells
from weather_platform_tests.domain.climate.made import MARCH, climate_days, made_grid
from weather_platform_tests.storage.sheets import document

OF_THE_SHEET = {"flagged", "document_id", "city", "slug", "month", "revision", "updated_at", "raw_objects", "synthetic"}
PROBABLE = {"ww": (17, 41, 71, 87), "dd": range(0, 361, 10), "ht_neige": (0, 0.02, 0.1)}


def reports(seed: int) -> Iterator[tuple[str, dict[str, float]]]:
    """A month in which a day may be hourly, and any field absent for an hour or a day."""
    chance = random.Random(seed)  # noqa: S311  # the same months in every run
    fields = [field for field in GRID_FIELDS if field != "rr_trace"]
    for day in range(1, 33):
        given = [field for field in fields if chance.random() < 0.8]
        step, present = chance.choice(((1, 1.0), (3, 0.7), (3, 0.9)))
        for hour in range(0, 24, step):
            values = {field: chance.choice([*PROBABLE.get(field, range(30))]) for field in given}
            yield f"{day:02d} {hour:02d}", {field: of for field, of in values.items() if chance.random() < present}


def test_each_figure_depends_on_the_columns_that_are_named_and_no_other() -> None:
    found: dict[str, set[str]] = {}
    for seed in range(6):
        grid = made_grid(dict(reports(seed)))
        whole = _all(grid)
        for field in GRID_FIELDS:
            less = _all(Grid(grid.stations, grid.first_hour, {**grid.values, field: grid.values[field] * float("nan")}))
            for name, value in whole.items():
                found.setdefault(name, set()).update({field} if less[name] != value else ())

    of_days = {"tn": "tn", "tx": "tx", "rr": "rr", "civil_rr": "civil_rr"}
    named = {each.path: set(behind(each.path)) for each in COLUMNS if each.path not in OF_THE_SHEET}
    named |= {f"day {figure}": set(BEHIND[element]) for figure, element in of_days.items()}
    assert {name: found[name] - fields for name, fields in named.items() if found[name] - fields} == {}
    assert _by_element(found, named) == _by_element(named, named)


def _by_element(columns: Mapping[str, set[str]], names: Iterable[str]) -> dict[str, set[str]]:
    """A month by chance does not reach each threshold of an element by each of its columns."""
    together: dict[str, set[str]] = {}
    for name in names:
        together.setdefault(name.partition(".")[0], set()).update(columns[name])
    return together


def _all(grid: Grid) -> dict[str, object]:
    """Every figure of the month and of its days; each seventh hour is suspect."""
    seventh = np.arange(grid.hours)[None, :] % 7 == 0
    screened = Screened(grid, {("suspect", field): seventh for field in GRID_FIELDS}, {}, {}, ())
    days = days_of(screened, Stretch.of(MARCH))
    (sheet,) = monthly_climates(screened, days)
    of_sheet = dict(zip((each.path for each in COLUMNS), cells(document(sheet)), strict=True))
    of_days = climate_days(days, 0)
    return of_sheet | {
        "day tn": [day.tn.value for day in of_days],
        "day tx": [day.tx.value for day in of_days],
        "day rr": [day.rr.value for day in of_days],
        "day civil_rr": [day.civil_rr.known for day in of_days],
    }
