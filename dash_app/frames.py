"""Frames as plain Python: rows and missing values."""

import math
from typing import Any, TypeGuard

import pandas as pd


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """The rows as dictionaries by column."""
    found: list[dict[str, Any]] = frame.to_dict("records")  # type: ignore[assignment]
    return found


def is_known(value: float | None) -> TypeGuard[float]:
    """False for None and for NaN, pandas' form of None."""
    return value is not None and not math.isnan(value)


def numbers(values: "pd.Series[Any]") -> list[float | None]:
    """The values, with None for missing ones."""
    return [float(value) if is_known(value) else None for value in values.tolist()]
