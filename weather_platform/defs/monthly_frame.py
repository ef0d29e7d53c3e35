"""Monthly sheets as a pandas frame with a dagster-pandas type that every run checks.

pandas, dagster-pandas and numpy are imported when a frame is checked, not when Dagster loads the code.
"""

import warnings
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import dagster as dg

from weather_platform.domain.months import Month

if TYPE_CHECKING:
    import pandas as pd

    from weather_platform.domain.climate.document import MonthDocument
    from weather_platform.domain.tabular import Column

_RANGES = {
    "°C": (-90, 60),
    "mm": (0, 20_000),
    "m/s": (0, 120),
    "hPa": (0, 1_100),
    "%": (0, 100),
    "cm": (0, 1_000),
    "K·d": (0, 3_500),
}
"""What a figure of a month can be, by unit; wider than the records of the world."""
_MOST_HOURS = 31 * 24
_ZONES = (-12, 14)
"""Hours from UTC."""


def monthly_frame(sheets: "Sequence[MonthDocument]") -> "pd.DataFrame":
    """A row per station and month."""
    import pandas as pd

    from weather_platform.domain.climate.table import MONTH_COLUMNS, cells

    types: dict[type, Any] = {float: "float64", int: "int64", bool: "bool", str: "object"}
    frame = pd.DataFrame(map(cells, sheets), columns=[column.name for column in MONTH_COLUMNS])
    return frame.astype({column.name: types.get(column.type, "datetime64[ns, UTC]") for column in MONTH_COLUMNS})


def sheets_of(frame: "pd.DataFrame") -> "dict[Month, list[MonthDocument]]":
    """The sheets of a frame, by month."""
    from weather_platform.domain.climate.table import sheet_of

    found: dict[Month, list[MonthDocument]] = {}
    columns = [str(name) for name in frame.columns]
    for row in frame.itertuples(index=False, name=None):
        sheet = sheet_of(dict(zip(columns, row, strict=True)))
        found.setdefault(Month.parse(sheet.month), []).append(sheet)
    return found


def _checked(context: dg.TypeCheckContext, frame: object) -> dg.TypeCheck:
    """Column by column: each constraint of dagster-pandas copies all columns of its frame (0.3 s per month)."""
    import pandas as pd

    if not isinstance(frame, pd.DataFrame):
        return dg.TypeCheck(False, f"Must be a pandas.DataFrame, not a {type(frame).__name__}.")
    for name, column_type in _column_types().items():
        found = column_type.type_check(context, frame.filter([name]))
        if not found.success:
            return found
    return dg.TypeCheck(True)


MONTHLY_FRAME = dg.DagsterType(
    name="MonthlyClimate",
    type_check_fn=_checked,
    description="One row per station and month: the columns of `climate.table`, their types, ranges and nulls.",
)


@cache
def _column_types() -> dict[str, dg.DagsterType]:
    """A type of dagster-pandas per column of `MONTH_COLUMNS`."""
    from dagster_pandas import create_dagster_pandas_dataframe_type

    from weather_platform.domain.climate.table import MONTH_COLUMNS

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)
        # dagster-pandas carries no types
        return {
            column.name: create_dagster_pandas_dataframe_type(  # type: ignore[no-untyped-call]
                name=f"MonthlyClimate_{column.name}", columns=[_column(column)]
            )
            for column in MONTH_COLUMNS
        }


def _column(column: "Column") -> Any:
    import dagster_pandas

    of: Any = dagster_pandas.PandasColumn
    if column.name.endswith("status"):
        statuses = {"complete", "nearly", "incomplete", "missing"}
        return of.categorical_column(column.name, categories=statuses, of_types="object", non_nullable=True)
    if column.type is float:
        low, high = _RANGES[column.unit]
        return of.float_column(column.name, min_value=low, max_value=high, ignore_missing_vals=True)
    if column.type is int:
        low, high = _ZONES if column.name == "day_rule_offset_h" else (0, _MOST_HOURS)
        return of.integer_column(column.name, min_value=low, max_value=high, non_nullable=True)
    if column.type is bool:
        return of.boolean_column(column.name, non_nullable=True)
    if column.type is str:
        return of.string_column(column.name, non_nullable=True)
    return of.datetime_column(column.name, tz="UTC", non_nullable=True)
