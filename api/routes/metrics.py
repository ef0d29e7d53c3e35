"""Metrics for Prometheus."""

from fastapi import APIRouter, Response

from api.dependencies import READS, AllServices
from api.metrics import CONTENT_TYPE

router = APIRouter(tags=["health"], dependencies=READS)


@router.get(
    "/metrics", response_class=Response, responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}}
)
def show_metrics(services: AllServices) -> Response:
    """Requests, ingestions by outcome, refused records by reason, rates and latencies."""
    return Response(services.metrics.text(), headers={"content-type": CONTENT_TYPE})
