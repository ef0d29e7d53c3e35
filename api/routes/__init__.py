"""The routes, a module for each thing that is asked for; short, since the work is done elsewhere."""

from api.routes import (
    compare,
    coverage,
    curated,
    events,
    health,
    ingest,
    metrics,
    provenance,
    quarantine,
    raw,
    staging,
    stations,
)

ROUTERS = tuple(
    module.router
    for module in (
        health,
        ingest,
        raw,
        staging,
        curated,
        stations,
        coverage,
        quarantine,
        events,
        compare,
        provenance,
        metrics,
    )
)
