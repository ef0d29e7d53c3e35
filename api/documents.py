"""The WeatherStats document as columns: the names a caller may ask for, and a flat row for tables."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any

from weather_platform.domain.stations import STATIONS
from weather_platform.domain.statistics import DailyAggregate
from weather_platform.domain.weather_stats import document

_EMPTY = document(STATIONS["07690"], DailyAggregate(date(2023, 12, 1), 0), (), datetime(2023, 12, 1))  # noqa: DTZ001
"""A document without any figure: its shape is that of all."""


def _leaves(value: dict[str, Any], path: str = "") -> Iterator[str]:
    for key, inner in value.items():
        if isinstance(inner, dict):
            yield from _leaves(inner, f"{path}{key}.")
        else:
            yield f"{path}{key}"


LEAVES: tuple[str, ...] = tuple(_leaves(_EMPTY))
"""Every figure of a document by its dotted path."""


def flat_name(path: str) -> str:
    """The column of a figure in a table: ``metrics.temperature.avg`` is ``temperature_avg``."""
    return path.removeprefix("metrics.").removeprefix("provenance.").removeprefix("_").replace(".", "_")


FLAT: dict[str, str] = {flat_name(path): path for path in LEAVES}
_GROUPS = tuple(dict.fromkeys(path.rpartition(".")[0] for path in LEAVES if "." in path))
COLUMNS: tuple[str, ...] = ("metrics", *_GROUPS, *LEAVES, *(name for name in FLAT if name not in LEAVES))
"""What `columns` may name: groups, dotted paths and the columns of tables."""


def paths(columns: Sequence[str] | None) -> list[str]:
    """The dotted paths that the names mean, in the order of the document; all of them for None."""
    if columns is None:
        return list(LEAVES)
    wanted = {FLAT.get(name, name) for name in columns}
    return [path for path in LEAVES if path in wanted or any(path.startswith(f"{group}.") for group in wanted)]


def flat(document: dict[str, Any], wanted: Sequence[str]) -> dict[str, Any]:
    """A document as one row; lists become words with a blank between."""
    return {flat_name(path): _cell(_at(document, path)) for path in wanted}


def _at(document: dict[str, Any], path: str) -> Any:
    value: Any = document
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _cell(value: Any) -> Any:
    if isinstance(value, list):
        return " ".join(item["type"] if isinstance(item, dict) else str(item) for item in value)
    return value
