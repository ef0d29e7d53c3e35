"""The memory of `make run` by process, once it serves: what each adds to the machine (PSS), and its peak.

    PYTHONPATH=. .venv/bin/python benchmarks/memory.py

Shared pages count once, divided among the processes that share them.
"""

import tempfile
import time
from collections import Counter
from pathlib import Path

from weather_platform_tests.runtime.processes import Found, command, descendants
from weather_platform_tests.runtime.serving import Script
from weather_platform_tests.servers.process import free_port

PARTS = {
    "runtime.worker": "worker and its children",
    "runtime.webserver": "webserver",
    "dagster_patches.daemon": "daemon",
    "api grpc": "code server",
    "-m api": "API",
    "gunicorn": "site",
    "dash_app": "site",
    "weather_platform up": "weather up",
}
"""What the command of a process has, in order."""
_RUN = """
import os, sys
os.execv(sys.executable, [sys.executable, "-m", "weather_platform", "up", "--load", "2023-12", "--source", "sample"])
"""
_SETTLED_S = 10


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        ports = {f"WEATHER_{name}_PORT": str(free_port()) for name in ("DAGSTER", "API", "SITE")}
        served = Script(_RUN, Path(folder), WEATHER_HOME=folder, **ports)
        try:
            served.wait_until_printed("Ctrl-C stops everything", timeout_s=180)
            time.sleep(_SETTLED_S)
            tell(served.process.pid)
        finally:
            served.interrupt()


def tell(pid: int) -> None:
    pss_mb, peaks_mb, processes = Counter[str](), Counter[str](), Counter[str]()
    for found in {Found(pid, 0), *descendants(pid)}:
        name = part_of(found)
        pss_mb[name] += in_mb(found.pid, "smaps_rollup", "Pss:")
        peaks_mb[name] = max(peaks_mb[name], in_mb(found.pid, "status", "VmHWM:"))
        processes[name] += 1
    print("| part | processes | PSS, MB | largest peak, MB |", "|---|---|---|---|", sep="\n")
    for name, mb in pss_mb.most_common():
        print(f"| {name} | {processes[name]} | {mb} | {peaks_mb[name]} |")
    print(f"| all | {processes.total()} | {pss_mb.total()} | – |")


def part_of(found: Found) -> str:
    told = command(found)
    return next((name for text, name in PARTS.items() if text in told), told[:60])


def in_mb(pid: int, file: str, key: str) -> int:
    lines = Path(f"/proc/{pid}/{file}").read_text().splitlines()
    return round(next(int(line.split()[1]) for line in lines if line.startswith(key)) / 1024)


if __name__ == "__main__":
    main()
