"""What MariaDB and MySQL have in common: accounts, addresses and databases."""

import os
import secrets
from abc import abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pymysql

from weather_platform_tests.servers.process import LOOPBACK, Server

USER = "weather"
PASSWORD = "p@ss/w:rd%"  # every sign that a URL must escape


class SqlServer(Server):
    """A server that speaks the MySQL protocol, with LOAD DATA LOCAL allowed and utf8mb4 throughout."""

    @abstractmethod
    def program(self) -> Sequence[str | Path]:
        """The server's program with the options that only this product needs."""

    def command(self) -> Sequence[str | Path]:
        return [
            *self.program(),
            f"--datadir={self.data}",
            self.own_tmpdir(),
            f"--init-file={self._accounts()}",
            f"--socket={self.folder / 's.sock'}",  # a path of at most 107 bytes
            f"--pid-file={self.folder / 'pid'}",
            f"--port={self.port}",
            f"--bind-address={LOOPBACK}",
            "--skip-name-resolve",
            "--local-infile=1",
            "--character-set-server=utf8mb4",
            "--innodb-buffer-pool-size=64M",
            # Every commit reaches the kernel, so a killed server loses nothing; only a power cut could.
            "--innodb-flush-log-at-trx-commit=2",
            *as_root(),
        ]

    @property
    def data(self) -> Path:
        """The server's own files."""
        return self.folder / "data"

    def own_tmpdir(self) -> str:
        """A folder of its own: MariaDB deletes the temporary tables that it finds at its start, also other servers'."""
        folder = self.folder / "tmp"
        folder.mkdir(exist_ok=True)
        return f"--tmpdir={folder}"

    def answers(self) -> bool:
        """Whether the platform's account can log in."""
        try:
            self.execute("SELECT 1")
        except pymysql.err.OperationalError:
            return False
        return True

    def url(self, database: str = "") -> str:
        """The address for SQLAlchemy, of one database or of the server."""
        return f"mysql+pymysql://{USER}:{quote(PASSWORD, safe='')}@{LOOPBACK}:{self.port}/{database}"

    @contextmanager
    def fresh_database(self) -> Iterator[str]:
        """The address of a new empty database, dropped on exit; starts the server where a test left it dead."""
        self.start()
        name = f"test_{secrets.token_hex(6)}"
        self.execute(f"CREATE DATABASE {name}")
        try:
            yield self.url(name)
        finally:
            self.start()
            self.execute(f"DROP DATABASE {name}")

    def execute(self, *statements: str) -> None:
        """Run statements as the platform's account, which may do everything."""
        connection = pymysql.connect(
            host=LOOPBACK, port=self.port, user=USER, password=PASSWORD, connect_timeout=5, autocommit=True
        )
        with connection, connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def _accounts(self) -> Path:
        """The statements that the server runs at each start, before it listens."""
        accounts = self.folder / "accounts.sql"
        accounts.write_text(
            f"CREATE USER IF NOT EXISTS '{USER}'@'%' IDENTIFIED BY '{PASSWORD}';\n"
            f"GRANT ALL ON *.* TO '{USER}'@'%' WITH GRANT OPTION;\n"
        )
        return accounts


def as_root() -> list[str]:
    """Both products refuse to run as root unless told that it is meant."""
    return ["--user=root"] if os.geteuid() == 0 else []
