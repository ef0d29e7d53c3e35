"""The checks of a month: verdicts of `domain.quality` on what the stores hold, shown by Dagster.

They are yielded a month at a time (`evaluations`), by a load inside its own run and by a check that is run alone: an
`AssetCheckResult` may come only once in a run of many months, and is then stored for none of them.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import dagster as dg
from dagster._core.definitions.asset_checks.asset_check_evaluation import (
    AssetCheckEvaluationTargetMaterializationData as _Target,
)

from weather_platform import names
from weather_platform.defs.partitions import MONTHS
from weather_platform.domain.months import Month, month_range
from weather_platform.domain.quality import Verdict
from weather_platform.io_managers.explained import explained
from weather_platform.io_managers.stores import StoresResource
from weather_platform.month_report import CHECKS, Check, StoredMonth

STAGING_CHECKS = tuple(check for check in CHECKS if check.asset == names.STAGED_OBSERVATIONS)
CURATED_CHECKS = tuple(check for check in CHECKS if check.asset == names.WEATHER_STATS)


def evaluations(
    context: dg.OpExecutionContext, months: Iterable[Month], checks: Sequence[Check], stores: StoresResource
) -> Iterator[dg.AssetCheckEvaluation]:
    """Evaluate the checks of one asset for some months; after a blocking one that fails the run ends.

    To be yielded, not logged: what an op logs is lost when it fails.
    """
    with explained(context.retry_number):
        for month in months:
            held, target = StoredMonth(stores.open(), month), _latest_materialization(context, checks[0].asset, month)
            for check in checks:
                verdict = check.judge(held)
                yield _evaluation(month, check, verdict, target)
                if check.blocking and not verdict.passed:
                    raise _stopped(month, check, verdict)


def _evaluation(month: Month, check: Check, verdict: Verdict, target: _Target | None) -> dg.AssetCheckEvaluation:
    return dg.AssetCheckEvaluation(
        asset_key=dg.AssetKey(check.asset),
        check_name=check.name,
        passed=verdict.passed,
        severity=dg.AssetCheckSeverity.ERROR if check.blocking else dg.AssetCheckSeverity.WARN,
        description=verdict.description,
        metadata=_metadata(verdict),
        target_materialization_data=target,
        blocking=check.blocking,
        partition=str(month),
    )


def _stopped(month: Month, check: Check, verdict: Verdict) -> dg.Failure:
    cause = f"The {check.name} of {month} is not as it should be: {verdict.description}."
    cure = "Look at the figures of the check; drop tables that were changed by hand, then load the months again."
    return dg.Failure(cause, metadata={"cause": cause, "cure": cure, **_metadata(verdict)}, allow_retries=False)


def _latest_materialization(context: dg.OpExecutionContext, asset: str, month: Month) -> _Target | None:
    """What a check must point at to count as a check of the latest data."""
    wanted = dg.AssetRecordsFilter(dg.AssetKey(asset), asset_partitions=[str(month)])
    for record in context.instance.fetch_materializations(wanted, limit=1).records:
        return _Target(storage_id=record.storage_id, run_id=record.run_id, timestamp=record.timestamp)
    return None


def _metadata(verdict: Verdict) -> dict[str, Any]:
    return {
        name: dg.MetadataValue.json(value) if isinstance(value, dict | list) else value
        for name, value in verdict.figures.items()
    }


@dg.definitions
def checks() -> dg.Definitions:
    """Every check, to be run alone."""
    return dg.Definitions(asset_checks=[_to_run_alone(STAGING_CHECKS), _to_run_alone(CURATED_CHECKS)])


def _to_run_alone(checks: Sequence[Check]) -> dg.AssetChecksDefinition:
    """The checks of one asset, any of them for any months.

    Not `blocking` for Dagster: a check that blocks must yield a result, which over a range of months is stored for
    none of them. A load that fails `structure` stops by itself (`evaluations`).
    """
    asset = checks[0].asset

    @dg.multi_asset_check(
        name=f"{asset}_checks",
        specs=[
            dg.AssetCheckSpec(check.name, asset=asset, description=check.description, partitions_def=MONTHS)
            for check in checks
        ],
        can_subset=True,
    )
    def evaluate(
        context: dg.AssetCheckExecutionContext, stores: dg.ResourceParam[StoresResource]
    ) -> Iterator[dg.AssetCheckEvaluation]:
        run = context.op_execution_context
        asked = {key.name for key in context.selected_asset_check_keys}
        months = month_range(*(Month.parse(key) for key in run.partition_key_range))
        yield from evaluations(run, months, [check for check in checks if check.name in asked], stores)

    return evaluate
