"""Metrics for Prometheus."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from api.errors import BrokenOff, Conflict, Unsupported
from weather_platform.domain.errors import BadInput, StoreUnavailable
from weather_platform.domain.ingestions import Mode, Receipt

CONTENT_TYPE = CONTENT_TYPE_LATEST
_SECONDS = (0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)


class Metrics:
    """The Prometheus metrics of one application, with its own registry, so several can share a process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "weather_requests_total", "Requests answered.", ("method", "route", "status"), registry=self.registry
        )
        self.request_seconds = Histogram(
            "weather_request_seconds", "Duration of a request until the end of its answer.", ("method", "route"),
            buckets=_SECONDS, registry=self.registry,
        )  # fmt: skip
        self.ingestions = Counter(
            "weather_ingestions_total", "Ingestions by outcome: done, failed, repeated, refused.", ("mode", "outcome"),
            registry=self.registry,
        )  # fmt: skip
        self.refused = Counter(
            "weather_records_refused_total", "Refused records, by reason.", ("reason",), registry=self.registry
        )
        self.records = Counter(
            "weather_records_total", "Records read by ingestions.", ("mode",), registry=self.registry
        )
        self.records_per_second = Gauge(
            "weather_ingestion_records_per_second", "Of the last ingestion.", ("mode",), registry=self.registry
        )
        self.store_seconds = Histogram(
            "weather_store_seconds", "Duration of a store's ping.", ("store",), buckets=_SECONDS,
            registry=self.registry,
        )  # fmt: skip
        self.store_up = Gauge("weather_store_up", "1 where a store answers.", ("store",), registry=self.registry)

    def ended(self, receipt: Receipt) -> None:
        """Count a finished ingestion."""
        self.ingestions.labels(receipt.mode, receipt.state).inc()
        read = sum(outcome.read for outcome in receipt.outcomes)
        self.records.labels(receipt.mode).inc(read)
        for outcome in receipt.outcomes:
            for reason, count in outcome.refused.items():
                self.refused.labels(reason).inc(count)
        if receipt.finished and read:
            seconds = max((receipt.finished - receipt.received).total_seconds(), 0.001)
            self.records_per_second.labels(receipt.mode).set(read / seconds)

    @contextmanager
    def counting_refusals(self, mode: Mode) -> Iterator[None]:
        """Count a posting without an ingestion: refused, or failed because of an outage."""
        try:
            yield
        except StoreUnavailable:
            self.ingestions.labels(mode, "failed").inc()
            raise
        except (BadInput, BrokenOff, Conflict, Unsupported):
            self.ingestions.labels(mode, "refused").inc()
            raise

    @contextmanager
    def timed(self, store: str) -> Iterator[None]:
        """Record one answer of a store."""
        started = time.perf_counter()
        try:
            yield
        except Exception:
            self.store_up.labels(store).set(0)
            raise
        else:
            self.store_up.labels(store).set(1)
        finally:
            self.store_seconds.labels(store).observe(time.perf_counter() - started)

    def text(self) -> bytes:
        """All metrics in Prometheus' text format."""
        return generate_latest(self.registry)
