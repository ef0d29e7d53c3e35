"""Ctrl-C while Dagster executes a run in this process."""

import signal
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


def hold_interrupts() -> None:
    """Keep Ctrl-C pending, through `execv` too: a Python that starts ends in a traceback, or without a word."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})


def take_interrupts() -> None:
    """Let one that was held through, as KeyboardInterrupt."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


@contextmanager
def noticed_interrupts() -> Iterator[Callable[[], bool]]:
    """Yield a function that returns whether Ctrl-C or SIGTERM came since, even if Dagster dropped it.

    Dagster replaces the handlers while it executes: an interrupt in a step makes a failed run, and one between two
    steps is dropped (`dagster._utils.interrupts`, 1.13.27). While modules are imported, Python itself drops one that
    comes within a callback (1 of 28 presses in the first 5 s of `weather load`). The wakeup descriptor receives every
    signal nonetheless.
    """
    if threading.current_thread() is not threading.main_thread():
        yield lambda: False
        return
    heard, told = socket.socketpair()
    with heard, told:
        heard.setblocking(False)
        told.setblocking(False)
        seen = bytearray()

        def is_interrupted() -> bool:
            with suppress(BlockingIOError):
                seen.extend(heard.recv(4096))
            return signal.SIGINT in seen or signal.SIGTERM in seen

        before = signal.set_wakeup_fd(told.fileno(), warn_on_full_buffer=False)
        try:
            yield is_interrupted
        finally:
            signal.set_wakeup_fd(before)
