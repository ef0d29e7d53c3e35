"""A real HTTP server on a loopback port that answers as told, faults of the network included."""

import socket
import threading
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit


class Request(NamedTuple):
    path: str
    query: dict[str, str]
    headers: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`cut_after` drops the connection after that many bytes of the body, `hangs` sends nothing at all."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    chunked: bool = False
    cut_after: int | None = None
    hangs: bool = False


class WebServer:
    """What was asked, and the faults to answer with first, by the end of the path."""

    def __init__(self, answer: Callable[[Request], Answer]) -> None:
        self.requests: list[Request] = []
        self.faults: defaultdict[str, deque[Answer]] = defaultdict(deque)
        self.url = ""
        self.closing = threading.Event()
        self._answer = answer

    def answer(self, request: Request) -> Answer:
        self.requests.append(request)
        for path_end, faults in self.faults.items():
            if faults and request.path.endswith(path_end):
                return faults.popleft()
        return self._answer(request)

    @property
    def paths(self) -> list[str]:
        """The last part of each path asked for."""
        return [request.path.rsplit("/", 1)[-1] for request in self.requests]


@contextmanager
def serving(answer: Callable[[Request], Answer]) -> Iterator[WebServer]:
    web = WebServer(answer)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        wbufsize = -1  # head and body leave together: apart, each answer waits 40 ms for a delayed ACK

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            answer = web.answer(Request(parts.path, dict(parse_qsl(parts.query)), dict(self.headers)))
            if answer.hangs:
                web.closing.wait()
                self.close_connection = True
                return
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            if answer.chunked:
                self.send_header("Transfer-Encoding", "chunked")
            elif answer.status != 304:
                self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            self._send_body(answer)

        def _send_body(self, answer: Answer) -> None:
            body = answer.body[: answer.cut_after]
            self.wfile.write(b"%x\r\n%b\r\n" % (len(body), body) if answer.chunked and body else body)
            if answer.cut_after is not None:
                self.wfile.flush()
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
            elif answer.chunked:
                self.wfile.write(b"0\r\n\r\n")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the base class names it so
            """Tests read `requests` instead."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    web.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield web
    finally:
        web.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()
