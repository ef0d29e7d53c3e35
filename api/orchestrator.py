"""The API's client of Dagster: launches runs, follows them, reports months. The only file with GraphQL.

All calls use dagster-graphql's own client, which the first call imports: 2 to 3 s and 35 MB, which an API that only
makes months itself never needs. It must not be shared by threads, so each call makes its own (measured: under 1 ms).
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
from weather_platform.domain.quality import Verdict
from weather_platform.month_report import Check

if TYPE_CHECKING:
    import httpx2 as httpx
    from dagster_graphql import DagsterGraphQLClient

_TIMEOUT_S = 30
_LAUNCH_TIMEOUT_S = 300
"""Dagster launches runs one after the other. A client that gives up earlier does not know which exist."""
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
LAUNCH = """
mutation Launch($runs: [ExecutionParams!]!) {
  launchMultipleRuns(executionParamsList: $runs) {
    __typename
    ... on LaunchMultipleRunsResult {
      launchMultipleRunsResult {
        __typename
        ... on LaunchRunSuccess { run { runId status } }
        ... on Error { message }
        ... on RunConfigValidationInvalid { errors { message } }
      }
    }
    ... on PythonError { message }
  }
}
"""
FOUND = """
query Found($filter: RunsFilter!) {
  runsOrError(filter: $filter) {
    __typename
    ... on Runs { results { runId status parentRunId tags { key value } } }
    ... on Error { message }
  }
}
"""
WRITTEN = """
query Written($filter: RunsFilter!) {
  runsOrError(filter: $filter) {
    __typename
    ... on Runs {
      results {
        assetMaterializations {
          partition
          assetKey { path }
          metadataEntries { label ... on IntMetadataEntry { intRepr } }
        }
      }
    }
    ... on Error { message }
  }
}
"""
ENDING = """
query Ending($run: ID!) {
  runOrError(runId: $run) {
    __typename
    ... on Run {
      eventConnection(limit: 1000) {
        events {
          __typename
          ... on RunFailureEvent { message error { message } }
          ... on RunCanceledEvent { message }
          ... on ExecutionStepFailureEvent {
            error { message }
            failureMetadata { metadataEntries { label ... on TextMetadataEntry { text } } }
          }
        }
      }
    }
    ... on Error { message }
  }
}
"""
QUERIES = (LOADED, LAUNCH, FOUND, WRITTEN, ENDING)


_NOT_LOADED = ("PipelineNotFoundError", "RepositoryNotFoundError", "DagsterUserCodeUnreachableError")
"""What Dagster names the trouble of a job whose code server is starting, reloading or down."""


class OrchestratorUnavailable(WeatherError):
    """Dagster does not answer, answers with an invalid response, or has not loaded the platform's code."""

    transient = True


class OrchestratorRefused(WeatherError):
    """Dagster answers with a refusal."""


class AskedRun(NamedTuple):
    """A requested run of a month, at most one per key."""

    month: str
    key: str


class FoundRun(NamedTuple):
    """A run as Dagster has it."""

    run_id: str
    state: State
    """A failed run that Dagster will retry counts as running."""
    tags: Mapping[str, str]
    is_retry: bool

    @property
    def month(self) -> str:
        return self.tags.get("dagster/partition", "")


class Materialised(NamedTuple):
    """A month written by a run, with the integers of its metadata."""

    asset: str
    month: str
    figures: dict[str, int]


class Orchestrator:
    """Dagster's webserver at an address, with links for those who know it by another. May be shared by threads."""

    def __init__(self, url: str, credentials: tuple[str, str] | None = None, *, public_url: str | None = None) -> None:
        self.url = url.rstrip("/")
        self._public_url = (public_url or url).rstrip("/")
        self._credentials = credentials

    @cached_property
    def _http(self) -> "httpx.Client":
        """One for all threads: creating a client takes as long as a report, because of its TLS context."""
        import httpx2 as httpx

        return httpx.Client(auth=self._credentials)

    def close(self) -> None:
        """Close connections."""
        if "_http" in vars(self):
            self._http.close()

    def warm(self) -> None:
        """Import the modules that the first call needs."""
        from dagster_graphql import DagsterGraphQLClient  # noqa: F401

    def ping(self) -> None:
        """Raise OrchestratorUnavailable within about 2 s unless Dagster answers and has the platform's code."""
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

    def launch(self, asked: Sequence[AskedRun], tags: Mapping[str, str]) -> None:
        """Launch a run for each month, in one request; if it gets no answer, it can be repeated with the same keys.

        Dagster launches any partition and fails later: months outside the partitions must be kept out before.
        """
        selector = {
            "repositoryLocationName": names.LOCATION,
            "repositoryName": names.REPOSITORY,
            "jobName": names.PROCESS_JOB,
        }
        runs = []
        for run in asked:
            all_tags = {**tags, "dagster/partition": run.month, names.LAUNCH_KEY_TAG: run.key}
            told = [{"key": key, "value": value} for key, value in all_tags.items() if value]
            runs.append({"selector": selector, "mode": "default", "executionMetadata": {"tags": told}})
        answer = self._ask(LAUNCH, {"runs": runs}, "launchMultipleRuns", _LAUNCH_TIMEOUT_S)
        for result in answer["launchMultipleRunsResult"]:
            if result["__typename"] != "LaunchRunSuccess":
                errors = [error["message"] for error in result.get("errors", ())]
                raise self._trouble_with(": ".join((result["__typename"], result.get("message") or ", ".join(errors))))

    def runs(self, tag: str, value: str) -> list[FoundRun]:
        """The runs with a tag, newest first, except repeated launches that never began."""
        found = self._ask(FOUND, {"filter": {"tags": [{"key": tag, "value": value}]}}, "runsOrError")["results"]
        return [run for run in map(_found, found) if names.REPEATS_TAG not in run.tags]

    def written(self, run_ids: Sequence[str]) -> list[Materialised]:
        """The months that runs have written so far."""
        runs = self._ask(WRITTEN, {"filter": {"runIds": list(run_ids)}}, "runsOrError")["results"]
        return [
            Materialised(
                event["assetKey"]["path"][-1],
                event["partition"],
                {entry["label"]: int(entry["intRepr"]) for entry in event["metadataEntries"] if "intRepr" in entry},
            )
            for run in runs
            for event in run["assetMaterializations"]
        ]

    def trouble(self, run_id: str) -> Trouble:
        """Why a run failed: the cause and cure that it recorded, or the last message in its log."""
        events = self._ask(ENDING, {"run": run_id}, "runOrError")["eventConnection"]["events"]
        cure = f"Look at the run, {self.run_url(run_id)}; then post the file again."
        for event in events:
            if event["__typename"] == "ExecutionStepFailureEvent":
                entries = (event["failureMetadata"] or {}).get("metadataEntries", [])
                told = {entry["label"]: entry.get("text") for entry in entries}
                if told.get("cause") and told.get("cure"):
                    return Trouble(cause=str(told["cause"]), cure=str(told["cure"]))
        if any(event["__typename"] == "RunCanceledEvent" for event in events):
            return Trouble(cause="The run was stopped in Dagster.", cure="Post the file again.")
        failures = [event for event in events if event["__typename"] == "RunFailureEvent"]
        message = failures[-1]["message"] if failures else "The run ended without success."
        return Trouble(cause=f"{message.splitlines()[0].rstrip('.')}.", cure=cure)

    def report(self, asset: str, month: str, metadata: Mapping[str, Any]) -> None:
        """Report one month as materialised without a run: by REST, since GraphQL's mutation takes no metadata."""
        self._report(f"report_asset_materialization/{asset}", {"partition": month, "metadata": dict(metadata)})

    def report_check(self, month: str, check: Check, verdict: Verdict) -> None:
        """Report the result of a check on the last materialisation; by REST as well."""
        body = {
            "check_name": check.name,
            "partition": month,
            "passed": verdict.passed,
            "severity": "ERROR" if check.blocking else "WARN",
            "metadata": dict(verdict.figures),
        }
        self._report(f"report_asset_check/{check.asset}", body)

    def _report(self, path: str, body: dict[str, Any]) -> None:
        import httpx2 as httpx

        try:
            answer = self._http.post(f"{self.url}/{path}", json=body, timeout=_TIMEOUT_S)
        except httpx.HTTPError as error:
            raise self._unavailable(error) from error
        if answer.status_code > 500:
            raise self._unavailable(answer.status_code)
        if answer.is_error:  # 500 too: Dagster answers, and would answer the same again
            raise _refused(f"the report to {path} of {body['partition']}: {answer.text[:200]}")

    def run_url(self, run_id: str) -> str:
        """The page of a run in Dagster's UI."""
        return f"{self._public_url}/runs/{run_id}"

    def asset_url(self, asset: str, month: str) -> str:
        """The page of an asset's month in Dagster's UI."""
        return f"{self._public_url}/assets/{asset}?view=partitions&partition={month}"

    def _ask(self, query: str, variables: dict[str, Any], field: str, timeout_s: int = _TIMEOUT_S) -> dict[str, Any]:
        with self._client(timeout_s) as client:
            # The client has methods for single runs only; all of them call this one.
            answer: dict[str, Any] = client._execute(query, variables)[field]  # noqa: SLF001
        if "message" in answer:
            raise self._trouble_with(f"{answer['__typename']}: {answer['message']}")
        return answer

    @contextmanager
    def _client(self, timeout_s: int) -> "Iterator[DagsterGraphQLClient]":
        from dagster_graphql import DagsterGraphQLClient, DagsterGraphQLClientError
        from requests.auth import HTTPBasicAuth

        parts = urlsplit(self.url)
        try:
            yield DagsterGraphQLClient(
                parts.hostname or "",
                port_number=parts.port,
                use_https=parts.scheme == "https",
                path_prefix=parts.path,
                timeout=timeout_s,
                auth=HTTPBasicAuth(*self._credentials) if self._credentials else None,
            )
        except DagsterGraphQLClientError as error:
            cause = error.__cause__
            if self._is_outage(cause):
                raise self._unavailable(cause) from error
            raise self._trouble_with(
                f"{type(cause).__name__}: {cause}"
            ) from error  # its message contains the whole query

    def _trouble_with(self, reason: str) -> WeatherError:
        """The error behind an unsuccessful answer."""
        if any(name in reason for name in _NOT_LOADED):
            return self._not_loaded()
        return _refused(reason.strip().splitlines()[0])

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


def _found(run: Mapping[str, Any]) -> FoundRun:
    tags = {tag["key"]: tag["value"] for tag in run["tags"]}
    state = _STATES[run["status"]]
    if run["status"] == "FAILURE" and tags.get("dagster/will_retry") == "true":
        state = "running"
    return FoundRun(run["runId"], state, tags, run["parentRunId"] is not None)


def _refused(reason: str) -> OrchestratorRefused:
    return OrchestratorRefused(
        f"Dagster refuses: {reason}.", "Check the code location in Dagster's UI, then try again."
    )
