"""Runs that no worker executes but a process of its own, as `weather load` does: lost when that process has ended."""

import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from weather_platform.files import file_lock, is_locked

OWNER_TAG = "weather/owner"


@contextmanager
def owning_runs(home: Path) -> Iterator[dict[str, str]]:
    """Give the tags for the runs of this process on the instance in `home`.

    However the process ends, monitoring then sees that its run is lost: the system drops the lock with the process.
    Without the tags, a killed run shows as running for ever and holds its pools, so that every later run waits.
    """
    folder = home / "owners"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{socket.gethostname()}:{uuid.uuid4().hex}"
    with file_lock(path):
        yield {OWNER_TAG: path.name}
    path.unlink()


def owner_is_alive(home: Path, owner: str) -> bool:
    """False once the owner has ended; True also where that cannot be known, on another machine than the owner's."""
    if not owner.startswith(f"{socket.gethostname()}:"):
        return True
    try:
        return is_locked(home / "owners" / owner)
    except FileNotFoundError:
        return False
