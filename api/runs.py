"""The Dagster runs of an ingestion, one per month: launching, following, results."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from api.orchestrator import AskedRun, FoundRun, Orchestrator
from weather_platform import names
from weather_platform.domain.ingestions import LaunchedRun, MonthOutcome, Receipt, State, Trouble
from weather_platform.domain.months import Month
from weather_platform.storage.opening import Stores

REQUEST_TAG = "weather/request"
_AT_ONCE = 60
"""Runs per request; the receipt is stored after each request, so readers see progress."""
_GONE = Trouble(cause="Dagster no longer knows the run.", cure="Post the file again.")


class Runs:
    """Updates receipts from Dagster; has no other state."""

    def __init__(self, layers: Stores, orchestrator: Orchestrator) -> None:
        self._layers = layers
        self._orchestrator = orchestrator

    def launch(self, receipt: Receipt) -> None:
        """Launch a run for every unfinished month, unless an earlier attempt made one that has not failed.

        A lost request makes no second run of a month: a resumed ingestion reads the existing runs first, and Dagster
        makes one run per key (`dagster_patches.coordinator`).
        """
        there = self._runs_of(receipt) if receipt.launches else []
        current = _current(there)
        receipt.runs = [run for run in receipt.runs if run.state == "done"]
        for month in receipt.open_months:
            if (found := current.get(str(month))) and found.state != "failed":
                receipt.runs.append(_launched(found))
        receipt.launches += 1
        receipt.state = "queued"
        self._layers.receipts.advance(receipt)
        tags = {names.INGESTION_TAG: receipt.id, REQUEST_TAG: receipt.request_id}
        for batch in _in_parts(self._missing(receipt, there)):
            self._orchestrator.launch(batch, tags)
            current = _current(self._runs_of(receipt))
            receipt.runs += [_launched(current[asked.month]) for asked in batch]
            receipt.runs.sort(key=lambda run: run.month)
            self._layers.receipts.advance(receipt)

    def follow(self, receipt: Receipt) -> State:
        """The state of the ingestion; the receipt gets the state of every run and the counts of its months."""
        current = _current(self._runs_of(receipt))
        done = []
        for run in receipt.runs:
            if run.state in ("queued", "running"):
                found = current.get(run.month)
                run.run_id, run.state = (found.run_id, found.state) if found else (run.run_id, "failed")
                if run.state == "failed":
                    run.trouble = self._orchestrator.trouble(run.run_id) if found else _GONE
                elif run.state == "done":
                    done.append(run)
        if done:
            receipt.outcomes = sorted([*receipt.outcomes, *self._outcomes(receipt, done)], key=lambda made: made.month)
        return _overall([run.state for run in receipt.runs])

    def _runs_of(self, receipt: Receipt) -> list[FoundRun]:
        """Newest first; without those from before the files were posted again."""
        runs = self._orchestrator.runs(names.INGESTION_TAG, receipt.id)
        return [run for run in runs if run.tags.get(names.LAUNCH_KEY_TAG, "").startswith(_life(receipt))]

    def _missing(self, receipt: Receipt, there: Iterable[FoundRun]) -> list[AskedRun]:
        """The runs to launch; a month's key changes only if a run of it has failed permanently."""
        tries = Counter(run.month for run in there if not run.is_retry)
        launched = {run.month for run in receipt.runs}
        months = [str(month) for month in receipt.open_months if str(month) not in launched]
        return [AskedRun(month, f"{_life(receipt)}{month}/{tries[month]}") for month in months]

    def _outcomes(self, receipt: Receipt, done: Sequence[LaunchedRun]) -> Iterator[MonthOutcome]:
        """The results of finished runs."""
        written = {
            item.month: item.figures
            for item in self._orchestrator.written([run.run_id for run in done])
            if item.asset == names.WEATHER_STATS
        }
        for run in done:
            staged = self._layers.staging.objects(run.month)
            counts = {obj.raw_object: obj.counts for obj in staged}
            outcome = receipt.outcome(Month.parse(run.month), counts)
            figures = written.get(run.month, {})
            outcome.documents_written = figures.get("written")
            outcome.documents_unchanged = figures.get("unchanged")
            outcome.documents_deleted = figures.get("deleted")
            yield outcome


def trouble_of(runs: Sequence[LaunchedRun]) -> Trouble:
    """Cause and cure of a failed ingestion from its failed runs; each run has its own."""
    failed = [(run.month, run.trouble or _GONE) for run in runs if run.state == "failed"]
    if len(runs) == 1:
        return failed[0][1]
    causes = Counter(trouble.cause for _, trouble in failed)
    cause = f"{len(failed)} of {len(runs)} months failed: {', '.join(month for month, _ in failed)}."
    cure = f"{failed[0][1].cure} Posting the file again runs only these months."
    return Trouble(cause=f"{cause} {causes.most_common(1)[0][0]}", cure=cure)


def _launched(found: FoundRun) -> LaunchedRun:
    """An ingestion counts as in progress until its runs have been followed to their end."""
    return LaunchedRun(
        run_id=found.run_id, months=[found.month], state="queued" if found.state == "queued" else "running"
    )


def _life(receipt: Receipt) -> str:
    return f"{receipt.id}/{receipt.life}/"


def _current(runs: Iterable[FoundRun]) -> dict[str, FoundRun]:
    """The run that counts for each month: the newest."""
    current: dict[str, FoundRun] = {}
    for run in runs:
        current.setdefault(run.month, run)
    return current


def _in_parts(asked: Sequence[AskedRun]) -> Iterator[Sequence[AskedRun]]:
    for start in range(0, len(asked), _AT_ONCE):
        yield asked[start : start + _AT_ONCE]


def _overall(states: Sequence[State]) -> State:
    """The state of an ingestion from its runs; failed only when no run is in progress."""
    if any(state in ("queued", "running") for state in states):
        return "queued" if all(state == "queued" for state in states) else "running"
    return "failed" if "failed" in states else "done"
