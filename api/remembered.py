"""Caches answers of reading routes until the stores change: looked up before routing, compressed once.

Every request still learns whether its answer holds: it waits for a store token that was requested after it arrived. One
token serves all requests that wait for it, so an answer is never older than its request. An answer is cached from its
second request on: most are requested once.
"""

import asyncio
import math
import sqlite3
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple

from anyio import CapacityLimiter, to_thread
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems
from api.caching import is_known
from api.streams import HEAD_ONLY
from weather_platform.domain.errors import WeatherError

STANDS_S = "weather.stands_s"
"""In the scope of a request: how long its answer may be repeated, where it depends on more than the stores' token."""
LARGEST_BYTES = 1_000_000
"""Of a remembered answer; longer ones are streamed from the stores each time."""
ALL_BYTES = 48_000_000
_OF_AN_ANSWER = 2_000
"""Bytes beside the body: headers, key, dictionaries."""
_SILENT_S = 30.0
"""How long a store that did not answer is left alone: the routes ask it anyway."""
_SHAPED_BY = {"accept": "*/*", "host": "", "origin": ""}
"""Headers that shape an answer, with what they mean if left out; beside them, whether it may be compressed."""

_OF_UNCHANGED = (b"etag", b"cache-control", b"vary", b"access-control-allow-origin")

Key = tuple[str, ...]


class Answer(NamedTuple):
    """One cached answer, as passed to the server."""

    token: str
    """What the stores said before it was made."""
    headers: list[tuple[bytes, bytes]]
    body: bytes
    route: Any
    until: float
    """By the monotonic clock."""


class StoreToken:
    """Asks the stores for their token, one call at a time for any number of waiters."""

    def __init__(self, token: Callable[[], str]) -> None:
        self._token = token
        self._threads = CapacityLimiter(1)
        self._turn = asyncio.Lock()
        self._next: asyncio.Task[str | None] | None = None
        self._silent_until = 0.0

    async def after_now(self) -> str | None:
        """The token from a call that begins after this one; None if a store does not answer."""
        if time.monotonic() < self._silent_until:
            return None
        if self._next is None:
            self._next = asyncio.create_task(self._read())
        return await asyncio.shield(self._next)

    async def _read(self) -> str | None:
        async with self._turn:
            self._next = None  # a request from now on needs a later read
            return await to_thread.run_sync(self._asked, limiter=self._threads)

    def _asked(self) -> str | None:
        try:
            return self._token()
        except (WeatherError, OSError, sqlite3.Error):  # the route asks too, and answers with cause and cure
            self._silent_until = time.monotonic() + _SILENT_S
            return None


class Remembered:
    """Middleware that repeats an earlier answer if nothing has changed.

    Remembers whole answers of GET with status 200 and a weak ETag (`api.caching`); the least recently used go first.
    Callers are admitted as in the routes.
    """

    def __init__(self, app: ASGIApp, token: Callable[[], str], admit: Callable[[Request], object]) -> None:
        self._app = app
        self._store_token = StoreToken(token)
        self._admit = admit
        self._answers: OrderedDict[Key, Answer | None] = OrderedDict()
        """None where a request was seen once."""
        self._bytes = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope) if scope["type"] == "http" else Headers()
        if scope["type"] != "http" or scope["method"] != "GET" or scope.get(HEAD_ONLY) or "range" in headers:
            await self._app(scope, receive, send)
            return
        key = _key(scope, headers)
        token = await self._store_token.after_now() if key in self._answers else None
        found = self._answers.get(key)
        if found is None or token is None or found.token != token or found.until < time.monotonic():
            await self._app(scope, receive, self._noting(key, token, scope, send))
            return
        self._answers.move_to_end(key)
        scope["route"] = found.route
        await (await self._again(Request(scope), found))(scope, receive, send)

    async def _again(self, request: Request, found: Answer) -> Response:
        try:
            self._admit(request)
        except WeatherError as error:
            return await problems.answer_of(request, error)
        told = Headers(raw=found.headers)
        if is_known(told["etag"], request.headers.get("if-none-match", "")):
            unchanged = Response(status_code=304)
            unchanged.raw_headers = [header for header in found.headers if header[0] in _OF_UNCHANGED]
            return unchanged
        again = Response(found.body)
        again.raw_headers = list(found.headers)
        return again

    def _noting(self, key: Key, token: str | None, scope: Scope, send: Send) -> Send:
        """A `send` that remembers an answer made after the stores gave `token`; without one, only that it was asked."""
        start: Message | None = None
        pieces: list[bytes] = []

        async def send_noting(message: Message) -> None:
            nonlocal start
            if message["type"] == "http.response.start" and _may_be_remembered(message):
                if key not in self._answers:
                    self._keep(key, None)
                start = {**message, "headers": list(message["headers"])} if token is not None else None
            elif message["type"] == "http.response.body" and start is not None and token is not None:
                pieces.append(message.get("body", b""))
                if sum(map(len, pieces)) > LARGEST_BYTES:
                    start = None
                    pieces.clear()
                elif not message.get("more_body", False):
                    body, until = b"".join(pieces), time.monotonic() + scope.get(STANDS_S, math.inf)
                    self._keep(key, Answer(token, _whole(start["headers"], body), body, scope.get("route"), until))
            await send(message)

        return send_noting

    def _keep(self, key: Key, answer: Answer | None) -> None:
        self._bytes += _size(answer) - (_size(self._answers.pop(key)) if key in self._answers else 0)
        self._answers[key] = answer
        while self._bytes > ALL_BYTES:
            _, oldest = self._answers.popitem(last=False)
            self._bytes -= _size(oldest)


def _whole(headers: list[tuple[bytes, bytes]], body: bytes) -> list[tuple[bytes, bytes]]:
    """The headers with the length, which a streamed answer lacks."""
    return [*(each for each in headers if each[0] != b"content-length"), (b"content-length", b"%d" % len(body))]


def _size(answer: Answer | None) -> int:
    return _OF_AN_ANSWER + (len(answer.body) if answer else 0)


def _may_be_remembered(start: Message) -> bool:
    """Only answers whose ETag follows from the stores' revisions; those of raw files are strong."""
    return start["status"] == 200 and any(
        name == b"etag" and value.startswith(b"W/") for name, value in start["headers"]
    )


def _key(scope: Scope, headers: Headers) -> Key:
    """Everything an answer depends on besides the stores."""
    compressed = "gzip" if "gzip" in headers.get("accept-encoding", "") else ""
    place = (scope["scheme"], scope.get("root_path", ""), scope["path"], scope["query_string"].decode("latin-1"))
    return (*place, *(headers.get(name, default) for name, default in _SHAPED_BY.items()), compressed)
