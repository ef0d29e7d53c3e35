"""Metrics and logs: what an operator sees."""

import json
import logging
import re

import pytest

from api.logs import JsonLines
from weather_platform_tests.api.serving import Api, as_json, observations


def test_metrics_count_requests_ingestions_and_refused_records(api: Api) -> None:
    broken = {**observations()[0], "t": 999.0}
    api.ingest("/ingest-fast", as_json([*observations(), broken]))
    api.post_file("/ingest-fast", as_json([*observations(), broken]))
    api.get("/health")
    text = api.get("/metrics").text
    for line in (
        'weather_ingestions_total{mode="fast",outcome="done"} 1.0',
        'weather_ingestions_total{mode="fast",outcome="repeated"} 1.0',
        'weather_records_refused_total{reason="impossible_value"} 1.0',
        'weather_records_total{mode="fast"} 33.0',
        'weather_requests_total{method="POST",route="/ingest-fast",status="200"} 2.0',
        'weather_store_up{store="s3"} 1.0',
        'weather_store_up{store="dagster"} 0.0',
    ):
        assert line in text
    assert re.search(r'weather_ingestion_records_per_second\{mode="fast"\} \d', text)


def test_one_id_leads_from_the_request_to_the_ingestion(api: Api, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "weather")
    answer = api.post_file("/ingest-fast", as_json(observations()), headers={"x-request-id": "my-trace-1"})
    assert answer.headers["x-request-id"] == "my-trace-1"
    assert answer.json()["request"] == "my-trace-1"
    lines = [json.loads(JsonLines().format(record)) for record in caplog.records if record.name.startswith("weather")]
    ingested = next(line for line in lines if line["message"] == "ingested")
    assert (ingested["request"], ingested["ingestion"]) == ("my-trace-1", answer.json()["id"])


def test_an_id_that_would_break_a_log_is_replaced(api: Api) -> None:
    given = api.get("/livez", headers={"x-request-id": "a b{}"}).headers["x-request-id"]
    assert re.fullmatch(r"[0-9a-f]{16}", given)
