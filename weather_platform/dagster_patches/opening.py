"""A fresh Dagster home is opened by one process first (dagster-io/dagster#27390)."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path


@contextmanager
def opening_alone(home: Path) -> Iterator[bool]:
    """Hold off others while this process opens the instance in `home`, and tell whether it is the first to do so.

    Six processes that opened a fresh home at once left it broken for good, with two heads in ``alembic_version``.
    """
    opened = home / f".opened-by-dagster-{version('dagster')}"
    with (home / "opening.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield not opened.exists()
        opened.touch()
