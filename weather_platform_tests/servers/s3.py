"""An S3 server in this process: moto's, which keeps conditional puts as S3 does."""

import logging
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from weather_platform_tests.servers.process import LOOPBACK, free_port

if TYPE_CHECKING:
    from moto.server import ThreadedMotoServer
    from mypy_boto3_s3 import S3Client

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
        self._server: ThreadedMotoServer | None = None

    @property
    def endpoint_url(self) -> str:
        """The address for boto3."""
        return f"http://{LOOPBACK}:{self.port}"

    def start(self) -> None:
        """Start; nothing to do where it runs already. The first time costs 1.4 s of imports."""
        from moto.server import ThreadedMotoServer

        if self._server is None:
            logging.getLogger("werkzeug").setLevel(logging.WARNING)  # not a line for every request
            self._server = ThreadedMotoServer(LOOPBACK, self.port, verbose=False)
            self._server.start()

    def stop(self) -> None:
        """Answer what was begun, and nothing more."""
        server, self._server = self._server, None
        if server is not None:
            server.stop()

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
