"""`weather load` on a real terminal: its progress, and Ctrl-C at any moment."""

import os
import pty
import re
import signal
import sys
import time
from pathlib import Path

import pytest
from dagster import DagsterInstance, RunsFilter

from weather_platform_tests.runtime.processes import descendants, survivors

_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class OnATerminal:
    """The console script, started by a person at a terminal."""

    def __init__(self, home: Path, *arguments: str) -> None:
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            signal.signal(signal.SIGINT, signal.SIG_DFL)  # ignored in a pytest that a script started in the background
            os.environ.update(WEATHER_HOME=str(home), COLUMNS="100", TERM="xterm")
            os.execv(Path(sys.executable).with_name("weather"), ["weather", *arguments])  # noqa: S606
        self.shown = ""

    def read_until(self, text: str, timeout_s: float = 120.0) -> None:
        deadline = time.monotonic() + timeout_s
        while text not in self.shown:
            assert time.monotonic() < deadline, self.shown
            assert self._read(), self.shown

    def press_ctrl_c(self) -> None:
        os.write(self._terminal, b"\x03")

    def ended(self) -> int:
        """The exit code, with all that was shown read."""
        while self._read():
            pass
        _, status = os.waitpid(self.pid, 0)
        os.close(self._terminal)
        return os.waitstatus_to_exitcode(status)

    def _read(self) -> bool:
        try:
            self.shown += _CONTROL.sub("", os.read(self._terminal, 65536).decode(errors="replace")).replace("\r", "\n")
        except OSError:  # the other end is closed
            return False
        return True


def test_progress_is_told_by_month_while_dagster_runs(weather_home: Path) -> None:
    load = OnATerminal(weather_home, "load", "2023-11..2023-12", "--source", "sample", "--city", "nice")
    assert load.ended() == 0, load.shown
    for month, done in (("2023-11", "0/2"), ("2023-12", "1/2")):
        assert re.search(rf"{month} (received|staged|curated) .* {done} ", load.shown), load.shown


def test_ctrl_c_ends_the_first_load_of_up_and_leaves_nothing(weather_home: Path) -> None:
    """What `make run` starts: a load, then the services."""
    up = OnATerminal(weather_home, "up", "--load", "2023-12", "--source", "sample")
    up.read_until("2023-12 received")
    children = descendants(up.pid)
    up.press_ctrl_c()
    code = up.ended()
    assert (code, "Traceback" in up.shown) == (130, False), up.shown
    lines = [line for line in up.shown.replace("^C", "").splitlines() if line.strip()]
    assert lines[-1] == "Stopping … 0 of 1 months are loaded."
    assert survivors(children, set()) == set()


@pytest.mark.parametrize(
    ("moment", "said"),
    [
        ("", "Stopping …"),
        ("starting Dagster", "Stopping … 0 of 3 months are loaded."),
        ("2023-10 received", "Stopping … 0 of 3 months are loaded."),
        ("2023-11 received", "Stopping … 1 of 3 months are loaded: 2023-10."),
    ],
    ids=["importing", "starting", "in the first run", "in the second run"],
)
def test_ctrl_c_ends_a_load_in_one_line_and_leaves_nothing(weather_home: Path, moment: str, said: str) -> None:
    load = OnATerminal(weather_home, "load", "2023-10..2023-12", "--source", "sample")
    if not moment:
        time.sleep(0.4)
    load.read_until(moment)
    children = descendants(load.pid)
    load.press_ctrl_c()
    code = load.ended()
    assert (code, "Traceback" in load.shown) == (130, False), load.shown
    lines = [line for line in load.shown.replace("^C", "").splitlines() if line.strip()]
    assert lines[-1] == said
    assert survivors(children, set()) == set()
    if moment.startswith("2023"):
        with DagsterInstance.from_config(str(weather_home / "dagster")) as instance:
            unfinished = [run for run in instance.get_runs(RunsFilter()) if not run.is_finished]
            assert unfinished == []
