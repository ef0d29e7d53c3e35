"""The entry point, and health checks."""

from typing import Any
from urllib.parse import urlsplit

from anyio import to_thread
from fastapi import APIRouter, Request, Response

from api.dependencies import AllServices, Services
from api.health import OK
from api.schemas import Health
from weather_platform.settings import Settings

router = APIRouter(tags=["health"])


@router.get("/", operation_id="getLinks")
def links(request: Request) -> dict[str, Any]:
    """The routes, as links."""
    named = {
        "health": "health",
        "ingest": "ingest",
        "ingest_fast": "ingest_fast",
        "ingestions": "list_ingestions",
        "raw_files": "list_files",
        "staging_cities": "staging_cities",
        "curated_cities": "curated_cities",
        "documents": "read_documents",
        "changes": "list_changes",
        "stations": "list_stations",
        "coverage": "show_coverage",
        "quarantine": "list_quarantine",
        "events": "list_events",
        "compare": "compare_cities",
        "metrics": "show_metrics",
    }
    base = str(request.base_url)
    return {
        "name": "weather_platform",
        "licence": "Observations: Météo-France, Licence Ouverte 2.0",
        "docs": f"{base}docs",
        "openapi": f"{base}openapi.json",
        "links": {name: str(request.url_for(route)) for name, route in named.items()},
    }


@router.get("/livez", operation_id="isAlive")
async def alive() -> dict[str, str]:
    """The process answers; no store is asked and no thread is needed."""
    return {"status": "alive"}


@router.get("/readyz", responses={503: {"model": Health}}, operation_id="isReady")
async def ready(services: AllServices, response: Response) -> Health:
    """Every store answers; 503 if one does not. Dagster may be down: `/ingest-fast` and reading still work.

    With a full disk (`writing`) it is 200: reading goes on.
    """
    health = await to_thread.run_sync(_health, services, limiter=services.probing)
    if not all(text == OK for text in (health.s3, health.mysql, health.mongodb)):
        response.status_code = 503
    return health


@router.get("/health", operation_id="getHealth")
async def health(services: AllServices) -> Health:
    """Status of every store and of Dagster; always 200 (`/readyz` is for load balancers)."""
    return await to_thread.run_sync(_health, services, limiter=services.probing)


def _health(services: Services) -> Health:
    states = {**services.probes.states(), "writing": services.room.state}
    is_healthy = all(state == OK for state in states.values())
    return Health(status="healthy" if is_healthy else "degraded", stores=_made_of(services.settings), **states)


def _made_of(settings: Settings) -> dict[str, str]:
    """The kind of each store: `file`, `s3`, `sqlite`, `mysql` or `mongodb`."""
    urls = {"raw": settings.raw_url, "staging": settings.staging_url, "curated": settings.curated_url}
    return {layer: urlsplit(url).scheme.partition("+")[0] for layer, url in urls.items()}
