"""The wire between the platform and one store: a TCP proxy that delays, cuts, half-closes and loses answers."""

import socket
import struct
import threading
import time
from collections.abc import Callable
from types import TracebackType
from typing import Literal, NamedTuple, Self

from weather_platform_tests.servers.process import LOOPBACK, free_port

Harm = Literal["delay", "cut", "half-close", "lose", "down"]
_DELAY_S = 0.03
_DELAYED = 5
"""Answers in a row that are late: the delay is that of a slow link, not of a dead one."""
_CHUNK_BYTES = 1 << 16


class Fault(NamedTuple):
    """What befalls the nth answer of the server, counted from 0.

    `delay`: it and the next ones come late. `cut`: its first half arrives, then the connection is reset. `half-close`:
    its first half arrives, then the server seems to have ended the conversation. `lose`: it was sent, and the
    connection ends before it arrives. `down`: as `lose`, and all other connections end, and no new one is accepted.
    """

    harm: Harm
    nth: int
    to: bytes = b""
    """Count only answers to requests with these bytes in them, such as a COMMIT."""
    then: Callable[[], None] = lambda: None
    """Called at that moment, as to kill the server."""


class Wire:
    """Listens on a port of its own and passes everything on to `target`."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = free_port()
        self.answers = 0
        """Answers passed on since `expect`."""
        self.struck = False
        """Whether the expected fault has happened."""
        self._fault: Fault | None = None
        self._matching = 0
        self._late = 0
        self._lock = threading.Lock()
        self._listening: socket.socket | None = None
        self._open: set[socket.socket] = set()

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def expect(self, fault: Fault | None) -> None:
        """Count from 0 again, and do this where the count says so."""
        with self._lock:
            self.answers = self._matching = self._late = 0
            self.struck = False
            self._fault = fault

    def open(self) -> None:
        """Pass on from now on, without faults."""
        self.expect(None)
        if self._listening is None:
            self._listening = socket.create_server((LOOPBACK, self.port), backlog=128)
            threading.Thread(target=self._accept, args=(self._listening,), daemon=True).start()

    def cut(self) -> None:
        """Refuse connections, and end those there are."""
        listening, self._listening = self._listening, None
        if listening is not None:
            listening.shutdown(socket.SHUT_RDWR)
            listening.close()
        for end in list(self._open):
            _close(end)
        self._open.clear()

    def __enter__(self) -> Self:
        self.open()
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.cut()

    def _accept(self, listening: socket.socket) -> None:
        while True:
            try:
                near, _ = listening.accept()
            except OSError:
                return
            try:
                far = socket.create_connection((LOOPBACK, self.target), timeout=60)
            except OSError:  # the server is down
                _reset(near)
                continue
            for end in (near, far):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._open |= {near, far}
            talk = _Talk(near, far)
            threading.Thread(target=self._ask, args=(talk,), daemon=True).start()
            threading.Thread(target=self._answer, args=(talk,), daemon=True).start()

    def _ask(self, talk: "_Talk") -> None:
        try:
            while chunk := talk.near.recv(_CHUNK_BYTES):
                talk.asked = chunk
                talk.far.sendall(chunk)
        except OSError:
            pass
        finally:
            self._end(talk)

    def _answer(self, talk: "_Talk") -> None:
        try:
            while chunk := talk.far.recv(_CHUNK_BYTES):
                if (fault := self._due(talk)) is None:
                    if self._late:
                        time.sleep(_DELAY_S)
                    talk.near.sendall(chunk)
                    continue
                fault.then()
                if fault.harm == "delay":
                    time.sleep(_DELAY_S)
                    talk.near.sendall(chunk)
                    continue
                if fault.harm in ("cut", "half-close"):
                    talk.near.sendall(chunk[: len(chunk) // 2])
                if fault.harm == "half-close":
                    talk.near.shutdown(socket.SHUT_WR)
                    continue
                if fault.harm == "down":
                    self.cut()
                _reset(talk.near)
                return
        except OSError:
            pass
        finally:
            self._end(talk)

    def _due(self, talk: "_Talk") -> Fault | None:
        with self._lock:
            self.answers += 1
            self._late = max(self._late - 1, 0)
            fault = self._fault
            if fault is None or fault.to not in talk.asked:
                return None
            self._matching += 1
            if self._matching <= fault.nth:
                return None
            self._fault = None
            self.struck = True
            if fault.harm == "delay":
                self._late = _DELAYED
            return fault

    def _end(self, talk: "_Talk") -> None:
        for end in (talk.near, talk.far):
            _close(end)
            self._open.discard(end)


class _Talk:
    """A connection: the platform's end, the server's end, and what was asked last."""

    def __init__(self, near: socket.socket, far: socket.socket) -> None:
        self.near = near
        self.far = far
        self.asked = b""


def _reset(end: socket.socket) -> None:
    """Close with a RST, as a firewall or a crashed machine does."""
    try:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    except OSError:
        return
    _close(end)


def _close(end: socket.socket) -> None:
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # the other side was first
    finally:
        end.close()
