"""The GraphQL that the API speaks, held against the schema of the installed Dagster."""

import dagster as dg
import pytest
from dagster_graphql.client.client_queries import CLIENT_SUBMIT_PIPELINE_RUN_MUTATION, GET_PIPELINE_RUN_STATUS_QUERY
from dagster_graphql.schema import create_schema
from graphql import parse, validate

from api import orchestrator
from api.orchestrator import QUERIES, Orchestrator, OrchestratorUnavailable
from weather_platform.domain.months import Month
from weather_platform_tests.api.serving import NOBODY


@pytest.mark.parametrize("query", [*QUERIES, CLIENT_SUBMIT_PIPELINE_RUN_MUTATION, GET_PIPELINE_RUN_STATUS_QUERY])
def test_every_query_fits_the_installed_schema(query: str) -> None:
    assert validate(create_schema().graphql_schema, parse(query)) == []


def test_every_state_of_a_run_is_known() -> None:
    assert {status.value for status in dg.DagsterRunStatus} == set(orchestrator._STATES)


def test_dagster_that_is_down_is_an_outage_whatever_is_asked() -> None:
    dagster = Orchestrator(NOBODY)
    for call in (
        dagster.ping,
        lambda: dagster.launch([Month(2023, 11)], {}),
        lambda: dagster.state("0"),
        lambda: dagster.materialised("0"),
        lambda: dagster.report_alike("raw_observations", ["2023-11"], "x"),
        lambda: dagster.report("weather_stats", "2023-11", {}),
    ):
        with pytest.raises(OrchestratorUnavailable, match="does not answer"):
            call()
