"""Staged observations as a pandas frame with a dagster-pandas type, for notebooks and assets that use pandas.

pandas and dagster-pandas are imported when a frame is loaded, not when Dagster loads the code (2 s saved).
"""

import warnings
from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import dagster as dg

from weather_platform.domain.fields import FIELDS, Field
from weather_platform.domain.months import Month

if TYPE_CHECKING:
    import pandas as pd

    from weather_platform.storage.staging import StagingStore  # SQLAlchemy


def is_frame_type(annotation: object) -> bool:
    """Whether an input asks for a pandas frame."""
    return getattr(annotation, "__module__", "").startswith("pandas") and getattr(annotation, "__name__", "") == (
        "DataFrame"
    )


def staged_frame(staging: "StagingStore", months: Sequence[Month]) -> "pd.DataFrame":
    """All cities' observations of the months, checked by `staged_frame_type`; about 5 MB a month in memory."""
    import pandas as pd

    rows = [
        row
        for month in months
        for coverage in staging.coverage([str(month)])
        for row in staging.rows(coverage.station, month.first_day, month.last_day)
    ]
    frame = pd.DataFrame(rows, columns=list(FIELDS))
    frame["date"] = pd.to_datetime(frame["date"]).astype("datetime64[ns]")
    for field in FIELDS.values():
        if field.kind in ("measure", "code"):
            frame[field.name] = frame[field.name].astype("float64")
    check = staged_frame_type().type_check(None, frame)  # type: ignore[arg-type]
    if not check.success:
        raise dg.Failure(f"The staged frame is not valid: {check.description}", allow_retries=False)
    return frame


@cache
def staged_frame_type() -> dg.DagsterType:
    """The frame's type in dagster-pandas: columns of `fields.FIELDS`, their kinds, ranges and nulls."""
    from dagster_pandas import create_dagster_pandas_dataframe_type

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", dg.BetaWarning)  # otherwise one warning per column
        # dagster-pandas carries no types
        made: dg.DagsterType = create_dagster_pandas_dataframe_type(  # type: ignore[no-untyped-call]
            name="StagedObservations",
            description="Typed, cleaned SYNOP observations, one row per station and time (UTC).",
            columns=[_column(field) for field in FIELDS.values()],
        )
    return made


def _column(field: Field) -> Any:
    import dagster_pandas

    column: Any = dagster_pandas.PandasColumn
    match field.kind:
        case "measure" | "code":
            low = 0 if field.unit == "mm" else field.low
            # Otherwise a missing value would count as out of range.
            return column.float_column(field.name, min_value=low, max_value=field.high, ignore_missing_vals=True)
        case "flag":
            return column.integer_column(field.name, non_nullable=True)
        case "key" if field.name == "date":
            return column.datetime_column(field.name, non_nullable=True)
        case _:
            return column.string_column(field.name, non_nullable=True)
