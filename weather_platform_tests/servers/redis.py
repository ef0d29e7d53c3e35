"""Redis from Debian's packages: the broker of the compose stack's Celery workers."""

import shutil
import socket
from collections.abc import Sequence
from pathlib import Path

from weather_platform_tests.servers.process import LOOPBACK, Server, find_program

PACKAGES = "redis-tools"


class Redis(Server):
    """Redis with an append-only file, so that a queue outlives a killed server."""

    name = "Redis"

    def prepare(self) -> None:
        if shutil.which("redis-server") is None:
            # One binary is both, by the name it is called; Debian keeps it in redis-tools, and the package redis-server
            # would also install a daemon on port 6379.
            (self.folder / "redis-server").symlink_to(find_program(self.name, "redis-check-rdb", PACKAGES))

    def command(self) -> Sequence[str | Path]:
        return [
            shutil.which("redis-server") or self.folder / "redis-server",
            *("--port", str(self.port), "--bind", LOOPBACK, "--dir", self.folder),
            *("--save", "", "--appendonly", "yes"),
        ]

    def answers(self) -> bool:
        try:
            with socket.create_connection((LOOPBACK, self.port), timeout=1) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(7) == b"+PONG\r\n"
        except OSError:
            return False

    @property
    def url(self) -> str:
        """The address of its first database."""
        return f"redis://{LOOPBACK}:{self.port}/0"
