"""What the fixtures promise: no server outlives its pytest, and what could not be tested is named, or fails."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from weather_platform_tests.runtime.serving import wait_for
from weather_platform_tests.servers.process import ServerFailed
from weather_platform_tests.servers.redis import Redis

REPOSITORY = Path(__file__).resolve().parents[2]


def test_a_server_that_cannot_start_shows_its_log(tmp_path: Path) -> None:
    class Misled(Redis):
        def command(self) -> list[str | Path]:
            return [*super().command(), "--port", "nonsense"]

    with pytest.raises(ServerFailed, match="FATAL CONFIG FILE ERROR"):
        Misled(tmp_path / "redis").start()


def test_killing_pytest_leaves_no_server_behind(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    run = start_pytest(
        tmp_path,
        f"""
        import json, pathlib, time
        def test_that_hangs(mariadb_server, mongodb_server, redis_server):
            pids = [server.pid for server in (mariadb_server, mongodb_server, redis_server)]
            report = pathlib.Path({str(report)!r})
            report.with_suffix(".new").write_text(json.dumps(pids))
            report.with_suffix(".new").rename(report)
            time.sleep(60)
        """,
    )
    try:
        wait_for(report.exists, "the inner test to start its servers")
        pids = json.loads(report.read_text())
        assert [is_alive(pid) for pid in pids] == [True, True, True]
        assert [signal.SIGINT in ignored_signals(pid) for pid in pids] == [False, False, False]
    finally:
        run.kill()
        run.communicate()
    wait_for(lambda: not any(is_alive(pid) for pid in pids), "the servers to end")


@pytest.mark.parametrize(
    ("error", "ci", "outcome", "told"),
    [
        ("ServerMissing", "", "2 skipped", "2 TESTS DID NOT RUN"),
        ("ServerMissing", "true", "2 errors", "CI=true wants it tested."),
        ("ServerFetchFailed", "true", "2 skipped", "2 TESTS DID NOT RUN"),
    ],
)
def test_a_missing_server_is_reported_and_fails_in_ci(
    tmp_path: Path, error: str, ci: str, outcome: str, told: str
) -> None:
    run = start_pytest(
        tmp_path,
        f"""
        from weather_platform_tests.servers.redis import Redis
        from weather_platform_tests.servers.process import {error}
        def missing(self):
            raise {error}("Redis", "redis-server is not installed.", "Install it.")
        Redis.prepare = missing
        def test_one(redis_url): ...
        def test_two(redis_url): ...
        """,
        CI=ci,
    )
    said, _ = run.communicate(timeout=60)
    assert outcome in said.splitlines()[-1]
    assert told in said
    assert "Redis: redis-server is not installed. Install it." in said


@pytest.mark.parametrize(
    ("required", "ci", "outcome", "told"),
    [
        ("", "true", "1 skipped", "1 TESTS DID NOT RUN"),
        ("required", "", "1 error", "WEATHER_TESTS_REAL_DATA=required wants it tested."),
    ],
)
def test_real_data_is_demanded_by_a_setting_of_its_own(
    tmp_path: Path, required: str, ci: str, outcome: str, told: str
) -> None:
    run = start_pytest(
        tmp_path,
        f"""
        from weather_platform_tests import conftest
        conftest.REAL_DATA = conftest.Path({str(tmp_path / "nowhere")!r})
        def test_the_world(real_data): ...
        """,
        CI=ci,
        WEATHER_TESTS_REAL_DATA=required,
    )
    said, _ = run.communicate(timeout=60)
    assert outcome in said.splitlines()[-1]
    assert told in said
    assert "test_the_world" in said


def start_pytest(folder: Path, source: str, **environment: str) -> subprocess.Popen[str]:
    """Another pytest over one test file, with this project's fixtures, as a script starts it: SIGINT ignored."""
    lines = source.splitlines()
    margin = len(lines[1]) - len(lines[1].lstrip())
    test_file = folder / "test_inner.py"
    test_file.write_text("\n".join(line[margin:] for line in lines))
    return subprocess.Popen(
        [
            *("env", "--ignore-signal=INT", sys.executable, "-m", "pytest", "-p", "weather_platform_tests.conftest"),
            *("--confcutdir", folder, "--rootdir", folder, "--basetemp", folder / "t", test_file),
        ],
        cwd=REPOSITORY,
        env=os.environ | {"PYTHONPATH": str(REPOSITORY), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"} | environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def is_alive(pid: int) -> bool:
    try:
        return "State:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False


def ignored_signals(pid: int) -> set[int]:
    mask = re.search(r"SigIgn:\s*([0-9a-f]+)", Path(f"/proc/{pid}/status").read_text())
    assert mask is not None
    return {number for number in signal.Signals if int(mask[1], 16) >> (number - 1) & 1}
