"""Monthly sheets as a flat table."""

from weather_platform.domain.climate.figures import FIGURES
from weather_platform.domain.climate.table import COLUMNS, MONTH_COLUMNS, cells, months, sheet_of
from weather_platform_tests.storage.sheets import sheet


def test_a_sheet_comes_back_from_its_cells() -> None:
    whole = sheet(rr={"total": None, "max_days": ()}, fxi={"max_direction": (340, -1)})
    row = dict(zip((column.name for column in MONTH_COLUMNS), cells(whole), strict=True))
    assert sheet_of(row) == whole
    assert sheet_of({name: float("nan") if cell is None else cell for name, cell in row.items()}) == whole


def test_every_column_has_a_name_of_its_own_and_a_meaning() -> None:
    assert len({column.name for column in MONTH_COLUMNS}) == len(MONTH_COLUMNS)
    assert [column.name for column in MONTH_COLUMNS if not column.meaning] == []


def test_figures_have_their_unit_in_the_name() -> None:
    units = {each.path: each.column.unit for each in COLUMNS}
    assert {name: units[name] for name in FIGURES if "days" not in name} == {
        name: figure.unit for name, figure in FIGURES.items() if "days" not in name
    }
    assert {"tn_mean_c", "rr_total_mm", "fxi_max_m_s", "u_mean_percent", "tm_heating_18_k_d"} <= {
        column.name for column in MONTH_COLUMNS
    }


def test_some_columns_may_be_asked_for() -> None:
    table = months(["month", "rr_total_mm"])
    assert table.nested(sheet()) == {"month": "2023-12", "rr_total_mm": sheet().rr.total}
