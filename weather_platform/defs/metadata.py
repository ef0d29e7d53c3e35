"""The report of a month (`month_report`) as Dagster metadata."""

from collections.abc import Mapping
from typing import Any

import dagster as dg

from weather_platform import names
from weather_platform.domain.quality import Verdict
from weather_platform.month_report import Check, Door, Metadata

_DESCRIBED = {
    "station": "WMO station number",
    "of": "synoptic hours of the month",
    "passed": "whether every check of the month passed",
}


def as_metadata(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Addresses become links, lists of mappings tables, other lists and mappings JSON."""
    return {label: _value(label, value) for label, value in metadata.items()}


def door_of(run: dg.DagsterRun) -> Door:
    """The door through which a run's observations came, from its tags."""
    if ingestion := run.tags.get(names.INGESTION_TAG):
        return Door("ingest", ingestion)
    if landed := run.tags.get(names.LANDED_TAG):
        return Door("landing", landed)
    return Door("source", run.run_id)


def judged(check: Check, verdict: Verdict) -> dict[str, Any]:
    """A check result as the fields of Dagster's."""
    return {
        "passed": verdict.passed,
        "severity": dg.AssetCheckSeverity.ERROR if check.blocking else dg.AssetCheckSeverity.WARN,
        "description": verdict.description,
        "metadata": as_metadata(verdict.figures),
    }


def _value(label: str, value: Any) -> Any:
    if label.endswith("_url"):
        return dg.MetadataValue.url(value)
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return _table(value)
    return dg.MetadataValue.json(value) if isinstance(value, dict | list) else value


def _table(rows: list[Metadata]) -> dg.TableMetadataValue:
    """Rows of one shape, at least one."""
    types = {bool: "bool", int: "int", float: "float", str: "string"}
    columns = [dg.TableColumn(name, types[type(value)], _DESCRIBED.get(name)) for name, value in rows[0].items()]
    return dg.MetadataValue.table([dg.TableRecord(row) for row in rows], schema=dg.TableSchema(columns))
