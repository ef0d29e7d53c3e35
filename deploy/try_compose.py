"""Bring the stack up, load it, ingest both ways, read, look, kill each container under load, back up, restore, end.

Every figure is compared with the same months loaded in this process without any server. Ends with 1 at the first thing
that is not as it should be, and leaves nothing behind.
"""

import argparse
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from secrets import token_hex
from typing import Any

import httpx2 as httpx
import msgspec
from dagster_graphql import DagsterGraphQLClient, DagsterGraphQLClientError
from requests.auth import HTTPBasicAuth

from api.orchestrator import Orchestrator
from weather_platform import names
from weather_platform.domain.errors import WeatherError
from weather_platform.domain.months import Month, Partitions, parse_months
from weather_platform.domain.provenance import ETALAB, Provenance
from weather_platform.intake import receive
from weather_platform.pipeline import curate_month, open_stores, stage_month
from weather_platform.settings import Settings
from weather_platform.sources.sample import SampleSource, sample_stations, write_sample
from weather_platform_tests.runtime.backfills import BACKFILL_GAVE_UP, backfill_status, launch_backfill

PROJECT = "weather-try"
PORTS = {"DAGSTER_PORT": 13010, "API_PORT": 18010, "SITE_PORT": 18060}
COMPOSE_FILE = "docker-compose.yml"
KILLED = [
    *[(name,) for name in ("s3", "mysql", "mongodb", "redis", "worker", "code-server")],
    *[(name,) for name in ("dagster-webserver", "dagster-daemon", "api", "site")],
    *[("mysql", "mongodb"), ("worker", "dagster-daemon"), ("code-server", "dagster-daemon"), ("redis", "worker")],
]
KILL_AFTER_S = 2.0
HEALTHY_TIMEOUT_S = 300
SETTLED_TIMEOUT_S = 600
COMPARED = ("metrics", "extreme_events", "observations", "expected")
Documents = dict[str, dict[str, Any]]


class NotAsItShouldBe(Exception):
    """What the story found."""


def say(text: str) -> None:
    print(f"{time.strftime('%H:%M:%S')} {text}", flush=True)


class Stack:
    """The stack as its users see it: compose, Dagster, the API."""

    def __init__(self, env_file: Path, *files: str) -> None:
        self._files = [argument for file in files for argument in ("-f", file)]
        self._env_file = env_file
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
        command = ["docker", "compose", "-p", PROJECT, "--env-file", str(self._env_file), *self._files, *arguments]
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

    def first_load(self) -> None:
        """The check that `make compose` ends with."""
        print(self.compose("exec", "-T", "-e", "WEATHER_API_KEY", "api", "python", "first_load.py"))

    def load(self, months: Sequence[Month]) -> str:
        """Launch a run that loads the months, and its id."""
        return self._graphql.submit_job_execution(
            names.LOAD_JOB,
            repository_location_name=names.LOCATION,
            repository_name=names.REPOSITORY,
            run_config={"ops": {names.RAW_OBSERVATIONS: {"config": {"source": "sample"}}}},
            tags={
                "dagster/asset_partition_range_start": str(months[0]),
                "dagster/asset_partition_range_end": str(months[-1]),
            },
        )

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

    def wait_for_run(self, run_id: str) -> int:
        """Wait until the run, or the last of its retries, is done; how many there were beside it."""

        def done() -> bool:
            with contextlib.suppress(WeatherError):  # Dagster itself may be the one that was killed
                latest = self.dagster.latest_try(run_id)
                state = self.dagster.state(latest)
                if state == "failed":
                    raise NotAsItShouldBe(f"run {latest} failed: {self.dagster.trouble(latest).cause}")
                return state == "done"
            return False

        wait_for(done, f"run {run_id} to end well", SETTLED_TIMEOUT_S)
        return int(self.dagster.latest_try(run_id) != run_id)

    def ingest(self, file: Path, way: str) -> dict[str, Any]:
        """Post a file, again where the API or what is behind it is away, and wait for the receipt's end."""

        def posted() -> dict[str, Any] | None:
            with contextlib.suppress(httpx.TransportError), file.open("rb") as body:
                answer = self.api.post(way, params={"name": file.name}, content=body)
                if answer.status_code < 400:
                    return dict(answer.json())
                if answer.status_code < 500:
                    raise NotAsItShouldBe(f"{way} answers {answer.text}")
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


class Reference:
    """The same months without any server."""

    def __init__(self, home: Path) -> None:
        settings = Settings.from_environment({"WEATHER_HOME": str(home)})
        self._stores = open_stores(settings)
        self._partitions = Partitions(settings.first_month)

    def load(self, months: Sequence[Month]) -> None:
        for month in months:
            payload = SampleSource().fetch(month)
            self._receive(payload.body, payload.provenance)

    def receive(self, file: Path) -> None:
        self._receive(file.read_bytes(), Provenance(source="upload", name=file.name, licence=ETALAB))

    def _receive(self, body: bytes, origin: Provenance) -> None:
        stored = receive(self._stores.raw, body, origin, self._partitions)
        for partition in sorted({item.object.partition for item in stored}):
            stage_month(self._stores, Month.parse(partition))
            curate_month(self._stores, Month.parse(partition))

    def documents(self) -> Documents:
        docs = map(msgspec.to_builtins, self._stores.curated.find())
        return {doc["_id"]: {name: doc[name] for name in COMPARED} for doc in docs}


def compare(stack: Stack, reference: Reference) -> None:
    found, wanted = stack.documents(), reference.documents()
    if found.keys() != wanted.keys():
        lost, more = sorted(wanted.keys() - found.keys()), sorted(found.keys() - wanted.keys())
        raise NotAsItShouldBe(f"{len(lost)} documents are missing ({lost[:3]}), {len(more)} too many ({more[:3]})")
    different = [key for key in wanted if found[key] != wanted[key]]
    if different:
        key = different[0]
        raise NotAsItShouldBe(f"{len(different)} documents differ, {key}: {found[key]}, not {wanted[key]}")
    say(f"all {len(found):,} documents are those of the same months without any server")


@contextlib.contextmanager
def watching_memory() -> Iterator[dict[str, float]]:
    """The most that each container was seen to hold, in MB."""
    peaks: dict[str, float] = {}
    over = threading.Event()
    units = {"GiB": 1073.7, "MiB": 1.0486, "KiB": 0.001, "B": 0.000001}

    def look() -> None:
        command = ["docker", "stats", "--no-stream", "--format", "{{.Name}} {{.MemUsage}}"]
        while not over.wait(1):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            for line in done.stdout.splitlines():
                name, used, *_ = line.split()
                if not name.startswith(PROJECT):
                    continue
                number = used.rstrip("KMGiB")
                peaks[name] = max(peaks.get(name, 0), float(number) * units[used.removeprefix(number)])

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        yield peaks
    finally:
        over.set()
        watcher.join()


def look_at_the_site() -> None:
    from playwright.sync_api import TimeoutError as TookTooLong
    from playwright.sync_api import sync_playwright

    with sync_playwright() as player:
        browser = player.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"])
        page = browser.new_page()
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(str(error)))
        page.on("requestfailed", lambda request: problems.append(f"{request.url}: {request.failure}"))
        page.on("console", lambda said: problems.append(said.text) if said.type == "error" else None)
        page.set_default_timeout(60_000)
        page.goto(f"http://127.0.0.1:{PORTS['SITE_PORT']}/city?city=nice&lang=en")
        try:
            page.locator("svg[data-points]").first.wait_for()
        except TookTooLong as error:
            raise NotAsItShouldBe(
                f"no chart on the site: {problems}, {page.locator('body').inner_text()[:2000]}"
            ) from error
        title, plots = page.title(), page.locator("svg[data-points]").count()
        browser.close()
    if problems:
        raise NotAsItShouldBe(f"the site in Chromium: {problems}")
    say(f"the site in Chromium: {title!r}, {plots} figures, no error")


def kill_in_turn(stack: Stack, reference: Reference, months: Iterator[list[Month]], folder: Path) -> None:
    """Each container, then pairs of them, die while a run loads two months and a file is posted."""
    for services in KILLED:
        wanted = next(months)
        small = sample_file(folder / f"{'-'.join(services)}.json", wanted[0].next.next, stations=5)
        run_id = stack.load(wanted)
        posting = threading.Thread(target=stack.ingest, args=(small, "/ingest-fast"))
        posting.start()
        time.sleep(KILL_AFTER_S)
        began = time.monotonic()
        stack.kill(*services)
        stack.wait_until_healthy()
        healthy_s = time.monotonic() - began
        retried = stack.wait_for_run(run_id)
        posting.join()
        settled_s = time.monotonic() - began
        again = ", the run was retried" if retried else ""
        them = " and ".join(services)
        say(f"killed {them:30} healthy after {healthy_s:4.0f} s, all loaded after {settled_s:4.0f} s{again}")
        reference.load(wanted)
        reference.receive(small)
    compare(stack, reference)


def restart_under_load(stack: Stack, reference: Reference, months: Iterator[list[Month]], folder: Path) -> None:
    """Everything restarts while a backfill and a run are in flight and a file waits for its run."""
    for delay_s in (1.0, 10.0, 35.0):  # before the daemon has looked at the backfill, and after
        filled, loaded = next(months), next(months)
        small = sample_file(folder / "restart.json", loaded[0].next.next, stations=5)
        backfill_id, run_id = stack.backfill(filled), stack.load(loaded)
        posting = threading.Thread(target=stack.ingest, args=(small, "/ingest"))
        posting.start()
        time.sleep(delay_s)
        began = time.monotonic()
        stack.compose("restart")
        stack.wait_until_healthy()
        healthy_s = time.monotonic() - began
        stack.wait_for_run(run_id)
        stack.wait_for_backfill(backfill_id)
        posting.join()
        say(f"restarted after {delay_s:2.0f} s: healthy after {healthy_s:.0f} s, all {time.monotonic() - began:.0f} s")
        reference.load([*filled, *loaded])
        reference.receive(small)
    compare(stack, reference)


def sample_file(path: Path, first: Month, *, stations: int, months: int = 1) -> Path:
    wanted = [first]
    while len(wanted) < months:
        wanted.append(wanted[-1].next)
    with path.open("wb") as output:
        write_sample(output, wanted, sample_stations(stations), seed=1)
    return path


def three_each(first: str) -> Iterator[list[Month]]:
    """Two months to load, then one that is left for a file."""
    month = Month.parse(first)
    while True:
        yield [month, month.next]
        month = month.next.next.next


def ingest_years(stack: Stack, reference: Reference, folder: Path) -> None:
    for way, first in (("/ingest-fast", "2018-01"), ("/ingest", "2019-01")):
        file = sample_file(folder / f"{first}.json", Month.parse(first), stations=62, months=12)
        began = time.monotonic()
        receipt = stack.ingest(file, way)
        read = sum(month["read"] for month in receipt["outcome"])
        size_mb = file.stat().st_size / 1e6
        say(f"a year by {way}: {size_mb:.0f} MB, {read:,} records, {time.monotonic() - began:.0f} s")
        reference.receive(file)
        file.unlink()
    compare(stack, reference)


def backfill_on_two_workers(stack: Stack, reference: Reference) -> None:
    stack.up("--scale", "worker=2", "--no-recreate")
    months = parse_months("2015-01..2015-06")
    began = time.monotonic()
    runs = [stack.load([month]) for month in months]
    for run_id in runs:
        stack.wait_for_run(run_id)
    took_s = time.monotonic() - began
    logs = [stack.compose("logs", "--no-log-prefix", "--index", str(index), "worker") for index in (1, 2)]
    shares = [sum(run_id in log for run_id in runs) for log in logs]
    say(f"two workers, one run per month: 6 months in {took_s:.0f} s, {shares[0]} and {shares[1]} of the runs")
    if not all(shares):
        raise NotAsItShouldBe("one of the two workers had nothing to do")
    reference.load(months)
    compare(stack, reference)


def back_up_and_restore(stack: Stack, folder: Path, env_file: Path) -> None:
    environment = {**os.environ, "COMPOSE_PROJECT_NAME": PROJECT, "COMPOSE_ENV_FILES": str(env_file)}
    subprocess.run(["deploy/backup.sh", folder / "backup"], check=True, env=environment)
    stack.compose("down", "--volumes")
    (backup,) = (folder / "backup").iterdir()
    subprocess.run(["deploy/restore.sh", backup], check=True, env=environment)
    stack.up()


def story(stack: Stack, folder: Path, env_file: Path, *, quick: bool) -> None:
    reference = Reference(folder / "reference")
    stack.up()
    stack.first_load()
    reference.load(parse_months("2023-12"))
    reference.receive(Path("data/ingestion/2024.json"))
    small = sample_file(folder / "small.json", Month.parse("2022-05"), stations=10)
    receipt = stack.ingest(small, "/ingest")
    say(f"/ingest through a Dagster run: {receipt['state']}, {receipt['outcome'][0]['read']:,} records")
    reference.receive(small)
    compare(stack, reference)
    look_at_the_site()
    months = three_each("2004-01")
    kill_in_turn(stack, reference, months, folder)
    restart_under_load(stack, reference, months, folder)
    backfill_on_two_workers(stack, reference)
    if not quick:
        ingest_years(stack, reference, folder)
    back_up_and_restore(stack, folder, env_file)
    compare(stack, reference)


def with_localstack(env_file: Path) -> None:
    stack = Stack(env_file, COMPOSE_FILE, "docker-compose.localstack.yml")
    say("the same with LocalStack")
    try:
        stack.up()
        stack.first_load()
    finally:
        stack.compose("down", "--volumes")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="without the years and LocalStack")
    quick = parser.parse_args().quick
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that it leaves nothing behind then either
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        env_file = folder / "env"
        subprocess.run(["deploy/make-env.sh", env_file], check=True)
        with env_file.open("a") as file:
            file.write(f"\nWEATHER_SOURCE=sample\nWEATHER_RUNS_AT_ONCE=4\nWEATHER_DAGSTER_LOGIN=try:{token_hex(16)}\n")
            file.writelines(f"{name}={port}\n" for name, port in PORTS.items())
        stack = Stack(env_file, COMPOSE_FILE)
        stack.compose("down", "--volumes")
        try:
            with watching_memory() as peaks:
                story(stack, folder, env_file, quick=quick)
        except NotAsItShouldBe as found:
            say(f"NOT AS IT SHOULD BE: {found}")
            print(stack.compose("ps", "--all"))
            print(
                stack.compose(
                    "logs",
                    "--tail",
                    "40",
                    "worker",
                    "dagster-daemon",
                    "dagster-webserver",
                    "api",
                    "code-server",
                    "site",
                )
            )
            return 1
        finally:
            stack.compose("down", "--volumes")
        say("down -v")
        for name, peak_mb in sorted(peaks.items()):
            print(f"    {name.removeprefix(PROJECT + '-'):24} {peak_mb:6.0f} MB at most")
        if not quick:
            with_localstack(env_file)
    say("The whole story went as it should.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
