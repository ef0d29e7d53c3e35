"""The supervisor over services that take no time to start."""

import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from weather_platform.domain.errors import CannotServe
from weather_platform.runtime.service import Service, any_free_port
from weather_platform.runtime.supervisor import Supervisor
from weather_platform_tests.runtime.processes import Found, command, descendants, sessions, survivors
from weather_platform_tests.runtime.serving import Script, wait_for

SLEEPER = "import time; time.sleep(600)"
STUBBORN_PARENT = (
    "import signal, subprocess, sys\n"
    "child = 'import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); time.sleep(600)'\n"
    "subprocess.run([sys.executable, '-c', child])"
)


def supervise(folder: Path, services: dict[str, str], before: str = "") -> Script:
    """A supervisor of Python services, name → code; the one called ``code`` holds code."""
    script = f"""
import sys
from pathlib import Path
from weather_platform.runtime.service import Service
from weather_platform.runtime.supervisor import Supervisor
{before}
services = [
    Service(name=name, command=[sys.executable, "-c", code], is_ready=lambda: True, holds_code=name == "code")
    for name, code in {services!r}.items()
]
Supervisor(services, Path({str(folder)!r}) / "logs", lambda news: print("news:", news)).run(lambda: print("ready"))
"""
    return Script(script, folder)


@contextmanager
def supervised(folder: Path, services: dict[str, str], before: str = "") -> Iterator[Script]:
    script = supervise(folder, services, before)
    try:
        script.wait_until_printed("ready")
        yield script
    finally:
        script.interrupt()


def one_running(script: Script, code: str) -> Found:
    """The service that runs `code`."""

    def look() -> Found | None:
        return next((found for found in descendants(script.process.pid) if code in command(found)), None)

    return wait_for(look, f"a process with {code!r}")


def test_a_service_that_dies_is_started_again_and_said(tmp_path: Path) -> None:
    with supervised(tmp_path, {"clock": SLEEPER}) as script:
        first = one_running(script, SLEEPER)
        os.kill(first.pid, signal.SIGKILL)
        script.wait_until_printed("news: The clock was killed by SIGKILL; starting it again.")
        assert one_running(script, SLEEPER) != first


def test_a_service_that_keeps_dying_is_given_longer_and_longer_pauses(tmp_path: Path) -> None:
    started = tmp_path / "started"
    twice = f"from pathlib import Path; p = Path({str(started)!r}); seen = p.exists(); p.touch()\n"
    dying = twice + "import time; time.sleep(0 if seen else 0.5); raise SystemExit(3)"
    with supervised(tmp_path, {"clock": dying}) as script:
        script.wait_until_printed("The clock ended with exit code 3; starting it again. ")
        script.wait_until_printed("The clock ended with exit code 3; starting it again in 1 s. ")
        script.wait_until_printed("The clock ended with exit code 3; starting it again in 2 s. ")


def test_a_service_hears_signals_that_the_supervisor_was_told_to_ignore(tmp_path: Path) -> None:
    """As a shell's `&` tells: Dagster copies its SIGINT handler to SIGTERM, and could not be stopped."""
    ignoring = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"
    asking = "import signal, time; print(signal.getsignal(signal.SIGINT).__name__, flush=True); time.sleep(600)"
    with supervised(tmp_path, {"clock": asking}, before=ignoring):
        log = tmp_path / "logs/clock.log"
        assert wait_for(log.read_text, "an answer") == "default_int_handler\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_leaves_no_process_behind(tmp_path: Path, number: signal.Signals) -> None:
    """Not even a grandchild that ignores SIGTERM."""
    with supervised(tmp_path, {"clock": SLEEPER, "family": STUBBORN_PARENT}) as script:
        one_running(script, "SIG_IGN")
        family = wait_for(lambda: found if len(found := descendants(script.process.pid)) == 3 else None, "three")
        theirs = sessions(family)
        script.process.send_signal(number)
        assert script.process.wait(20) == 0
        assert survivors(family, theirs) == set()


def test_a_killed_supervisor_takes_its_services_along(tmp_path: Path) -> None:
    with supervised(tmp_path, {"clock": SLEEPER}) as script:
        service = one_running(script, SLEEPER)
        script.process.kill()
        script.process.wait()
        wait_for(lambda: not survivors({service}, set()), "the service to end")


def test_on_request_only_services_with_code_are_restarted(tmp_path: Path) -> None:
    other = SLEEPER + "  # other"
    with supervised(tmp_path, {"code": SLEEPER + "  # code", "other": other}) as script:
        code, unconcerned = one_running(script, "# code"), one_running(script, "# other")
        script.process.send_signal(signal.SIGUSR1)
        script.wait_until_printed("news: Reloading the code: restarting code.")
        wait_for(lambda: one_running(script, "# code") != code, "another process")
        assert one_running(script, "# other") == unconcerned


def test_a_taken_port_is_named_with_the_setting_that_cures_it(tmp_path: Path) -> None:
    with socket.socket() as other_server:
        other_server.bind(("127.0.0.1", 0))
        other_server.listen()
        port = other_server.getsockname()[1]
        service = Service(
            name="webserver", command=["true"], is_ready=lambda: True, port=port, port_setting="WEATHER_DAGSTER_PORT"
        )
        with pytest.raises(CannotServe) as error:
            Supervisor([service], tmp_path, print).run(lambda: None)
    assert error.value.cause == f"Port {port}, meant for the webserver, is taken."
    assert error.value.cure == "Stop what listens there, or set WEATHER_DAGSTER_PORT to another port."


@pytest.mark.parametrize(
    ("code", "ending"),
    [
        ("raise SystemExit('no such database')", "ended with exit code 1"),
        ("print('no such database', flush=True); import os; os.kill(os.getpid(), 9)", "was killed by SIGKILL"),
    ],
)
def test_a_service_that_cannot_start_is_quoted(tmp_path: Path, code: str, ending: str) -> None:
    service = Service(name="api", command=[sys.executable, "-c", code], is_ready=lambda: False)
    with pytest.raises(CannotServe) as error:
        Supervisor([service], tmp_path, print).run(lambda: None)
    assert error.value.cause == f"The api {ending} before it was ready:\nno such database"
    assert error.value.cure == f"The whole log is {tmp_path / 'api.log'}."


def test_a_service_starts_after_the_one_it_needs(tmp_path: Path) -> None:
    times: dict[str, float] = {}

    def noted(name: str, file: Path) -> Callable[[], bool]:
        def is_ready() -> bool:
            if file.exists():
                times.setdefault(name, time.monotonic())
            return file.exists()

        return is_ready

    def touching(name: str, after: str | None, pause_s: float) -> Service:
        code = f"import time; time.sleep({pause_s}); open({str(tmp_path / name)!r}, 'w'); time.sleep(600)"
        return Service(
            name=name, command=[sys.executable, "-c", code], is_ready=noted(name, tmp_path / name), after=after
        )

    def stop() -> None:
        os.kill(os.getpid(), signal.SIGTERM)

    Supervisor([touching("door", "base", 0), touching("base", None, 0.3)], tmp_path, print).run(stop)

    assert times["base"] < times["door"]
    assert any_free_port() > 0
