"""Starts the services, watches them, restarts what dies, and leaves no process behind."""

import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from weather_platform.domain.errors import CannotServe
from weather_platform.runtime.process import Process
from weather_platform.runtime.service import Service, check_ports

TICK_S = 0.1
STOP_GRACE_S = 10.0
"""A run in flight may end within this time; a longer one is retried at the next start."""
STEADY_S = 60.0
"""A service that ran this long is restarted at once, and its earlier failures are forgotten."""
LONGEST_PAUSE_S = 30.0


class Supervisor:
    """Keeps `services` running until SIGINT, SIGTERM or SIGHUP; on SIGUSR1 it restarts those that hold code.

    `report` receives one-line messages for the user; the output of each service goes to ``log_folder/<name>.log``.
    """

    def __init__(self, services: Sequence[Service], log_folder: Path, report: Callable[[str], None]) -> None:
        self._log_folder = log_folder
        self._processes = [Process(service, log_folder / f"{service.name}.log") for service in services]
        self._report = report
        self._stop_requests = 0
        self._reload_requested = False
        self._restarts: dict[str, _Pause] = {}

    def run(self, when_ready: Callable[[], None]) -> None:
        """Return after a request to stop, with every process gone.

        Raises:
            CannotServe: a port is taken, or a service ended or stayed silent before it was ready.
        """
        check_ports(process.service for process in self._processes)
        self._set_logs_aside()
        with self._obeying_signals():
            try:
                if self._start():
                    when_ready()
                    self._watch()
            finally:
                self._stop()

    def _set_logs_aside(self) -> None:
        self._log_folder.mkdir(parents=True, exist_ok=True)
        for process in self._processes:
            if process.log.exists():
                process.log.replace(process.log.with_suffix(".previous.log"))

    def _start(self, timeout_s: float = 180.0) -> bool:
        """True when all are ready, False when asked to stop before."""
        deadline = time.monotonic() + timeout_s
        ready: set[str] = set()
        while len(ready) < len(self._processes):
            if self._stop_requests:
                return False
            for process in self._processes:
                if self._advance(process, ready):
                    ready.add(process.service.name)
            if time.monotonic() > deadline:
                silent = next(process for process in self._processes if process.service.name not in ready)
                raise _not_started(silent, f"gave no answer within {timeout_s:.0f} s")
            time.sleep(TICK_S / 2)
        return True

    def _advance(self, process: Process, ready: set[str]) -> bool:
        """Move a service one step towards ready; True once it is."""
        service = process.service
        if not process.has_started:
            if service.after is None or service.after in ready:
                process.start()
            return False
        ending = process.ending()
        if ending:
            raise _not_started(process, ending)
        return service.name in ready or service.is_ready()

    def _watch(self) -> None:
        while not self._stop_requests:
            if self._reload_requested:
                self._reload_requested = False
                self._reload_code()
            for process in self._processes:
                self._revive(process)
            time.sleep(TICK_S)

    def _revive(self, process: Process) -> None:
        """Restart a dead service: at once, then after 1, 2, 4 … 30 s while it keeps dying."""
        name = process.service.name
        ending = process.ending()
        if ending is None:
            return
        pause = self._restarts.get(name)
        if pause is None or not pause.waiting:
            if pause is None or time.monotonic() - process.started_at > STEADY_S:
                pause = _Pause()
            process.kill_all()  # its children would still take runs or hold the port
            self._restarts[name] = pause
            pause.begin()
            self._report(f"The {name} {ending}; starting it again{pause.in_words()}. Its log: {process.log}")
        if pause.over():
            process.start()

    def _reload_code(self) -> None:
        held = [process for process in self._processes if process.service.holds_code]
        self._report(f"Reloading the code: restarting {' and '.join(process.service.name for process in held)}.")
        _end(held, lambda: self._stop_requests > 1)
        for process in held:
            process.start()

    def _stop(self) -> None:
        """Ask services to stop in list order, API and site first; kill the rest after the grace or a second Ctrl-C."""
        _end(self._processes, lambda: self._stop_requests > 1)

    @contextmanager
    def _obeying_signals(self) -> Iterator[None]:
        """Handle signals, for the services too: a handled signal is reset in a child, even if the shell ignored it.

        Dagster copies its SIGINT handler to SIGTERM; started by a script with ``&``, it could not be stopped.
        """

        def ask(number: int, _: FrameType | None) -> None:
            if number == signal.SIGUSR1:
                self._reload_requested = True
            else:
                self._stop_requests += 1
                if self._stop_requests == 1:
                    self._report("Stopping …")

        numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1)
        before = {number: signal.signal(number, ask) for number in numbers}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class _Pause:
    """Delay before the next start of a service that keeps dying."""

    def __init__(self) -> None:
        self._seconds = 0.0
        self._until = 0.0
        self.waiting = False

    def begin(self) -> None:
        self._until = time.monotonic() + self._seconds
        self.waiting = True

    def over(self) -> bool:
        if time.monotonic() < self._until:
            return False
        self._seconds = min(LONGEST_PAUSE_S, self._seconds * 2 or 1.0)
        self.waiting = False
        return True

    def in_words(self) -> str:
        return f" in {self._seconds:.0f} s" if self._seconds else ""


def _end(processes: Sequence[Process], impatient: Callable[[], bool]) -> None:
    deadline = time.monotonic() + STOP_GRACE_S
    for process in processes:
        process.ask_to_stop()
    while any(process.has_started and process.ending() is None for process in processes):
        if time.monotonic() > deadline or impatient():
            break
        time.sleep(TICK_S / 2)
    for process in processes:
        process.kill_all()


def _not_started(process: Process, what_happened: str) -> CannotServe:
    return CannotServe(
        f"The {process.service.name} {what_happened} before it was ready:\n{process.last_words()}",
        f"The whole log is {process.log}.",
    )
