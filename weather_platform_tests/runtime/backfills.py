"""Backfills as the button of Dagster's UI makes them; Dagster's own client has no call for them."""

from collections.abc import Sequence
from typing import Any

from dagster_graphql import DagsterGraphQLClient

from weather_platform import names
from weather_platform.domain.months import Month

BACKFILL_GAVE_UP = ("FAILING", "FAILED", "COMPLETED_FAILED", "CANCELING", "CANCELED")
_LAUNCH = """
mutation Backfill($asked: LaunchBackfillParams!) {
  launchPartitionBackfill(backfillParams: $asked) {
    __typename
    ... on LaunchBackfillSuccess { backfillId }
    ... on PythonError { message }
  }
}
"""
_STATUS = """
query Backfill($id: String!) {
  partitionBackfillOrError(backfillId: $id) { __typename ... on PartitionBackfill { status } }
}
"""


def launch_backfill(
    client: DagsterGraphQLClient, months: Sequence[Month], run_config: dict[str, Any] | None = None
) -> str:
    """A backfill of these months, all assets; its id."""
    asked = {
        "assetSelection": [{"path": [name]} for name in names.ASSETS],
        "partitionNames": [str(month) for month in months],
        "runConfigData": run_config,
    }
    answer = client._execute(_LAUNCH, {"asked": asked})["launchPartitionBackfill"]
    assert "backfillId" in answer, answer
    return str(answer["backfillId"])


def backfill_status(client: DagsterGraphQLClient, backfill_id: str) -> str:
    """Where it stands, in Dagster's words."""
    answer = client._execute(_STATUS, {"id": backfill_id})["partitionBackfillOrError"]
    assert "status" in answer, answer
    return str(answer["status"])
