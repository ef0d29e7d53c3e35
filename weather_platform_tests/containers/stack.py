"""The stack in containers as its users see it: compose, Dagster, the API."""

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import httpx2 as httpx
from dagster import DagsterRunStatus
from dagster_graphql import DagsterGraphQLClient, DagsterGraphQLClientError
from requests.auth import HTTPBasicAuth

from api.orchestrator import Orchestrator
from weather_platform import names
from weather_platform.domain.errors import WeatherError
from weather_platform.domain.months import Month
from weather_platform_tests.runtime.backfills import BACKFILL_GAVE_UP, backfill_status, launch_backfill

PROJECT = "weather-try"
PORTS = {"DAGSTER_PORT": 13010, "API_PORT": 18010, "SITE_PORT": 18060}
HEALTHY_TIMEOUT_S = 300
SETTLED_TIMEOUT_S = 600
RETRIED_WITHIN_S = 90.0
"""A retry that was given up is requested again by `forgotten_retries`."""
COMPARED = ("metrics", "extreme_events", "observations", "expected")
Documents = dict[str, dict[str, Any]]
_OPEN_RUNS = """
query Open {
  runsOrError(filter: {statuses: [NOT_STARTED, QUEUED, MANAGED, STARTING, STARTED, CANCELING]}) {
    ... on Runs { results { runId status } }
  }
}
"""


class NotAsItShouldBe(Exception):
    """What the story found."""


def say(text: str) -> None:
    sys.stdout.write(f"{time.strftime('%H:%M:%S')} {text}\n")
    sys.stdout.flush()


class Stack:
    """The stack as its users see it: compose, Dagster, the API."""

    def __init__(self, env_file: Path, *files: str) -> None:
        self._files = [argument for file in files for argument in ("-f", file)]
        self.env_file = env_file
        settings = dict(line.split("=", 1) for line in env_file.read_text().splitlines() if "=" in line[1:])
        key = {"x-api-key": settings["WEATHER_API_KEY"]}
        self.key = settings["WEATHER_API_KEY"]
        self.api = httpx.Client(base_url=f"http://127.0.0.1:{PORTS['API_PORT']}", headers=key, timeout=900)
        name, _, password = settings["WEATHER_DAGSTER_LOGIN"].partition(":")
        self.dagster = Orchestrator(f"http://127.0.0.1:{PORTS['DAGSTER_PORT']}", (name, password))
        self._graphql = DagsterGraphQLClient(
            "127.0.0.1", port_number=PORTS["DAGSTER_PORT"], auth=HTTPBasicAuth(name, password)
        )

    def compose(self, *arguments: str, quiet: bool = True) -> str:
        command = ["docker", "compose", "-p", PROJECT, "--env-file", str(self.env_file), *self._files, *arguments]
        environment = {**os.environ, "WEATHER_API_KEY": self.key}  # for `exec -e`; a command line can be read by all
        done = subprocess.run(command, capture_output=quiet, text=True, check=False, env=environment)
        if done.returncode:
            raise NotAsItShouldBe(f"docker compose {' '.join(arguments)}: {(done.stderr or '')[-2000:]}")
        return done.stdout or ""

    def up(self, *more: str) -> None:
        began = time.monotonic()
        self.compose("up", "--build", "--detach", "--wait", *more)
        say(f"up and healthy after {time.monotonic() - began:.0f} s")

    def containers(self, service: str = "") -> list[dict[str, Any]]:
        printed = self.compose("ps", "--all", "--format", "json", *([service] if service else []))
        return [json.loads(line) for line in printed.splitlines()]

    def wait_until_healthy(self) -> None:
        def healthy() -> bool:
            running = [found for found in self.containers() if found["Service"] != "init"]
            return all(found["Health"] == "healthy" for found in running)

        time.sleep(1)  # a container that died a moment ago may still be called healthy
        wait_for(healthy, "every container to be healthy", HEALTHY_TIMEOUT_S)

    def kill(self, *services: str) -> None:
        """SIGKILL to the containers' first processes, as a crash; `docker kill` would keep them from restarting."""
        containers = [found["ID"] for service in services for found in self.containers(service)]
        pids = subprocess.check_output(["docker", "inspect", "-f", "{{.State.Pid}}", *containers], text=True)
        for pid in pids.split():
            os.kill(int(pid), signal.SIGKILL)

    def pause(self, service: str, seconds: float) -> None:
        """Stop the container's processes for a while; its connections stay open."""
        (container,) = (found["ID"] for found in self.containers(service))
        subprocess.run(["docker", "pause", container], check=True, capture_output=True)
        try:
            time.sleep(seconds)
        finally:
            subprocess.run(["docker", "unpause", container], check=True, capture_output=True)

    def script(self, *command: str | Path, check: bool = True) -> "subprocess.CompletedProcess[str]":
        """A script or a command of the documentation, told which stack is meant."""
        environment = {**os.environ, "COMPOSE_PROJECT_NAME": PROJECT, "COMPOSE_ENV_FILES": str(self.env_file)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if check and done.returncode:
            raise NotAsItShouldBe(f"{' '.join(map(str, command))}: {done.stdout[-1000:]}{done.stderr[-2000:]}")
        return done

    def first_load(self) -> None:
        """The check that `make compose` ends with."""
        say(self.compose("exec", "-T", "-e", "WEATHER_API_KEY", "api", "python", "first_load.py"))

    def load(self, *months: Month) -> list[str]:
        """Launch a run of each month, and their ids."""
        return [
            self._graphql.submit_job_execution(
                names.LOAD_JOB,
                repository_location_name=names.LOCATION,
                repository_name=names.REPOSITORY,
                tags={"dagster/partition": str(month)},
            )
            for month in months
        ]

    def backfill(self, months: Sequence[Month]) -> str:
        """Launch a backfill of all assets, as the button of Dagster's UI does, and its id."""
        return launch_backfill(self._graphql, months)

    def wait_for_backfill(self, backfill_id: str) -> None:
        def done() -> bool:
            with contextlib.suppress(DagsterGraphQLClientError):  # Dagster itself may be the one that restarts
                status = backfill_status(self._graphql, backfill_id)
                if status in BACKFILL_GAVE_UP:
                    raise NotAsItShouldBe(f"backfill {backfill_id} ended as {status}")
                return status == "COMPLETED_SUCCESS"
            return False

        wait_for(done, f"backfill {backfill_id} to end well", SETTLED_TIMEOUT_S)

    def wait_for_runs(self, run_ids: Sequence[str]) -> int:
        """Wait until each run, or the last of its retries, is done; how many retries there were."""
        return sum(self._wait_for_run(run_id) for run_id in run_ids)

    def _wait_for_run(self, run_id: str) -> int:
        failed_at: list[float] = []

        def done() -> bool:
            with contextlib.suppress(WeatherError, DagsterGraphQLClientError):  # Dagster may be what was killed
                status = self._graphql.get_run_status(self._tries(run_id)[0])
                if status is not DagsterRunStatus.FAILURE:
                    failed_at.clear()
                    return status is DagsterRunStatus.SUCCESS
                failed_at.append(time.monotonic())
                if failed_at[-1] - failed_at[0] > RETRIED_WITHIN_S:
                    raise NotAsItShouldBe(f"run {run_id} failed: {self.dagster.trouble(self._tries(run_id)[0]).cause}")
            return False

        wait_for(done, f"run {run_id} to end well", SETTLED_TIMEOUT_S)
        return len(self._tries(run_id)) - 1

    def _tries(self, run_id: str) -> list[str]:
        """The run and its retries, newest first."""
        return [*(run.run_id for run in self.dagster.runs("dagster/root_run_id", run_id)), run_id]

    def open_runs(self) -> list[str]:
        """Runs that have not ended, with their states."""
        found = self._graphql._execute(_OPEN_RUNS)["runsOrError"]["results"]
        return [f"{run['runId']} {run['status']}" for run in found]

    def ingest(self, file: Path, way: str, problems: list[str] | None = None) -> dict[str, Any]:
        """Post a file, again where the API or what is behind it is away, and wait for the receipt's end.

        Answers of 500 and more are added to `problems`.
        """

        def posted() -> dict[str, Any] | None:
            with contextlib.suppress(httpx.TransportError), file.open("rb") as body:
                answer = self.api.post(way, params={"name": file.name}, content=body)
                if answer.status_code < 400:
                    return dict(answer.json())
                if answer.status_code < 500:
                    raise NotAsItShouldBe(f"{way} answers {answer.text}")
                if problems is not None:
                    problems.append(answer.text)
            return None

        receipt: dict[str, Any] = wait_for(posted, f"{way} to take {file.name}", SETTLED_TIMEOUT_S)

        def ended() -> dict[str, Any] | None:
            with contextlib.suppress(httpx.HTTPError):
                found = self.api.get(f"/ingestions/{receipt['id']}").raise_for_status().json()
                return dict(found) if found["state"] in ("done", "failed") else None
            return None

        final: dict[str, Any] = wait_for(ended, f"the end of ingestion {receipt['id']}", SETTLED_TIMEOUT_S)
        if final["state"] != "done":
            raise NotAsItShouldBe(f"ingestion {final['id']} ended as {final['state']}: {final['trouble']}")
        return final

    def documents(self) -> Documents:
        """All documents, by the API."""
        query: dict[str, str | int] = {"limit": 1000}
        found: Documents = {}
        while True:
            page = self.api.get("/curated", params=query).raise_for_status().json()
            found.update({doc["_id"]: {name: doc[name] for name in COMPARED} for doc in page["data"]})
            if not page["next"]:
                return found
            query["after"] = httpx.URL(page["next"]).params["after"]


def wait_for(question: Callable[[], Any], what: str, timeout_s: float) -> Any:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        if answer := question():
            return answer
        time.sleep(0.5)
    raise NotAsItShouldBe(f"waited {timeout_s:.0f} s without success for {what}")
