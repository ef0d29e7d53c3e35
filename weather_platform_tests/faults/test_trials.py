"""Seeded trials of what may go wrong between the platform and its stores.

A failing trial is run again by its name. ``WEATHER_TESTS_FAULT_TRIALS=2000`` runs more of them in each world (98 by
default), and ``WEATHER_TESTS_FAULT_SEED=…`` names the first seed.
"""

import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager

import pytest

from weather_platform_tests import layers
from weather_platform_tests.faults.trial import EMBEDDED, ON_SERVERS, TRIALS_PER_WORLD, Kind, Trial
from weather_platform_tests.faults.world import World, forks, world
from weather_platform_tests.servers.mariadb import MariaDB
from weather_platform_tests.servers.mongodb import MongoDB
from weather_platform_tests.servers.process import Server
from weather_platform_tests.servers.rclone import Rclone

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]
COUNT = int(os.environ.get("WEATHER_TESTS_FAULT_TRIALS", "98"))
FIRST_SEED = int(os.environ.get("WEATHER_TESTS_FAULT_SEED", "0"))
_SEEDS = range(FIRST_SEED, FIRST_SEED + COUNT)


@pytest.fixture(scope="module")
def parent() -> Iterator["subprocess.Popen[str]"]:
    with forks() as process:
        yield process


class Worlds:
    """The worlds of a module's trials, one after the other: in each, every trial has a month of its own."""

    def __init__(self, make: Callable[[], AbstractContextManager[World]]) -> None:
        self._make = make
        self._number = -1
        self._stack = ExitStack()

    def of(self, seed: int) -> World:
        number = seed // TRIALS_PER_WORLD
        if number != self._number:
            self.close()
            self._number, self._world = number, self._stack.enter_context(self._make())
        return self._world

    def close(self) -> None:
        self._stack.close()


@pytest.fixture(scope="module")
def embedded(parent: "subprocess.Popen[str]", tmp_path_factory: pytest.TempPathFactory) -> Iterator[Worlds]:
    """SQLite and folders."""

    def make() -> AbstractContextManager[World]:
        folder = tmp_path_factory.mktemp("embedded")
        return world(parent, layers.embedded(folder / "home"), folder, {})

    with closing(Worlds(make)) as worlds:
        yield worlds


@pytest.fixture(scope="module")
def on_servers(
    request: pytest.FixtureRequest,
    parent: "subprocess.Popen[str]",
    mariadb_server: MariaDB,
    mongodb_server: MongoDB,
    rclone_server: Rclone,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Worlds]:
    """MariaDB, MongoDB and S3 behind wires."""

    @contextmanager
    def make() -> Iterator[World]:
        folder = tmp_path_factory.mktemp("on_servers")
        ports = {"s3": rclone_server.port, "mysql": mariadb_server.port, "mongodb": mongodb_server.port}
        with (
            layers.on_servers(request, folder / "home", s3="rclone") as environment,
            world(parent, environment, folder, ports) as made,
        ):
            yield made

    with closing(Worlds(make)) as worlds:
        yield worlds


def _trials(kinds: list[Kind]) -> pytest.MarkDecorator:
    cases = [(seed, kinds[seed % len(kinds)]) for seed in _SEEDS]
    return pytest.mark.parametrize(("seed", "kind"), cases, ids=[f"{seed}-{' '.join(kind)}" for seed, kind in cases])


@_trials(EMBEDDED)
def test_trouble_on_one_machine_loses_nothing(embedded: Worlds, seed: int, kind: Kind) -> None:
    Trial(embedded.of(seed), {}, seed, kind).run()


@_trials(ON_SERVERS)
def test_trouble_between_servers_loses_nothing(
    on_servers: Worlds,
    mariadb_server: MariaDB,
    mongodb_server: MongoDB,
    rclone_server: Rclone,
    seed: int,
    kind: Kind,
) -> None:
    servers: dict[str, Server] = {"mysql": mariadb_server, "mongodb": mongodb_server, "s3": rclone_server}
    Trial(on_servers.of(seed), servers, seed, kind).run()
