"""Seeded kills of Dagster's processes while a backfill loads a month: it comes in, once, and without a person.

The stores are real servers; Dagster's processes are those of ``weather up``, whose supervisor starts again what dies.
"""

import os
import signal
from collections.abc import Iterator
from random import Random

import dagster as dg
import pytest
from dagster._core.execution.backfill import BulkActionStatus

from weather_platform.domain.months import Month, Partitions
from weather_platform.intake import receive
from weather_platform.pipeline import Stores, curate_month, stage_month
from weather_platform.sources.sample import SampleSource
from weather_platform_tests import layers
from weather_platform_tests.deploy.hosts import FirstHost
from weather_platform_tests.faults.test_trials import COUNT, FIRST_SEED
from weather_platform_tests.runtime.backfills import launch_backfill
from weather_platform_tests.runtime.processes import command, descendants
from weather_platform_tests.runtime.serving import wait_for
from weather_platform_tests.servers.process import free_port, listens

pytestmark = [
    pytest.mark.slow,
    pytest.mark.timeout(300),
    # dagster-graphql 1.13.27 calls gql 4 the way of gql 3.
    pytest.mark.filterwarnings("ignore:Using variable_values and operation_name arguments:DeprecationWarning"),
]

CITIES = ["07110", "07690"]
_FIRST = Month(1996, 1)
_USUAL_EVENTS = 130
"""Of a month's run, in Dagster's log."""
_KILLED = [
    ("run",),
    ("worker", "daemon"),
    ("daemon", "code-server"),
    ("run", "code-server", "webserver"),
]
_COMMANDS = {
    "daemon": "dagster_patches.daemon",
    "code-server": "dagster api grpc",
    "webserver": "runtime.webserver",
}
_IMPATIENT = """
from weather_platform.runtime import instance, supervisor

supervisor.STEADY_S = 0  # what is killed often is started again at once all the same
instance.START_TIMEOUT_S = 15  # of a run whose message was lost with the worker: 60 s
"""
_TRIALS = range(FIRST_SEED, FIRST_SEED + max(len(_KILLED), COUNT // 20))


class Platform:
    """Dagster's processes, the stores behind them, and stores without servers that hold what must come to be."""

    def __init__(self, host: FirstHost, found: Stores, wanted: Stores) -> None:
        self.host = host
        self.found = found
        self._wanted = wanted

    def kill(self, victim: str) -> None:
        """As a crash; `run` is what executes runs, and leaves the worker itself alone."""
        family = descendants(self.host.process.pid)
        if victim in ("run", "worker"):
            worker = self.host.worker()
            victims = descendants(worker.pid) if victim == "run" else {worker}
        else:
            victims = {process for process in family if _COMMANDS[victim] in command(process)}
        for process in victims:
            os.kill(process.pid, signal.SIGKILL)

    def backfill(self, month: Month) -> str:
        """Ask for the month as the button of the UI does; its id."""
        config = {"ops": {"raw_observations": {"config": {"cities": CITIES}}}}
        wait_for(lambda: listens(self.host.port), "the webserver")
        return launch_backfill(self.host.client, [month], config)

    def runs(self, backfill_id: str) -> list[dg.DagsterRun]:
        return list(self.host.instance.get_runs(dg.RunsFilter(tags={"dagster/backfill": backfill_id})))

    def events(self, backfill_id: str) -> int:
        """How far it has come: entries in the logs of its runs."""
        return sum(len(self.host.instance.all_logs(run.run_id)) for run in self.runs(backfill_id))

    def status(self, backfill_id: str) -> BulkActionStatus | None:
        """Its end, or None while it goes on."""
        backfill = self.host.instance.get_backfill(backfill_id)
        assert backfill is not None
        return None if backfill.status == BulkActionStatus.REQUESTED else backfill.status

    def check(self, month: Month) -> None:
        """All layers hold what they hold where nothing ever died."""
        payload = SampleSource().fetch(month, CITIES)
        receive(self._wanted.raw, payload.body, payload.provenance, Partitions(_FIRST))
        stage_month(self._wanted, month)
        curate_month(self._wanted, month)
        assert layers.state(self.found) == layers.state(self._wanted)


@pytest.fixture(scope="module")
def platform(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    folder = tmp_path_factory.mktemp("runs")
    with (
        layers.on_servers(request, folder / "home") as environment,
        layers.opened(environment) as found,
        layers.opened(layers.embedded(folder / "alone")) as wanted,
    ):
        host = FirstHost(folder / "home", free_port(), {**environment, "WEATHER_SOURCE": "sample"}, _IMPATIENT)
        try:
            host.wait_until_printed("ready", timeout_s=120)
            yield Platform(host, found, wanted)
        finally:
            host.interrupt()


def _case(seed: int) -> tuple[Month, tuple[str, ...], int]:
    """A trial's month, three after the one before it, its victims, and the number of events after which they die."""
    year, month = divmod(3 * (seed - FIRST_SEED), 12)
    events = Random(seed).randrange(_USUAL_EVENTS)  # noqa: S311
    return Month(_FIRST.year + year, month + 1), _KILLED[seed % len(_KILLED)], events


@pytest.mark.parametrize(
    ("month", "victims", "events"),
    [_case(seed) for seed in _TRIALS],
    ids=[f"{seed}-{' '.join(_KILLED[seed % len(_KILLED)])}" for seed in _TRIALS],
)
def test_a_backfill_ends_well_whichever_process_is_killed(
    platform: Platform, month: Month, victims: tuple[str, ...], events: int
) -> None:
    backfill_id = platform.backfill(month)
    wait_for(
        lambda: platform.events(backfill_id) >= events or platform.status(backfill_id), f"{events} events of {month}"
    )
    for victim in victims:
        platform.kill(victim)

    status = wait_for(lambda: platform.status(backfill_id), f"the end of {month}'s backfill", timeout_s=120)

    runs = platform.runs(backfill_id)
    story = f"{' and '.join(victims)} killed after {events} events: {[run.status.value for run in runs]}"
    assert status == BulkActionStatus.COMPLETED_SUCCESS, story
    # A run that is killed after its last materialisation leaves nothing to do, and is retried all the same.
    wait_for(lambda: all(run.is_finished for run in platform.runs(backfill_id)), f"no run to be open; {story}")
    platform.check(month)
