"""The tables of the staging database: one per city, derived from `domain.fields`, and the platform's own.

A city's table is named by its slug. The platform's own start with an underscore and a letter, unlike
any slug.
"""

from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import mysql, sqlite

from weather_platform.domain.fields import FIELDS, Field
from weather_platform.domain.statistics import KELVIN_OFFSET

OBJECT_NAME_LENGTH = 16
_SECONDS: Any = sqlite.DATETIME(truncate_microseconds=True)  # type: ignore[no-untyped-call]
_TIME = sa.DateTime().with_variant(_SECONDS, "sqlite")
_MYSQL: dict[str, Any] = {"mysql_engine": "InnoDB", "mysql_charset": "utf8mb4"}

_own = sa.MetaData()

RAW_OBJECTS = sa.Table(
    "_raw_objects",
    _own,
    sa.Column("month", sa.String(8), primary_key=True),
    sa.Column("raw_object", sa.String(OBJECT_NAME_LENGTH), primary_key=True),
    sa.Column("received", sa.String(32), nullable=False),
    sa.Column("source", sa.String(32), nullable=False),
    sa.Column("name", sa.Text, nullable=False),
    sa.Column("licence", sa.Text, nullable=False),
    sa.Column("synthetic", sa.Boolean, nullable=False),
    sa.Column("counts", sa.JSON, nullable=False, comment="counts.RecordCounts"),
    **_MYSQL,
)
FIELD_SOURCES = sa.Table(
    "_field_sources",
    _own,
    sa.Column("month", sa.String(8), primary_key=True),
    sa.Column("station_id", sa.String(5), primary_key=True),
    sa.Column("date", _TIME, primary_key=True),
    sa.Column("field", sa.String(16), primary_key=True, comment="column of the city's table"),
    sa.Column("raw_object", sa.String(OBJECT_NAME_LENGTH), nullable=False, comment="not the one that the row names"),
    comment="values of the few rows that several raw objects made",
    **_MYSQL,
)
MONTHS = sa.Table(
    "_months",
    _own,
    sa.Column("month", sa.String(8), primary_key=True),
    sa.Column("observations", sa.Integer, nullable=False),
    sa.Column("silent_hours", sa.JSON, nullable=False, comment="synoptic hours missing at half of the stations"),
    sa.Column("changes", sa.JSON, nullable=False, comment="observations that cleaning changed, by what"),
    sa.Column("code_version", sa.String(32), comment="of the rules that staged it; null: before they were noted"),
    sa.Column("flags", sa.String(16), comment="hash of the month's flags; null: not screened since it was staged"),
    sa.Column("first_days", sa.String(16), comment="hash of what the sheets of the month before are made of, too"),
    sa.Column("last_days", sa.String(16), comment="hash of what the sheets of the month after are made of, too"),
    sa.Column("sheets", sa.String(16), comment="what its sheets were made of; null: not made since it was staged"),
    **_MYSQL,
)
FLAGS = sa.Table(
    "_flags",
    _own,
    sa.Column("month", sa.String(8), primary_key=True),
    sa.Column("station_id", sa.String(5), primary_key=True),
    sa.Column("date", _TIME, primary_key=True),
    sa.Column("field", sa.String(16), primary_key=True, comment="column of the city's table"),
    sa.Column("rule", sa.String(16), primary_key=True, comment="docs/quality.md"),
    sa.Column("verdict", sa.String(16), nullable=False, comment="erroneous, suspect, or good: lifted by a person"),
    sa.Column("version", sa.SmallInteger, nullable=False, comment="of the rule"),
    sa.Column("reason", sa.Text, nullable=False, comment="of the person who set or lifted it; else empty"),
    sa.Column("who", sa.Text, nullable=False),
    comment="what quality control says of values; a value without a row is not doubted",
    **_MYSQL,
)
OVERRIDES = sa.Table(
    "_overrides",
    _own,
    sa.Column("id", sa.String(16), primary_key=True),
    sa.Column("made", _TIME, nullable=False),
    sa.Column("station_id", sa.String(5), nullable=False),
    sa.Column("first", _TIME, nullable=False),
    sa.Column("last", _TIME, nullable=False),
    sa.Column("field", sa.String(16), nullable=False),
    sa.Column("rule", sa.String(16), nullable=False),
    sa.Column("verdict", sa.String(16), nullable=False),
    sa.Column("reason", sa.Text, nullable=False),
    sa.Column("who", sa.Text, nullable=False),
    comment="decisions of people about flags, made over HTTP; others are in the file WEATHER_QC_OVERRIDES",
    **_MYSQL,
)
VERDICTS = sa.Table(
    "_verdicts",
    _own,
    sa.Column("month", sa.String(8), primary_key=True),
    sa.Column("check_name", sa.String(32), primary_key=True),
    sa.Column("place", sa.Integer, primary_key=True, comment="in the history of the month's check, from 1"),
    sa.Column("noted", _TIME, nullable=False),
    sa.Column("passed", sa.Boolean, nullable=False),
    sa.Column("description", sa.Text, nullable=False),
    comment="verdicts of the checks of a month, each if it differs from the one before; staging again keeps them",
    **_MYSQL,
)
MARKS = sa.Table(
    "_marks",
    _own,
    sa.Column("slot", sa.SmallInteger, primary_key=True, autoincrement=False),
    sa.Column("token", sa.String(16), nullable=False, comment="of the last transaction that took this slot"),
    comment="tell at one look whether anything changed; empty in SQLite, which tells it by itself",
    **_MYSQL,
)
COVERAGE = sa.Table(
    "_coverage",
    _own,
    sa.Column("month", sa.String(8), primary_key=True),
    sa.Column("station_id", sa.String(5), primary_key=True),
    sa.Column("slug", sa.String(64), nullable=False),
    sa.Column("name", sa.String(255), nullable=False),
    sa.Column("latitude_deg", sa.Double),
    sa.Column("longitude_deg", sa.Double),
    sa.Column("altitude_m", sa.Integer),
    sa.Column("observations", sa.Integer, nullable=False),
    sa.Column("first", _TIME, nullable=False),
    sa.Column("last", _TIME, nullable=False),
    **_MYSQL,
)
QUARANTINE = sa.Table(
    "_quarantine",
    _own,
    sa.Column("month", sa.String(8), primary_key=True),
    sa.Column("raw_object", sa.String(OBJECT_NAME_LENGTH), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True, comment="place in the raw object, from 1"),
    sa.Column("reason", sa.String(32), nullable=False),
    sa.Column("detail", sa.Text, nullable=False),
    sa.Column("record", sa.Text().with_variant(mysql.MEDIUMTEXT(), "mysql"), nullable=False),
    **_MYSQL,
)


def own_tables() -> sa.MetaData:
    """The platform's own tables."""
    return _own


def city_rows(slug: str) -> sa.TableClause:
    """The table of a city, by its time alone: for statements about many cities."""
    return sa.table(sa.quoted_name(slug, quote=True), sa.column("date", _TIME))


@lru_cache(maxsize=200)  # 1.5 ms and 60 kB each: 0.1 s per month, three times, and 1 GB of all stations of the world
def city_table(slug: str) -> sa.Table:
    """The table of a city: `fields.FIELDS` in order, keyed by time, and `tc` (°C)."""
    return sa.Table(
        sa.quoted_name(slug, quote=True),
        sa.MetaData(),
        *(_column(field) for field in FIELDS.values()),
        sa.Column("tc", sa.Double, sa.Computed(f"ROUND(t - {KELVIN_OFFSET}, 2)", persisted=False), comment="t in °C"),
        **_MYSQL,
    )


def _column(field: Field) -> sa.Column[Any]:
    comment = ", ".join(filter(None, (field.label, field.unit, field.remark)))
    return sa.Column(
        field.name,
        _sql_type(field),
        primary_key=field.name == "date",
        nullable=field.kind in ("measure", "code"),
        comment=comment,
    )


def _sql_type(field: Field) -> sa.types.TypeEngine[Any]:
    match field.kind:
        case "measure":
            return sa.Double()
        case "code" | "flag":
            return sa.SmallInteger()
        case "trace":
            return sa.String(OBJECT_NAME_LENGTH)
        case "key":
            return _TIME if field.name == "date" else sa.String(5)
