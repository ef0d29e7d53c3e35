"""The GraphQL that the API speaks, held against the schema of the installed Dagster."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import dagster as dg
import httpx2 as httpx
import pytest
from dagster_graphql.schema import create_schema
from graphql import parse, validate

from api import orchestrator
from api.dependencies import Services
from api.orchestrator import QUERIES, AskedRun, Orchestrator, OrchestratorUnavailable
from weather_platform.domain.quality import Verdict
from weather_platform.month_report import CHECKS
from weather_platform_tests.api.serving import NOBODY, as_json, observations, served, settings_at
from weather_platform_tests.runtime.serving import wait_for
from weather_platform_tests.servers.process import free_port, listens


@pytest.mark.parametrize("query", QUERIES)
def test_every_query_fits_the_installed_schema(query: str) -> None:
    assert validate(create_schema().graphql_schema, parse(query)) == []


def test_every_state_of_a_run_is_known() -> None:
    assert {status.value for status in dg.DagsterRunStatus} == set(orchestrator._STATES)


def test_dagster_down_is_an_outage_for_every_call() -> None:
    dagster = Orchestrator(NOBODY)
    for call in (
        dagster.ping,
        lambda: dagster.launch([AskedRun("2023-11", "key")], {}),
        lambda: dagster.runs("weather/ingestion", "0"),
        lambda: dagster.written(["0"]),
        lambda: dagster.trouble("0"),
        lambda: dagster.report("weather_stats", "2023-11", {}),
        lambda: dagster.report_check("2023-11", CHECKS[0], Verdict(True, "good")),
    ):
        with pytest.raises(OrchestratorUnavailable, match="does not answer"):
            call()


def test_links_lead_where_people_reach_dagster(tmp_path: Path) -> None:
    addresses = {
        "WEATHER_DAGSTER_URL": "http://dagster-webserver:3000",
        "WEATHER_DAGSTER_PUBLIC_URL": "https://dagster.example.org/",
    }
    dagster = Services(settings_at(tmp_path, **addresses)).orchestrator
    assert dagster.run_url("0") == "https://dagster.example.org/runs/0"
    assert dagster.asset_url("weather_stats", "2023-11").startswith("https://dagster.example.org/assets/weather_stats?")


@pytest.fixture
def webserver_without_code(tmp_path: Path) -> Iterator[str]:
    """The address of Dagster's webserver while the platform's code server is down."""
    home, port = tmp_path / "dagster", free_port()
    home.mkdir()
    workspace = home / "workspace.yaml"
    workspace.write_text(
        f"load_from:\n  - grpc_server: {{host: 127.0.0.1, port: {free_port()}, location_name: weather_platform}}\n"
    )
    program = Path(sys.executable).with_name("dagster-webserver")
    command = [str(program), "-w", str(workspace), "-h", "127.0.0.1", "-p", str(port)]
    with (home / "printed.txt").open("w") as printed:
        environment = {**os.environ, "DAGSTER_HOME": str(home)}
        process = subprocess.Popen(command, env=environment, stdout=printed, stderr=printed)
    try:
        wait_for(lambda: listens(port), "Dagster's webserver to serve", timeout_s=120)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


def test_a_code_server_that_is_down_is_an_outage_too(webserver_without_code: str, tmp_path: Path) -> None:
    assert httpx.get(f"{webserver_without_code}/server_info", timeout=30).status_code == 200
    with served(settings_at(tmp_path, WEATHER_DAGSTER_URL=webserver_without_code)) as api:
        answer = api.post_file("/ingest", as_json(observations()))
        assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
        assert "has not loaded the platform's code" in answer.json()["detail"]
        assert "Pipeline" not in answer.text
        assert api.get("/health").json()["dagster"] != "ok"
