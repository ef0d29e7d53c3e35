"""The Dagster runs of an ingestion: launched, followed, and what they made of every month."""

from collections.abc import Sequence

import msgspec

from api.layers import Layers
from api.orchestrator import Materialised, Orchestrator
from weather_platform import names
from weather_platform.domain.counts import RecordCounts
from weather_platform.domain.ingestions import LaunchedRun, MonthOutcome, Receipt, State, Trouble

INGESTION_TAG = "weather/ingestion"
REQUEST_TAG = "weather/request"


class Runs:
    """Brings receipts up to what Dagster knows; keeps nothing itself."""

    def __init__(self, layers: Layers, orchestrator: Orchestrator) -> None:
        self._layers = layers
        self._orchestrator = orchestrator

    def launch(self, receipt: Receipt) -> None:
        """One run for each of the receipt's months, which is kept after each.

        An ingestion that is taken up again launches all of them again: what a run has written stays as it is.
        """
        tags = {INGESTION_TAG: receipt.id, REQUEST_TAG: receipt.request_id}
        for month in receipt.months:
            run_id = self._orchestrator.launch([month], tags)
            receipt.runs.append(LaunchedRun(run_id=run_id, months=[str(month)]))
            receipt.state = "queued"
            self._layers.receipts.advance(receipt)

    def follow(self, receipt: Receipt) -> State:
        """Where the ingestion stands, by the state of every run, which the receipt holds from here on."""
        for run in receipt.runs:
            if run.state in ("queued", "running"):
                run.state = self._orchestrator.state(run.run_id)
                if run.state == "running" and (latest := self._orchestrator.latest_try(run.run_id)) != run.run_id:
                    run.run_id, run.state = latest, self._orchestrator.state(latest)
        return _overall([run.state for run in receipt.runs])

    def trouble(self, receipt: Receipt) -> Trouble:
        """Why the first of the failed runs failed."""
        lost = next(run for run in receipt.runs if run.state == "failed")
        return self._orchestrator.trouble(lost.run_id)

    def outcomes(self, receipt: Receipt) -> list[MonthOutcome]:
        """What the runs made of every month."""
        written: dict[str, Materialised] = {}
        for run in receipt.runs:
            for item in self._orchestrator.materialised(run.run_id):
                if item.asset == names.WEATHER_STATS:
                    written[item.month] = item
        outcomes = []
        for month in receipt.months:
            staged = self._layers.staging.objects(str(month))
            counts = {obj["raw_object"]: msgspec.convert(obj["counts"], RecordCounts) for obj in staged}
            outcome = receipt.outcome(month, counts)
            figures = written[str(month)].figures if str(month) in written else {}
            outcome.documents_written = figures.get("written")
            outcome.documents_unchanged = figures.get("unchanged")
            outcome.documents_deleted = figures.get("deleted")
            outcomes.append(outcome)
        return outcomes


def _overall(states: Sequence[State]) -> State:
    """The state of an ingestion out of those of its runs; it has failed only when no run goes on."""
    if any(state in ("queued", "running") for state in states):
        return "queued" if all(state == "queued" for state in states) else "running"
    return "failed" if "failed" in states else "done"
