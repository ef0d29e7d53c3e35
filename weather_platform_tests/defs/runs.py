"""Runs of the graph in this process, and what they say of every asset, check and month."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import dagster as dg

from weather_platform import names
from weather_platform.definitions import defs
from weather_platform.domain.months import Month, month_range

Named = tuple[str, str]
"""An asset or a check, and a month."""


class Run(NamedTuple):
    """What a run recorded, or the runs of several months together."""

    success: bool
    materialised: dict[Named, dict[str, Any]]
    """Metadata by asset and month."""
    verdicts: dict[Named, dg.AssetCheckEvaluation]
    """By check and month; the last where a check was evaluated twice."""
    evaluations: Counter[Named]
    """How many times each check was evaluated."""
    failures: dict[str, dict[str, Any]]
    """Metadata of failed steps, by step."""
    retries: Counter[str]
    """By step."""
    events: list[dg.DagsterEvent]

    @property
    def failed_checks(self) -> list[Named]:
        return sorted(named for named, verdict in self.verdicts.items() if not verdict.passed)


class Graph:
    """The graph as the environment describes it, run on a Dagster instance in memory."""

    def __init__(self, instance: dg.DagsterInstance, added: dg.Definitions | None = None) -> None:
        self.instance = instance
        self.definitions = dg.Definitions.merge(defs(), added) if added else defs()

    def load(
        self, first: str | None, last: str | None = None, *, source: str = "sample", cities: Sequence[str] = ()
    ) -> Run:
        """Source to documents, for a month or for a range of months, one run for each."""
        fetch = {"source": source, "cities": list(cities)}
        return self.run(names.LOAD_JOB, first, last, {names.RAW_OBSERVATIONS: {"config": fetch}})

    def process(self, first: str, last: str | None = None) -> Run:
        """Documents from what the raw store holds."""
        return self.run(names.PROCESS_JOB, first, last)

    def run(self, job: str, first: str | None, last: str | None = None, ops: Mapping[str, Any] | None = None) -> Run:
        """Any job, as a worker runs it: a run for each month from first to last."""
        months = list(map(str, month_range(Month.parse(first), Month.parse(last or first)))) if first else [None]
        return _together([self.run_tagged(job, {"dagster/partition": month} if month else {}, ops) for month in months])

    def run_tagged(
        self,
        job: str,
        tags: Mapping[str, str],
        ops: Mapping[str, Any] | None = None,
        resources: Mapping[str, Any] | None = None,
        assets: Sequence[str] = names.ASSETS,
    ) -> Run:
        """One run with these tags, for any month or none, and with what the launchpad overrides.

        `assets` are those of the job behind all that materialises single assets.
        """
        quiet = {"console": {"config": {"log_level": "CRITICAL"}}}
        result = self.definitions.resolve_job_def(job).execute_in_process(
            run_config={"ops": ops or {}, "resources": resources or {}, "loggers": quiet},
            instance=self.instance,
            tags=dict(tags),
            raise_on_error=False,
            # As the UI and `dg launch` do: the job behind them has all that Dagster knows, of other assets too.
            asset_selection=[dg.AssetKey(name) for name in assets] if job == "__ASSET_JOB" else None,
        )
        return _recorded(result)


@contextmanager
def graph(added: dg.Definitions | None = None) -> Iterator[Graph]:
    """A graph with an instance that knows of no run."""
    with dg.DagsterInstance.ephemeral() as instance:
        yield Graph(instance, added)


def _together(runs: Sequence[Run]) -> Run:
    return Run(
        all(run.success for run in runs),
        {named: made for run in runs for named, made in run.materialised.items()},
        {named: verdict for run in runs for named, verdict in run.verdicts.items()},
        sum((run.evaluations for run in runs), Counter()),
        {step: said for run in runs for step, said in run.failures.items()},
        sum((run.retries for run in runs), Counter()),
        [event for run in runs for event in run.events],
    )


def _recorded(result: dg.ExecuteInProcessResult) -> Run:
    run = Run(result.success, {}, {}, Counter(), {}, Counter(), list(result.all_events))
    for event in result.all_events:
        step = event.step_key or ""
        if event.is_step_materialization:
            made = event.step_materialization_data.materialization
            run.materialised[made.asset_key.to_user_string(), made.partition or ""] = _plain(made.metadata)
        elif event.event_type == dg.DagsterEventType.ASSET_CHECK_EVALUATION:
            verdict = event.asset_check_evaluation_data
            run.verdicts[verdict.check_name, verdict.partition or ""] = verdict
            run.evaluations[verdict.check_name, verdict.partition or ""] += 1
        elif event.is_step_up_for_retry:
            run.retries[step] += 1
        elif event.is_step_failure:
            said = event.step_failure_data.user_failure_data
            run.failures[step] = _plain(said.metadata) if said else {}
    return run


def _plain(metadata: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.value for name, value in metadata.items()}
