"""The first load of `make compose`: December 2023 through Dagster, a small year through the API.

Runs inside the container `api`, with a key for writing in WEATHER_API_KEY; exits with 1 if a figure is wrong.
"""

import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import httpx2 as httpx
from dagster import DagsterRunStatus
from dagster_graphql import DagsterGraphQLClient
from requests.auth import HTTPBasicAuth

from weather_platform.settings import Settings

MONTH = "2023-12"
YEAR = Path("data/ingestion/2024.json")
RUN_TIMEOUT_S = 600
EXPECTED = {
    # observations and documents of December 2023, alone
    "sample": (14_964, 1_907),
    "meteofrance": (14_979, 1_893),
}
YEAR_RECORDS = 2_350


class Held(NamedTuple):
    """Counts of the month from each layer."""

    status: str
    """Of Dagster's run."""
    kept: int
    """Records that the receipt of the fetch counts as kept."""
    observations: int
    """In staging."""
    in_documents: int
    """Observations that the documents say they are made of."""
    documents: int


def main() -> int:
    settings = Settings.from_environment()
    source = settings.source
    key = settings.api.key.get_secret_value() if settings.api.key else ""
    began = time.monotonic()
    status = run(dagster(settings))
    print(f"{MONTH} from {source} through Dagster: {status} after {time.monotonic() - began:.1f} s")
    with httpx.Client(base_url=settings.api.url, headers={"x-api-key": key}, timeout=300) as api:
        month = held(api, status)
        print(f"{MONTH}: {month.observations:,} observations became {month.documents:,} documents")
        began = time.monotonic()
        receipt = posted(api)
        print(
            f"{YEAR.name}, {receipt['files'][0]['size_bytes']:,} bytes, "
            f"by /ingest-fast: {time.monotonic() - began:.1f} s"
        )
        read = sum(month["read"] for month in receipt["outcome"])
        print(f"{read:,} records in {len(receipt['outcome'])} months, state {receipt['state']}")
        day = api.get("/curated/cities/nice", params={"from": "2024-01-01", "to": "2024-01-01"}).json()
        print(f"NICE, 1 January 2024: {day['data'][0]['metrics']['temperature']}")
    wrong = faults(source, month, read)
    for fault in wrong:
        print(f"Wrong: {fault}")
    if not wrong:
        alone = f"What was fetched is what is stored; no figures of {source} are known beforehand."
        print("All figures are right." if source in EXPECTED else alone)
    return 1 if wrong else 0


def faults(source: str, month: Held, read: int) -> list[str]:
    """Contradictions between the figures, or with those known of the source."""
    figures = [
        ("status of the run", month.status, DagsterRunStatus.SUCCESS.value),
        ("observations in staging", month.observations, month.kept),
        ("observations in documents", month.in_documents, month.observations),
        (f"records of {YEAR.name}", read, YEAR_RECORDS),
    ]
    if source in EXPECTED:
        observations, documents = EXPECTED[source]
        figures += [("observations", month.observations, observations), ("documents", month.documents, documents)]
    found = [f"{name}: {value}, expected {wanted}" for name, value, wanted in figures if value != wanted]
    return found if month.documents else [*found, "no document"]


def dagster(settings: Settings) -> DagsterGraphQLClient:
    """A client of the deployment's Dagster, signed in where that is asked for."""
    url, login = httpx.URL(settings.dagster_url), settings.dagster_credentials
    return DagsterGraphQLClient(url.host, port_number=url.port, auth=HTTPBasicAuth(*login) if login else None)


def run(client: DagsterGraphQLClient) -> str:
    """Load the month by a run on a worker, and wait for its end."""
    run_id = client.submit_job_execution(
        "load_months",
        repository_location_name="weather_platform",
        repository_name="__repository__",
        tags={"dagster/partition": MONTH},
    )
    deadline = time.monotonic() + RUN_TIMEOUT_S
    while time.monotonic() < deadline:
        status = client.get_run_status(run_id)
        if status in (DagsterRunStatus.SUCCESS, DagsterRunStatus.FAILURE, DagsterRunStatus.CANCELED):
            return str(status.value)
        time.sleep(0.2)
    return "no end in sight"


def held(api: httpx.Client, status: str) -> Held:
    """The month's counts from its receipt, staging and the documents."""
    covered = api.get("/coverage", params={"from": MONTH, "to": MONTH}).raise_for_status().json()["data"]
    receipts = api.get("/ingestions", params={"limit": 200}).raise_for_status().json()["data"]
    fetched = (each for each in receipts if each["mode"] == "source" and each["months"] == [MONTH])
    days: dict[str, str | int] = {"from": f"{MONTH}-01", "to": f"{MONTH}-31", "limit": 1000}
    documents: list[dict[str, Any]] = []
    while True:
        page = api.get("/curated", params=days).raise_for_status().json()
        documents += page["data"]
        if not page["next"]:
            break
        days["after"] = httpx.URL(page["next"]).params["after"]
    return Held(
        status=status,
        kept=sum(each["counts"]["kept"] for each in fetched),
        observations=sum(row["observations"] for row in covered),
        in_documents=sum(document["observations"] for document in documents),
        documents=len(documents),
    )


def posted(api: httpx.Client) -> dict[str, Any]:
    answer = api.post("/ingest-fast", params={"name": YEAR.name}, content=YEAR.read_bytes()).raise_for_status()
    receipt: dict[str, Any] = answer.json()
    return receipt


if __name__ == "__main__":
    sys.exit(main())
