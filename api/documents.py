"""The WeatherStats document as callers ask for parts of it: groups, dotted paths, or the columns of tables."""

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any

from api.units import Units, column_in_units
from weather_platform.domain.stations import STATIONS
from weather_platform.domain.statistics import DailyAggregate
from weather_platform.domain.tabular import COLUMNS as TABLE
from weather_platform.domain.tabular import FIGURES
from weather_platform.domain.weather_stats import document

_EMPTY = document(STATIONS["07690"], DailyAggregate(date(2023, 12, 1), 0), (), datetime(2023, 12, 1, tzinfo=UTC))
"""A document without any figure: its shape is that of all."""


def _leaves(value: dict[str, Any], path: str = "") -> Iterator[str]:
    for key, inner in value.items():
        if isinstance(inner, dict):
            yield from _leaves(inner, f"{path}{key}.")
        else:
            yield f"{path}{key}"


_LEAVES = tuple(_leaves(_EMPTY))
_RENAMED = {"date": "period", "synthetic": "provenance.synthetic"}
PATHS: dict[str, str] = {
    **{column: _RENAMED.get(column, column) for column in TABLE},
    **{column: f"metrics.{metric}.{figure}" for column, (metric, figure) in FIGURES.items()},
}
"""Where a table's column stands in a document."""
_COLUMN_OF = {path: column for column, path in PATHS.items()}
_GROUPS = ("metrics", "provenance", *(f"metrics.{metric}" for metric in _EMPTY["metrics"]))
COLUMNS: tuple[str, ...] = tuple(dict.fromkeys((*_GROUPS, *_LEAVES, *TABLE)))
"""What `columns` may name."""


def paths(columns: Sequence[str]) -> list[str]:
    """The dotted paths that the names mean, in the order of the document."""
    wanted = {PATHS.get(name, name) for name in columns}
    return [path for path in _LEAVES if path in wanted or any(path.startswith(f"{group}.") for group in wanted)]


def table_paths(columns: Sequence[str] | None) -> dict[str, str]:
    """The columns of a table with the paths that they show; a figure that no table has is called by its path."""
    if columns is None:
        return {column: PATHS[column] for column in TABLE}
    return {_COLUMN_OF.get(path, path): path for path in paths(columns)}


def flat(document: dict[str, Any], columns: dict[str, str], units: Units) -> dict[str, Any]:
    """A document as one row; lists become words with a blank between."""
    return {column_in_units(column, units): _cell(at(document, path)) for column, path in columns.items()}


def at(document: dict[str, Any], path: str) -> Any:
    """What stands at a dotted path; None where nothing does."""
    value: Any = document
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return " ".join(item["type"] if isinstance(item, dict) else str(item) for item in value)
    return value
