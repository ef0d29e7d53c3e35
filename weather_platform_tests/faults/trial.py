"""One trial: files are posted, corrected and withdrawn, one thing goes wrong in the middle, and the caller tries again.

Everything about a trial follows from its seed: the files, the action, the fault and its moment.
"""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any, NamedTuple

import httpx2 as httpx
import msgspec

from weather_platform import pipeline
from weather_platform.domain.months import Month
from weather_platform_tests.faults.model import File, days_after, file_of, rows_after
from weather_platform_tests.faults.wire import Fault, Harm
from weather_platform_tests.faults.world import NO_LIMIT, Replica, World
from weather_platform_tests.runtime.serving import wait_for
from weather_platform_tests.servers.process import Server

TRIALS_PER_WORLD = 120
_FIRST_YEAR = 1996
_APART = 3
"""Months between those of two trials, so that none is the other's neighbour."""
_LATER = (503, 507)
"""Answers that tell the caller to send the same request again."""

Kind = tuple[str, ...]
_HARMS: tuple[Harm, ...] = ("delay", "cut", "half-close", "lose", "down")
_USUAL_ANSWERS = {"s3": 18, "mysql": 125, "mongodb": 22}
"""Of a store while a file is posted."""
_USUAL_STEPS = 105
_AWAY_S = 3.0
"""Longer than MongoDB's driver looks for a server, and shorter than its patience with a COMMIT, which is 120 s."""
_COMMITS = {"s3": b"PUT /", "mysql": b"COMMIT", "mongodb": b"commitTransaction"}
_ANYWHERE: list[Kind] = [
    ("api killed",),
    ("api killed",),
    ("clock", "behind"),
    ("clock", "ahead"),
    ("two writers",),
    ("two writers", "one killed"),
    ("one file twice at once",),
]
ON_SERVERS: list[Kind] = [
    *[("wire", store, harm) for store in _COMMITS for harm in _HARMS],
    *[("commit unanswered", store) for store in _COMMITS],
    *[("server killed", store) for store in _COMMITS],
    *_ANYWHERE,
]
EMBEDDED: list[Kind] = [*_ANYWHERE, ("api killed",), ("disk full",), ("disk full",), ("disk full",)]


class Action(NamedTuple):
    """What the caller asks for, and the files that count afterwards, in order."""

    what: str
    ask: Callable[[Replica], httpx.Response | None]
    after: list[File]


class Trial:
    """A month of its own in a world; `run` fails with the story where a promise is broken."""

    def __init__(self, world: World, servers: dict[str, Server], seed: int, kind: Kind) -> None:
        self._world = world
        self._servers = servers
        self._kind = kind
        self._rng = Random(f"{seed} {kind}")  # noqa: S311
        year, month = divmod(_APART * (seed % TRIALS_PER_WORLD), 12)
        self._month = Month(_FIRST_YEAR + year, month + 1)
        self._counting: list[File] = []
        self._ids: dict[str, str] = {}
        self.story = [f"{self._month}, {' '.join(kind)}"]
        self.struck = False
        """Whether the fault met the platform; a moment after its last step meets nothing."""

    def run(self) -> None:
        """Raises AssertionError with the story of a broken promise."""
        one, two = self._world.replicas
        self._revive()  # what an earlier trial, which failed, left
        for replica in (one, two):
            replica.control.set("clock_s", 0)
        one.start()
        first = self._file("first")
        self._done(one, self._posting(first))
        if self._kind[0] == "two writers":
            two.start()
            self._two_writers(one, two)
        elif self._kind[0] == "one file twice at once":
            two.start()
            self._twice_at_once(one, two)
        elif self._kind[0] == "clock":
            self._by_a_wrong_clock(one)
        else:
            self._in_trouble(one, self._action(one, first))

    def _revive(self) -> None:
        for server in self._servers.values():
            server.start()
        for wire in self._world.wires.values():
            wire.open()

    def _file(self, name: str) -> File:
        return file_of(self._rng, name, self._month)

    def _posting(self, file: File) -> Action:
        def ask(replica: Replica) -> httpx.Response | None:
            answer = replica.post("/ingest-fast", file.body)
            if answer is not None and answer.status_code == 200:
                self._ids[file.name] = answer.json()["id"]
            return answer

        return Action(f"post {file.name}", ask, [*self._counting, file])

    def _action(self, one: Replica, first: File) -> Action:
        """What the fault meets: a new file, an old one that is posted again, or a withdrawal and its undoing."""
        what = self._rng.choices(("new", "again", "withdraw", "restore"), (5, 2, 2, 1))[0]
        second = self._file("second")
        if what == "new":
            return self._posting(second)
        self._done(one, self._posting(second))
        if what == "again":
            return self._posting(first)
        path, because = f"/ingestions/{self._ids['second']}", {"reason": "a trial"}
        withdrawal = Action("withdraw second", lambda replica: replica.post(f"{path}/withdraw", json=because), [first])
        if what == "withdraw":
            return withdrawal
        self._done(one, withdrawal)
        return Action("restore second", lambda replica: replica.post(f"{path}/restore"), [first, second])

    def _in_trouble(self, one: Replica, action: Action) -> None:
        heal = self._strike(one)
        answer = self._told(one, action)
        heal()
        self.struck = self.struck or answer is None or answer.status_code != 200
        self._check_old_or_new(action, acknowledged=answer is not None and answer.status_code == 200)
        one.start()
        self._done(one, action)

    def _strike(self, one: Replica) -> Callable[[], None]:
        """Prepare the fault; returns what ends it."""
        match self._kind:
            case ("api killed",):
                return self._kill_at_a_step(one)
            case ("disk full",):
                return self._fill_the_disk(one)
            case ("wire", store, harm):
                return self._expect(store, Fault(harm, self._rng.randrange(_USUAL_ANSWERS[store])))  # type: ignore[arg-type]
            case ("commit unanswered", store):
                return self._expect(store, Fault("lose", self._rng.randrange(3), to=_COMMITS[store]))
            case ("server killed", store):
                fault = Fault("down", self._rng.randrange(_USUAL_ANSWERS[store]), then=self._servers[store].kill)
                return self._expect(store, fault)
        raise AssertionError(f"no such trouble: {self._kind}")

    def _kill_at_a_step(self, one: Replica) -> Callable[[], None]:
        step = self._rng.randrange(_USUAL_STEPS)
        one.control.set("die_at", one.control.get("steps") + step)
        self.story.append(f"killed at step {step}")
        return lambda: None

    def _fill_the_disk(self, one: Replica) -> Callable[[], None]:
        grown = [path.stat().st_size for path in one.home.glob("*.sqlite*")]
        size_bytes = self._rng.choice([100, 2_000, 5_000, *grown]) + self._rng.randrange(10_000)
        one.limit_files_to(size_bytes)
        self.story.append(f"files of at most {size_bytes} bytes")

        def heal() -> None:
            one.limit_files_to(NO_LIMIT)

        return heal

    def _expect(self, store: str, fault: Fault) -> Callable[[], None]:
        """Have the fault strike; a store that goes away comes back after some seconds, as a supervisor brings it."""
        wire = self._world.wires[store]
        met = threading.Event()
        back = threading.Timer(_AWAY_S, self._revive)

        def strike() -> None:
            fault.then()
            if fault.harm == "down":
                back.start()
            met.set()

        def heal() -> None:
            self.struck = met.is_set()
            if wire.struck and fault.harm == "down":
                assert met.wait(30), self.story  # the platform may know of it before a killed server has ended
            if met.is_set() and fault.harm == "down":
                back.join()
            self._revive()

        wire.expect(fault._replace(then=strike))
        self.story.append(f"{store}: {fault.harm} answer {fault.nth} {fault.to.decode()}")
        return heal

    def _two_writers(self, one: Replica, two: Replica) -> None:
        ours, theirs = self._posting(self._file("ours")), self._posting(self._file("theirs"))
        if self._kind[-1] == "one killed":
            self._kill_at_a_step(one)
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(self._told, (one, two), (ours, theirs)))
        assert answers[1] is not None, self.story
        assert answers[1].status_code == 200, self._said(answers[1])
        self.struck = self._kind[-1] != "one killed" or answers[0] is None
        one.start()
        if answers[0] is None or answers[0].status_code != 200:
            self._answered(one, ours)
        first = self._counting
        self._check([[*first, ours.after[-1], theirs.after[-1]], [*first, theirs.after[-1], ours.after[-1]]])

    def _twice_at_once(self, one: Replica, two: Replica) -> None:
        posting = self._posting(self._file("both"))
        with ThreadPoolExecutor(2) as pool:
            answers = [answer for answer in pool.map(self._told, (one, two), (posting, posting)) if answer is not None]
        assert [answer.status_code for answer in answers] == [200, 200], self.story
        assert answers[0].json()["id"] == answers[1].json()["id"], self.story
        self.struck = True
        self._check([posting.after])

    def _by_a_wrong_clock(self, one: Replica) -> None:
        """The clock is set back between two files, or was ahead while one came and was then set right."""
        seconds = self._rng.randrange(1, 90_000)
        self.struck = True
        if self._kind[1] == "behind":
            one.control.set("clock_s", -seconds)
        else:
            one.control.set("clock_s", seconds)
            self._done(one, self._posting(self._file("early")))
            one.control.set("clock_s", 0)
        self.story.append(f"the clock is {seconds} s {self._kind[1]}")
        self._done(one, self._posting(self._file("late")))
        one.control.set("clock_s", 0)
        self._done(one, self._posting(self._file("last")))

    def _told(self, replica: Replica, action: Action) -> httpx.Response | None:
        """The answer to a request in trouble: done, or to be sent again, or none from an API that died."""
        answer = action.ask(replica)
        self.story.append(f"{action.what}: {'no answer' if answer is None else answer.status_code}")
        if answer is None:
            wait_for(lambda: not replica.lives, f"an API without an answer to be dead; {self.story}", timeout_s=60)
        else:
            assert answer.status_code in (200, *_LATER), self._said(answer)
        return answer

    def _answered(self, replica: Replica, action: Action) -> None:
        """The request without trouble: it must be done at once."""
        answer = action.ask(replica)
        assert answer is not None, f"{action.what}: no answer. {self.story}"
        self.story.append(f"{action.what}: {answer.status_code}")
        assert answer.status_code == 200, self._said(answer)
        assert answer.json()["state"] == "done", self._said(answer)

    def _done(self, replica: Replica, action: Action) -> None:
        self._answered(replica, action)
        self._counting = action.after
        self._check([action.after])

    def _said(self, answer: httpx.Response) -> str:
        receipt: dict[str, Any] = answer.json()
        return f"{answer.status_code}: {receipt.get('trouble') or receipt}. {self.story}"

    def _check_old_or_new(self, action: Action, *, acknowledged: bool) -> None:
        """No layer holds a mixture; what was acknowledged is there."""
        old, new = self._counting, action.after
        allowed = [new] if acknowledged else [old, new]
        assert self._world.rows(self._month) in [rows_after(files) for files in allowed], self.story
        assert self._world.days(self._month) in [days_after(files) for files in allowed], self.story

    def _check(self, allowed: Sequence[list[File]]) -> None:
        """Rows and documents are those of the model, and the monthly sheets those of the rows."""
        found = self._world.rows(self._month), self._world.days(self._month)
        assert found in [(rows_after(files), days_after(files)) for files in allowed], self.story
        ((_, (made, _)),) = pipeline.month_sheets(self._world.stores, self._month).by_month[self._month]
        assert sorted(map(_undated, self._world.sheets(self._month)), key=_id) == sorted(
            map(_undated, made), key=_id
        ), self.story


def _undated(sheet: Any) -> dict[str, Any]:
    return {**msgspec.to_builtins(sheet), "updated_at": None}


def _id(sheet: dict[str, Any]) -> str:
    return str(sheet["_id"])
