"""`/docs` and `/redoc` from the API's own assets: they need no network and load nothing from third parties."""

from pathlib import Path

from fastapi import APIRouter
from fastapi.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

ASSETS = StaticFiles(directory=Path(__file__).parents[1] / "assets")
_SOURCES = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self' 'unsafe-inline'",  # both libraries set styles on elements
    "img-src": "'self' data:",
    "font-src": "'self' data:",
    "connect-src": "'self'",
    "worker-src": "blob:",  # Redoc's search
    "base-uri": "'none'",
    "form-action": "'none'",
    "frame-ancestors": "'none'",
}
_POLICY = "; ".join(f"{directive} {sources}" for directive, sources in _SOURCES.items())
_HEADERS = {"content-security-policy": _POLICY, "x-content-type-options": "nosniff", "referrer-policy": "no-referrer"}
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>weather_platform: the API</title>
<link rel="icon" href="data:,">
{style}
</head>
<body>
<div id="docs"></div>
<script src="assets/{library}"></script>
<script src="assets/docs.js"></script>
</body>
</html>
"""
router = APIRouter(include_in_schema=False)


@router.get("/docs")
def docs() -> HTMLResponse:
    """Swagger UI: every operation, to try out."""
    style = '<link rel="stylesheet" href="assets/swagger-ui.css">'
    return HTMLResponse(_PAGE.format(style=style, library="swagger-ui-bundle.js"), headers=_HEADERS)


@router.get("/redoc")
def redoc() -> HTMLResponse:
    """ReDoc: the same operations, to read."""
    return HTMLResponse(_PAGE.format(style="", library="redoc.standalone.js"), headers=_HEADERS)
