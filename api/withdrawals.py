"""Withdraw a posting, or restore it: its objects stay, and its months are made again without or with them."""

import logging
from datetime import UTC, datetime

from api.errors import Conflict
from api.ingestion import Ingestions
from weather_platform import postings
from weather_platform.domain.ingestions import Receipt
from weather_platform.domain.months import Month, Partitions
from weather_platform.domain.provenance import UNPLACED, Withdrawal
from weather_platform.pipeline import quarantine_unplaced
from weather_platform.receipts import exclusive
from weather_platform.storage.opening import Stores

_log = logging.getLogger("weather.api.withdrawals")


class Withdrawals:
    """Withdrawn ingestions.

    The marks beside the raw objects count. The receipt stores the request first, so that repeating it resumes after an
    outage or a killed process.
    """

    def __init__(self, layers: Stores, ingestions: Ingestions, partitions: Partitions) -> None:
        self._layers = layers
        self._ingestions = ingestions
        self._partitions = partitions

    def withdraw(self, ingestion: str, by: str, reason: str, *, request_id: str = "") -> Receipt:
        """Withdraw an ingestion; one already withdrawn keeps its first reason.

        Raises:
            Conflict: it is still in progress, posted no files, or none of them is stored.
            IngestionFailed: an outage after the objects were marked; repeat the request.
        """
        receipt = self._settled(ingestion)
        with exclusive(self._layers, receipt.content):
            receipt = self._layers.receipts.get(ingestion)
            receipt.made_again = None
            receipt.withdrawn = receipt.withdrawn or Withdrawal(at=datetime.now(UTC), by=by, reason=reason)
            self._layers.receipts.save(receipt)
            partitions = postings.withdraw(self._layers, receipt.posting, receipt.withdrawn)
            return self._made_again(receipt, partitions, request_id)

    def restore(self, ingestion: str, *, request_id: str = "") -> Receipt:
        """Restore a withdrawn ingestion at its old place in the order.

        Raises:
            Conflict: it posted no files, or none of them is stored.
            IngestionFailed: an outage after the marks were removed; repeat the request.
        """
        receipt = self._settled(ingestion)
        with exclusive(self._layers, receipt.content):
            partitions = postings.restore(self._layers, receipt.posting)
            receipt = self._layers.receipts.get(ingestion)
            receipt.withdrawn = receipt.made_again = None
            self._layers.receipts.save(receipt)
            return self._made_again(receipt, partitions, request_id)

    def _settled(self, ingestion: str) -> Receipt:
        receipt = self._ingestions.get(ingestion)
        if not (receipt.is_finished or receipt.is_automatic):
            raise Conflict(
                f"The ingestion {ingestion} is {receipt.state}.", "Wait until it is done or failed, then ask again."
            )
        if not receipt.files:
            raise Conflict(f"The ingestion {ingestion} posted no files.", "Choose one that did: GET /ingestions.")
        if not self._layers.raw.posted(receipt.posting):
            raise Conflict(
                f"No raw object bears the mark of the ingestion {ingestion}.",
                "Post its files again, then withdraw that ingestion.",
            )
        return receipt

    def _made_again(self, receipt: Receipt, partitions: list[str], request_id: str) -> Receipt:
        if UNPLACED in partitions:
            quarantine_unplaced(self._layers, self._partitions)
        if not receipt.is_finished:  # its run was still to come; the months are made again here
            receipt.end(datetime.now(UTC))
            self._layers.receipts.save(receipt)
        if months := [Month.parse(partition) for partition in partitions if partition != UNPLACED]:
            receipt.made_again = self._ingestions.replay(months, request_id=request_id).id
            self._layers.receipts.save(receipt)
        extra = {"ingestion": receipt.id, "withdrawn": receipt.withdrawn is not None, "months": len(months)}
        _log.info("withdrawn" if receipt.withdrawn else "restored", extra=extra)
        return receipt
