"""Dagster, as the API sees it: launch a run, follow it, tell the catalogue. The only file that knows GraphQL.

Runs go through dagster-graphql's own client; what that client lacks goes by `gql` to the same address. Both are
imported by the first call (2 to 3 s), not with this module. A client of gql must not be shared by threads, so each call
makes its own (measured: under 1 ms).
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from weather_platform import names
from weather_platform.domain.errors import WeatherError
from weather_platform.domain.ingestions import State, Trouble
from weather_platform.domain.months import Month

if TYPE_CHECKING:
    import httpx2 as httpx
    from dagster_graphql import DagsterGraphQLClient

_TIMEOUT_S = 30
_STATES: dict[str, State] = {
    "NOT_STARTED": "queued",
    "QUEUED": "queued",
    "MANAGED": "queued",
    "SUSPENDED": "queued",
    "STARTING": "queued",
    "STARTED": "running",
    "CANCELING": "running",
    "SUCCESS": "done",
    "FAILURE": "failed",
    "CANCELED": "failed",
}

LOADED = """
query Loaded($location: String!) {
  workspaceLocationEntryOrError(name: $location) {
    __typename
    ... on WorkspaceLocationEntry { locationOrLoadError { __typename } }
  }
}
"""
MATERIALISED = """
query Materialised($run: ID!) {
  runOrError(runId: $run) {
    __typename
    ... on Run {
      assetMaterializations {
        partition
        assetKey { path }
        metadataEntries { label ... on IntMetadataEntry { intRepr } }
      }
    }
    ... on RunNotFoundError { message }
    ... on PythonError { message }
  }
}
"""
ENDING = """
query Ending($run: ID!) {
  runOrError(runId: $run) {
    __typename
    ... on Run {
      tags { key value }
      eventConnection(limit: 1000) {
        events {
          __typename
          ... on RunFailureEvent { message error { message } }
          ... on ExecutionStepFailureEvent {
            error { message }
            failureMetadata { metadataEntries { label ... on TextMetadataEntry { text } } }
          }
        }
      }
    }
    ... on RunNotFoundError { message }
    ... on PythonError { message }
  }
}
"""
RETRIES = """
query Retries($filter: RunsFilter!) {
  runsOrError(filter: $filter, limit: 1) {
    __typename
    ... on Runs { results { runId } }
    ... on PythonError { message }
  }
}
"""
QUERIES = (LOADED, MATERIALISED, ENDING, RETRIES)


_NOT_LOADED = ("PipelineNotFoundError", "RepositoryNotFoundError", "DagsterUserCodeUnreachableError")
"""What Dagster names the trouble of a job whose code server is starting, reloading or down."""


class OrchestratorUnavailable(WeatherError):
    """Dagster does not answer, or not with sense, or has not loaded the platform's code."""

    transient = True


class OrchestratorRefused(WeatherError):
    """Dagster answers, and will not do it."""


class Materialised(NamedTuple):
    """A month that a run wrote, with the whole numbers of its metadata."""

    asset: str
    month: str
    figures: dict[str, int]


class Orchestrator:
    """Dagster's webserver at an address. May be shared by threads."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")

    @cached_property
    def _http(self) -> "httpx.Client":
        """One for all threads: to make a client takes as long as a report does, for the sake of its TLS context."""
        import httpx2 as httpx

        return httpx.Client()

    def close(self) -> None:
        """Let go of connections."""
        if "_http" in vars(self):
            self._http.close()

    def warm(self) -> None:
        """Import what the first call would import."""
        from dagster_graphql import DagsterGraphQLClient  # noqa: F401

    def ping(self) -> None:
        """Nothing where Dagster answers and has the platform's code, else OrchestratorUnavailable in about 2 s."""
        import httpx2 as httpx

        body = {"query": LOADED, "variables": {"location": names.LOCATION}}
        try:
            answer = self._http.post(f"{self.url}/graphql", json=body, timeout=2).raise_for_status().json()
            found = answer["data"]["workspaceLocationEntryOrError"]["locationOrLoadError"]["__typename"]
        except (httpx.HTTPError, json.JSONDecodeError) as error:
            raise self._unavailable(error) from error
        except (KeyError, TypeError) as error:  # null while it loads
            raise self._not_loaded() from error
        if found != "RepositoryLocation":
            raise self._not_loaded()

    def launch(self, months: Sequence[Month], tags: Mapping[str, str]) -> str:
        """Launch one run that stages and curates an unbroken stretch of months; the run's id.

        Dagster launches any partition and fails later: months outside the partitions must be kept out before.
        """
        first, last = str(months[0]), str(months[-1])
        if first == last:
            which = {"dagster/partition": first}
        else:
            which = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
        with self._client() as client:
            return client.submit_job_execution(
                names.PROCESS_JOB,
                repository_location_name=names.LOCATION,
                repository_name=names.REPOSITORY,
                tags={**which, **tags},
            )

    def state(self, run_id: str) -> State:
        """Where a run stands. A failed one that Dagster is about to try again is still running."""
        with self._client() as client:
            state = _STATES[client.get_run_status(run_id).value]
        return "running" if state == "failed" and self._will_retry(run_id) else state

    def latest_try(self, run_id: str) -> str:
        """The run itself, or the last one that Dagster started in its place after its worker was lost."""
        group = {"tags": [{"key": "dagster/root_run_id", "value": run_id}]}
        retries = self._ask(RETRIES, {"filter": group}, "runsOrError")["results"]
        return str(retries[0]["runId"]) if retries else run_id

    def materialised(self, run_id: str) -> list[Materialised]:
        """The months that a run has written so far."""
        run = self._ask(MATERIALISED, {"run": run_id}, "runOrError")
        return [
            Materialised(
                event["assetKey"]["path"][-1],
                event["partition"],
                {entry["label"]: int(entry["intRepr"]) for entry in event["metadataEntries"] if "intRepr" in entry},
            )
            for event in run["assetMaterializations"]
        ]

    def trouble(self, run_id: str) -> Trouble:
        """Why a run failed: the cause and the cure that it recorded, or the last words there are."""
        events = self._ask(ENDING, {"run": run_id}, "runOrError")["eventConnection"]["events"]
        cure = f"Look at the run, {self.run_url(run_id)}; then post the file again."
        for event in events:
            if event["__typename"] == "ExecutionStepFailureEvent":
                entries = (event["failureMetadata"] or {}).get("metadataEntries", [])
                told = {entry["label"]: entry.get("text") for entry in entries}
                if told.get("cause") and told.get("cure"):
                    return Trouble(cause=str(told["cause"]), cure=str(told["cure"]))
        failures = [event for event in events if event["__typename"] == "RunFailureEvent"]
        message = failures[-1]["message"] if failures else "The run ended without success."
        return Trouble(cause=f"{message.splitlines()[0].rstrip('.')}.", cure=cure)

    def report(self, asset: str, month: str, metadata: Mapping[str, Any]) -> None:
        """Show one month as materialised without a run, with figures: GraphQL's mutation takes none, so by REST."""
        import httpx2 as httpx

        body = {"partition": month, "metadata": dict(metadata)}
        try:
            answer = self._http.post(f"{self.url}/report_asset_materialization/{asset}", json=body, timeout=_TIMEOUT_S)
        except httpx.HTTPError as error:
            raise self._unavailable(error) from error
        if answer.status_code >= 500:
            raise self._unavailable(answer.status_code)
        if answer.is_error:
            raise _refused(f"the report of {asset} {month}: {answer.text[:200]}")

    def run_url(self, run_id: str) -> str:
        """The page of a run in Dagster's UI."""
        return f"{self.url}/runs/{run_id}"

    def asset_url(self, asset: str, month: str) -> str:
        """The page of an asset's month in Dagster's UI."""
        return f"{self.url}/assets/{asset}?view=partitions&partition={month}"

    def _will_retry(self, run_id: str) -> bool:
        tags = self._ask(ENDING, {"run": run_id}, "runOrError")["tags"]
        return {"key": "dagster/will_retry", "value": "true"} in tags

    @contextmanager
    def _client(self) -> "Iterator[DagsterGraphQLClient]":
        from dagster_graphql import DagsterGraphQLClient, DagsterGraphQLClientError

        parts = urlsplit(self.url)
        try:
            yield DagsterGraphQLClient(
                parts.hostname or "",
                port_number=parts.port,
                use_https=parts.scheme == "https",
                path_prefix=parts.path,
                timeout=_TIMEOUT_S,
            )
        except DagsterGraphQLClientError as error:
            cause = error.__cause__
            if self._is_outage(cause):
                raise self._unavailable(cause) from error
            # Its own words hold the whole query.
            reason = f"{type(cause).__name__}: {cause}" if cause else " ".join(map(str, filter(None, error.args)))
            if any(name in reason for name in _NOT_LOADED):
                raise self._not_loaded() from error
            raise _refused(reason) from error
        except KeyError as error:  # an answer without the message that the client looks for
            raise _refused("an answer without a reason") from error

    def _ask(self, query: str, variables: dict[str, Any], field: str) -> dict[str, Any]:
        from gql import Client, gql
        from gql.transport.exceptions import TransportError
        from gql.transport.requests import RequestsHTTPTransport
        from requests.exceptions import RequestException

        transport = RequestsHTTPTransport(url=f"{self.url}/graphql", use_json=True, timeout=_TIMEOUT_S)
        request = gql(query)
        request.variable_values = variables
        try:
            answer: dict[str, Any] = Client(transport=transport).execute(request)[field]
        except (RequestException, TransportError) as error:
            if self._is_outage(error):
                raise self._unavailable(error) from error
            raise _refused(str(error)) from error
        if "message" in answer:
            raise _refused(f"{answer['__typename']}: {answer['message'].splitlines()[0]}")
        return answer

    @staticmethod
    def _is_outage(error: BaseException | None) -> bool:
        from gql.transport.exceptions import TransportConnectionFailed, TransportProtocolError, TransportServerError
        from requests.exceptions import RequestException

        if isinstance(error, TransportServerError):
            return error.code is None or error.code >= 500
        outages = (RequestException, TransportConnectionFailed, TransportProtocolError, json.JSONDecodeError)
        return isinstance(error, outages)

    def _unavailable(self, reason: object) -> OrchestratorUnavailable:
        what = type(reason).__name__ if isinstance(reason, Exception) else reason
        return OrchestratorUnavailable(
            f"Dagster at {self.url} does not answer ({what}).",
            "Start it, or correct WEATHER_DAGSTER_URL; then post the file again, or use /ingest-fast.",
        )

    def _not_loaded(self) -> OrchestratorUnavailable:
        return OrchestratorUnavailable(
            f"Dagster at {self.url} has not loaded the platform's code: its code server starts, reloads or is down.",
            "Post the file again in a few seconds, or use /ingest-fast; the Dagster UI shows why under Deployment.",
        )


def _refused(reason: str) -> OrchestratorRefused:
    return OrchestratorRefused(
        f"Dagster refuses: {reason}.", "Look at the code location in the Dagster UI, then try again."
    )
