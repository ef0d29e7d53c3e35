"""The routes, one module per resource; the work is done elsewhere."""

from api.routes import (
    changes,
    climate,
    compare,
    coverage,
    curated,
    docs,
    events,
    health,
    ingest,
    metrics,
    observations,
    provenance,
    quality,
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
        observations,
        curated,
        changes,
        stations,
        coverage,
        quarantine,
        quality,
        events,
        compare,
        climate,
        provenance,
        metrics,
        docs,
    )
)
