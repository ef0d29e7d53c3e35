"""One log line per request, with one id shared by request, ingestion and Dagster run."""

import logging
import re
import secrets
import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from structlog.contextvars import bind_contextvars, reset_contextvars

from api.metrics import Metrics

_HEADER = b"x-request-id"
_GOOD_ID = re.compile(rb"[\w.:-]{1,64}", re.ASCII)
_log = logging.getLogger("weather.api.requests")


def request_id_of(scope: Scope) -> str:
    """The id of the request, from `X-Request-ID` or generated."""
    return str(scope.get("state", {}).get("request_id", ""))


class Traced:
    """Gives every request an id, counts it, and logs a line at its end."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(_HEADER, b"")
        request_id = given.decode() if _GOOD_ID.fullmatch(given) else secrets.token_hex(8)
        scope.setdefault("state", {})["request_id"] = request_id
        bound, started, status = bind_contextvars(request=request_id), time.perf_counter(), 500

        async def send_named(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], (_HEADER, request_id.encode())]
            await send(message)

        try:
            await self._app(scope, receive, send_named)
        finally:
            seconds = time.perf_counter() - started
            route = getattr(scope.get("route"), "path", "none")
            self._metrics.requests.labels(scope["method"], route, status).inc()
            self._metrics.request_seconds.labels(scope["method"], route).observe(seconds)
            _log.info(
                "answered",
                extra={
                    "method": scope["method"],
                    "path": scope["path"],
                    "status": status,
                    "seconds": round(seconds, 4),
                    "caller": scope["state"].get("caller", ""),
                },
            )
            reset_contextvars(**bound)
