"""A platform that serves: started, asked and stopped by a test."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TypeVar

import dagster as dg
from dagster_graphql import DagsterGraphQLClient

from weather_platform_tests.runtime.processes import Found, command, descendants

REPOSITORY = Path(__file__).resolve().parents[2]
GRAPH = "weather_platform_tests.runtime.trivial_graph"
ASSETS = [dg.AssetKey(name) for name in ("raw", "staged", "stats")]

Answer = TypeVar("Answer")


def wait_for(question: Callable[[], Answer | None], what: str, timeout_s: float = 60.0) -> Answer:
    """The first answer that is something; a failure that says `what` was waited for."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if answer := question():
            return answer
        time.sleep(0.05)
    raise AssertionError(f"waited {timeout_s:.0f} s without success for {what}")


class Script:
    """Python code that runs beside the test, in the main thread of a process of its own."""

    def __init__(self, code: str, folder: Path, **environment: str) -> None:
        self.printed_to = folder / "printed.txt"
        with self.printed_to.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-u", "-c", code],
                cwd=REPOSITORY,
                env={**os.environ, **environment},
                stdout=output,
                stderr=subprocess.STDOUT,
            )

    @property
    def printed(self) -> str:
        return self.printed_to.read_text()

    def wait_until_printed(self, text: str, timeout_s: float = 60.0) -> None:
        def seen() -> bool:
            assert self.process.poll() is None or text in self.printed, self.printed
            return text in self.printed

        wait_for(seen, f"{text!r} to be printed", timeout_s)

    def interrupt(self, timeout_s: float = 30.0) -> int:
        """Ctrl-C, and the exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
        return self.process.wait(timeout_s)


class Serving(Script):
    """`weather up` with the trivial graph."""

    def __init__(self, home: Path, port: int) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.home = home
        self.port = port
        super().__init__(_UP, home, WEATHER_HOME=str(home), WEATHER_DAGSTER_PORT=str(port))

    @cached_property
    def client(self) -> DagsterGraphQLClient:
        return DagsterGraphQLClient("127.0.0.1", port_number=self.port)

    @cached_property
    def instance(self) -> dg.DagsterInstance:
        """The events and runs as they are stored."""
        return dg.DagsterInstance.from_config(str(self.home / "dagster"))

    def launch(self, tags: dict[str, str]) -> str:
        return self.client.submit_job_execution(
            "__ASSET_JOB",
            repository_location_name="weather_platform",
            repository_name="__repository__",
            asset_selection=ASSETS,
            tags=tags,
        )

    def status(self, run_id: str) -> str:
        return str(self.client.get_run_status(run_id).value)

    def wait_for_status(self, run_id: str, *wanted: str) -> str:
        return wait_for(
            lambda: status if (status := self.status(run_id)) in wanted else None, f"the run to be {wanted}"
        )

    def wait_for_retry(self, run_id: str) -> str:
        """The id of the run that repeats `run_id`."""
        children = dg.RunsFilter(tags={"dagster/parent_run_id": run_id})
        return wait_for(lambda: next((run.run_id for run in self.instance.get_runs(children)), None), "a retry")

    def hold(self) -> None:
        """Let runs wait in their second step until `let_go`."""
        (self.home / "hold").touch()

    def let_go(self) -> None:
        (self.home / "hold").unlink()

    def wait_until_held(self, run_id: str) -> None:
        wait_for((self.home / f"held-{run_id}").exists, "the run to be in its second step")

    def executing_pid(self, run_id: str) -> int:
        """The worker's child that executes the run."""
        events = [entry.dagster_event for entry in self.instance.all_logs(run_id) if entry.dagster_event]
        pids = [event.engine_event_data.metadata["pid"] for event in events if _is_start(event)]
        return int(str(pids[-1].value))

    def worker(self) -> Found:
        """The worker's parent process."""
        workers = {found for found in descendants(self.process.pid) if "runtime.worker" in command(found)}
        children = {child for found in workers for child in descendants(found.pid)}
        (parent,) = workers - children
        return parent


def _is_start(event: dg.DagsterEvent) -> bool:
    return event.is_engine_event and "pid" in event.engine_event_data.metadata


_UP = f"""
from weather_platform.runtime.up import up
from weather_platform.settings import Settings

up(
    Settings.from_environment(),
    module_name={GRAPH!r},
    report=lambda news: print("news:", news),
    when_ready=lambda: print("ready"),
)
"""
