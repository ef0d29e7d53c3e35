"""Facts that the assets of all layers share: owners, group, policies, pool, column schemas."""

from collections.abc import Callable, Mapping
from typing import Any

import dagster as dg

from weather_platform.defs.partitions import MONTHS
from weather_platform.domain.fields import FIELDS, Field
from weather_platform.domain.weather_stats import CODE_VERSION

POOL = "weather_months"
"""One run at a time writes (`runtime.instance`); two months' locks (`pipeline`) hold where the limit is raised."""


def layer_asset(
    name: str,
    *,
    io_manager_key: str,
    dagster_type: dg.DagsterType,
    kinds: set[str],
    ins: Mapping[str, dg.AssetIn] | None = None,
    metadata: Mapping[str, Any] | None = None,
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """An asset of a layer: by month, a year in one run, its writes one at a time."""
    return dg.asset(
        name=name,
        io_manager_key=io_manager_key,
        dagster_type=dagster_type,
        kinds=kinds,
        ins=ins,
        metadata=metadata,
        partitions_def=MONTHS,
        group_name="weather",
        owners=["team:weather"],
        code_version=CODE_VERSION,
        backfill_policy=dg.BackfillPolicy.single_run(),
        pool=POOL,
    )


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
