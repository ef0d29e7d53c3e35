"""The checks of a month: verdicts of `domain.quality` on what the stores hold, shown by Dagster.

A load evaluates them inside its own run, a month at a time (`log_verdicts`): a check of Dagster's may report only
once in a run of many months, and then for none of them. The same checks can be run alone from the UI.
"""

from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from typing import Any, NamedTuple

import dagster as dg

from weather_platform import names
from weather_platform.defs.partitions import MONTHS
from weather_platform.domain import quality
from weather_platform.domain.months import Month
from weather_platform.domain.quality import MonthSummary, Verdict
from weather_platform.io_managers.explained import explained
from weather_platform.io_managers.stores import StoresResource
from weather_platform.pipeline import Stores


class MonthFacts:
    """What the stores hold of a month; each is asked once."""

    def __init__(self, stores: Stores, month: Month) -> None:
        self._stores = stores
        self._month = month

    @cached_property
    def staged(self) -> MonthSummary:
        return self._stores.staging.summary(self._month)

    @cached_property
    def documented(self) -> dict[str, int]:
        """Observations behind the month's documents, by WMO station number."""
        covered = self._stores.curated.coverage(self._month.first_day, self._month.last_day)
        return {coverage.station_id: coverage.observations for coverage in covered}


class Check(NamedTuple):
    """A verdict with its place in Dagster."""

    asset: str
    name: str
    description: str
    judge: Callable[[MonthFacts], Verdict]
    blocking: bool = False

    @property
    def severity(self) -> dg.AssetCheckSeverity:
        return dg.AssetCheckSeverity.ERROR if self.blocking else dg.AssetCheckSeverity.WARN


def _staging_check(judge: Callable[[MonthSummary], Verdict], *, blocking: bool = False) -> Check:
    return Check(
        names.STAGED_OBSERVATIONS,
        judge.__name__,
        judge.__doc__ or "",
        lambda facts: judge(facts.staged),
        blocking,
    )


STAGING_CHECKS = (
    _staging_check(quality.structure, blocking=True),
    _staging_check(quality.completeness),
    _staging_check(quality.duplicates),
    _staging_check(quality.plausibility),
    _staging_check(quality.rows_conserved),
)
CURATED_CHECKS = (
    Check(
        names.WEATHER_STATS,
        "documents_conserved",
        quality.documents_conserved.__doc__ or "",
        lambda facts: quality.documents_conserved(facts.staged.observations, facts.documented),
    ),
)


def log_verdicts(
    context: dg.AssetExecutionContext, months: Iterable[Month], checks: Iterable[Check], stores: StoresResource
) -> None:
    """Evaluate the checks for months that were just written; a blocking one that fails ends the run."""
    with explained(context.retry_number):
        for month in months:
            _log_verdicts(context, month, checks, MonthFacts(stores.open(), month))


def _log_verdicts(context: dg.AssetExecutionContext, month: Month, checks: Iterable[Check], facts: MonthFacts) -> None:
    for check in checks:
        verdict = check.judge(facts)
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
        with explained(context.op_execution_context.retry_number):
            verdict = check.judge(MonthFacts(stores.open(), Month.parse(context.partition_key)))
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
