"""Dagster's webserver behind a guard, changed to accept check results of a partition more than once.

`POST /report_asset_check` with a partition answers 500 from the second time on: a result without a run is inserted
with an empty run id, and run id, check and partition are unique together (no issue yet; results of runs are upserted,
and a comment in Dagster's code asks for the index to be fixed). The API reports a month's checks after each
`/ingest-fast`.
"""

import sys
from collections.abc import Collection
from typing import Any

from dagster import AssetCheckEvaluation, EventLogEntry
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from dagster._core.storage.event_log.sql_event_log import SqlEventLogStorage
from dagster_webserver.webserver import DagsterWebserver
from starlette.middleware import Middleware

from weather_platform.dagster_patches.guard import Guarded, SignIn

_insert = SqlEventLogStorage._store_runless_asset_check_evaluation  # noqa: SLF001  # what is repaired


def _replace(self: Any, event: EventLogEntry, event_id: int | None) -> None:
    """Delete the earlier result without a run for the same partition; it stays in the event log."""
    evaluation = event.dagster_event.event_specific_data if event.dagster_event else None
    if isinstance(evaluation, AssetCheckEvaluation) and evaluation.partition is not None:
        columns = AssetCheckExecutionsTable.c
        with self.index_connection() as connection:
            connection.execute(
                AssetCheckExecutionsTable.delete().where(
                    columns.asset_key == evaluation.asset_key.to_string(),
                    columns.check_name == evaluation.check_name,
                    columns.run_id == event.run_id,
                    columns.partition == evaluation.partition,
                )
            )
    _insert(self, event, event_id)


def allow_verdicts_again() -> None:
    """Let this process accept any number of results without a run for one check and partition."""
    SqlEventLogStorage._store_runless_asset_check_evaluation = _replace  # type: ignore[method-assign]  # noqa: SLF001


def guard(hosts: Collection[str], sign_in: SignIn | None) -> None:
    """Have this process serve Dagster's web application behind `guard.Guarded`."""
    build = DagsterWebserver.build_middleware

    def guarded(self: Any) -> list[Middleware]:
        return [Middleware(Guarded, hosts=hosts, sign_in=sign_in), *build(self)]

    DagsterWebserver.build_middleware = guarded  # type: ignore[method-assign]  # made to be overridden, by a subclass


def serve(hosts: Collection[str], sign_in: SignIn | None) -> None:
    """Serve both repaired, with the command line of ``dagster-webserver``."""
    from dagster_webserver.cli import main

    allow_verdicts_again()
    guard(hosts, sign_in)
    sys.exit(main())  # type: ignore[no-untyped-call]
