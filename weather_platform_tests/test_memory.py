"""What the allocator gives back, in a process of its own."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="other systems have another allocator")

_COMMON = """
from pathlib import Path
from weather_platform.memory import give_back_what_is_free, use_little_memory

def resident_mb():
    return int(Path("/proc/self/statm").read_text().split()[1]) * 4096 >> 20
"""
_LARGE = """
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
_SMALL = """
values = [bytes(2_000) for _ in range(20_000)]
last = values.pop()
before = resident_mb()
values.clear()
freed = resident_mb()
give_back_what_is_free()
print(before - freed, freed - resident_mb())
"""


def test_large_blocks_are_given_back_though_small_ones_follow_them() -> None:
    (without,), (with_settings,) = _printed(_LARGE), _printed("use_little_memory()" + _LARGE)
    assert without < 16
    assert with_settings >= 63


def test_what_is_free_between_blocks_in_use_is_given_back() -> None:
    by_itself, asked_for = _printed(_SMALL)
    assert by_itself < 4
    assert asked_for > 30


def _printed(code: str) -> list[int]:
    ended = subprocess.run([sys.executable, "-c", _COMMON + code], capture_output=True, check=True)
    return [int(number) for number in ended.stdout.split()]
