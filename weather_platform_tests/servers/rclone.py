"""rclone's S3 server, as in the compose stack: objects are files, keys are checked, conditions are not known."""

import secrets
import shutil
import socket
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from weather_platform_tests.servers.process import LOOPBACK, Server, ServerMissing
from weather_platform_tests.servers.s3 import ACCESS_KEY, SECRET_KEY

_PROGRAM = Path(sys.executable).with_name("rclone")


class Rclone(Server):
    """``rclone serve s3`` over a folder."""

    name = "rclone"

    def prepare(self) -> None:
        if not _PROGRAM.exists():
            raise ServerMissing(self.name, "The wheel with rclone is not installed.", "Run: make test")
        (self.folder / "data").mkdir()

    def command(self) -> Sequence[str | Path]:
        return [
            *("env", f'RCLONE_AUTH_KEY="{ACCESS_KEY},{SECRET_KEY}"', _PROGRAM),
            *("--config", "/dev/null", "serve", "s3", "--addr", f"{LOOPBACK}:{self.port}", self.folder / "data"),
        ]

    def answers(self) -> bool:
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=1) as connection:
                connection.sendall(b"GET / HTTP/1.0\r\n\r\n")
                return connection.recv(5) == b"HTTP/"
        except OSError:
            return False

    @contextmanager
    def fresh_bucket(self) -> Iterator[str]:
        """The name of a new empty bucket, which is a folder, removed on exit; starts the server where it is stopped."""
        self.start()
        name = f"test-{secrets.token_hex(6)}"
        bucket = self.folder / "data" / name
        bucket.mkdir()
        yield name
        shutil.rmtree(bucket)

    @property
    def endpoint_url(self) -> str:
        """The address for boto3; the keys are those of `servers.s3`."""
        return f"http://{LOOPBACK}:{self.port}"
