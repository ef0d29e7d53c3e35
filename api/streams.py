"""Streamed answers, read from a store while sent: limits their number and always releases the store.

A stream holds a connection and an open transaction of its store until it ends. It ends with its last piece, when the
caller leaves, and when the caller takes nothing for a minute.
"""

import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from typing import Any

import anyio
from anyio import CancelScope, CapacityLimiter, to_thread
from starlette.requests import ClientDisconnect
from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from api.errors import TooBusy

STALLED_S = 60.0
"""A caller that reads nothing for this long is treated as gone."""
HEAD_ONLY = "weather.head_only"
"""Scope key of a request for headers only."""
_THREADS = 4
"""Threads that read for streams: with 40, `/livez` waits for Python's lock behind them (24 s, measured)."""


class Streams:
    """The streams of one application; `lease` gives each its place."""

    def __init__(self, at_once: int, what: str = "downloads") -> None:
        self._what = what
        self._at_once = at_once
        self._open = 0
        self._lock = threading.Lock()
        self.threads = CapacityLimiter(_THREADS)

    @property
    def open(self) -> int:
        """Number of running streams."""
        return self._open

    def lease(self) -> "Lease":
        """A place among the streams; TooBusy if none is free."""
        with self._lock:
            if self._open >= self._at_once:
                raise TooBusy(
                    f"{self._at_once} {self._what} are answered, as many as are allowed at once.",
                    "Send the same request again when one has ended.",
                )
            self._open += 1
        return Lease(self)

    def _give_back(self) -> None:
        with self._lock:
            self._open -= 1


class Lease:
    """A place among the streams, released once."""

    def __init__(self, streams: Streams) -> None:
        self.threads = streams.threads
        self._give_back: Callable[[], None] | None = streams._give_back  # noqa: SLF001  # a lease is part of them

    def end(self) -> None:
        give_back, self._give_back = self._give_back, None
        if give_back is not None:
            give_back()


class StreamedAnswer(StreamingResponse):
    """Pieces as they are read, in the streams' own threads. `close` is always called at the end."""

    def __init__(
        self,
        pieces: Iterator[bytes] | AsyncIterator[bytes],
        lease: Lease,
        close: Callable[[], None],
        headers: Mapping[str, str],
        *,
        status: int = 200,
        media_type: str,
    ) -> None:
        apart = pieces if isinstance(pieces, AsyncIterator) else _Pieces(pieces, lease.threads)
        super().__init__(apart, status, headers, media_type)
        self._lease = lease
        self._close = close

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_in_time(message: Message) -> None:
            try:
                with anyio.fail_after(STALLED_S):
                    await send(message)
            except TimeoutError as error:
                raise ClientDisconnect from error

        try:
            if scope.get(HEAD_ONLY):
                await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
                await send({"type": "http.response.body", "body": b""})
            else:
                await super().__call__(scope, receive, send_in_time)
        finally:
            with CancelScope(shield=True):
                await to_thread.run_sync(self._end, limiter=self._lease.threads)

    def _end(self) -> None:
        try:
            self._close()
        finally:
            self._lease.end()


class _Pieces(AsyncIterator[bytes]):
    """The items of an iterator, each read in a thread. Not an async generator: an abandoned one closes late."""

    def __init__(self, pieces: Iterator[bytes], threads: CapacityLimiter) -> None:
        self._pieces = pieces
        self._threads = threads

    async def __anext__(self) -> bytes:
        piece = await to_thread.run_sync(next, self._pieces, None, limiter=self._threads)
        if piece is None:
            raise StopAsyncIteration
        return piece


def close_all(*readers: Any) -> Callable[[], None]:
    """Closes what can be closed, the outermost first."""

    def close() -> None:
        for reader in readers:
            if callable(end := getattr(reader, "close", None)):
                end()

    return close
