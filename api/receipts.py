"""Receipts as they go over the wire, with links to everything they name."""

from collections import Counter

from starlette.requests import Request

from api.dependencies import Services
from api.schemas import FileOut, Ingestion, MonthOut, ObjectOut, Progress, RunOut, TroubleOut, first_look
from weather_platform import names
from weather_platform.domain.ingestions import LaunchedRun, Receipt, State, Trouble
from weather_platform.domain.provenance import UNPLACED


def shown(receipt: Receipt, request: Request, services: Services) -> Ingestion:
    """The receipt with its links."""
    dagster = services.orchestrator
    runs = [run_out(run, services) for run in receipt.runs]
    return Ingestion(
        id=receipt.id,
        mode=receipt.mode,
        state=receipt.state,
        received=receipt.received,
        finished=receipt.finished,
        request=receipt.request_id,
        files=[FileOut(name=file.name, size_bytes=file.size_bytes, sha256=file.sha256) for file in receipt.files],
        months=sorted({obj.partition for obj in receipt.objects}),
        first_look=first_look(receipt),
        raw_objects=[
            ObjectOut(
                key=obj.key,
                month=obj.partition,
                records=obj.records,
                size_bytes=obj.size_bytes,
                new=obj.new,
                first_look_refused=obj.refused,
                url=str(request.url_for("read_file", name=obj.key)),
            )
            for obj in receipt.objects
        ],
        outcome=[
            MonthOut(
                **{name: getattr(outcome, name) for name in MonthOut.model_fields if name != "catalogue"},
                catalogue=None if outcome.month == UNPLACED else dagster.asset_url(names.WEATHER_STATS, outcome.month),
            )
            for outcome in receipt.outcomes
        ],
        runs=runs,
        progress=_progress(receipt),
        run_id=runs[0].run_id if runs else None,
        catalogue="by_run" if receipt.runs else "shown" if services.ingestions.is_told(receipt) else "pending",
        trouble=_trouble(receipt.trouble),
        links={
            "self": str(request.url_for("get_ingestion", ingestion=receipt.id)),
            "events": str(request.url_for("follow_ingestion", ingestion=receipt.id)),
            "documents": str(request.url_for("read_documents")),
            "quarantine": str(request.url_for("list_quarantine")),
            **({"run": runs[0].url} if runs else {}),
        },
    )


def run_out(run: LaunchedRun, services: Services) -> RunOut:
    """A run with its page in Dagster."""
    return RunOut(
        run_id=run.run_id,
        month=run.month,
        months=run.months,
        state=run.state,
        trouble=_trouble(run.trouble),
        url=services.orchestrator.run_url(run.run_id),
    )


def _progress(receipt: Receipt) -> Progress:
    """By the months' runs; without runs, by what is done."""
    states: dict[str, State] = {run.month: run.state for run in receipt.runs}
    states |= {outcome.month: "done" for outcome in receipt.outcomes}
    rest: State = "failed" if receipt.state == "failed" else "running" if receipt.state == "running" else "queued"
    stands = Counter(states.get(str(month), rest) for month in receipt.months)
    return Progress(queued=stands["queued"], running=stands["running"], done=stands["done"], failed=stands["failed"])


def _trouble(trouble: Trouble | None) -> TroubleOut | None:
    return TroubleOut(cause=trouble.cause, cure=trouble.cure) if trouble else None
