"""On Kubernetes by the chart's values: Dagster's own launcher and executor make a pod of a run and of each step."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from dagster import DagsterInstance, DagsterRunStatus
from dagster_mysql import MySQLEventLogStorage, MySQLRunStorage

from weather_platform import names
from weather_platform.domain.months import parse_months
from weather_platform_tests.deploy.cluster import Cluster
from weather_platform_tests.deploy.one_process import beside_one_process, documents
from weather_platform_tests.runtime.serving import REPOSITORY, wait_for
from weather_platform_tests.servers.s3 import ACCESS_KEY, REGION, SECRET_KEY, S3Server

MONTHS = parse_months("2023-01")
CITIES = ["07690"]
PROGRAMS = Path(sys.executable).parent
STORAGES = ("run_storage", "event_log_storage", "schedule_storage")


@pytest.fixture
def logs_bucket(s3_server: S3Server) -> Iterator[str]:
    with s3_server.fresh_bucket() as name:
        yield name


@pytest.fixture
def environment(stores_environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """What the config map and the secret tell every pod; also for Dagster's instance in this process."""
    (settings,) = yaml.safe_load_all((REPOSITORY / "deploy/kubernetes/settings.yaml").read_text())
    told = {
        **settings["data"],
        **stores_environment,
        "WEATHER_HOME": str(tmp_path / "pod"),
        "AWS_ACCESS_KEY_ID": ACCESS_KEY,
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "AWS_ENDPOINT_URL_S3": stores_environment["WEATHER_S3_ENDPOINT_URL"],
    }
    for name, value in told.items():
        monkeypatch.setenv(name, value)
    return told


@pytest.fixture
def cluster(environment: dict[str, str], tmp_path: Path) -> Iterator[Cluster]:
    (tmp_path / "logs").mkdir()
    maps: dict[str, dict[str, str]] = {"weather-settings": environment}
    with Cluster(tmp_path / "logs", config_maps=maps, secrets={"weather": {}}) as cluster:
        cluster.write_kubeconfig(tmp_path / "kubeconfig")
        yield cluster


@pytest.fixture
def dagster_home(logs_bucket: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """As the chart mounts it into every pod."""
    home = tmp_path / "dagster_home"
    home.mkdir()
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    values = yaml.safe_load((REPOSITORY / "deploy/kubernetes/values.yaml").read_text())
    ours = values["additionalInstanceConfig"]
    ours["compute_logs"]["config"].update(bucket=logs_bucket, region=REGION)
    of_the_chart = {
        **{key: {"module": "dagster_postgres", "class": "Postgres", "config": {}} for key in STORAGES},
        "run_launcher": run_launcher(values["runLauncher"], home, tmp_path / "kubeconfig"),
    }
    # One text, as in the chart's template: of the keys that stand twice, the last must count.
    (home / "dagster.yaml").write_text(yaml.safe_dump(of_the_chart) + yaml.safe_dump(ours))
    return home


def run_launcher(asked: dict[str, Any], home: Path, kubeconfig: Path) -> dict[str, Any]:
    """What the chart writes for the values, but for where the cluster is."""
    config = asked["config"]["k8sRunLauncher"]
    return {
        "module": "dagster_k8s",
        "class": asked["type"],
        "config": {
            "load_incluster_config": False,
            "kubeconfig_file": str(kubeconfig),
            "service_account_name": "dagster",
            "instance_config_map": "dagster-instance",
            "dagster_home": str(home),
            "job_image": "weather-platform",
            "image_pull_policy": config["imagePullPolicy"],
            "env_config_maps": [source["name"] for source in config["envConfigMaps"]],
            "env_secrets": [source["name"] for source in config["envSecrets"]],
            "run_k8s_config": {"container_config": config["runK8sConfig"]["containerConfig"]},
        },
    }


@pytest.mark.slow
def test_a_run_is_a_pod_and_so_is_each_of_its_steps(
    environment: dict[str, str],
    cluster: Cluster,
    dagster_home: Path,
    s3_server: S3Server,
    logs_bucket: str,
    tmp_path: Path,
) -> None:
    with DagsterInstance.from_config(str(dagster_home)) as instance:  # alone, so that it makes the tables
        assert isinstance(instance.run_storage, MySQLRunStorage)
        assert isinstance(instance.event_log_storage, MySQLEventLogStorage)
        dagster(
            *("job", "launch", "-m", "weather_platform.definitions", "-j", names.LOAD_JOB),
            *("--tags", json.dumps({"dagster/partition": str(MONTHS[0])})),
            *(
                "--config-json",
                f'{{"ops": {{"{names.RAW_OBSERVATIONS}": {{"config": {{"cities": ["{CITIES[0]}"]}}}}}}}}',
            ),
        )
        daemon = subprocess.Popen([PROGRAMS / "dagster-daemon", "run", "-m", "weather_platform.definitions"])
        try:
            wait_for(lambda: all(run.is_finished for run in instance.get_runs()), "the run's end", timeout_s=400)
        finally:
            daemon.terminate()
            daemon.wait()
        (run,) = instance.get_runs()
        assert run.status == DagsterRunStatus.SUCCESS, cluster.logs()
    labels = [job["metadata"]["labels"] for job in cluster.jobs.values()]
    steps = [*names.ASSETS, *(f"{asset}_checks" for asset in names.ASSETS[1:])]
    assert [label["app.kubernetes.io/component"] for label in labels] == ["run_worker", *["step_worker"] * len(steps)]
    assert sorted(label["dagster/op"] for label in labels[1:]) == sorted(steps)
    assert s3_server.client().list_objects_v2(Bucket=logs_bucket, Prefix="logs/")["KeyCount"] > 0
    with beside_one_process(environment, tmp_path / "alone", MONTHS, CITIES) as (found, alone):
        assert documents(found) == documents(alone) != []


def dagster(*arguments: str) -> None:
    done = subprocess.run([PROGRAMS / "dagster", *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
