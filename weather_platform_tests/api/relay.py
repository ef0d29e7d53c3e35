"""A wire that a test can cut: connections to it are passed on to another port, until it is closed."""

import socket
import threading
from types import TracebackType
from typing import Self

from weather_platform_tests.servers.process import LOOPBACK, free_port


class Relay:
    """Listens on a port of its own and passes everything on to `target`; `cut` ends all of it at once."""

    def __init__(self, target: int) -> None:
        self.target = target
        self.port = free_port()
        self._listening: socket.socket | None = None
        self._open: list[socket.socket] = []

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def open(self) -> None:
        """Pass on from now on."""
        if self._listening is None:
            self._listening = socket.create_server((LOOPBACK, self.port))
            threading.Thread(target=self._accept, args=(self._listening,), daemon=True).start()

    def cut(self) -> None:
        """Refuse connections, and end those there are."""
        listening, self._listening = self._listening, None
        if listening is not None:
            listening.shutdown(socket.SHUT_RDWR)
            listening.close()
        for end in self._open:
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
                far = socket.create_connection((LOOPBACK, self.target), timeout=60)
            except OSError:
                return
            self._open += [near, far]
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=_pass_on, args=(source, sink), daemon=True).start()


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    try:
        while chunk := source.recv(1 << 16):
            sink.sendall(chunk)
    except OSError:
        pass
    finally:
        _close(source)
        _close(sink)


def _close(end: socket.socket) -> None:
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        return
    end.close()
