"""Parts of Parquet answers by `Range`: polars and DuckDB read the end of a file first, then the columns that they need.

An answer is made while it is sent, so its length is known only at its end. For a caller that asks for a range, or for
the headers alone, the whole is written to a temporary file, and ranges are answered from that.
"""

import asyncio
import os
import tempfile
import time
import weakref
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from pathlib import Path

from anyio import to_thread
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api import problems
from api.ranges import asked_part
from api.streams import HEAD_ONLY
from weather_platform.domain.errors import StoreFull, WeatherError
from weather_platform.tables import Format

_MOST_FILES = 16
_MOST_BYTES = 1 << 30
_GOES_ON_S = 60.0
"""A caller that read the end of a file reads on in the same one for so long: a part of a newer one would not fit."""
_PIECE_BYTES = 1 << 20
_PARQUET = (Format.PARQUET.media_type, "application/parquet")


class Kept:
    """One answer, whole, in a file without a name; it goes with the last one that reads it."""

    def __init__(self, headers: Headers) -> None:
        self.headers = headers
        self.size_bytes = 0
        self.used = time.monotonic()
        self._file, path = tempfile.mkstemp(prefix="weather-")
        Path(path).unlink()

    def __del__(self) -> None:
        os.close(self._file)

    def write(self, body: memoryview) -> memoryview:
        """Append, and return what is left to write; OSError if the disk is full."""
        count = os.write(self._file, body)
        self.size_bytes += count
        return body[count:]

    def answer(self, request: Request) -> Response:
        """The part that is asked for."""
        part = asked_part(request, self.size_bytes, self.headers.get("etag", ""))
        headers = MutableHeaders(raw=[*self.headers.raw])
        headers.update(part.headers)
        if request.scope.get(HEAD_ONLY):
            return Response(None, part.status, headers)
        return StreamingResponse(self._pieces(part.first, part.last), part.status, headers)

    async def _pieces(self, first: int, last: int) -> AsyncIterator[bytes]:
        for at in range(first, last + 1, _PIECE_BYTES):
            yield await to_thread.run_sync(os.pread, self._file, min(_PIECE_BYTES, last + 1 - at), at)


class Ranged:
    """Middleware that answers ranges and heads of Parquet; all else goes on as it came."""

    def __init__(self, app: ASGIApp, admit: Callable[[Request], object]) -> None:
        self._app = app
        self._admit = admit
        self._kept: OrderedDict[tuple[str, ...], Kept] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] != "GET" or not _is_asked_in_parts(scope):
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        key = (request.headers.get("accept", ""), str(request.url))
        kept = self._kept.get(key)
        begins = scope.get(HEAD_ONLY) or request.headers.get("range", "").startswith("bytes=-")
        try:
            if kept is None or begins or time.monotonic() - kept.used > _GOES_ON_S:
                kept = await self._made(scope, receive, send)
                if kept is None:  # answered already
                    return
                self._keep(key, kept)
            else:
                self._admit(request)
            kept.used = time.monotonic()
            answer = kept.answer(request)
        except WeatherError as error:
            answer = await problems.answer_of(request, error)
        await answer(scope, receive, send)

    async def _made(self, scope: Scope, receive: Receive, send: Send) -> Kept | None:
        """The whole answer in a file; None where it is not Parquet, and was sent on."""
        kept: Kept | None = None
        is_whole = False
        full: OSError | None = None

        async def write(message: Message) -> None:
            nonlocal kept, is_whole, full
            if message["type"] == "http.response.start":
                headers = Headers(raw=message["headers"])
                if message["status"] == 200 and headers.get("content-type") in _PARQUET:
                    kept = Kept(headers)
                    return
            if kept is None:
                await send(message)
            else:
                try:
                    await self._write(kept, message.get("body", b""))
                except OSError as error:
                    full = error
                    raise ClientDisconnect from error  # the only end that an answer expects once it has begun
                is_whole = not message.get("more_body", False)

        whole = [(name, value) for name, value in scope["headers"] if name not in (b"range", b"accept-encoding")]
        try:
            await self._app({**scope, "headers": whole, HEAD_ONLY: False}, receive, write)
        except ClientDisconnect:
            if full is None:
                raise
            cause = f"The file cannot be kept for reading by ranges: {full.strerror}."
            raise StoreFull(cause, "Free space on the API's disk, or read it without `Range`.") from full
        if kept is not None and not is_whole:
            raise ClientDisconnect
        return kept

    async def _write(self, kept: Kept, body: bytes) -> None:
        """Append; files kept for others make room. OSError if the disk is full all the same."""
        rest = memoryview(body)
        while rest:
            try:
                rest = await to_thread.run_sync(kept.write, rest)
            except OSError:
                if not self._kept:
                    raise
                self._kept.popitem(last=False)

    def _keep(self, key: tuple[str, ...], kept: Kept) -> None:
        asyncio.get_running_loop().call_later(_GOES_ON_S, self._drop, key, weakref.ref(kept))
        self._kept[key] = kept
        self._kept.move_to_end(key)
        while len(self._kept) > _MOST_FILES or sum(one.size_bytes for one in self._kept.values()) > _MOST_BYTES:
            self._kept.popitem(last=False)

    def _drop(self, key: tuple[str, ...], made: "weakref.ref[Kept]") -> None:
        """Uploads wait on the same disk: a file goes when its readers are gone."""
        kept = made()
        if kept is None or self._kept.get(key) is not kept:
            return
        left_s = kept.used + _GOES_ON_S - time.monotonic()
        if left_s > 0:
            asyncio.get_running_loop().call_later(left_s, self._drop, key, made)
        else:
            del self._kept[key]


def _is_asked_in_parts(scope: Scope) -> bool:
    headers = Headers(scope=scope)
    if "range" not in headers and not scope.get(HEAD_ONLY):
        return False
    query = scope["query_string"].decode("latin-1")
    return "format=parquet" in query or (
        "format=" not in query and any(kind in headers.get("accept", "") for kind in _PARQUET)
    )
