"""What is done to a running stack; afterwards it holds what the reference holds."""

import contextlib
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from weather_platform import names
from weather_platform.domain.months import Month
from weather_platform_tests.containers.reference import Reference, compare, sample_file
from weather_platform_tests.containers.stack import PROJECT, NotAsItShouldBe, Stack, say

KILLED = [
    *[("mysql", "mongodb"), ("worker", "dagster-daemon"), ("code-server", "dagster-daemon"), ("redis", "worker")],
    *[(name,) for name in ("s3", "mysql", "mongodb", "redis", "worker", "code-server")],
    *[(name,) for name in ("dagster-webserver", "dagster-daemon", "api", "site")],
]
KILL_AFTER_S = 2.0
REDIS_PAUSED_S = 40.0
DISK_FULL_S = 28.0
DISK_MB = 2500


@contextlib.contextmanager
def small_disk(image: Path, size_mb: int) -> Iterator[Path]:
    """A file system of that size below `image`'s folder, mounted meanwhile."""
    place = image.with_suffix("")
    place.mkdir()
    subprocess.run(["truncate", "-s", f"{size_mb}M", image], check=True)
    subprocess.run(["mkfs.ext4", "-q", image], check=True)
    subprocess.run(["mount", "-o", "loop", image, place], check=True)
    try:
        yield place
    finally:
        subprocess.run(["umount", place], check=True)


def put_mysql_on(disk: Path) -> None:
    """Make MySQL's volume, before the stack is up, on a disk of its own."""
    (disk / "data").mkdir()
    options = [f"--opt={option}" for option in ("type=none", "o=bind", f"device={disk / 'data'}")]
    labels = [f"--label=com.docker.compose.{of}" for of in (f"project={PROJECT}", "volume=mysql-data")]
    subprocess.run(["docker", "volume", "create", *options, *labels, f"{PROJECT}_mysql-data"], check=True)


@contextlib.contextmanager
def full(disk: Path) -> Iterator[None]:
    """Nothing more can be written there meanwhile."""
    filler = disk / "filler"
    subprocess.run(["dd", "if=/dev/zero", f"of={filler}", "bs=1M"], capture_output=True, check=False)
    subprocess.run(["dd", "if=/dev/zero", f"of={filler}2", "bs=4k"], capture_output=True, check=False)
    try:
        yield
    finally:
        filler.unlink()
        Path(f"{filler}2").unlink()


@contextlib.contextmanager
def meanwhile(*actions: Any) -> Iterator[None]:
    """Other clients; their faults are raised here."""
    faults: list[BaseException] = []

    def act(action: Any) -> None:
        try:
            action()
        except BaseException as error:  # noqa: BLE001  # raised below
            faults.append(error)

    threads = [threading.Thread(target=act, args=(action,)) for action in actions]
    for thread in threads:
        thread.start()
    yield
    for thread in threads:
        thread.join()
    if faults:
        raise faults[0]


def kill_in_turn(stack: Stack, reference: Reference, months: Iterator[list[Month]], folder: Path) -> None:
    """Each container, then pairs of them, die while a run loads two months and a file is posted."""
    for services in KILLED:
        wanted = next(months)
        small = sample_file(folder / f"{'-'.join(services)}.json", wanted[0].next.next, stations=5)
        run_ids = stack.load(*wanted)
        with meanwhile(lambda small=small: stack.ingest(small, "/ingest-fast")):
            time.sleep(KILL_AFTER_S)
            began = time.monotonic()
            stack.kill(*services)
            stack.wait_until_healthy()
            healthy_s = time.monotonic() - began
            retried = stack.wait_for_runs(run_ids)
        settled_s = time.monotonic() - began
        again = f", {retried} retries" if retried else ""
        them = " and ".join(services)
        say(f"killed {them:30} healthy after {healthy_s:4.0f} s, all loaded after {settled_s:4.0f} s{again}")
        reference.load(wanted)
        reference.receive(small)
    compare(stack, reference)


def restart_under_load(stack: Stack, reference: Reference, months: Iterator[list[Month]], folder: Path) -> None:
    """Everything restarts while a backfill and a run are in flight and a file waits for its run."""
    for delay_s in (1.0, 10.0, 35.0):  # before the daemon has looked at the backfill, and after
        filled, loaded = next(months), next(months)
        small = sample_file(folder / "restart.json", loaded[0].next.next, stations=5)
        backfill_id, run_ids = stack.backfill(filled), stack.load(*loaded)
        with meanwhile(lambda small=small: stack.ingest(small, "/ingest")):
            time.sleep(delay_s)
            began = time.monotonic()
            stack.compose("restart")
            stack.wait_until_healthy()
            healthy_s = time.monotonic() - began
            stack.wait_for_runs(run_ids)
            stack.wait_for_backfill(backfill_id)
        say(f"restarted after {delay_s:2.0f} s: healthy after {healthy_s:.0f} s, all {time.monotonic() - began:.0f} s")
        reference.load([*filled, *loaded])
        reference.receive(small)
    compare(stack, reference)


def pause_redis(stack: Stack, reference: Reference, months: Iterator[list[Month]], folder: Path) -> None:
    """A file posted to /ingest while Redis stands still becomes one run, and no answer blames Dagster."""
    file = sample_file(folder / "paused.json", next(months)[0], stations=5)
    problems: list[str] = []
    receipts: list[dict[str, Any]] = []
    began = time.monotonic()
    with meanwhile(lambda: stack.pause("redis", REDIS_PAUSED_S)):
        time.sleep(1)
        receipts.append(stack.ingest(file, "/ingest", problems))
        receipts.append(stack.ingest(file, "/ingest", problems))
    runs = [run for run in stack.dagster.runs(names.INGESTION_TAG, receipts[0]["id"]) if not run.is_retry]
    if len(runs) != 1 or receipts[0]["id"] != receipts[1]["id"]:
        raise NotAsItShouldBe(f"{[run.run_id for run in runs]} are runs of one ingestion")
    if any("does not answer" in problem for problem in problems):
        raise NotAsItShouldBe(f"Dagster is blamed for Redis: {problems}")
    say(f"Redis paused for {REDIS_PAUSED_S:.0f} s: one run, done after {time.monotonic() - began:.0f} s, {problems}")
    reference.receive(file)
    compare(stack, reference)


def fill_the_disk_of_mysql(
    stack: Stack, reference: Reference, months: Iterator[list[Month]], folder: Path, disk: Path
) -> None:
    """During a run; afterwards the run, or its retry, is done, and what was posted is in."""
    wanted = next(months)
    file = sample_file(folder / "full.json", wanted[0].next.next, stations=62)
    problems: list[str] = []
    run_ids = stack.load(*wanted)
    time.sleep(KILL_AFTER_S)
    began = time.monotonic()
    with meanwhile(lambda: stack.ingest(file, "/ingest-fast", problems)):
        with full(disk):
            time.sleep(DISK_FULL_S)
        retried = stack.wait_for_runs(run_ids)
    stack.wait_until_healthy()
    told = sorted(set(problems), key=problems.index)[:3]
    took_s = time.monotonic() - began
    say(f"MySQL's disk full for {DISK_FULL_S:.0f} s: all loaded after {took_s:.0f} s, {retried} retries, {told}")
    reference.load(wanted)
    reference.receive(file)
    compare(stack, reference)


def upgrade_under_load(stack: Stack, reference: Reference, months: Iterator[list[Month]], folder: Path) -> None:
    """Another image of every process of ours, while a run loads two months and files wait for runs."""
    wanted = next(months)
    small = sample_file(folder / "upgrade.json", wanted[0].next.next, stations=5)
    run_ids = stack.load(*wanted)
    with meanwhile(lambda: stack.ingest(small, "/ingest")):
        time.sleep(KILL_AFTER_S)
        began = time.monotonic()
        stack.compose("build", "--build-arg", "VERSION=0.1.0+try", "init")
        stack.compose("up", "--detach", "--wait")
        healthy_s = time.monotonic() - began
        stack.wait_for_runs(run_ids)
    say(f"another image under load: healthy after {healthy_s:.0f} s, all loaded after {time.monotonic() - began:.0f} s")
    reference.load(wanted)
    reference.receive(small)
    compare(stack, reference)


def two_clients(stack: Stack, reference: Reference, months: Iterator[list[Month]], folder: Path) -> None:
    """Files that overlap by a month, posted at once, both ways."""
    first, second = next(months)
    files = [
        sample_file(folder / "client-1.json", first, stations=20, months=2),
        sample_file(folder / "client-2.json", second, stations=40, months=2),
    ]
    began = time.monotonic()
    ways = [(files[0], "/ingest"), (files[1], "/ingest"), (files[0], "/ingest-fast"), (files[1], "/ingest-fast")]
    with meanwhile(*[lambda file=file, way=way: stack.ingest(file, way) for file, way in ways]):
        pass
    say(f"two clients, each both ways, on overlapping months: {time.monotonic() - began:.0f} s")
    for file in files:
        reference.receive(file)
    compare(stack, reference)


def back_up_and_restore(stack: Stack, folder: Path) -> None:
    """A backup that finds its disk full, one that is done; a restore of a part, and one of all."""
    backups = folder / "backups"
    with small_disk(folder / "tiny.img", 10) as tiny:
        failed = stack.script("deploy/backup.sh", tiny, check=False)
        left = [path.name for path in tiny.iterdir() if path.name != "lost+found"]
    stack.wait_until_healthy()
    if failed.returncode == 0 or left or "No backup was made" not in failed.stderr:
        raise NotAsItShouldBe(f"a backup onto a full disk: {failed.returncode}, {left}, {failed.stderr[-500:]}")
    began = time.monotonic()
    stack.script("deploy/backup.sh", backups)
    stack.wait_until_healthy()
    down_s = time.monotonic() - began
    (backup,) = backups.iterdir()
    modes = {path.stat().st_mode & 0o777 for path in (backups, backup, *backup.iterdir())}
    if modes - {0o600, 0o700}:
        raise NotAsItShouldBe(f"strangers may read the backup: {modes}")
    stack.compose("down", "--volumes")
    part = folder / "part"
    part.mkdir()
    (part / "s3-data.tar.gz").write_bytes((backup / "s3-data.tar.gz").read_bytes())
    if stack.script("deploy/restore.sh", part, check=False).returncode == 0:
        raise NotAsItShouldBe("one archive of five was restored")
    stack.script("deploy/restore.sh", backup)
    stack.up()
    size_mb = sum(path.stat().st_size for path in backup.iterdir()) / 1e6
    say(f"backed up ({size_mb:.0f} MB, {down_s:.0f} s until healthy again), restored; a full disk and a part refused")


def nothing_is_open(stack: Stack) -> None:
    if open_runs := stack.open_runs():
        raise NotAsItShouldBe(f"runs that have not ended: {open_runs}")
    receipts = stack.api.get("/ingestions", params={"limit": 200}).raise_for_status().json()["data"]
    if unfinished := [receipt["id"] for receipt in receipts if receipt["state"] != "done"]:
        raise NotAsItShouldBe(f"ingestions that are not done: {unfinished}")
    say(f"no run is open, each of the last {len(receipts)} ingestions is done")
