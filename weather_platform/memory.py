"""How a long-running process gives memory back: settings of glibc's allocator, and a request to it."""

import ctypes
import os
import sys

_M_MMAP_THRESHOLD = -3
_M_ARENA_MAX = -8
_ARENAS = 2
_OF_ITS_OWN_BYTES = 1 << 20


def use_little_memory() -> None:
    """Keep freed memory in few places, and give blocks of a MiB or more back as they are freed; before threads start.

    glibc spreads memory over 8 arenas per core: 32 slow readers of each format in turn left 502 MB behind, with two
    arenas 365 MB. It also raises the size from which a block is mapped alone to that of the largest block freed so far,
    up to 32 MiB; a freed body of a request then stays, under what was allocated after it. Of months of 20 MB posted to
    the API, up to 88 MB stayed, and stay 39 MB, 16 MB of them free. Processor time is the same (all measured).
    """
    os.environ.setdefault("ARROW_DEFAULT_MEMORY_POOL", "system")
    _ask_glibc("mallopt", _M_ARENA_MAX, _ARENAS)
    _ask_glibc("mallopt", _M_MMAP_THRESHOLD, _OF_ITS_OWN_BYTES)


def give_back_what_is_free() -> None:
    """Give back free pages between blocks in use, for a process that waits now: milliseconds."""
    _ask_glibc("malloc_trim", 0)


def _ask_glibc(name: str, *arguments: int) -> None:
    if sys.platform == "linux":
        function = getattr(ctypes.CDLL(None), name, None)  # not in musl
        if function is not None:
            function(*arguments)
