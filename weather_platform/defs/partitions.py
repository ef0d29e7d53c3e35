"""One partition per month, from the settings' first month to the current one; one run per partition."""

import dagster as dg

from weather_platform.defs.failures import dagster_failures
from weather_platform.domain.errors import BadInput
from weather_platform.domain.months import Month, Partitions
from weather_platform.settings import Settings

KEPT = Partitions(Settings.from_environment().first_month)
MONTHS = dg.MonthlyPartitionsDefinition(start_date=str(KEPT.first), fmt="%Y-%m", timezone="UTC", end_offset=1)


def month_of_run(run: dg.DagsterRun) -> Month:
    """The month of a run. BadInput if it has none, several, or one outside the partitions.

    Dagster's UI offers only existing partitions; GraphQL launches runs for any partition, or none.
    """
    key = run.tags.get(_PARTITION)
    if key is None:
        raise BadInput(
            f"The run is for {'a range of months' if _RANGE in run.tags else 'no month'}, not for one.", _ONE
        )
    month = Month.parse(key)
    KEPT.check(month)
    return month


def month_of(context: dg.InputContext | dg.OutputContext) -> Month:
    """The month to store or load; a failure with cause and cure unless there is exactly one."""
    keys = context.asset_partition_keys if context.has_asset_partitions else []
    with dagster_failures(retry_number=0):
        if len(keys) != 1:
            raise BadInput(f"The run is for {len(keys)} months, not for one.", _ONE)
        return Month.parse(keys[0])


_ONE = "Launch one run per month with the tag dagster/partition, for example 2023-12; a backfill does so."
_PARTITION, _RANGE = "dagster/partition", "dagster/asset_partition_range_start"
