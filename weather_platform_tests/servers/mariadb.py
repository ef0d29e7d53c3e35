"""MariaDB from Debian's packages: the SQL server of every test run."""

import subprocess
from collections.abc import Sequence
from pathlib import Path

from weather_platform_tests.servers.process import find_program
from weather_platform_tests.servers.sql import SqlServer, as_root

PACKAGES = "mariadb-server-core mariadb-client-core"
_SMALL = "--innodb-log-file-size=8M"  # a data folder of 26 MB instead of 114 MB


class MariaDB(SqlServer):
    """MariaDB; about a second for the data folder, then a quarter of a second a start."""

    name = "MariaDB"

    def prepare(self) -> None:
        made = subprocess.run(
            [
                find_program(self.name, "mariadb-install-db", PACKAGES),
                "--no-defaults",
                f"--datadir={self.data}",
                self.own_tmpdir(),
                "--auth-root-authentication-method=normal",
                "--skip-test-db",
                "--skip-name-resolve",
                _SMALL,
                *as_root(),
            ],
            capture_output=True,
            check=False,
        )
        self.log.write_bytes(made.stdout + made.stderr)
        made.check_returncode()

    def program(self) -> Sequence[str | Path]:
        return [find_program(self.name, "mariadbd", PACKAGES), "--no-defaults", _SMALL]
