"""MySQL itself, which Debian has only in its unstable suite: unpacked into a cache, never installed.

``python -m weather_platform_tests.servers.mysql`` fetches it beforehand. The suite moves, so that on a given day it may
not be had: that is ``ServerFetchFailed``. What was fetched once is kept.
"""

import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from weather_platform.files import file_lock
from weather_platform_tests.servers.process import ServerFetchFailed, ServerMissing
from weather_platform_tests.servers.sql import SqlServer, as_root

CACHE = Path.home() / ".cache" / "weather-platform-tests" / "mysql"
_FETCH_TIMEOUT_S = 120
_KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


class MySQL(SqlServer):
    """MySQL 9; about 14 s where it must be fetched first, else 2 s a start."""

    name = "MySQL"
    start_timeout_s = 60

    def prepare(self) -> None:
        # A copy of the template takes 0.1 s, a data folder of its own 4.4 s.
        shutil.copytree(fetched() / "template", self.data)

    def program(self) -> Sequence[str | Path]:
        return [*_mysqld(CACHE / "tree"), "--skip-log-bin", "--performance-schema=OFF"]


def fetched() -> Path:
    """The folder with MySQL's ``tree`` and a ``template`` of its data; fetched on the first call of all.

    Raises:
        ServerMissing: on a machine where it cannot run.
        ServerFetchFailed: where Debian's mirror does not give it.
    """
    with _one_at_a_time():
        if not CACHE.exists():
            with tempfile.TemporaryDirectory(dir=CACHE.parent) as temporary:
                new = Path(temporary) / "mysql"
                _fetch(new)
                new.rename(CACHE)
    return CACHE


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    """Let a second test run wait for the first one's fetch instead of fetching again."""
    CACHE.parent.mkdir(parents=True, exist_ok=True)
    with file_lock(CACHE.parent / "mysql.lock"):
        yield


def _fetch(folder: Path) -> None:
    if platform.machine() != "x86_64" or not Path(_KEYRING).exists() or shutil.which("apt-get") is None:
        raise ServerMissing(
            "MySQL", "It is fetched from Debian's packages for amd64.", "Run the tests on Debian, amd64."
        )
    packages = _download(folder / "apt")
    for package in packages:
        # Perl is a dependency of scripts that the server does not need.
        if not package.name.startswith(("perl", "libperl")):
            _run("dpkg-deb", "-x", package, folder / "tree")
    shutil.rmtree(folder / "apt")
    _run(*_mysqld(folder / "tree"), "--initialize-insecure", f"--datadir={folder / 'template'}", *as_root())


def _download(folder: Path) -> list[Path]:
    """Debian unstable's mysqld with all it needs, by an apt whose whole state lies in the folder."""
    for part in ("lists/partial", "cache/archives/partial"):
        (folder / part).mkdir(parents=True)
    (folder / "status").touch()
    (folder / "sources.list").write_text(f"deb [signed-by={_KEYRING}] {_mirror()} sid main\n")
    settings = {
        "Dir::Etc::SourceList": folder / "sources.list",
        "Dir::Etc::SourceParts": "/dev/null",
        "Dir::Etc::PreferencesParts": "/dev/null",
        "Dir::State::Lists": folder / "lists",
        "Dir::State::Status": folder / "status",
        "Dir::Cache": folder / "cache",
        "Debug::NoLocking": "1",
        "APT::Sandbox::User": "root",
        "APT::Get::Assume-Yes": "1",
        "APT::Install-Recommends": "0",
    }
    options = [f"--option={name}={value}" for name, value in settings.items()]
    _run("apt-get", *options, "update")
    _run("apt-get", *options, "install", "--download-only", "mysql-server-core")
    return sorted((folder / "cache" / "archives").glob("*.deb"))


def _mirror() -> str:
    """The mirror from which this machine gets Debian itself."""
    suite = platform.freedesktop_os_release().get("VERSION_CODENAME", "sid")
    targets = _run("apt-get", "indextargets", "--format", "$(CODENAME) $(REPO_URI)", "Created-By: Packages")
    for target in targets.splitlines():
        codename, _, mirror = target.partition(" ")
        if codename == suite:
            return mirror
    raise ServerFetchFailed("MySQL", f"apt has no mirror for {suite}.", "Run: apt-get update")


def _mysqld(tree: Path) -> list[str | Path]:
    """Unstable's mysqld needs unstable's C library: it is run by the loader that came with it."""
    return [
        tree / "usr/lib64/ld-linux-x86-64.so.2",
        *("--library-path", tree / "usr/lib/x86_64-linux-gnu"),
        tree / "usr/sbin/mysqld",
        "--no-defaults",
        f"--basedir={tree / 'usr'}",
        f"--lc-messages-dir={tree / 'usr/share/mysql'}",
        f"--character-sets-dir={tree / 'usr/share/mysql/charsets'}",
        f"--plugin-dir={tree / 'usr/lib/mysql/plugin'}",
        "--secure-file-priv=",  # the folder that is built in does not exist here
        "--mysqlx=OFF",
    ]


def _run(*command: str | Path) -> str:
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=_FETCH_TIMEOUT_S).stdout
    except subprocess.TimeoutExpired as error:
        raise ServerFetchFailed("MySQL", f"{command[0]} took over {_FETCH_TIMEOUT_S} s.", "Try again later.") from error
    except (subprocess.CalledProcessError, OSError) as error:
        said = getattr(error, "stderr", "") or str(error)
        last = said.strip().splitlines()[-1]
        raise ServerFetchFailed("MySQL", f"{command[0]} failed: {last}", "Try again later.") from error


if __name__ == "__main__":
    try:
        fetched()
    except ServerMissing as missing:
        sys.stderr.write(f"The tests on MySQL will be skipped. {missing}\n")
