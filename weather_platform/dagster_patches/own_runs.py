"""Runs executed by a process of their own, such as `weather load`; lost if that process ends early."""

import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from weather_platform.files import file_lock, is_locked

OWNER_TAG = "weather/owner"


@contextmanager
def owning_runs(home: Path) -> Iterator[dict[str, str]]:
    """Yield the tags for runs of this process on the instance in `home`, and hold its lock meanwhile.

    The operating system drops the lock when the process ends, so monitoring sees that the run is lost. Without the
    tags, a killed run shows as running for ever and holds its pools, so every later run waits.
    """
    folder = home / "owners"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{socket.gethostname()}:{uuid.uuid4().hex}"
    with file_lock(path):
        yield {OWNER_TAG: path.name}
    path.unlink()


def owner_is_alive(home: Path, owner: str) -> bool:
    """False once the owner has ended; True if that is unknown, as on another machine."""
    if not owner.startswith(f"{socket.gethostname()}:"):
        return True
    try:
        return is_locked(home / "owners" / owner)
    except FileNotFoundError:
        return False
