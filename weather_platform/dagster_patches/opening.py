"""A fresh Dagster home is opened by one process first (dagster-io/dagster#27390)."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from weather_platform.files import file_lock


@contextmanager
def opening_alone(home: Path) -> Iterator[bool]:
    """Hold off others while this process opens the instance in `home`, and tell whether it is the first to do so.

    Six processes that opened a fresh home at once left it broken for good, with two heads in ``alembic_version``.
    """
    opened = home / f".opened-by-dagster-{version('dagster')}"
    with file_lock(home / "opening.lock"):
        yield not opened.exists()
        opened.touch()
