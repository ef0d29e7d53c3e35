"""What `make compose` shows when the stack is healthy: December 2023 through Dagster, a small year through the API.

Runs inside the container `api`, with a key for writing in WEATHER_API_KEY; ends with 1 where a figure is not right.
"""

import os
import sys
import time
from pathlib import Path
from typing import Any

import httpx2 as httpx
from dagster import DagsterRunStatus
from dagster_graphql import DagsterGraphQLClient

MONTH = "2023-12"
YEAR = Path("data/ingestion/2024.json")
RUN_TIMEOUT_S = 600
EXPECTED = {
    # observations and documents of December 2023, alone
    "sample": (14_840, 1_907),
    "meteofrance": (14_979, 1_893),
}
YEAR_RECORDS = 2_340


def main() -> int:
    dagster = httpx.URL(os.environ["WEATHER_DAGSTER_URL"])
    source = os.environ["WEATHER_SOURCE"]
    began = time.monotonic()
    status = run(DagsterGraphQLClient(dagster.host, port_number=dagster.port))
    print(f"{MONTH} from {source} through Dagster: {status} after {time.monotonic() - began:.1f} s")
    with httpx.Client(
        base_url="http://127.0.0.1:8000", headers={"x-api-key": os.environ["WEATHER_API_KEY"]}, timeout=300
    ) as api:
        observations, documents = held(api)
        print(f"{MONTH}: {observations:,} observations became {documents:,} documents")
        wanted = EXPECTED.get(source, (observations, documents))
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
    right = (status, observations, documents, read) == (DagsterRunStatus.SUCCESS.value, *wanted, YEAR_RECORDS)
    print("All figures are right." if right else f"Expected {wanted} and {YEAR_RECORDS:,} records.")
    return 0 if right else 1


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


def held(api: httpx.Client) -> tuple[int, int]:
    """Observations and documents of the month, as read from staging and curated."""
    covered = api.get("/coverage", params={"from": MONTH, "to": MONTH}).raise_for_status().json()["data"]
    days: dict[str, str | int] = {"from": f"{MONTH}-01", "to": f"{MONTH}-31", "limit": 1000}
    documents = 0
    while True:
        page = api.get("/curated", params=days).raise_for_status().json()
        documents += len(page["data"])
        if not page["next"]:
            return sum(row["observations"] for row in covered), documents
        days["after"] = httpx.URL(page["next"]).params["after"]


def posted(api: httpx.Client) -> dict[str, Any]:
    answer = api.post("/ingest-fast", params={"name": YEAR.name}, content=YEAR.read_bytes()).raise_for_status()
    receipt: dict[str, Any] = answer.json()
    return receipt


if __name__ == "__main__":
    sys.exit(main())
