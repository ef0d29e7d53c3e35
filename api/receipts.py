"""Receipts as sent to callers, with links to everything they name."""

from collections import Counter
from typing import Any
from urllib.parse import unquote

import msgspec
from starlette.requests import Request

from api.dependencies import Services
from api.schemas import (
    FileOut,
    Ingestion,
    IngestionSummary,
    MonthOut,
    ObjectOut,
    Progress,
    RunOut,
    TroubleOut,
    WithdrawalOut,
    first_look,
)
from weather_platform import names
from weather_platform.domain.counts import RecordCounts
from weather_platform.domain.ingestions import LaunchedRun, Receipt, State, Trouble
from weather_platform.domain.months import Month
from weather_platform.domain.provenance import UNPLACED

_CITIES_IN_A_LINK = 300
"""An address of more would be longer than servers take: then it is of all cities."""


def summarised(receipt: Receipt, request: Request) -> IngestionSummary:
    """The receipt in lists: a short summary of constant size."""
    months = sorted({obj.partition for obj in receipt.objects})
    return IngestionSummary(
        id=receipt.id,
        mode=receipt.mode,
        state=receipt.state,
        received=receipt.received,
        finished=receipt.finished,
        files=[FileOut(**msgspec.to_builtins(file)) for file in receipt.files[:10]],
        file_count=len(receipt.files),
        months=[months[0], months[-1]] if len(months) > 1 else months,
        month_count=len(months),
        counts=msgspec.to_builtins(RecordCounts.total(receipt.outcomes)),
        documents_written=sum(outcome.documents_written or 0 for outcome in receipt.outcomes),
        withdrawn=_withdrawn(receipt),
        trouble=_trouble(receipt.trouble),
        links={"self": str(request.url_for("get_ingestion", ingestion=receipt.id))},
    )


def shown(receipt: Receipt, request: Request, services: Services, *, repeated: bool = False) -> Ingestion:
    """The receipt with its links and the current counts of its records."""
    outcomes = services.ingestions.counted_now(receipt)
    dagster = services.orchestrator
    runs = [run_out(run, services) for run in receipt.runs]
    return Ingestion(
        id=receipt.id,
        mode=receipt.mode,
        state=receipt.state,
        repeated=repeated,
        received=receipt.received,
        finished=receipt.finished,
        request=receipt.request_id,
        files=[FileOut(**msgspec.to_builtins(file)) for file in receipt.files],
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
                **msgspec.to_builtins(outcome),
                catalogue=None if outcome.month == UNPLACED else dagster.asset_url(names.WEATHER_STATS, outcome.month),
            )
            for outcome in outcomes
        ],
        runs=runs,
        progress=_progress(receipt),
        run_id=runs[0].run_id if runs else None,
        catalogue="by_run" if receipt.runs else "shown" if services.ingestions.is_told(receipt) else "pending",
        withdrawn=_withdrawn(receipt),
        made_again=receipt.made_again,
        trouble=_trouble(receipt.trouble),
        links={
            "self": str(request.url_for("get_ingestion", ingestion=receipt.id)),
            "events": str(request.url_for("follow_ingestion", ingestion=receipt.id)),
            "documents": _documents(receipt, request),
            "quarantine": str(request.url_for("list_quarantine")),
            **({"run": runs[0].url} if runs else {}),
        },
    )


def _documents(receipt: Receipt, request: Request) -> str:
    """The documents of the receipt's months and cities, and of the day before: its rain ends with the first of them."""
    url = request.url_for("read_documents")
    months = sorted(month for obj in receipt.objects if (month := obj.partition) != UNPLACED)
    if not months:
        return str(url)
    first, last = Month.parse(months[0]), Month.parse(months[-1])
    asked = {"from": first.previous.last_day, "to": last.last_day}
    cities = {"city": ",".join(receipt.stations)} if 0 < len(receipt.stations) <= _CITIES_IN_A_LINK else {}
    return unquote(str(url.include_query_params(**asked, **cities)))


def _withdrawn(receipt: Receipt) -> Any:
    return WithdrawalOut(**msgspec.to_builtins(receipt.withdrawn)) if receipt.withdrawn else None


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
    """By the months' runs; without runs, by finished months."""
    states: dict[str, State] = {run.month: run.state for run in receipt.runs}
    states |= {outcome.month: "done" for outcome in receipt.outcomes}
    rest: State = "failed" if receipt.state == "failed" else "running" if receipt.state == "running" else "queued"
    stands = Counter(states.get(str(month), rest) for month in receipt.months)
    return Progress(queued=stands["queued"], running=stands["running"], done=stands["done"], failed=stands["failed"])


def _trouble(trouble: Trouble | None) -> Any:
    return TroubleOut(**msgspec.to_builtins(trouble)) if trouble else None
