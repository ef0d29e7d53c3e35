"""The checks of a month as Dagster asset checks; `month_report.CHECKS` defines them."""

from collections.abc import Iterator, Sequence

import dagster as dg

from weather_platform import names
from weather_platform.defs.attributes import POOL
from weather_platform.defs.failures import dagster_failures
from weather_platform.defs.metadata import judged
from weather_platform.defs.partitions import MONTHS, month_of_run
from weather_platform.defs.stores import StoresResource
from weather_platform.domain.months import Month
from weather_platform.domain.quality import Verdict
from weather_platform.month_report import CHECKS, Check, StoredMonth, judge_month
from weather_platform.pipeline import Stores


def _checks_of(asset: str) -> dg.AssetChecksDefinition:
    """The checks of one asset as one step after it, so that the stores are read once."""
    checks = {check.name: check for check in CHECKS if check.asset == asset}

    @dg.multi_asset_check(
        name=f"{asset}_checks",
        specs=[
            dg.AssetCheckSpec(
                check.name, asset=asset, description=check.description, blocking=check.blocking, partitions_def=MONTHS
            )
            for check in checks.values()
        ],
        can_subset=True,
        pool=POOL,
    )
    def judge(
        context: dg.AssetCheckExecutionContext, stores: dg.ResourceParam[StoresResource]
    ) -> Iterator[dg.AssetCheckResult | dg.AssetCheckEvaluation]:
        asked = [
            check for name, check in checks.items() if name in {key.name for key in context.selected_asset_check_keys}
        ]
        run = context.op_execution_context
        with dagster_failures(run.retry_number):
            if not run.has_partition_key:
                yield from _of_all_months(stores.open(), asked)
                return
            for check, verdict in judge_month(stores.held(month_of_run(run.run)), asked):
                yield dg.AssetCheckResult(asset_key=check.asset, check_name=check.name, **judged(check, verdict))

    return judge


def _of_all_months(stores: Stores, checks: Sequence[Check]) -> Iterator[dg.AssetCheckEvaluation]:
    """For the UI's button "Execute all", which names no month: one result for all staged months together.

    Returned as evaluations: Dagster 1.13.27 cannot make one from a partitioned asset's result without a partition.
    """
    months = sorted({Month.parse(covered.month) for covered in stores.staging.coverage()})
    by_month = {str(month): dict(judge_month(StoredMonth(stores, month), checks)) for month in months}
    for check in checks:
        verdicts = {month: found[check] for month, found in by_month.items()}
        failed = [month for month, verdict in verdicts.items() if not verdict.passed]
        sentence = f"{len(months) - len(failed)} of {len(months)} months pass"
        figures = {"months": _table(verdicts)} if verdicts else {}
        yield dg.AssetCheckEvaluation(
            asset_key=dg.AssetKey(check.asset),
            check_name=check.name,
            **judged(check, Verdict(not failed, sentence, figures)),
        )


def _table(verdicts: dict[str, Verdict]) -> list[dict[str, object]]:
    return [
        {"month": month, "passed": verdict.passed, "verdict": verdict.description}
        for month, verdict in verdicts.items()
    ]


staged_observations_checks = _checks_of(names.STAGED_OBSERVATIONS)
weather_stats_checks = _checks_of(names.WEATHER_STATS)
monthly_climate_checks = _checks_of(names.MONTHLY_CLIMATE)
