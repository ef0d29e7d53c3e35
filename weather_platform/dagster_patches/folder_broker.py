"""A Celery broker in a folder, for one machine without a server. Messages are complete and do not accumulate.

celery/kombu#1551 (a message that cannot be read ends the reader) and #1281 (control queues that stay).
"""

import time
import uuid
from pathlib import Path
from typing import Any

from kombu.transport import filesystem
from kombu.utils.json import dumps

from weather_platform.files import atomic_write


class Channel(filesystem.Channel):
    """kombu's channel with atomic writes: a reader could take a half-written message, and its run would be lost."""

    def _put(self, queue: str, payload: Any, **_: Any) -> None:  # type: ignore[override]  # two names upstream
        folder = Path(self.data_folder_out)
        name = f"{time.monotonic_ns() // 1_000_000}_{uuid.uuid4()}.{queue}.msg"
        with atomic_write(folder / name) as draft:
            draft.write_text(dumps(payload))  # type: ignore[no-untyped-call]


class Transport(filesystem.Transport):
    """Value of ``broker_transport`` in Celery's settings, for the broker ``filesystem://``."""

    Channel = Channel


def forget_dead_workers(broker: Path) -> None:
    """Remove control messages to workers that are gone; runs that wait for a worker stay.

    Call it while no worker runs: the first one binds its queues again.
    """
    for path in [*broker.glob("control/*.exchange"), *broker.glob("messages/*.pidbox.msg")]:
        path.unlink(missing_ok=True)
