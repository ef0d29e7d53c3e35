"""The scripts around the stack, with a stand-in of `docker`: what they ask for, and what they leave when it fails."""

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
VOLUMES = ["s3-data", "mysql-data", "mongodb-data", "mongodb-config", "redis-data"]


class Machine:
    """A copy of what the scripts need, and a `docker` that is first on the path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "checkout"
        shutil.copytree(REPOSITORY / "deploy", self.folder / "deploy")
        for name in (".env.example", "docker-compose.yml"):
            shutil.copy(REPOSITORY / name, self.folder)
        self._standin = folder / "standin"
        self.volumes = self._standin / "volumes"
        self.volumes.mkdir(parents=True)
        docker = folder / "bin" / "docker"
        docker.parent.mkdir()
        docker.write_text(
            f'#!/bin/sh\nexec {sys.executable} -IS {Path(__file__).with_name("docker_standin.py")} "$@"\n'
        )
        docker.chmod(0o755)
        self._environment = {"PATH": f"{docker.parent}:{os.environ['PATH']}", "STANDIN": str(self._standin)}
        self.backups = folder / "backups"

    def run(self, *command: str | Path, **environment: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            command,
            cwd=self.folder,
            env={**self._environment, **environment},
            capture_output=True,
            text=True,
            check=False,
        )

    def calls(self) -> list[str]:
        """What docker was asked since the last look."""
        file = self._standin / "calls"
        made = file.read_text().splitlines() if file.exists() else []
        file.unlink(missing_ok=True)
        return made

    def fill(self) -> dict[str, bytes]:
        """Data in every volume, by path."""
        for name in VOLUMES:
            (self.volumes / f"weather_{name}" / "below").mkdir(parents=True)
            (self.volumes / f"weather_{name}" / "below" / "data").write_bytes(os.urandom(20_000))
        return self.stored()

    def stored(self) -> dict[str, bytes]:
        files = (path for path in self.volumes.rglob("*") if path.is_file())
        return {str(path.relative_to(self.volumes)): path.read_bytes() for path in files}

    def settings(self) -> dict[str, str]:
        lines = (self.folder / ".env").read_text().splitlines()
        return dict(line.split("=", 1) for line in lines if re.match("[A-Z]", line))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_what_is_backed_up_is_restored(machine: Machine) -> None:
    data = machine.fill()
    assert machine.run("deploy/backup.sh", machine.backups).returncode == 0
    calls = machine.calls()
    assert (calls[0], calls[-1]) == ("compose stop", "compose start")
    (backup,) = machine.backups.iterdir()
    archives = list(backup.iterdir())
    assert [stat.S_IMODE(path.stat().st_mode) for path in archives] == [0o600] * len(VOLUMES)

    refused = machine.run("deploy/restore.sh", backup)
    assert (refused.returncode, machine.stored()) == (1, data)
    assert "weather_s3-data is there already." in refused.stderr

    shutil.rmtree(machine.volumes)
    machine.volumes.mkdir()
    assert machine.run("deploy/restore.sh", backup).returncode == 0
    assert machine.stored() == data


@pytest.mark.parametrize(
    ("prefix", "fails"),
    [(["prlimit", "--fsize=15000"], "^$"), ([], "mongodb-config"), ([], "compose stop")],
    ids=["disk full", "a volume cannot be read", "the stack does not stop"],
)
def test_a_failed_backup_starts_the_stack_and_keeps_the_last_one(
    machine: Machine, prefix: list[str], fails: str
) -> None:
    machine.fill()
    old = machine.backups / "20260101T000000Z"
    old.mkdir(parents=True)
    (old / "s3-data.tar.gz").write_bytes(b"of before")
    done = machine.run(*prefix, "deploy/backup.sh", machine.backups, FAILS=fails)
    assert done.returncode != 0
    assert machine.calls()[-1] == "compose start"
    assert [path.name for path in machine.backups.rglob("*")] == [old.name, "s3-data.tar.gz"]
    assert done.stderr.endswith(f"No backup was made; earlier ones in {machine.backups} are as they were.\n")


@pytest.mark.parametrize("broken", ["missing", "cut off", "unpacking fails"])
def test_a_failed_restore_leaves_nothing_in_the_way_of_the_next(machine: Machine, broken: str) -> None:
    data = machine.fill()
    machine.run("deploy/backup.sh", machine.backups)
    shutil.rmtree(machine.volumes)
    machine.volumes.mkdir()
    (backup,) = machine.backups.iterdir()
    archive = backup / "redis-data.tar.gz"
    whole = archive.read_bytes()
    if broken == "missing":
        archive.unlink()
    elif broken == "cut off":
        archive.write_bytes(whole[:-10_000])
    fails = "run .*redis-data" if broken == "unpacking fails" else "^$"
    assert machine.run("deploy/restore.sh", backup, FAILS=fails).returncode == 1
    assert list(machine.volumes.iterdir()) == []
    archive.write_bytes(whole)
    assert machine.run("deploy/restore.sh", backup).returncode == 0
    assert machine.stored() == data


def test_an_upgrade_builds_backs_up_starts_and_rebuilds(machine: Machine) -> None:
    machine.fill()
    assert machine.run("deploy/upgrade.sh", machine.backups).returncode == 0
    assert [call for call in machine.calls() if call.startswith("compose")] == [
        "compose build",
        "compose stop",
        "compose start",
        "compose up --detach --wait",
        "compose exec -T worker weather rebuild",
    ]
    machine.run("deploy/upgrade.sh", machine.backups, FAILS="mysql-data")
    assert machine.calls()[-1] == "compose start"  # without a backup, the old release goes on


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"FAILS": "compose"}, r"make compose needs Docker .* 2\.20 or newer \(found: none\); without: make run\."),
        ({"COMPOSE_VERSION": "2.19.1"}, r"make compose needs Docker .* \(found: 2\.19\.1\); without: make run\."),
        ({"COMPOSE_VERSION": "1.29.2"}, r"make compose needs Docker .* \(found: 1\.29\.2\); without: make run\."),
        ({"FAILS": "info"}, r"make compose needs a Docker engine that answers this user; .*\."),
    ],
    ids=["Compose v1 or none", "too old", "v1 as a plugin", "no engine"],
)
def test_make_compose_says_what_it_needs_and_writes_nothing(
    machine: Machine, environment: dict[str, str], said: str
) -> None:
    done = machine.run("deploy/compose.sh", **environment)
    assert (done.returncode, done.stdout) == (1, "")
    assert re.fullmatch(f"{said}\n", done.stderr)
    assert not (machine.folder / ".env").exists()


def test_without_docker_make_compose_says_what_it_needs(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "empty" / "dirname").symlink_to(shutil.which("dirname") or "")
    done = machine.run("/bin/sh", "deploy/compose.sh", PATH=str(tmp_path / "empty"))
    assert done.returncode == 1
    assert re.fullmatch(r"make compose needs Docker .*\(found: none\).*\n", done.stderr)
    assert not (machine.folder / ".env").exists()


@pytest.mark.parametrize("version", ["2.20.0", "v5.1.0"])
def test_make_compose_prints_the_addresses_that_are_published(machine: Machine, version: str) -> None:
    done = machine.run("deploy/compose.sh", COMPOSE_VERSION=version, API_PORT="18000", WEATHER_SOURCE="sample")
    assert done.returncode == 0, done.stderr
    addresses = re.findall(r"^(\w+) +(http://\S+)", done.stdout, re.MULTILINE)
    assert dict(addresses) == {
        "Dagster": "http://127.0.0.1:3000",
        "API": "http://127.0.0.1:18000/docs",
        "site": "http://127.0.0.1:8050",
    }
    assert machine.settings()["WEATHER_API_KEY"] not in " ".join(machine.calls())


def test_what_one_start_is_told_holds_for_the_later_commands(machine: Machine) -> None:
    machine.run("deploy/make-env.sh")
    before = machine.settings()
    started = machine.run(
        "deploy/compose.sh", API_PORT="18000", WEATHER_SOURCE="sample", WEATHER_DAGSTER_LOGIN="ops:a$b"
    )
    assert machine.settings() == {**before, "API_PORT": "18000", "WEATHER_SOURCE": "sample"}
    assert stat.S_IMODE((machine.folder / ".env").stat().st_mode) == 0o600
    told = [line for line in started.stdout.splitlines() if ".env" in line][1:4]
    assert told == [
        "Wrote API_PORT to .env, as this start was told: later commands read it there.",
        "WEATHER_DAGSTER_LOGIN holds for this start alone: its signs need quotes in .env.",
        "Wrote WEATHER_SOURCE to .env, as this start was told: later commands read it there.",
    ]
    again = machine.run("deploy/compose.sh")
    assert "Wrote" not in again.stdout
    assert "http://127.0.0.1:18000/docs" in again.stdout
