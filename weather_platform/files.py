"""Atomic file writes, and file locks that end with the process that holds them."""

import errno
import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock

UNFINISHED = ".tmp-"
"""Prefix of files still being written, or left by a killed writer."""
_LONGEST_SUFFIX = 16
"""Longer text after the last dot is not a suffix; a file name has at most 255 bytes."""


@contextmanager
def atomic_write(path: Path, *, durable: bool = False, replace: bool = True) -> Iterator[Path]:
    """Yield a temporary path beside `path`, with the same suffix; it is renamed to `path` when the block ends.

    If the block raises, nothing changes. A `durable` file survives a power cut (two fsync, about 5 ms on a disk).

    Raises:
        FileExistsError: without `replace`, if the name is taken; of two concurrent writers one wins.
        OSError: the folder cannot be written, or the disk is full.
    """
    suffix = path.suffix if len(path.suffix) <= _LONGEST_SUFFIX else ""
    unfinished = path.with_name(f"{UNFINISHED}{secrets.token_hex(8)}{suffix}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), str(path.parent)) from error
    try:
        yield unfinished
        if durable:
            sync(unfinished)
        if replace:
            unfinished.replace(path)
        else:
            path.hardlink_to(unfinished)
        if durable:
            sync(path.parent)
    finally:
        unfinished.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Call fsync on a file or a folder."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def file_lock(path: Path, *, timeout_s: float = -1) -> FileLock:
    """A lock for a `with` block, against other processes and threads; it is released if its holder dies.

    Entering raises `filelock.Timeout` after `timeout_s`; by default it waits without limit.
    """
    return FileLock(path, timeout=timeout_s, poll_interval=0.02)


def is_locked(path: Path) -> bool:
    """Whether a process holds the lock; needs no right to write, unlike filelock.

    Raises:
        OSError: the file does not exist or cannot be read.
    """
    try:
        with path.open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    return False
