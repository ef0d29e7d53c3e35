"""Keeps foreign web pages away from Dagster's web application, which executes any request.

Dagster answers a mutation in the query of a GET, from any origin and under any host name (1.13.27): an ``<img>`` of any
page that a person looks at wipes the catalogue, starts schedules, deletes runs. The guard admits requests

* to a known host name (against DNS rebinding),
* from a page of the same origin, or from no page at all: programs, bookmarks, and links that open in a window,
* that act by POST with a type that a browser asks about before it sends it to a stranger,
* and, where a sign-in is set, with its name and password.
"""

import base64
import binascii
import hmac
from collections.abc import Collection
from typing import NamedTuple
from urllib.parse import urlsplit

from starlette.datastructures import Headers, QueryParams
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from starlette.websockets import WebSocketClose

LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
OPEN = "/server_info"
"""Versions alone: health checks ask for it without a sign-in."""
_SAFE = ("GET", "HEAD")
_TYPES = ("application/json", "application/graphql")
_POLICY_VIOLATION = 1008


class SignIn(NamedTuple):
    """The one name and password of the web application."""

    name: str
    password: str

    def admits(self, authorization: str) -> bool:
        scheme, _, encoded = authorization.partition(" ")
        try:
            offered = base64.b64decode(encoded, validate=True)
        except binascii.Error:
            return False
        wanted = f"{self.name}:{self.password}".encode()
        return scheme.lower() == "basic" and hmac.compare_digest(offered, wanted)


class _Refused(NamedTuple):
    status: int
    cause: str


class Guarded:
    """An application behind these rules."""

    def __init__(self, app: ASGIApp, hosts: Collection[str] = (), sign_in: SignIn | None = None) -> None:
        self._app = app
        self._hosts = LOOPBACK | {host.lower() for host in hosts}
        self._sign_in = sign_in

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refused = self._refusal(scope)
        if refused is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await WebSocketClose(_POLICY_VIOLATION, refused.cause)(scope, receive, send)
        else:
            asks = {"www-authenticate": 'Basic realm="Dagster"'} if refused.status == 401 else None
            await PlainTextResponse(f"{refused.cause}\n", refused.status, asks)(scope, receive, send)

    def _refusal(self, scope: Scope) -> _Refused | None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if _name_of(host) not in self._hosts:
            return _Refused(403, "This host name is not known here. Add it to WEATHER_DAGSTER_HOSTS.")
        if not self._is_from_here(scope, headers, host):
            return _Refused(403, "A page of another origin may not ask this.")
        if scope["type"] == "http":
            refused = _refused_way(scope, headers)
            if refused is not None:
                return refused
        if self._sign_in is None or scope["path"].endswith(OPEN):
            return None
        if self._sign_in.admits(headers.get("authorization", "")):
            return None
        return _Refused(401, "Sign in with the name and password of WEATHER_DAGSTER_LOGIN.")

    def _is_from_here(self, scope: Scope, headers: Headers, host: str) -> bool:
        origin = headers.get("origin")
        if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
            return False
        if headers.get("sec-fetch-site", "none") in ("same-origin", "none"):
            return True
        # A link on another page that opens here: it shows the person something, and its page reads nothing of it.
        return (
            scope.get("method") in _SAFE
            and headers.get("sec-fetch-mode") == "navigate"
            and headers.get("sec-fetch-dest") == "document"
        )


def _refused_way(scope: Scope, headers: Headers) -> _Refused | None:
    if scope["method"] in _SAFE:
        if "/graphql" in scope["path"] and "query" in QueryParams(scope["query_string"]):
            return _Refused(405, "GraphQL is asked by POST here.")
        return None
    if scope["method"] != "POST":
        return _Refused(405, "Use GET or POST.")
    if headers.get("content-type", "").partition(";")[0].strip().lower() not in _TYPES:
        return _Refused(415, f"Send {' or '.join(_TYPES)}.")
    return None


def _name_of(host: str) -> str:
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""
