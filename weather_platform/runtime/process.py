"""One running service: started in a session of its own, watched, and stopped with all its children."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from weather_platform.runtime.service import Service

PR_SET_PDEATHSIG = 1


class Process:
    """The process of a service, and its successors after restarts.

    For the main thread only: Linux ends the process when the *thread* that started it ends.
    """

    def __init__(self, service: Service, log: Path) -> None:
        self.service = service
        self.log = log
        self._popen: subprocess.Popen[bytes] | None = None
        self.started_at = 0.0

    def start(self) -> None:
        """Start the command, its output appended to the log."""
        with self.log.open("ab") as output:
            self._popen = subprocess.Popen(  # noqa: S603
                self.service.command,
                env={**os.environ, **self.service.environment},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=_end_with_the_supervisor,  # noqa: PLW1509
            )
        self.started_at = time.monotonic()

    @property
    def has_started(self) -> bool:
        return self._popen is not None

    def ending(self) -> str | None:
        """How the process ended, in words; None while it runs."""
        code = self._popen.poll() if self._popen else None
        if code is None:
            return None
        return f"was killed by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"

    def ask_to_stop(self) -> None:
        if self._popen and self._popen.poll() is None:
            self._popen.terminate()

    def kill_all(self) -> None:
        """Kill the process and its remaining children."""
        if self._popen is None:
            return
        try:
            os.killpg(self._popen.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        finally:
            self._popen.wait()

    def last_words(self, lines: int = 5) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


def _end_with_the_supervisor() -> None:
    """Runs in the child before its command: no process survives a killed supervisor.

    A run in flight ends too; the next start treats it as lost and retries it.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
