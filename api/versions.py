"""Versioned paths: `/v1/curated` is `/curated`, and its links stay below `/v1`."""

from starlette.types import ASGIApp, Receive, Scope, Send

VERSION = "/v1"


class Versioned:
    """Moves the version from the path to the root path; paths without a version stay unchanged."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            versioned = scope.get("root_path", "") + VERSION
            if scope["path"] == versioned or scope["path"].startswith(f"{versioned}/"):
                scope = {**scope, "root_path": versioned}
        await self._app(scope, receive, send)
