"""One partition per month, from the first that the settings name to the current one; one run per partition."""

import dagster as dg

from weather_platform.defs.explained import explained
from weather_platform.domain.errors import BadInput
from weather_platform.domain.months import Month, Partitions
from weather_platform.settings import Settings

KEPT = Partitions(Settings.from_environment().first_month)
MONTHS = dg.MonthlyPartitionsDefinition(start_date=str(KEPT.first), fmt="%Y-%m", timezone="UTC", end_offset=1)


def month_of_run(run: dg.DagsterRun) -> Month:
    """The month that a run is for. BadInput where it is for none, for several, or for one that is not kept.

    Dagster's UI offers only partitions that there are; by GraphQL a run can be launched for any, and for none.
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
    """The month that is stored or loaded; a failure in words where there is none, or are several."""
    keys = context.asset_partition_keys if context.has_asset_partitions else []
    with explained(retry_number=0):
        if len(keys) != 1:
            raise BadInput(f"The run is for {len(keys)} months that are kept here, not for one.", _ONE)
        return Month.parse(keys[0])


_ONE = "Launch one run per month with the tag dagster/partition, for example 2023-12; a backfill does so."
_PARTITION, _RANGE = "dagster/partition", "dagster/asset_partition_range_start"
