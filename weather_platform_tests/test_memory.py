"""The allocator's settings, in a process of its own."""

import subprocess
import sys

import pytest

_FREED = """
from pathlib import Path
from weather_platform.memory import use_little_memory

def resident_mb():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 >> 20

if {with_settings}:
    use_little_memory()
body = bytes(20 << 20)
del body  # glibc takes blocks of up to its size from its heap from now on
bodies, answers = [], []
for _ in range(8):
    bodies.append(b"x" * (8 << 20))
    answers.append(bytes(2_000))  # lies above the body
before = resident_mb()
bodies.clear()
print(before - resident_mb())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have another allocator")
def test_large_blocks_are_given_back_though_small_ones_follow_them() -> None:
    given_back = [
        int(
            subprocess.run(
                [sys.executable, "-c", _FREED.format(with_settings=each)], capture_output=True, check=True
            ).stdout
        )
        for each in (False, True)
    ]
    assert given_back[0] < 16
    assert given_back[1] >= 63
