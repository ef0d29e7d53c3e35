"""The checks of a month: verdicts of `domain.quality` on what the stores hold, shown by Dagster.

A load evaluates them inside its own run, a month at a time (`log_verdicts`): a check of Dagster's may report only
once in a run of many months, and then for none of them. The same checks can be run alone from the UI.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

import dagster as dg

from weather_platform import names
from weather_platform.defs.partitions import MONTHS
from weather_platform.domain import quality
from weather_platform.domain.months import Month
from weather_platform.domain.quality import Verdict
from weather_platform.io_managers.stores import StoresResource
from weather_platform.pipeline import Stores


class Check(NamedTuple):
    """A verdict with its place in Dagster."""

    asset: str
    name: str
    judge: Callable[[Stores, Month], Verdict]
    blocking: bool = False

    @property
    def severity(self) -> dg.AssetCheckSeverity:
        return dg.AssetCheckSeverity.ERROR if self.blocking else dg.AssetCheckSeverity.WARN

    @property
    def description(self) -> str:
        return (self.judge.__doc__ or "").strip()


def _on_summary(asset: str, judge: Callable[[quality.MonthSummary], Verdict], *, blocking: bool = False) -> Check:
    def of_stores(stores: Stores, month: Month) -> Verdict:
        return judge(stores.staging.summary(month))

    of_stores.__doc__ = judge.__doc__
    return Check(asset, judge.__name__, of_stores, blocking)


def documents_conserved(stores: Stores, month: Month) -> Verdict:
    """Every observation of the month stands behind a document."""
    staged = stores.staging.summary(month).observations
    covered = stores.curated.coverage(month.first_day, month.last_day)
    return quality.documents_conserved(staged, {c.station_id: c.observations for c in covered})


STAGING_CHECKS = (
    _on_summary(names.STAGED_OBSERVATIONS, quality.structure, blocking=True),
    _on_summary(names.STAGED_OBSERVATIONS, quality.completeness),
    _on_summary(names.STAGED_OBSERVATIONS, quality.duplicates),
    _on_summary(names.STAGED_OBSERVATIONS, quality.plausibility),
    _on_summary(names.STAGED_OBSERVATIONS, quality.rows_conserved),
)
CURATED_CHECKS = (Check(names.WEATHER_STATS, "documents_conserved", documents_conserved),)


def log_verdicts(context: dg.AssetExecutionContext, month: Month, checks: Iterable[Check], stores: Stores) -> None:
    """Evaluate the checks for a month that was just written; a blocking one that fails ends the run."""
    for check in checks:
        verdict = check.judge(stores, month)
        context.log_event(
            dg.AssetCheckEvaluation(
                asset_key=dg.AssetKey(check.asset),
                check_name=check.name,
                passed=verdict.passed,
                severity=check.severity,
                description=verdict.description,
                metadata=_metadata(verdict),
                partition=str(month),
            )
        )
        if check.blocking and not verdict.passed:
            raise dg.Failure(f"{month}: {check.name}: {verdict.description}", allow_retries=False)


def _metadata(verdict: Verdict) -> dict[str, Any]:
    return {
        name: dg.MetadataValue.json(value) if isinstance(value, dict | list) else value
        for name, value in verdict.figures.items()
    }


def _asset_check(check: Check) -> dg.AssetChecksDefinition:
    @dg.asset_check(
        asset=check.asset,
        name=check.name,
        description=check.description,
        blocking=check.blocking,
        partitions_def=MONTHS,
    )
    def evaluate(
        context: dg.AssetCheckExecutionContext, stores: dg.ResourceParam[StoresResource]
    ) -> dg.AssetCheckResult:
        verdict = check.judge(stores.open(), Month.parse(context.partition_key))
        return dg.AssetCheckResult(
            passed=verdict.passed,
            severity=check.severity,
            description=verdict.description,
            metadata=_metadata(verdict),
        )

    return evaluate


@dg.definitions
def checks() -> dg.Definitions:
    """Every check, to be run alone."""
    return dg.Definitions(asset_checks=list(_all_checks()))


def _all_checks() -> Iterator[dg.AssetChecksDefinition]:
    for check in (*STAGING_CHECKS, *CURATED_CHECKS):
        yield _asset_check(check)
