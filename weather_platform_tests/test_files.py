import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from filelock import Timeout

from weather_platform.files import atomic_write, file_lock, is_locked

_HOLDER = """
import sys, time
from pathlib import Path
from weather_platform.files import file_lock
with file_lock(Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(600)
"""


def test_a_file_that_fails_half_way_leaves_the_old_one(tmp_path: Path) -> None:
    path = tmp_path / "new" / "figures.csv"
    with atomic_write(path) as first:
        first.write_text("old")
    with pytest.raises(ZeroDivisionError), atomic_write(path) as second:
        second.write_text(f"half{1 // 0}")
    assert {each.name: each.read_text() for each in path.parent.iterdir()} == {"figures.csv": "old"}


@pytest.mark.parametrize("durable", [True, False])
def test_of_writers_that_replace_nothing_one_wins(tmp_path: Path, *, durable: bool) -> None:
    path = tmp_path / "only"

    def write(number: int) -> int | None:
        try:
            with atomic_write(path, replace=False, durable=durable) as unfinished:
                unfinished.write_text(str(number))
        except FileExistsError:
            return None
        return number

    with ThreadPoolExecutor(8) as pool:
        (winner,) = [number for number in pool.map(write, range(32)) if number is not None]
    assert [(each.name, each.read_text()) for each in tmp_path.iterdir()] == [("only", str(winner))]


def test_a_file_in_the_place_of_a_folder_is_not_a_taken_name(tmp_path: Path) -> None:
    (tmp_path / "folder").write_text("")
    with pytest.raises(NotADirectoryError), atomic_write(tmp_path / "folder" / "file", replace=False):
        pass


def test_a_lock_ends_with_the_process_that_holds_it(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    command = [sys.executable, "-c", _HOLDER, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout
        assert holder.stdout.readline() == "held\n"
        assert is_locked(path)
        with pytest.raises(Timeout), file_lock(path, timeout_s=0.1):
            pass
        holder.kill()
        with file_lock(path, timeout_s=10):
            pass
    assert not is_locked(path)


def test_a_lock_can_be_looked_at_by_those_who_may_only_read(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    with file_lock(path):
        path.chmod(0o444)
        assert is_locked(path)
    assert not is_locked(path)
