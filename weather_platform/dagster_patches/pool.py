"""Celery's pool of children for a broker without an event loop, which ends with an idle child that is killed.

Such a pool hands out tasks by one pipe, and the idle child that reads it holds its lock. If that child is killed, by
`kill -9` or for want of memory, the lock is never released: the worker answers, and executes no task any more (seen
with billiard 4.2). So the worker ends, and its supervisor starts it again; a run in another child is retried. A child
that executes a task holds no lock, and is replaced by the pool. With Redis every child has a pipe of its own.
"""

import logging
import os
from typing import Any

from billiard.pool import Pool
from celery.concurrency import prefork

_log = logging.getLogger(__name__)


class MortalPool(Pool):  # type: ignore[misc]  # billiard and Celery have no types
    """A pool whose process ends when a signal ends an idle child."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options | {"on_process_down": self._end_with})

    def _end_with(self, child: Any) -> None:
        was_killed = (child.exitcode or 0) < 0 and not getattr(child, "_controlled_termination", False)
        executed = {pid for job in list(self._cache.values()) for pid in job.worker_pids()}
        if was_killed and child.pid not in executed:
            _log.critical("An idle child, %s, was killed and may hold the queue's lock: the worker ends.", child.pid)
            os._exit(1)


class TaskPool(prefork.TaskPool):  # type: ignore[misc]
    """Value of ``worker_pool`` in Celery's settings."""

    BlockingPool = MortalPool
