"""Assembles the application: `create_app(settings)` in code, the factory below for uvicorn."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from api import problems
from api.dependencies import Services
from api.logs import Traced
from api.openapi import describe
from api.ranged import Ranged
from api.remembered import Remembered
from api.routes import ROUTERS
from api.routes.docs import ASSETS
from api.security import refuse_placeholders
from api.streams import HEAD_ONLY
from api.versions import Versioned
from weather_platform import __version__
from weather_platform.logs import log_as_json
from weather_platform.settings import Settings

_DESCRIPTION = """Météo-France SYNOP observations in, daily weather statistics out.

Post a file to `/ingest` (through Dagster runs) or `/ingest-fast` (in the API's process); read every layer. Every error
is a problem (RFC 9457) with a cause and a cure. A city is a slug, a name or a WMO number, in any case, with or without
accents."""
_RAW_FILES = "/raw/files/"


def create_app(settings: Settings) -> FastAPI:
    """The API of one platform. Stores are opened by the first request that needs them."""
    services = Services(settings)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        services.catalogue.start()
        services.webhook.start()
        yield
        services.webhook.stop()
        services.catalogue.stop()
        services.close()

    middleware = [
        Middleware(Versioned),
        Middleware(Heads),
        Middleware(Traced, metrics=services.metrics),
        Middleware(problems.Unexpected),
        Middleware(Remembered, token=services.layers.token, admit=services.admit_reader),
        Middleware(Ranged, admit=services.admit_reader),
        Middleware(Compressed, minimum_size=1_000, compresslevel=5),
    ]
    if settings.api.cors_origins:
        cors: dict[str, Any] = {
            "allow_origins": list(settings.api.cors_origins),
            "allow_methods": ["GET", "POST", "DELETE"],
            "allow_headers": ["Authorization", "X-API-Key", "Idempotency-Key", "Content-Type", "If-None-Match"],
            "expose_headers": ["ETag", "Link", "Location", "X-Request-ID", "Retry-After"],
        }
        middleware.append(Middleware(CORSMiddleware, **cors))
    app = FastAPI(
        title="weather_platform",
        version=__version__,
        description=_DESCRIPTION,
        docs_url=None,  # `routes.docs` has them, without a third party
        redoc_url=None,
        lifespan=lifespan,
        middleware=middleware,
        generate_unique_id_function=_operation_id,
    )
    app.state.services = services
    problems.install(app)
    for router in ROUTERS:
        app.include_router(router)
    app.mount("/assets", ASSETS)
    describe(app, settings.api)
    return app


def _operation_id(route: APIRoute) -> str:
    """The operationId of a route, which generated clients use: the one it declares, else its function's name."""
    first, *rest = route.name.split("_")
    return first + "".join(word.capitalize() for word in rest)


class Compressed(GZipMiddleware):
    """Compresses all answers but raw files: their lengths, ranges and strong ETags refer to the bytes as received."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _RAW_FILES in scope["path"]:
            await self.app(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


class Heads:
    """Makes every GET route answer HEAD too, for load balancers and `curl -I`; counted and logged as a GET.

    Works on a copy of the scope: the server has the original and omits the body.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "HEAD":
            scope = {**scope, "method": "GET", HEAD_ONLY: True}
        await self._app(scope, receive, send)


def create_app_from_environment() -> FastAPI:
    """For ``uvicorn --factory api.main:create_app_from_environment``; BadSettings where writing would be unsafe."""
    log_as_json("weather", "uvicorn")
    settings = Settings.from_environment()
    refuse_placeholders(settings)
    return create_app(settings)
