"""The jobs, each in one process unless the settings say otherwise.

A process for every step would import everything again: 2 s and more, for months that take as long.
"""

import dagster as dg

from weather_platform import names
from weather_platform.settings import Settings


def _executor() -> dg.ExecutorDefinition:
    """On Kubernetes a step may have a pod of its own (deploy/kubernetes/README.md)."""
    if Settings.from_environment().executor == "k8s":
        from dagster_k8s import k8s_job_executor

        return k8s_job_executor
    return dg.in_process_executor


_EXECUTOR = _executor()
_PROCESSED = (names.STAGED_OBSERVATIONS, names.WEATHER_STATS, names.MONTHLY_CLIMATE)

load_months = dg.define_asset_job(
    names.LOAD_JOB,
    selection=dg.AssetSelection.assets(*names.ASSETS),
    description="Fetch a month from its source, stage, check and curate it.",
    executor_def=_EXECUTOR,
)
process_months = dg.define_asset_job(
    names.PROCESS_JOB,
    selection=dg.AssetSelection.assets(*_PROCESSED),
    description="Stage, check and curate a month from its stored raw objects.",
    executor_def=_EXECUTOR,
)
check_months = dg.define_asset_job(
    names.CHECK_JOB,
    selection=dg.AssetSelection.checks_for_assets(*_PROCESSED),
    description="Check a stored month again; changes nothing.",
    executor_def=_EXECUTOR,
)
make_what_is_usual = dg.define_asset_job(
    names.USUAL_JOB,
    selection=dg.AssetSelection.assets(names.CLIMATE_REFERENCE, names.CLIMATE_NORMALS),
    description="Make the references of all stations again, and fetch the official normals.",
    executor_def=_EXECUTOR,
)


@dg.definitions
def jobs() -> dg.Definitions:
    """All jobs by name: Dagster loads nothing else from a module with such a function.

    Runs started from the UI execute the same way.
    """
    return dg.Definitions(jobs=[load_months, process_months, check_months, make_what_is_usual], executor=_EXECUTOR)
