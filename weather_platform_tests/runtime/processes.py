"""Who is whose child, from /proc: never by name, as other people's servers run on the same machine."""

from pathlib import Path
from typing import NamedTuple


class Found(NamedTuple):
    """A process: the id alone could be another one's later."""

    pid: int
    started_at: int
    """Clock ticks since boot."""


def descendants(pid: int) -> set[Found]:
    """All living children of `pid`, theirs included."""
    parents = {found: parent for found, parent, _ in _living()}
    family = {pid}
    while more := {found.pid for found, parent in parents.items() if parent in family} - family:
        family |= more
    return {found for found in parents if found.pid in family - {pid}}


def sessions(processes: set[Found]) -> set[int]:
    return {session for found, _, session in _living() if found in processes}


def survivors(processes: set[Found], of_sessions: set[int]) -> set[Found]:
    """Those still alive, and other live processes of the same sessions."""
    return {found for found, _, session in _living() if found in processes or session in of_sessions}


def command(process: Found) -> str:
    return Path(f"/proc/{process.pid}/cmdline").read_text().replace("\0", " ")


def _living() -> list[tuple[Found, int, int]]:
    """Each process that runs, with its parent and session; a zombie does not."""
    living = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, parent, _, session, *rest = (folder / "stat").read_text().rpartition(")")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue
        if state != "Z":
            living.append((Found(int(folder.name), int(rest[15])), int(parent), int(session)))
    return living
