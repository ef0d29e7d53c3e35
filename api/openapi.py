"""The OpenAPI document, completed with the parts that all operations share: problems, and keys where required."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from api import pages
from api.problems import MEDIA_TYPE
from api.schemas import Problem
from weather_platform.settings import ApiSettings

_PROBLEM = {
    "description": "A problem, with a cause and a cure.",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}
_SCHEMES = {
    "Bearer": {"type": "http", "scheme": "bearer", "description": "An API key."},
    "X-API-Key": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "An API key."},
}
_OPEN = ("/", "/livez", "/readyz", "/health")


def describe(app: FastAPI, settings: ApiSettings) -> None:
    """Make the application serve the completed document."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _completed(app, settings)
        return app.openapi_schema

    app.openapi = document  # type: ignore[method-assign]  # the way FastAPI documents


def _completed(app: FastAPI, settings: ApiSettings) -> dict[str, Any]:
    document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    components = document["components"]
    components["schemas"]["Problem"] = Problem.model_json_schema()
    components["schemas"].update(pages.components())
    for name in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(name, None)
    if settings.keys:
        components["securitySchemes"] = _SCHEMES
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            operation["responses"].pop("422", None)
            operation["responses"]["default"] = _PROBLEM
            needs_key = method in ("post", "delete") or (settings.reading_needs_key and path not in _OPEN)
            if settings.keys and needs_key:
                operation["security"] = [{name: []} for name in _SCHEMES]
    return document
