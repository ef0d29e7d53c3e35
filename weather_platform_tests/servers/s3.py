"""An S3 server in this process: moto's, which keeps conditional puts as S3 does."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, Self

from weather_platform_tests.servers.process import LOOPBACK, free_port

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client
    from werkzeug.serving import BaseWSGIServer

ACCESS_KEY = "weather"
SECRET_KEY = "weather-secret"
REGION: Final = "eu-west-3"


class S3Server:
    """moto's server on a port of its own.

    ``stop`` refuses every connection from then on; ``start`` comes back on the same port with the same objects, which
    live in this process.
    """

    name = "S3"

    def __init__(self) -> None:
        self.port = free_port()
        self._server: BaseWSGIServer | None = None
        self._thread: Thread | None = None

    @property
    def endpoint_url(self) -> str:
        """The address for boto3."""
        return f"http://{LOOPBACK}:{self.port}"

    def start(self) -> None:
        """Start; nothing to do where it runs already. The first time costs 1.4 s of imports."""
        if self._server is not None:
            return
        self._server = _moto_server(self.port)
        self._thread = Thread(target=self._server.serve_forever, name="moto", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Answer what was begun, and nothing more."""
        server, self._server = self._server, None
        if server is not None and self._thread is not None:
            server.shutdown()
            self._thread.join()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def client(self) -> "S3Client":
        """A boto3 client of this server."""
        import boto3

        return boto3.client(
            "s3",
            endpoint_url=self.endpoint_url,
            region_name=REGION,
            aws_access_key_id=ACCESS_KEY,
            aws_secret_access_key=SECRET_KEY,
        )

    @contextmanager
    def fresh_bucket(self) -> Iterator[str]:
        """The name of a new empty bucket, removed on exit; starts the server where a test left it stopped."""
        self.start()
        client = self.client()
        name = f"test-{secrets.token_hex(6)}"
        client.create_bucket(Bucket=name, CreateBucketConfiguration={"LocationConstraint": REGION})
        yield name
        self.start()
        for page in client.get_paginator("list_objects_v2").paginate(Bucket=name):
            for entry in page.get("Contents", []):
                client.delete_object(Bucket=name, Key=entry["Key"])
        client.delete_bucket(Bucket=name)
        client.close()


def _moto_server(port: int) -> "BaseWSGIServer":
    """What moto's `ThreadedMotoServer` makes, without kept-alive connections, which it goes on serving when stopped."""
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, MotoRequestHandler, create_backend_app
    from werkzeug.serving import make_server

    class OneRequestAConnection(MotoRequestHandler):
        def send_response(self, code: int, message: str | None = None) -> None:
            super().send_response(code, message)
            self.send_header("Connection", "close")

        def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002  # the name of the base class
            """A line a request is noise in a test's output."""

    app = DomainDispatcherApplication(create_backend_app)
    return make_server(LOOPBACK, port, app, threaded=True, request_handler=OneRequestAConnection)
