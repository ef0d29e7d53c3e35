"""Attributes shared by the assets of all layers: owners, group, policies, pool, kinds, column schemas."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import chain
from typing import Any
from urllib.parse import urlsplit

import dagster as dg

from weather_platform import names
from weather_platform.defs.partitions import MONTHS
from weather_platform.domain.climate.columns import GRID_FIELDS, behind
from weather_platform.domain.climate.table import COLUMNS
from weather_platform.domain.events import THRESHOLDS
from weather_platform.domain.fields import FIELDS, Field
from weather_platform.domain.tabular import DOCUMENT_COLUMNS, Column
from weather_platform.domain.weather_stats import CODE_VERSION, MEMBERS
from weather_platform.settings import Settings

FLOWS = (
    dg.AutomationCondition.any_deps_updated().since_last_handled()
    & ~dg.AutomationCondition.any_deps_in_progress()
    & ~dg.AutomationCondition.in_progress()
)
"""Follow what an asset is made of, in any month: Dagster's `eager` looks at the latest partition alone.

It acts where the sensor `default_automation_condition_sensor` is on.
"""
POOL = "weather_months"
"""Pool of runs that write months; `runtime.instance` sets its limit. `pipeline` locks the months themselves."""
GROUP = "weather"
SOURCES = "sources"

_KINDS = {
    "s3": "s3",
    "file": "file",
    "mysql+pymysql": "mysql",
    "mongodb": "mongodb",
    "mongodb+srv": "mongodb",
    "sqlite": "sqlite",
}


_STORE_OF = {
    names.RAW_OBSERVATIONS: "raw",
    names.STAGED_OBSERVATIONS: "staging",
    names.WEATHER_STATS: "curated",
    names.MONTHLY_CLIMATE: "curated",
    names.CLIMATE_REFERENCE: "curated",
    names.CLIMATE_NORMALS: "curated",
}


def where_stored(settings: Settings, spec: dg.AssetSpec) -> dg.AssetSpec:
    """The asset with the kind (Dagster's icon) of its store, and the name of its table there.

    Added each time the graph is loaded: the modules of the assets are imported once in a process.
    """
    name = spec.key.to_user_string()
    if name not in _STORE_OF:
        return spec
    url = urlsplit(getattr(settings, f"{_STORE_OF[name]}_url"))
    kind = _KINDS[url.scheme]
    # Without host and credentials.
    database = url.path.rsplit("/", 1)[-1].removesuffix(".sqlite") or _STORE_OF[name]
    metadata = {}
    if name == names.STAGED_OBSERVATIONS:
        metadata["tables"] = f"{database}.<slug of the city>"
    elif name == names.WEATHER_STATS:
        metadata["dagster/table_name"] = f"{database}.{'WeatherStats' if kind == 'mongodb' else 'weather_stats'}"
    return spec.merge_attributes(kinds={kind}, metadata=metadata)


def layer_asset(
    name: str,
    *,
    io_manager_key: str,
    kinds: set[str],
    metadata: Mapping[str, Any],
    **options: Any,
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """An asset of a layer: by month, one run per month.

    Without a backfill policy, Dagster makes one run per partition. `multi_run(max_partitions_per_run=1)`
    makes as many runs, but tags each with a range, and check results are then stored without a partition.
    """

    def decorate(function: Callable[..., Any]) -> dg.AssetsDefinition:
        asset = dg.asset(
            name=name,
            io_manager_key=io_manager_key,
            kinds=kinds,
            metadata=metadata,
            partitions_def=MONTHS,
            group_name=GROUP,
            owners=["team:weather"],
            code_version=CODE_VERSION,
            pool=POOL,
            **options,
        )(function)
        (referenced,) = dg.with_source_code_references([asset])
        assert isinstance(referenced, dg.AssetsDefinition)  # noqa: S101  # as it was
        return referenced

    return decorate


def column_schema() -> dg.TableSchema:
    """The columns of a city's table."""
    return dg.TableSchema([_column(field) for field in FIELDS.values()])


def document_columns() -> dict[str, Any]:
    """The columns of a WeatherStats document, flat as in exports, and what each is made of."""
    fields = {member.path: member.figure.rule.fields for member in MEMBERS if member.figure and member.figure.rule}
    behind_events = (fields[f"metrics.{one.metric}.{one.figure}"] for one in THRESHOLDS)
    fields["extreme_events"] = tuple(dict.fromkeys(chain.from_iterable(behind_events)))
    paths = {member.figure.column: member.path for member in MEMBERS if member.figure}
    return columns_metadata((column, fields.get(paths[column.name], ())) for column in DOCUMENT_COLUMNS)


def sheet_columns() -> dict[str, Any]:
    """The columns of a monthly sheet, flat as in exports, and what each is made of."""
    return columns_metadata((each.column, behind(each.path)) for each in COLUMNS)


def columns_metadata(columns: Iterable[tuple[Column, Sequence[str]]]) -> dict[str, Any]:
    """Metadata of an asset whose columns are made of columns of staging.

    It belongs to the definition: what a report over REST leaves out, the asset still says. Dagster's open-source UI
    draws no lineage by column, so each column's description names them too.
    """
    given = list(columns)
    staged = dg.AssetKey(names.STAGED_OBSERVATIONS)
    return {
        "dagster/column_schema": dg.TableSchema(
            [
                dg.TableColumn(
                    column.name,
                    _TYPES[column.type],
                    "; ".join(filter(None, (", ".join(filter(None, (column.meaning, column.unit))), _made_of(fields)))),
                    constraints=dg.TableColumnConstraints(nullable=column.nullable),
                )
                for column, fields in given
            ]
        ),
        "dagster/column_lineage": dg.TableColumnLineage(
            {column.name: [dg.TableColumnDep(staged, field) for field in fields] for column, fields in given if fields}
        ),
    }


def _made_of(fields: Sequence[str]) -> str:
    if fields == GRID_FIELDS:
        return f"of all {len(fields)} columns that are screened"
    return f"of {', '.join(fields)}" if fields else ""


_TYPES = {str: "string", date: "date", bool: "bool", int: "int", float: "double", datetime: "timestamp"}


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
