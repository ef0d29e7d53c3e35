"""The files that deploy: each valid by its own schema, and in agreement with each other and with the code."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import redis
import yaml

from weather_platform import names
from weather_platform.settings import Settings
from weather_platform_tests.runtime.serving import wait_for
from weather_platform_tests.servers.process import LOOPBACK, free_port, listens
from weather_platform_tests.servers.redis import Redis

REPOSITORY = Path(__file__).resolve().parents[2]
PROGRAMS = Path(sys.executable).parent


def run(*command: str | Path) -> None:
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.fixture(scope="module")
def services() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text())["services"]
    return read


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


def test_docker_is_given_what_the_image_is_made_of_and_no_more() -> None:
    """What .dockerignore leaves out cannot be copied: no image could be built where it forgot a file."""
    dockerfile = (REPOSITORY / "Dockerfile").read_text().replace("${LOCK}", "requirements-servers.lock")
    copied = {path for line in re.findall(r"^COPY (?!--)(.*) \S+$", dockerfile, re.MULTILINE) for path in line.split()}
    given = re.findall(r"^!(.*)$", (REPOSITORY / ".dockerignore").read_text(), re.MULTILINE)
    assert set(given) == copied | {"requirements-kubernetes.lock"}
    assert [path for path in given if not (REPOSITORY / path).exists()] == []


def test_networks_keep_apart_what_has_nothing_to_say_to_each_other(services: dict[str, Any]) -> None:
    """The site reaches the two databases, and the broker is reached by those who launch or execute runs."""
    networks = {name: set(service.get("networks", ["default"])) for name, service in services.items()}
    assert {name for name in networks if networks[name] & networks["site"]} == {"site", "mysql", "mongodb"}
    assert {name for name in networks if networks[name] & networks["redis"]} == {
        *("redis", "dagster-webserver", "dagster-daemon", "worker"),
    }


def test_what_runs_write_is_a_volume_that_their_user_may_write(services: dict[str, Any]) -> None:
    """A container's own file system is read-only; a named volume belongs to who owns its folder in the image."""
    settings = Settings.from_environment({"WEATHER_HOME": "/var/lib/weather"})
    mounted = {volume.partition(":")[2] for volume in services["worker"]["volumes"]}
    assert mounted == {str(settings.csv_folder), str(settings.home / "cache"), "/tmp"}  # noqa: S108
    (made,) = re.findall(r"mkdir -p (.*) ", (REPOSITORY / "Dockerfile").read_text())
    assert mounted - {"/tmp"} <= set(made.split())  # noqa: S108


def test_every_image_has_a_full_version() -> None:
    found = {
        path: re.findall(r"^ *(?:image:|FROM) +(\S+[:/]\S+)", (REPOSITORY / path).read_text(), re.MULTILINE)
        for path in ("docker-compose.yml", "docker-compose.localstack.yml", "Dockerfile")
    }
    assert all(found.values())
    images = {image for path in found.values() for image in path} - {"weather-platform:local"}
    assert [image for image in images if not re.search(r":\d+\.\d+\.\d+", image)] == []


def test_no_secret_stands_on_a_command_line(services: dict[str, Any]) -> None:
    """Every user of the machine reads the command lines of all processes."""
    secrets = re.findall(r"^([A-Z0-9_]+)=$", (REPOSITORY / ".env.example").read_text(), re.MULTILINE)
    for name, service in services.items():
        shown = str([service.get("entrypoint"), service.get("command"), service.get("healthcheck")])
        assert [secret for secret in secrets if f"{{{secret}" in shown] == [], name


def test_redis_is_told_its_password_where_nobody_sees_it(
    services: dict[str, Any], redis_server: Redis, tmp_path: Path
) -> None:
    """The command of the compose file, on Debian's own Redis at a port and in a folder of the test's."""
    port = free_port()
    program = redis_server.command()[0]
    server = tmp_path / "redis-server"
    server.write_text(f'#!/bin/sh\nexec {program} --port {port} --bind {LOOPBACK} --dir {tmp_path} "$1"\n')
    server.chmod(0o755)
    command = [word.replace("$$", "$") for word in services["redis"]["command"]]
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "REDISCLI_AUTH": "s3cret"}
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
        try:
            wait_for(lambda: listens(port), "Redis")
            assert "s3cret" not in Path(f"/proc/{process.pid}/cmdline").read_text()
            with redis.Redis(port=port) as stranger, pytest.raises(redis.AuthenticationError):
                stranger.ping()
            with redis.Redis(port=port, password="s3cret") as client:
                names = ("appendonly", "appendfsync", "save", "maxmemory", "maxmemory-policy")
                told = [client.config_get(name)[name] for name in names]
            assert told == ["yes", "always", "", str(128 * 1024**2), "noeviction"]
        finally:
            process.kill()


def test_every_setting_reaches_a_container_or_has_no_place_there(services: dict[str, Any]) -> None:
    """What an operator writes into .env must not be without effect."""
    fixed_by_the_image = {
        *("WEATHER_ENV_FILE", "WEATHER_HOME", "WEATHER_CSV_FOLDER", "WEATHER_QC_OVERRIDES", "DAGSTER_HOME"),
        *("WEATHER_LAUNCHER", "WEATHER_EXECUTOR", "WEATHER_DAGSTER_PORT", "WEATHER_API_PORT"),
        *("WEATHER_SITE_HOST", "WEATHER_SITE_PORT"),
    }
    of_the_command_line = {"WEATHER_API_KEY"}
    table = (REPOSITORY / "docs/configuration.md").read_text()
    known = set(re.findall(r"^\| `([A-Z0-9_]+)` \|", table, re.MULTILINE))
    passed = {name for service in services.values() for name in service.get("environment", ())}
    assert known - passed == fixed_by_the_image | of_the_command_line


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


def test_the_servers_find_the_code_under_its_name(services: dict[str, Any]) -> None:
    workspace = yaml.safe_load((REPOSITORY / "deploy/workspace.yaml").read_text())
    (server,) = (entry["grpc_server"] for entry in workspace["load_from"])
    assert server["location_name"] == names.LOCATION
    assert server["host"] in services
    assert f"--port={server['port']}" in services[server["host"]]["command"]
    assert f"--location-name={names.LOCATION}" in services[server["host"]]["command"]
