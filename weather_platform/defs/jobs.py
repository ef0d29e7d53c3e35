"""The two ways through the graph, each in one process: a step of its own would import everything again."""

import dagster as dg

from weather_platform import names

_WITHOUT_CHECKS = dg.AssetSelection.assets(*names.ASSETS).without_checks()

load_months = dg.define_asset_job(
    names.LOAD_JOB,
    selection=_WITHOUT_CHECKS,
    description="Fetch months from their source, stage and curate them.",
    executor_def=dg.in_process_executor,
)
process_months = dg.define_asset_job(
    names.PROCESS_JOB,
    selection=dg.AssetSelection.assets(names.STAGED_OBSERVATIONS, names.WEATHER_STATS).without_checks(),
    description="Stage and curate months from the raw objects that are stored.",
    executor_def=dg.in_process_executor,
)


@dg.definitions
def jobs() -> dg.Definitions:
    """Both jobs by name: Dagster looks for nothing else in a module that has such a function.

    Runs started from the UI too execute in one process.
    """
    return dg.Definitions(jobs=[load_months, process_months], executor=dg.in_process_executor)
