"""`kill -9` at every step of a load: the old month or the new one, never a mixture; the next run brings the new one."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from weather_platform.domain.months import Month
from weather_platform.domain.staging import stage
from weather_platform.pipeline import RawMonth, Stores
from weather_platform_tests import layers
from weather_platform_tests.domain import reckoning
from weather_platform_tests.domain.broken import record
from weather_platform_tests.layers import Environment, State
from weather_platform_tests.observations import NICE

DECEMBER = "2023-12"
STATIONS = (NICE, "07110", "61998")
KILLED = -9
MADE_LATER = ("documents", "sheets")
"""What a load makes of the staged month, each in a transaction of its own."""
READING = ("SELECT", "SHOW", "SET", "START", "BEGIN", "PRAGMA", "hello", "find")

Load = Callable[..., tuple[list[str], int]]


def a_december(version: int) -> bytes:
    """Every reading differs from those of other versions; each version brings a station that was unknown."""
    stations = (*STATIONS, f"079{version:02}")
    reports = [
        record(numer_sta=station, date=f"2023-12-{day:02}T{hour:02}:00:00Z", t=270 + version / 10, rr3=version / 10)
        for station in stations
        for day in (1, 31)
        for hour in (0, 21)
    ]
    return b"[" + b",".join(reports) + b"]"


@pytest.fixture(scope="module")
def loads() -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, "-m", "weather_platform_tests.mortal_loads"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        assert process.stdin is not None
        process.stdin.close()


@pytest.fixture(params=["embedded", "on servers"])
def environment(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Environment]:
    if request.param == "embedded":
        yield layers.embedded(tmp_path)
    else:
        with layers.on_servers(request, tmp_path) as servers:
            yield servers


@pytest.fixture
def load(loads: "subprocess.Popen[str]", environment: Environment, tmp_path: Path) -> Load:
    """Loads a version of December in a process of its own, which may be told to die: its steps, and how it ended."""

    def run(version: int, die_at: tuple[str, int] | None = None) -> tuple[list[str], int]:
        file = tmp_path / f"{version}.json"
        file.write_bytes(a_december(version))
        order = {"environment": environment, "file": str(file), "die_at": die_at}
        assert loads.stdin is not None
        assert loads.stdout is not None
        print(json.dumps(order), file=loads.stdin, flush=True)
        answer = json.loads(loads.stdout.readline())
        return answer["steps"], answer["ended"]

    return run


def worth_dying_at(steps: list[str]) -> list[tuple[str, int]]:
    """The first step of each kind and one in the middle; a step that only reads leaves what the one before it did."""
    of_kind = Counter(name for name in steps if name.split()[1] not in READING)
    return [(name, nth) for name, count in of_kind.items() for nth in sorted({0, count // 2})]


@pytest.mark.slow
@pytest.mark.timeout(600)  # many processes; some wait for locks of a dead one
def test_a_load_killed_anywhere_leaves_the_old_month_or_the_new_one(environment: Environment, load: Load) -> None:
    load(0)
    steps, ended = load(1)
    assert ended == 0
    seen: dict[tuple[str, int], tuple[bool, bool]] = {}
    with layers.opened(environment) as stores:
        old = layers.state(stores)
        for version, die_at in enumerate(worth_dying_at(steps), 2):
            assert load(version, die_at)[1] == KILLED, die_at
            found = layers.state(stores)
            assert load(version)[1] == 0, die_at
            new = layers.state(stores)
            _is_what_raw_says(new, stores)
            assert _staging(found) in (_staging(old), _staging(new)), die_at
            for layer in MADE_LATER:
                assert found[layer] in (old[layer], new[layer]), (layer, die_at)
            seen[die_at] = (_staging(found) == _staging(new), found["documents"] == new["documents"])
            old = new
    assert seen["raw: put", 0] == (False, False)
    assert seen["the end", 0] == (True, True)
    assert set(seen.values()) == {(False, False), (True, False), (True, True)}


def _staging(state: State) -> State:
    return {name: value for name, value in state.items() if name not in MADE_LATER}


def _is_what_raw_says(state: State, stores: Stores) -> None:
    staged = stage(RawMonth(stores.raw, Month.parse(DECEMBER))).rows
    rows = {station_id: [row[:-1] for row in of_station] for station_id, of_station in state["rows"].items()}
    assert rows == {station_id: [tuple(row) for row in of_station] for station_id, of_station in staged.items()}
    metrics = {key: document["metrics"] for key, document in state["documents"].items()}
    assert metrics == {key: day["metrics"] for key, day in reckoning.documents_of(staged).items()}
