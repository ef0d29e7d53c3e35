"""The wheel, installed in an empty environment, serves from an empty folder, and does what the documents say."""

import os
import re
import subprocess
import sys
import sysconfig
import time
import venv
import zipfile
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

import weather_platform
from weather_platform_tests.servers.process import free_port

REPOSITORY = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=REPOSITORY,
        check=True,
        capture_output=True,
    )
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def python(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An interpreter with the wheel; what it depends on comes from the environment of the tests, not the checkout."""
    folder = tmp_path_factory.mktemp("environment")
    venv.create(folder, with_pip=False, symlinks=True)
    (site_packages,) = folder.glob("lib/python*/site-packages")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site_packages)
    # Not a .pth line per package: only the folder, whose own .pth files (the checkout's among them) are not read.
    (site_packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"))
    return folder / "bin" / "python"


def test_the_wheel_holds_its_licence_and_metadata(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        metadata = archive.read(next(name for name in names if name.endswith(".dist-info/METADATA"))).decode()
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert {"weather_platform/py.typed", "weather_platform/domain/stations.csv"} <= set(names)
    assert not [name for name in names if "weather_platform_tests" in name]
    assert f"Version: {weather_platform.__version__}\n" in metadata
    assert "License-Expression: MIT" in metadata
    assert "Requires-Python: <3.14,>=3.11" in metadata


class Served:
    """`weather up` of the wheel, in a folder with nothing but the sample files that the documents post."""

    def __init__(self, python: Path, folder: Path) -> None:
        ports = {name: free_port() for name in ("API", "SITE", "DAGSTER")}
        self.log = folder / "log"
        self.folder = folder
        self.api = f"http://127.0.0.1:{ports['API']}"
        self.site = f"http://127.0.0.1:{ports['SITE']}"
        variables = {
            "WEATHER_HOME": str(folder / "home"),
            "WEATHER_ENV_FILE": os.devnull,
            "WEATHER_SOURCE": "sample",
            **{f"WEATHER_{name}_PORT": str(port) for name, port in ports.items()},
        }
        self.environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | variables
        self._python = python
        self._ids: dict[str, str] = {}
        self.tried: set[str] = set()
        (folder / "data").symlink_to(REPOSITORY / "data")
        program = folder / ".venv" / "bin" / "weather"
        program.parent.mkdir(parents=True)
        program.write_text(f'#!/bin/sh\nexec {python} -m weather_platform "$@"\n')
        program.chmod(0o755)

    def start(self) -> "subprocess.Popen[bytes]":
        command = [".venv/bin/weather", "up", "--load", "2023-12"]
        with self.log.open("wb") as log:
            return subprocess.Popen(
                command, cwd=self.folder, env=self.environment, stdout=log, stderr=subprocess.STDOUT
            )

    def shell(self, line: str) -> "subprocess.CompletedProcess[str]":
        """Run a line of a document."""
        line = re.sub(r"http://127\.0\.0\.1:8000|\$A(?=/)", self.api, line)
        line = re.sub(r"\bcurl ", "curl --silent --show-error --fail-with-body --max-time 120 ", line)
        for path in ("ingestions", "quality/overrides"):
            if f"/{path}/ID" in line:
                if path not in self._ids:
                    self._ids[path] = httpx2.get(f"{self.api}/{path}").json()["data"][0]["id"]
                line = line.replace(f"/{path}/ID", f"/{path}/{self._ids[path]}")
        return self._run(["bash", "-c", line])

    def python(self, code: str) -> "subprocess.CompletedProcess[str]":
        return self._run([str(self._python), "-c", code.replace("http://127.0.0.1:8000", self.api)])

    def _run(self, command: list[str]) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(
            command, cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )


@pytest.fixture(scope="module")
def served(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    platform = Served(python, tmp_path_factory.mktemp("served"))
    process = platform.start()
    try:
        _wait_for(process, platform.log, "Ctrl-C stops everything")
        yield platform
    finally:
        process.terminate()
        process.wait(60)
    assert process.returncode == 0


@pytest.mark.slow
def test_an_installed_wheel_loads_and_serves_from_an_empty_folder(python: Path, served: Served) -> None:
    where = served.python(
        "import weather_platform; print(weather_platform.__file__, weather_platform.__version__)"
    ).stdout
    assert where.startswith(str(python.parents[1])), "the checkout's package would prove nothing"
    assert httpx2.get(f"{served.api}/openapi.json").json()["info"]["version"] == weather_platform.__version__
    assert "14,964 observations of 62 cities" in served.log.read_text()
    assert httpx2.get(f"{served.site}/health").status_code == 200


def _blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), flags=re.DOTALL | re.MULTILINE)


def _commands(page: Path) -> list[str]:
    """The lines of a page's shell blocks; what only sets a variable or comments is none."""
    lines = [line for block in _blocks(page, "sh") for line in block.splitlines()]
    return [line for line in lines if line.strip() and not re.match(r"#|A=", line)]


PAGES = [REPOSITORY / "README.md", *sorted((REPOSITORY / "docs").glob("*.md"))]
ON_THE_PLATFORM = re.compile(r"curl |\.venv/bin/weather ")
_ELSEWHERE = re.compile(
    r"([A-Z_]+=\S+ )*(make (?P<target>[a-z-]+)|(?P<script>deploy/\S+\.sh)|docker compose [a-z]+"
    r"|\.venv/bin/python (?P<program>benchmarks/\S+\.py))( |$)"
)


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if _commands(page)], ids=lambda page: page.stem)
def test_every_command_of_a_page_works(served: Served, page: Path) -> None:
    """On the platform, by running it; what makes environments or wants Docker, by what it names."""
    makefile = (REPOSITORY / "Makefile").read_text()
    failed: list[str] = []
    for line in _commands(page):
        if ON_THE_PLATFORM.match(line):
            if line in served.tried:  # on another page
                continue
            served.tried.add(line)
            done = served.shell(line)
            if done.returncode:
                failed.append(f"{line}\n{done.stdout[-500:]}{done.stderr}")
            continue
        named = _ELSEWHERE.match(line)
        assert named, f"{page.name}: no test knows how to try {line!r}"
        assert named["target"] is None or f"\n{named['target']}: " in makefile, line
        assert all((REPOSITORY / file).exists() for file in (named["script"], named["program"]) if file), line
    assert not failed, "\n".join(failed)


@pytest.mark.slow
@pytest.mark.parametrize("page", ["first-hour-analyst.md", "first-hour-client.md"])
def test_the_python_of_a_first_hour_runs(served: Served, page: str) -> None:
    done = served.python("\n".join(_blocks(REPOSITORY / "docs" / page, "python")))
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") >= 3


def test_the_french_readme_gives_the_same_commands() -> None:
    assert _commands(REPOSITORY / "README.fr.md") == _commands(REPOSITORY / "README.md")


def _wait_for(process: "subprocess.Popen[bytes]", log: Path, words: str) -> None:
    deadline = time.monotonic() + 180
    while words not in log.read_text(errors="replace"):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.2)
