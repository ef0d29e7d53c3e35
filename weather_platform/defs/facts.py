"""Facts that the assets of all layers share: owners, group, policies, pool, column schemas."""

from datetime import timedelta
from typing import Any

import dagster as dg

from weather_platform.domain.fields import FIELDS, Field
from weather_platform.domain.weather_stats import CODE_VERSION

POOL = "weather_months"
"""One run at a time writes (`runtime.instance`); two months' locks (`pipeline`) hold where the limit is raised."""

LAYER: dict[str, Any] = {
    "group_name": "weather",
    "owners": ["team:weather"],
    "code_version": CODE_VERSION,
    "backfill_policy": dg.BackfillPolicy.single_run(),
    "pool": POOL,
    "freshness_policy": dg.FreshnessPolicy.time_window(fail_window=timedelta(hours=24), warn_window=timedelta(hours=6)),
}


def column_schema() -> dg.TableSchema:
    """The columns of a city's table."""
    return dg.TableSchema([_column(field) for field in FIELDS.values()])


def _column(field: Field) -> dg.TableColumn:
    types = {"measure": "double", "code": "smallint", "flag": "smallint", "key": "text", "trace": "text"}
    ranged = field.kind in ("measure", "code")
    return dg.TableColumn(
        field.name,
        type="datetime" if field.name == "date" else types[field.kind],
        description=", ".join(filter(None, (field.label, field.unit, field.remark))),
        constraints=dg.TableColumnConstraints(
            nullable=ranged,
            unique=field.name == "date",
            other=[f"{field.low:g} to {field.high:g} {field.unit}".rstrip()] if ranged else [],
        ),
    )
