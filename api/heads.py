"""HEAD, as load balancers and `curl -I` ask it: what GET would answer, without the body."""

from starlette.types import ASGIApp, Receive, Scope, Send


class Heads:
    """Has every GET route answer HEAD too; counted and logged as a GET.

    In a copy of the scope: the server, which holds the original, leaves the body out.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "HEAD":
            scope = {**scope, "method": "GET"}
        await self._app(scope, receive, send)
