"""Reports months written without a run to Dagster, at once or once Dagster is available again.

Events wait in the staging database, so an outage of Dagster or a restart of the API loses none, and no caller waits for
Dagster. The report of a month is that of a run (`month_report`): metadata, then the checks.
"""

import logging
import threading
from collections.abc import Iterable, Sequence

from api.orchestrator import Orchestrator, OrchestratorRefused
from weather_platform import names
from weather_platform.domain.errors import NotFound, WeatherError
from weather_platform.domain.ingestions import CatalogueUpdate
from weather_platform.domain.months import Month
from weather_platform.intake import Stored
from weather_platform.month_report import (
    CHECKS,
    Door,
    Links,
    Metadata,
    StoredMonth,
    document_metadata,
    judge_month,
    raw_metadata,
    sheet_metadata,
    staged_metadata,
)
from weather_platform.storage.curated import Replaced
from weather_platform.storage.opening import Stores

_log = logging.getLogger("weather.api.catalogue")
_FIRST_PAUSE_S = 1.0
_LONGEST_PAUSE_S = 30.0


class Catalogue:
    """Delivers events in its own thread, in order of months, at least once each."""

    def __init__(self, layers: Stores, orchestrator: Orchestrator, links: Links) -> None:
        self._layers = layers
        self._orchestrator = orchestrator
        self._links = links
        self._awake = threading.Event()
        self._stopped = False
        self._thread = threading.Thread(target=self._deliver_for_ever, name="catalogue", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped = True
        self._awake.set()
        self._thread.join(timeout=5)

    def deliver(self) -> None:
        """Start the delivery of what was told.

        Once a posting is over: delivering reads the stores and checks, in the time of who waits for the documents.
        """
        self._awake.set()

    def tell_raw(self, months: Sequence[Month], stored: Sequence[Stored], door: Door) -> None:
        """Report the raw objects of some months, out of all objects of one posting."""
        self._tell(
            CatalogueUpdate(
                names.RAW_OBSERVATIONS, str(month), door.reference, raw_metadata(month, stored, door, self._links)
            )
            for month in months
        )

    def tell_made(self, month: Month, replaced: Replaced, door: Door) -> None:
        """Report that a month was staged and curated; the figures are read at delivery."""
        made = {"received_by": door.name, "replaced": replaced._asdict()}
        self._tell(CatalogueUpdate(asset, str(month), door.reference, made) for asset in names.ASSETS[1:])

    def _tell(self, updates: Iterable[CatalogueUpdate]) -> None:
        self._layers.receipts.queue(updates)

    def _deliver_for_ever(self) -> None:
        pause_s: float | None = None
        while not self._stopped:
            try:
                if self._deliver():
                    continue
                pause_s = None
            except WeatherError as error:
                pause_s = min((pause_s or _FIRST_PAUSE_S / 2) * 2, _LONGEST_PAUSE_S)
                _log.warning("catalogue not told", extra={"cause": error.cause, "next_try_s": pause_s})
            self._awake.wait(pause_s)
            self._awake.clear()

    def _deliver(self) -> int:
        """Deliver waiting events; returns their number."""
        waiting = self._layers.receipts.undelivered()
        for update in waiting:
            try:
                self._deliver_one(update)
            except (OrchestratorRefused, NotFound) as error:
                # An event that Dagster refuses would block all others for ever: it is logged and dropped. So is
                # an update of a month that was taken away since.
                _log.exception("catalogue not told for good", extra={"cause": error.cause, "asset": update.asset})
            self._layers.receipts.delivered([update])
        return len(waiting)

    def _deliver_one(self, update: CatalogueUpdate) -> None:
        held = StoredMonth(self._layers, Month.parse(update.month))
        self._orchestrator.report(update.asset, update.month, self._metadata(update, held))
        for check, verdict in judge_month(held, (check for check in CHECKS if check.asset == update.asset)):
            self._orchestrator.report_check(update.month, check, verdict)

    def _metadata(self, update: CatalogueUpdate, held: StoredMonth) -> Metadata:
        if update.asset == names.RAW_OBSERVATIONS:
            return update.metadata
        door = Door(update.metadata["received_by"], update.ingestion)
        if update.asset == names.STAGED_OBSERVATIONS:
            return staged_metadata(held, door, self._links)
        if update.asset == names.MONTHLY_CLIMATE:
            return sheet_metadata(held, door, self._links)
        return document_metadata(held, Replaced(**update.metadata["replaced"]), door, self._links)
