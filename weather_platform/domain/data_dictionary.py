"""The data dictionary as Markdown: every column of documents, events, observations and sheets, from their declarations.

``python -m weather_platform.domain.data_dictionary > docs/data-dictionary.md`` writes the page; a test compares it.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime

from weather_platform.domain.climate.document import CODE_VERSION as SHEET_VERSION
from weather_platform.domain.climate.table import MONTH_COLUMNS
from weather_platform.domain.events import THRESHOLDS
from weather_platform.domain.fields import FIELDS
from weather_platform.domain.tabular import (
    DOCUMENT_COLUMNS,
    DOCUMENT_PATHS,
    EVENT_COLUMNS,
    OBSERVATION_COLUMNS,
    Column,
)
from weather_platform.domain.units import STORED, UNITS, System
from weather_platform.domain.weather_stats import CODE_VERSION

_TYPES = {
    str: "text",
    int: "whole number",
    float: "number",
    bool: "true or false",
    date: "date",
    datetime: "date and time, UTC",
}
_REACHED = {"at_least": "≥", "at_most": "≤"}


def markdown() -> str:
    """The page."""
    return "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    yield "# Data dictionary"
    yield ""
    yield "Generated from the types in `weather_platform/domain`; do not edit. To write it again:"
    yield "`python -m weather_platform.domain.data_dictionary > docs/data-dictionary.md`."
    yield ""
    yield f"## Daily documents (`WeatherStats`, rules of version {CODE_VERSION})"
    yield ""
    yield "One document per station and UTC day with at least one observation. *Column* is the name in CSV and"
    yield "Parquet, *path* the place in JSON, MongoDB and SQLite. Numbers have at most 2 decimals; a figure without"
    yield "readings is empty (null), never 0."
    yield ""
    yield from _table(
        ("column", "path", "type", "unit", "meaning"),
        ((f"`{c.name}`", f"`{DOCUMENT_PATHS[c.name]}`", _type(c), c.unit, c.meaning) for c in DOCUMENT_COLUMNS),
    )
    yield ""
    yield "## Extreme events"
    yield ""
    yield from _table(("column", "type", "meaning"), ((f"`{c.name}`", _type(c), c.meaning) for c in EVENT_COLUMNS))
    yield ""
    yield "A day has an event when its figure reaches the threshold. Its temperature and rain are climatological."
    yield ""
    yield from _table(
        ("type", "figure", "threshold", "source"),
        (
            (
                f"`{t.type}`",
                f"`{t.metric}.{t.figure}`",
                f"{_REACHED[t.reached]} {t.value:g} {t.unit}",
                t.source,
            )
            for t in THRESHOLDS
        ),
    )
    yield ""
    yield from _observations()
    yield from _months()
    yield from _units()


def _observations() -> Iterator[str]:
    yield "## Observations"
    yield ""
    yield "One row per station and time, with the names and units of SYNOP; `tc` is computed. `flags` come from quality"
    yield "control: no figure is made of a temperature with `t:E2:erroneous`; `good` is a flag that a person lifted."
    yield ""
    yield from _table(
        ("column", "type", "unit", "meaning", "plausible range"),
        ((f"`{c.name}`", _type(c), c.unit, c.meaning, _range(c.name)) for c in OBSERVATION_COLUMNS),
    )
    yield ""


def _months() -> Iterator[str]:
    yield f"## Monthly sheets (`MonthlyClimate`, rules of version {SHEET_VERSION})"
    yield ""
    yield (
        "One sheet per station and month. *Column* is the name in CSV, Parquet and XLSX; "
        "in JSON, MongoDB and SQLite the"
    )
    yield "same figures are nested by element (`tn`, `rr` …). [climatology.md](climatology.md) defines them."
    yield ""
    yield from _table(
        ("column", "type", "unit", "meaning"),
        ((f"`{c.name}`", _type(c), c.unit, c.meaning) for c in MONTH_COLUMNS),
    )
    yield ""


def _units() -> Iterator[str]:
    yield "## Units"
    yield ""
    yield "Documents and events can be read in other units (`units=`, `--units`); column names then end in these units."
    yield "Three decimals where the unit is larger than the stored one by ten times or more (in from cm: 2.5 times,"
    yield "three as well, so that inches are alike), else two."
    yield ""
    yield from _table(
        ("stored", *(f"`{system}`" for system in System)),
        ((stored, *(UNITS[system][stored].symbol for system in System)) for stored in STORED),
    )
    yield ""
    yield "In CSV, a text that begins with `=`, `+`, `-`, `@`, a tab or a line break has an apostrophe before it:"
    yield (
        "a spreadsheet would take it for a formula. JSON, NDJSON, Parquet and XLSX hold the text as it is; "
        "in XLSX it is typed as text."
    )


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(row)} |"


def _type(column: Column) -> str:
    return _TYPES[column.type] + (", may be empty" if column.nullable else "")


def _range(name: str) -> str:
    field = FIELDS.get(name)
    return f"{field.low:,g} to {field.high:,g}" if field is not None and field.kind in ("measure", "code") else ""


if __name__ == "__main__":
    sys.stdout.write(markdown())
