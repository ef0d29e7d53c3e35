"""A fresh Dagster home is opened by one process first (dagster-io/dagster#27390)."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

from weather_platform.files import file_lock


@contextmanager
def instance_init_lock(home: Path) -> Iterator[bool]:
    """Lock out other processes while this one opens the instance in `home`; yields whether it is the first.

    Six processes that opened a fresh home at once left it broken for good, with two heads in ``alembic_version``.
    """
    opened = home / f".opened-by-dagster-{version('dagster')}"
    with file_lock(home / "opening.lock"):
        yield not opened.exists()
        opened.touch()
