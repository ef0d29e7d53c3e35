"""The routes, one module per resource; the work is done elsewhere."""

from api.routes import (
    climate,
    compare,
    coverage,
    curated,
    docs,
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
        climate,
        provenance,
        metrics,
        docs,
    )
)
