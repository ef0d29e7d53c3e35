"""Who may only read can read: a home of another user, a folder without the right to write, a read-only mount."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from weather_platform.domain.months import Month
from weather_platform.pipeline import curate_month, open_stores
from weather_platform.settings import Settings
from weather_platform.storage.databases import reading
from weather_platform.storage.opening import Stores

_NOBODY = 65534
# Twice in one process: as root first, so that everything is imported when the rights are gone.
_READ = """
import json, os, sys
from weather_platform.cli import app
from weather_platform.domain.errors import WeatherError

def read():
    app(["status", "--json"], standalone_mode=False)
    app(["export", "--from", "2023-12-05", "--to", "2023-12-05"], standalone_mode=False)
    app(["stations", "--json"], standalone_mode=False)
    sys.stdout.flush()

read()
print("----", flush=True)
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid({nobody})
    os.setuid({nobody})
assert not os.access(os.environ["WEATHER_HOME"], os.W_OK)
read()
"""


@pytest.fixture
def home(filled_home: Path) -> Iterator[Path]:
    """A copy that others can reach, which pytest's own folders are not."""
    folder = Path(tempfile.mkdtemp(prefix="weather-readable-"))
    folder.chmod(0o755)
    shutil.copytree(filled_home, folder / "home")
    try:
        yield folder / "home"
    finally:
        _permit(folder, writing=True)
        shutil.rmtree(folder)


def _permit(folder: Path, *, writing: bool) -> None:
    for path in (folder, *folder.rglob("*")):
        path.chmod((0o755 if path.is_dir() else 0o644) if writing else (0o555 if path.is_dir() else 0o444))


def _read(home: Path, *before: str, code: str = _READ) -> list[str]:
    """What was read with and without the right to write."""
    done = subprocess.run(
        [*before, sys.executable, "-c", code.replace("{nobody}", str(_NOBODY))],
        env={**os.environ, "WEATHER_HOME": str(home), "WEATHER_ENV_FILE": os.devnull},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split("----\n")


def test_another_user_reads_the_same(home: Path) -> None:
    _permit(home, writing=False)
    before = {path.name for path in home.rglob("*")}
    with_rights, without = _read(home)
    assert with_rights == without
    assert '"documents": 93' in without
    after = {path.name for path in home.rglob("*")}
    assert {name for name in after - before if not name.endswith(("-wal", "-shm"))} == set()  # those root may make


def test_another_user_reads_while_the_owner_has_the_stores_open(home: Path) -> None:
    _permit(home, writing=True)
    with _held_open(home) as stores:
        with_rights, without = _read(home)
        assert with_rights == without
        stores.curated.replace((Month(2023, 12).first_day, Month(2023, 12).last_day), [])
        _, now = _read(home)
    assert '"documents": 0' in now


@contextmanager
def _held_open(home: Path) -> Iterator[Stores]:
    """Stores with a connection each, so that SQLite's ``-wal`` files are there, and not yet in the database."""
    settings = Settings.from_environment({"WEATHER_HOME": str(home)})
    stores = open_stores(settings)
    with reading(stores.staging.engine) as connection:
        connection.exec_driver_sql("SELECT count(*) FROM _months")
        curated = stores.curated.find()
        next(curated)
        curate_month(stores, Month(2023, 12))
        yield stores
    stores.close()


def test_a_read_only_mount_can_be_read(home: Path) -> None:
    mount = f'mount --bind {home} {home} && mount -o remount,ro,bind {home} && exec "$@"'
    mounted = ["unshare", "-m", "sh", "-c", mount, "-"]
    if subprocess.run([*mounted, "true"], check=False, capture_output=True).returncode:
        pytest.skip("this user may not mount a folder")
    (read,) = _read(home, *mounted, code=_READ.partition("print")[0])
    assert json.loads(read.partition("station_id")[0].strip())[1]["documents"] == 93
