"""The files that deploy: each valid by its own schema, and in agreement with each other and with the code."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from weather_platform import names

REPOSITORY = Path(__file__).resolve().parents[2]
PROGRAMS = Path(sys.executable).parent


def run(*command: str | Path) -> None:
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_compose_file_keeps_to_the_compose_specification() -> None:
    run(PROGRAMS / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker-compose.yml")


@pytest.mark.parametrize("also", [[], ["-f", "docker-compose.localstack.yml"]], ids=["rclone", "LocalStack"])
def test_docker_compose_accepts_the_files(also: list[str], tmp_path: Path) -> None:
    docker = shutil.which("docker")
    if docker is None or subprocess.run([docker, "compose", "version"], capture_output=True, check=False).returncode:
        pytest.skip("docker compose is not installed")
    run("deploy/make-env.sh", tmp_path / "env")
    run(docker, "compose", "--env-file", tmp_path / "env", "-f", "docker-compose.yml", *also, "config", "--quiet")


@pytest.mark.slow
def test_the_image_is_built_and_its_user_may_write_no_code() -> None:
    base = re.findall(r"^FROM (\S+:\S+)", (REPOSITORY / "Dockerfile").read_text(), re.MULTILINE)[0]
    docker = shutil.which("docker")
    if (
        docker is None
        or subprocess.run([docker, "image", "inspect", base], capture_output=True, check=False).returncode
    ):
        pytest.skip(f"no engine answers that has {base}")
    build = [docker, "build", "--quiet", "."]
    image = subprocess.run(build, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout.strip()
    look = "import os, weather_platform as code; print(os.getuid(), os.access(code.__path__[0], os.W_OK))"
    container = [docker, "run", "--rm", "--network", "none", image, "python", "-c", look]
    said = subprocess.run(container, capture_output=True, text=True, check=True).stdout
    assert said.split() == ["10001", "False"]


def test_the_site_reaches_the_databases_alone() -> None:
    services = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text())["services"]
    beside_it = {name for name, service in services.items() if "reading" in service.get("networks", [])}
    assert services["site"]["networks"] == ["reading"]
    assert beside_it == {"site", "mysql", "mongodb"}


def test_without_docker_make_compose_says_what_it_needs_and_writes_nothing(tmp_path: Path) -> None:
    shutil.copytree(REPOSITORY / "deploy", tmp_path / "deploy")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "dirname").symlink_to(shutil.which("dirname") or "")
    command = ["/bin/sh", "deploy/compose.sh"]
    done = subprocess.run(
        command, cwd=tmp_path, env={"PATH": str(tmp_path / "bin")}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert re.fullmatch(r"make compose needs Docker with its Compose plugin, version 2\.20 or newer .*\n", done.stderr)
    assert not (tmp_path / ".env").exists()


def test_secrets_are_made_once_and_differ(tmp_path: Path) -> None:
    file = tmp_path / "env"
    run("deploy/make-env.sh", file)
    written = file.read_text()
    secrets = re.findall(r"^[A-Z0-9_]+=([0-9a-f]{64})$", written, re.MULTILINE)
    assert len(secrets) == len(set(secrets)) == 11
    assert file.stat().st_mode & 0o077 == 0
    run("deploy/make-env.sh", file)
    assert file.read_text() == written


def test_every_secret_that_compose_asks_for_is_in_the_example() -> None:
    asked = set(re.findall(r"\$\{([A-Z0-9_]+):\?", (REPOSITORY / "docker-compose.yml").read_text()))
    given = set(re.findall(r"^([A-Z0-9_]+)=$", (REPOSITORY / ".env.example").read_text(), re.MULTILINE))
    assert asked <= given


def test_the_dockerfile_has_no_known_slip() -> None:
    run(PROGRAMS / "hadolint", "Dockerfile")


@pytest.mark.parametrize("name", ["settings.yaml", "api.yaml", "site.yaml", "network.yaml"])
def test_the_manifests_keep_to_kubernetes_schemas(name: str) -> None:
    run(PROGRAMS / "kubernetes-validate", "--strict", f"deploy/kubernetes/{name}")


def test_the_servers_find_the_code_under_its_name() -> None:
    workspace = yaml.safe_load((REPOSITORY / "deploy/workspace.yaml").read_text())
    (server,) = (entry["grpc_server"] for entry in workspace["load_from"])
    assert server["location_name"] == names.LOCATION
    services = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text())["services"]
    assert server["host"] in services
    assert f"--port={server['port']}" in services[server["host"]]["command"]
    assert f"--location-name={names.LOCATION}" in services[server["host"]]["command"]
