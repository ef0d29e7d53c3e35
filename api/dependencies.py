"""Dependencies of routes, by type: a signature lists everything a route uses."""

from typing import Annotated, cast

from anyio import CapacityLimiter
from fastapi import Depends, Request

from api.catalogue import Catalogue
from api.changes import Webhook
from api.health import Probes, Room
from api.ingestion import Ingestions
from api.metrics import Metrics
from api.orchestrator import Orchestrator
from api.overrides import Overrides
from api.runs import Runs
from api.security import Caller, Guard
from api.streams import Streams
from api.withdrawals import Withdrawals
from weather_platform.domain.search import known_station
from weather_platform.domain.stations import Station
from weather_platform.settings import Settings
from weather_platform.storage.opening import Stores

_INGESTIONS_AT_ONCE = 2
"""Concurrent ingestions and replays: each has one or two months in memory and a spool on disk."""
_FOLLOWERS_AT_ONCE = 100
"""Concurrent followers of ingestions: each reads its receipt every 0.2 s."""
_ASKING_AT_ONCE = 4
"""Callers of `/readyz` and `/health`, in separate threads, so that a busy API still tells them."""


class Services:
    """The state of one application; built by `main.create_app`."""

    def __init__(self, settings: Settings) -> None:
        from weather_platform.climatology import Climatology
        from weather_platform.domain.months import Partitions
        from weather_platform.domain.unpacking import Limits
        from weather_platform.month_report import Links

        self.settings = settings
        self.metrics = Metrics()
        self.writing = writing = Stores(settings)
        # Reads use the read-only users of the databases, if configured.
        self.layers = Stores(settings.for_reading, read_only=True) if settings.has_readers else writing
        self.climatology = Climatology(self.layers)
        self._opened = (self.layers, writing)
        self.at_once = CapacityLimiter(_INGESTIONS_AT_ONCE)
        self.streams = Streams(settings.api.streams)
        self.followers = Streams(_FOLLOWERS_AT_ONCE, "callers that follow an ingestion")
        self.probing = CapacityLimiter(_ASKING_AT_ONCE)
        self.orchestrator = Orchestrator(
            settings.dagster_url, settings.dagster_credentials, public_url=settings.dagster_public_url
        )
        layers, orchestrator = self.layers, self.orchestrator
        self.probes = Probes(
            {
                "s3": lambda: layers.raw.blobs.ping(),  # noqa: PLW0108  # opening may fail
                "mysql": lambda: layers.staging.ping(),  # noqa: PLW0108
                "mongodb": lambda: layers.curated.ping(),  # noqa: PLW0108
                "dagster": orchestrator.ping,
            },
            self.metrics,
        )
        self.room = Room()
        self.catalogue = Catalogue(writing, self.orchestrator, Links.of(settings))
        self.webhook = Webhook(writing, settings)
        self.guard = Guard(settings.api)
        self.partitions = Partitions(settings.first_month)
        limits = Limits(settings.api.unpacked_limit_bytes, settings.api.members)
        runs = Runs(writing, self.orchestrator)
        self.ingestions = Ingestions(writing, runs, self.catalogue, self.metrics, self.partitions, limits)
        self.overrides = Overrides(writing, self.ingestions)
        self.withdrawals = Withdrawals(writing, self.ingestions, self.partitions)

    def close(self) -> None:
        """Close connections."""
        for layers in self._opened:
            layers.close()
        self.orchestrator.close()

    def admit_reader(self, request: Request) -> Caller:
        """The reader, named in the request's state; errors as `Guard.admit_reader`."""
        caller = self.guard.admit_reader(request)
        request.state.caller = caller.name
        return caller


def _services(request: Request) -> Services:
    return cast("Services", request.app.state.services)


def _layers(request: Request) -> Stores:
    return _services(request).layers


def _writer(request: Request) -> Caller:
    caller = _services(request).guard.admit_writer(request)
    request.state.caller = caller.name
    return caller


def _reader(request: Request) -> Caller:
    return _services(request).admit_reader(request)


AllServices = Annotated[Services, Depends(_services)]
OpenLayers = Annotated[Stores, Depends(_layers)]
Writer = Annotated[Caller, Depends(_writer)]
READS = [Depends(_reader)]


def station(layers: Stores, city: str) -> Station:
    """The station matching a word; UnknownCity names the nearest ones."""
    return known_station(city, layers.stations)


def stations(layers: Stores, cities: list[str] | None) -> list[Station] | None:
    """The stations of several words, each once; a word may hold several names separated by commas."""
    if cities is None:
        return None
    words = [word for city in cities for word in city.split(",")]
    return list({found.station_id: found for found in (station(layers, word) for word in words)}.values())
