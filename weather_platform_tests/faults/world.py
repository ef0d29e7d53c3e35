"""A platform in trouble: APIs in processes of their own, on embedded stores or on servers behind wires."""

import json
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx2 as httpx
import msgspec

from weather_platform.domain.climate.document import MonthDocument
from weather_platform.domain.months import Month
from weather_platform.pipeline import Stores, curated_days, open_stores
from weather_platform.settings import Settings
from weather_platform.storage.curated import Query
from weather_platform.storage.monthly import MonthQuery
from weather_platform_tests.faults.control import NEVER, Control
from weather_platform_tests.faults.model import Rows
from weather_platform_tests.faults.wire import Wire
from weather_platform_tests.runtime.serving import wait_for
from weather_platform_tests.servers.process import free_port

_SURROUNDINGS = {"WEATHER_DAGSTER_URL": "http://127.0.0.1:9", "WEATHER_API_WRITES_PER_MINUTE": "0"}
NO_LIMIT = resource.RLIM_INFINITY


class Replica:
    """One API; `steps`, `die_at` and `clock_s` of its `control` concern its process."""

    def __init__(self, forks: "subprocess.Popen[str]", environment: Mapping[str, str], folder: Path, name: str) -> None:
        self._forks = forks
        self._environment = {**_SURROUNDINGS, **environment}
        self._control = folder / f"{name}.control"
        self.home = Path(environment["WEATHER_HOME"])
        self._pid = 0
        self.port = free_port()
        self.control = Control.made(self._control)
        self._client = httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}", timeout=120, headers={"connection": "close"}
        )

    def start(self) -> None:
        """Serve, as a supervisor starts again what died; nothing to do where it lives."""
        if self.lives:
            return
        self.control.set("ready", 0)
        self.control.set("die_at", NEVER)
        order = {
            "environment": self._environment,
            "port": self.port,
            "control": str(self._control),
        }
        assert self._forks.stdin is not None
        assert self._forks.stdout is not None
        print(json.dumps(order), file=self._forks.stdin, flush=True)
        self._pid = int(self._forks.stdout.readline())
        wait_for(lambda: self.control.get("ready"), "an API to serve")

    @property
    def lives(self) -> bool:
        """Whether its process is there and no zombie."""
        try:
            state = Path(f"/proc/{self._pid}/stat").read_text().rpartition(")")[2].split()[0]
        except FileNotFoundError:
            return False
        return self._pid > 0 and state != "Z"

    def kill(self) -> None:
        if self.lives:
            os.kill(self._pid, signal.SIGKILL)
            wait_for(lambda: not self.lives, "an API to die")

    def limit_files_to(self, size_bytes: int) -> None:
        """Files cannot grow beyond this, as on a full disk."""
        resource.prlimit(self._pid, resource.RLIMIT_FSIZE, (size_bytes, NO_LIMIT))

    def post(self, path: str, body: bytes | None = None, **options: Any) -> httpx.Response | None:
        """The answer; None without one, as from an API that died."""
        files = None if body is None else {"file": ("file.json", body)}
        try:
            return self._client.post(path, files=files, **options)
        except httpx.TransportError:
            return None

    def get(self, path: str) -> Any:
        answer = self._client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def close(self) -> None:
        self._client.close()


class World:
    """Stores, two APIs on them, and wires by the name of the store, where the stores are servers."""

    def __init__(
        self,
        forks: "subprocess.Popen[str]",
        environment: Mapping[str, str],
        folder: Path,
        wires: Mapping[str, Wire],
        stores: Stores,
    ) -> None:
        self.wires = wires
        self.stores = stores
        self.replicas = [Replica(forks, environment, folder, name) for name in ("one", "two")]

    def rows(self, month: Month) -> Rows:
        """What is staged of a month."""
        found: Rows = {}
        for number, station in self.stores.staging.stations().items():
            for row in self.stores.staging.rows(station, month.first_day, month.last_day, columns=["date", "t", "rr3"]):
                found[number, row["date"]] = (row["t"], row["rr3"])
        return found

    def days(self, month: Month) -> dict[str, Any]:
        """The month's documents, of what the model says of them."""
        first, last = curated_days(month)
        found = map(msgspec.to_builtins, self.stores.curated.find(Query(first=first, last=last)))
        of_model = ("metrics", "extreme_events", "observations")
        return {document["_id"]: {name: document[name] for name in of_model} for document in found}

    def sheets(self, month: Month) -> list[MonthDocument]:
        """The month's sheets."""
        return list(self.stores.monthly.find(MonthQuery(first=month, last=month)))

    def close(self) -> None:
        for replica in self.replicas:
            replica.kill()
            replica.close()
        self.stores.close()


@contextmanager
def forks() -> Iterator["subprocess.Popen[str]"]:
    """The process that APIs are forked from."""
    command = [sys.executable, "-m", "weather_platform_tests.faults.served"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


@contextmanager
def world(
    forks: "subprocess.Popen[str]", environment: Mapping[str, str], folder: Path, ports: Mapping[str, int]
) -> Iterator[World]:
    """A world on the stores of the environment; those named in `ports` are reached through wires by the APIs.

    The environment's addresses are the stores' own: in those of the APIs the wire's port takes the place of the
    store's.
    """
    with ExitStack() as stack:
        wires = {name: stack.enter_context(Wire(port)) for name, port in ports.items()}
        behind = dict(environment)
        for wire in wires.values():
            behind = {name: value.replace(f":{wire.target}", f":{wire.port}") for name, value in behind.items()}
        if "mongodb" in wires:  # the members of a replica set say themselves where they are
            behind["WEATHER_CURATED_URL"] = f"{behind['WEATHER_CURATED_URL'].partition('?')[0]}?directConnection=true"
        stores = open_stores(Settings.from_environment(environment))
        made = World(forks, behind, folder, wires, stores)
        stack.callback(made.close)
        yield made
