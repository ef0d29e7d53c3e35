"""Dagster's home: the configuration of Dagster's servers and workers, rewritten at each start."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from weather_platform import names
from weather_platform.dagster_patches.opening import instance_init_lock
from weather_platform.domain.errors import BadSettings, CannotServe
from weather_platform.files import atomic_write
from weather_platform.intake import PROGRESS
from weather_platform.settings import Settings, dagster_environment

QUEUE = "weather"

MAX_RETRIES = 2
START_TIMEOUT_S = 60
"""Timeout of a run whose message was lost with its worker; a worker takes 10 s to come back."""


def write_instance(settings: Settings) -> Path:
    """Write Dagster's home below ``settings.home`` and return it; changes made there by hand are lost."""
    home = settings.home / "dagster"
    make_home(settings)
    home.mkdir(mode=0o700, exist_ok=True)  # the broker's password may stand in here
    _write_yaml(home / "dagster.yaml", instance_config(settings, home))
    return home


def make_home(settings: Settings) -> None:
    """Make the folder WEATHER_HOME; BadSettings if that fails."""
    try:
        settings.home.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise BadSettings(
            f"WEATHER_HOME is {settings.home}, which cannot be made a folder: {error.strerror}.",
            "Give this user the right to write there, or set WEATHER_HOME to another folder.",
        ) from error


def write_workspace(home: Path, code_server_port: int) -> Path:
    """Write the workspace file that leads webserver and daemon to the shared code server.

    With a code server each, the code would be in memory twice (106 MB), and the daemon would import it again every
    minute, as it does for servers that it starts itself.
    """
    path = home / "workspace.yaml"
    server = {"host": "127.0.0.1", "port": code_server_port, "location_name": names.LOCATION}
    _write_yaml(path, {"load_from": [{"grpc_server": server}]})
    return path


def open_once(home: Path) -> None:
    """Create or upgrade the databases of `home` before several processes open them."""
    with instance_init_lock(home) as is_new:
        if not is_new:
            return
        command = [sys.executable, "-m", "dagster", "instance", "migrate"]
        environment = {**os.environ, **dagster_environment(home)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
            raise CannotServe(f"Dagster cannot open its home {home}: {reason}", "Move that folder away.")


def instance_config(settings: Settings, home: Path) -> dict[str, Any]:
    """Content of ``dagster.yaml``."""
    config: dict[str, Any] = {
        "telemetry": {"enabled": False},
        "nux": {"enabled": False},
        "run_coordinator": {
            "module": "weather_platform.dagster_patches.coordinator",
            "class": "PromptRunCoordinator",
            "config": {"dequeue_interval_seconds": 1},
        },
        # Shows the platform's progress messages in the page of the run.
        "python_logs": {"managed_python_loggers": [PROGRESS], "python_log_level": "INFO"},
        "concurrency": _concurrency(settings),
        "run_monitoring": {
            "enabled": True,
            "poll_interval_seconds": 2,
            "start_timeout_seconds": START_TIMEOUT_S,
            "cancel_timeout_seconds": 30,
            "max_resume_run_attempts": 0,
        },
        # Retries are for lost workers only: a refusal would repeat, and outages have the assets' own retry policy.
        "run_retries": {"enabled": True, "max_retries": MAX_RETRIES, "retry_on_asset_or_op_failure": False},
    }
    if settings.launcher == "celery":
        config["run_launcher"] = {
            "module": "weather_platform.dagster_patches.launcher",
            "class": "WeatherRunLauncher",
            "config": {"default_queue": QUEUE, **_broker(settings, home)},
        }
    config.update(_storage(settings, home))
    return config


def _storage(settings: Settings, home: Path) -> dict[str, Any]:
    """Where Dagster keeps runs and events, and where their output; the latter in the home if nothing is set."""
    storage: dict[str, Any] = {}
    if settings.dagster_storage_url:
        storage["storage"] = {"mysql": {"mysql_url": settings.dagster_storage_url}}
    else:
        storage["storage"] = {
            "custom": {
                "module": "weather_platform.dagster_patches.sqlite_storage",
                "class": "OpenSqliteStorage",
                "config": {"base_dir": str(home)},
            }
        }
    if settings.dagster_logs_url:
        address = urlsplit(settings.dagster_logs_url)
        storage["compute_logs"] = {
            "module": "dagster_aws.s3.compute_log_manager",
            "class": "S3ComputeLogManager",
            "config": {
                "bucket": address.netloc,
                "prefix": address.path.strip("/") or "dagster",
                "local_dir": str(home / "storage"),
                "region": settings.s3.region,
                "skip_empty_files": True,
                **({"endpoint_url": settings.s3.endpoint_url} if settings.s3.endpoint_url else {}),
            },
        }
    return storage


def _concurrency(settings: Settings) -> dict[str, Any]:
    """At most one run per slot, so that none waits at the broker, where its start timeout runs.

    Pools count whole runs: a step that waits for a pool of ``granularity: op`` spins on a core in the in-process
    executor (`interval_to_next_pending_claim_check` is never above 0), and a killed run keeps its slot.
    """
    return {
        # SQLite has one writer at a time too; the others wait for its lock (`storage.databases`).
        "pools": {"default_limit": settings.runs_at_once, "granularity": "run"},
        "runs": {
            "max_concurrent_runs": settings.runs_at_once,
            "tag_concurrency_limits": [
                {"key": "dagster/partition", "value": {"applyLimitPerUniqueValue": True}, "limit": 1}
            ],
        },
    }


def _broker(settings: Settings, home: Path) -> dict[str, Any]:
    # Celery waits 10 s before it reports the task of a killed process as lost.
    patience = {"worker_lost_wait": 1.0}
    if settings.broker_url:
        return {"broker": settings.broker_url, "backend": settings.broker_url, "config_source": patience}
    folders = {name: home / "broker" / name for name in ("messages", "control", "results")}
    for folder in folders.values():
        folder.mkdir(parents=True, exist_ok=True)
    return {
        "broker": "filesystem://",
        "backend": f"file://{folders['results']}",
        "config_source": {
            **patience,
            "broker_transport": "weather_platform.dagster_patches.folder_broker:Transport",
            "broker_transport_options": {
                "data_folder_in": str(folders["messages"]),
                "data_folder_out": str(folders["messages"]),
                "control_folder": str(folders["control"]),
                "polling_interval": 0.1,
            },
        },
    }


def _write_yaml(path: Path, content: dict[str, Any]) -> None:
    """Written atomically as JSON, which is YAML: a server may be reading the old file."""
    with atomic_write(path) as draft:
        draft.write_text(f"# Written by `weather`; a change by hand is lost.\n{json.dumps(content, indent=2)}\n")


if __name__ == "__main__":
    write_instance(Settings.from_environment())
