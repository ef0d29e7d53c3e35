"""Two hosts of one deployment as processes: each with a home of its own, sharing nothing but the servers."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from weather_platform import names
from weather_platform.domain.months import Month
from weather_platform_tests.runtime.processes import Found, descendants
from weather_platform_tests.runtime.serving import Script, Serving, wait_for

_SERVE = """
from weather_platform.runtime.up import up
from weather_platform.settings import Settings

up(Settings.from_environment(), report=lambda news: print("news:", news), when_ready=lambda: print("ready"))
"""


class FirstHost(Serving):
    """Dagster's servers and a worker; `code` runs before they start."""

    def __init__(self, home: Path, port: int, environment: Mapping[str, str], code: str = "") -> None:
        home.mkdir(parents=True)
        self.home = home
        self.port = port
        Script.__init__(
            self, code + _SERVE, home, **{**environment, "WEATHER_HOME": str(home), "WEATHER_DAGSTER_PORT": str(port)}
        )

    def load(self, month: Month, cities: list[str]) -> str:
        """Launch a run that loads a month, and its id."""
        return self.client.submit_job_execution(
            names.LOAD_JOB,
            repository_location_name=names.LOCATION,
            repository_name=names.REPOSITORY,
            run_config={"ops": {names.RAW_OBSERVATIONS: {"config": {"cities": cities}}}},
            tags={"dagster/partition": str(month)},
        )


class SecondHost:
    """A worker, and nothing else."""

    def __init__(self, home: Path, environment: Mapping[str, str]) -> None:
        home.mkdir(parents=True)
        settings = {**os.environ, **environment, "WEATHER_HOME": str(home), "DAGSTER_HOME": str(home / "dagster")}
        subprocess.run([sys.executable, "-m", "weather_platform.runtime.instance"], env=settings, check=True)
        self._ready = home / "ready"
        command = [sys.executable, "-m", "weather_platform.runtime.worker", "--name", "second", "--slots", "1"]
        with (home / "log").open("w") as log:
            self.process = subprocess.Popen(
                [*command, "--module", "weather_platform.definitions", "--ready-file", str(self._ready)],
                env=settings,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until_ready(self) -> None:
        wait_for(self._ready.exists, "the second host's worker", timeout_s=90)

    def children(self) -> set[Found]:
        return descendants(self.process.pid)

    def freeze(self) -> None:
        os.killpg(self.process.pid, signal.SIGSTOP)
        time.sleep(0.2)  # what it was writing has arrived

    def thaw(self) -> None:
        os.killpg(self.process.pid, signal.SIGCONT)

    def kill(self) -> None:
        """As a power cut."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
