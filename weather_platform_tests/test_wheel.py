"""The wheel, installed in an empty environment, loads a month and serves from an empty folder."""

import os
import subprocess
import sys
import sysconfig
import time
import venv
import zipfile
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


@pytest.mark.slow
def test_an_installed_wheel_loads_and_serves_from_an_empty_folder(python: Path, tmp_path: Path) -> None:
    variables = {
        "WEATHER_HOME": str(tmp_path / "home"),
        "WEATHER_ENV_FILE": os.devnull,
        **{f"WEATHER_{name}_PORT": str(free_port()) for name in ("API", "SITE", "DAGSTER")},
    }
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | variables
    where = subprocess.run(
        [python, "-c", "import weather_platform; print(weather_platform.__file__, weather_platform.__version__)"],
        cwd=tmp_path,
        env=environment,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    assert where.startswith(str(python.parents[1])), "the checkout's package would prove nothing"
    command = [str(python), "-m", "weather_platform", "up", "--load", "2023-12", "--source", "sample"]
    with (tmp_path / "log").open("wb") as log:
        served = subprocess.Popen(command, cwd=tmp_path, env=environment, stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait_for(served, tmp_path / "log", "Ctrl-C stops everything")
        api = f"http://127.0.0.1:{variables['WEATHER_API_PORT']}"
        site = f"http://127.0.0.1:{variables['WEATHER_SITE_PORT']}"
        assert httpx2.get(f"{api}/openapi.json").json()["info"]["version"] == weather_platform.__version__
        assert "14,964 observations of 62 cities" in (tmp_path / "log").read_text()
        assert httpx2.get(f"{site}/health").status_code == 200
    finally:
        served.terminate()
        served.wait(60)
    assert served.returncode == 0


def _wait_for(process: "subprocess.Popen[bytes]", log: Path, words: str) -> None:
    deadline = time.monotonic() + 180
    while words not in log.read_text(errors="replace"):
        assert process.poll() is None, log.read_text()
        assert time.monotonic() < deadline, log.read_text()
        time.sleep(0.2)
