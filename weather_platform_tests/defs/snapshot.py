"""The graph as one readable text, so that every change shows in review.

After a change that is meant: ``.venv/bin/python -m weather_platform_tests.defs.snapshot``
"""

import json
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_shared.record import as_dict

from weather_platform.definitions import defs

SNAPSHOT = Path(__file__).with_name("graph.json")
_LEFT_OUT = {
    "dagster/code_references",  # paths of this machine
    "dagster/column_lineage",  # said by the descriptions of the columns
}


def graph() -> str:
    """Assets, checks, jobs, schedules, sensors and resources of the code location, as JSON."""
    loaded = defs()
    repository = loaded.get_repository_def()
    assets = repository.asset_graph
    described = {
        "assets": {
            key.to_user_string(): _asset(assets.get(key))
            for key in assets.toposorted_asset_keys
            if key in assets.materializable_asset_keys
        },
        "external": {key.to_user_string(): assets.get(key).description for key in sorted(assets.external_asset_keys)},
        "checks": {key.to_user_string(): _check(assets.get(key)) for key in sorted(assets.asset_check_keys)},
        "jobs": {job.name: _job(job) for job in repository.get_all_jobs()},
        "schedules": {schedule.name: _schedule(schedule) for schedule in repository.schedule_defs},
        "sensors": sorted(sensor.name for sensor in repository.sensor_defs),
        "resources": {name: type(value).__name__ for name, value in (loaded.resources or {}).items()},
    }
    return json.dumps(described, indent=2, ensure_ascii=False) + "\n"


def _asset(asset: Any) -> dict[str, Any]:
    freshness = as_dict(asset.freshness_policy) if asset.freshness_policy else {}
    config = asset.assets_def.op.config_schema.as_field().config_type
    return {
        "description": asset.description,
        "deps": sorted(key.to_user_string() for key in asset.parent_keys),
        "partitions": str(asset.partitions_def),
        "partition_mappings": {key.to_user_string(): str(by) for key, by in asset.partition_mappings.items()},
        "backfill": str(asset.backfill_policy),
        "group": asset.group_name,
        "kinds": sorted(asset.kinds),
        "owners": list(asset.owners),
        "code_version": asset.code_version,
        "pools": sorted(asset.pools or ()),
        "io_manager": asset.io_manager_key,
        "freshness": {name: str(span.to_timedelta()) for name, span in freshness.items()},
        "automation": asset.automation_condition and str(asset.automation_condition),
        "metadata": {name: _metadata(value) for name, value in sorted(asset.metadata.items()) if name not in _LEFT_OUT},
        "config": {
            name: f"{field.config_type.key}: {field.description}"
            for name, field in sorted(getattr(config, "fields", {}).items())
        },
        "checks": sorted(key.name for key in asset.check_keys),
    }


def _metadata(value: object) -> object:
    return [_column(column) for column in value.columns] if isinstance(value, dg.TableSchema) else str(value)


def _column(column: dg.TableColumn) -> str:
    constraints = column.constraints
    facts = (
        column.name,
        column.type,
        "" if constraints.nullable else "required",
        "unique" if constraints.unique else "",
        *constraints.other,
        column.description or "",
    )
    return " | ".join(filter(None, facts))


def _check(check: Any) -> dict[str, Any]:
    return {"description": check.description, "blocking": check.blocking, "partitions": str(check.partitions_def)}


def _job(job: dg.JobDefinition) -> dict[str, Any]:
    return {
        "description": job.description,
        "ops": sorted(node.name for node in job.nodes),
        "partitions": str(job.partitions_def),
        "executor": job.executor_def.name,
        "tags": dict(job.tags),
    }


def _schedule(schedule: dg.ScheduleDefinition) -> dict[str, Any]:
    return {
        "description": schedule.description,
        "job": schedule.job_name,
        "cron": schedule.cron_schedule,
        "timezone": schedule.execution_timezone,
        "default": schedule.default_status.value,
    }


if __name__ == "__main__":
    SNAPSHOT.write_text(graph(), encoding="utf-8")
