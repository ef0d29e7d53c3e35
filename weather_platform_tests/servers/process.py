"""A real server as a process of this test run: on a free port, waited for, and never left behind.

What every server needs is here; what one server must be told stands in its own module. Nothing here knows pytest.
"""

import os
import random
import shutil
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import ClassVar, Self

LOOPBACK = "127.0.0.1"

# Below 32768, where Linux begins to hand out ports for outgoing connections: the port of a server that was killed must
# stay free until it is started again, and a client that retries must not be connected to itself.
_PORTS = range(20_000, 32_768)
# Hypothesis seeds the shared generator, so that two test runs at once would pick the same ports.
_RANDOM = random.SystemRandom()

# The kernel kills a server when the thread that started it ends. This one lives as long as the test process, so a test
# may start a server from any thread of its own.
_SPAWNER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="servers")
# A shell without job control leaves SIGINT ignored in its children, and some servers then ignore SIGTERM too.
_TIED_TO_US = ("env", "--default-signal=INT,TERM", "setpriv", "--pdeathsig", "KILL", "--")


class ServerMissing(Exception):
    """A server that is not to be had on this machine: why, and what would help."""

    def __init__(self, server: str, why: str, cure: str) -> None:
        super().__init__(f"{server}: {why} {cure}")
        self.server = server


class ServerFetchFailed(ServerMissing):
    """A server that could not be downloaded because the network failed."""


class ServerFailed(Exception):
    """A server that is installed and does not start."""


def find_program(server: str, name: str, packages: str) -> Path:
    """Where a program is, also in the folders that only root has on its path; ``ServerMissing`` names the packages."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if found is None:
        raise ServerMissing(server, f"{name} is not installed.", f"As root: apt-get install {packages}")
    return Path(found)


def free_port() -> int:
    """A port of the loopback interface on which nothing listens."""
    while not is_free(port := _RANDOM.choice(_PORTS)):
        pass
    return port


def is_free(port: int) -> bool:
    """Whether a server could listen on the port now."""
    with socket.socket() as probe:
        # As servers do: connections that were closed a moment ago are no hindrance.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def listens(port: int) -> bool:
    """Whether something accepts connections on the port."""
    with socket.socket() as probe:
        return probe.connect_ex((LOOPBACK, port)) == 0


class Server(ABC):
    """One server with its data below ``folder``.

    ``start`` after ``stop`` or ``kill`` goes on with the same data on the same port. As a context manager it is started
    on entry and stopped on every exit. It dies with the process that started it.
    """

    name: ClassVar[str]
    start_timeout_s: ClassVar[float] = 30
    stop_timeout_s: ClassVar[float] = 15

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = free_port()
        self._prepared = False
        self._process: subprocess.Popen[bytes] | None = None

    @abstractmethod
    def prepare(self) -> None:
        """Make the data folder; called before the first start, with ``folder`` there and empty."""

    @abstractmethod
    def command(self) -> Sequence[str | Path]:
        """The command that runs the server in the foreground."""

    @abstractmethod
    def answers(self) -> bool:
        """Whether the server does its work now; called many times while it starts."""

    @property
    def log(self) -> Path:
        """What the server printed, of all its starts."""
        return self.folder / "log"

    @property
    def pid(self) -> int:
        """The process id of the running server."""
        if self._process is None:
            raise ServerFailed(f"{self.name} is not running.")
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether the process is there; it may still be starting."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start and wait until it answers; nothing to do where it runs already."""
        if self.running:
            return
        if not self._prepared:
            self.folder.mkdir(parents=True)
            self.prepare()
            self._prepared = True
        if not is_free(self.port):
            raise ServerFailed(f"{self.name} cannot start: something else listens on port {self.port}.")
        self._process = _SPAWNER.submit(self._spawn).result()
        try:
            self._wait_until_it_answers()
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """Ask it to end (SIGTERM), and end it when it does not."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it at once (SIGKILL), as a crash would."""
        self._end(signal.SIGKILL)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Within the block it says nothing: its connections stay, and the kernel accepts new ones for it."""
        os.killpg(self.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(self.pid, signal.SIGCONT)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, error_type: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def _spawn(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [*_TIED_TO_US, *self.command()],
                cwd=self.folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C is for pytest, which then stops the servers in its own order
            )

    def _wait_until_it_answers(self) -> None:
        deadline = time.monotonic() + self.start_timeout_s
        while not self.answers():
            if not self.running:
                raise ServerFailed(f"{self.name} ended while starting. The end of its log:\n{self._end_of_log()}")
            if time.monotonic() > deadline:
                raise ServerFailed(
                    f"{self.name} did not answer in {self.start_timeout_s} s. The end of its log:\n{self._end_of_log()}"
                )
            time.sleep(0.02)

    def _end_of_log(self) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-20:])

    def _end(self, how: signal.Signals) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            os.killpg(process.pid, how)
        try:
            process.wait(self.stop_timeout_s)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
