"""Metrics and logs: what an operator sees."""

import json
import logging
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from weather_platform.logs import json_formatter
from weather_platform_tests.api.serving import Api, as_json, observations, served, settings_at


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
    lines = [
        json.loads(json_formatter().format(record)) for record in caplog.records if record.name.startswith("weather")
    ]
    ingested = next(line for line in lines if line["event"] == "ingested")
    assert (ingested["request"], ingested["ingestion"]) == ("my-trace-1", answer.json()["id"])


def test_uploads_that_are_refused_are_counted_too(tmp_path: Path) -> None:
    with served(settings_at(tmp_path, WEATHER_API_UPLOAD_MB="1")) as api:
        statuses = [api.post_file("/ingest-fast", body).status_code for body in (b"what?", b" " * 1_100_000)]
        assert (statuses, 'mode="fast",outcome="refused"} 2.0' in api.get("/metrics").text) == ([422, 413], True)


def test_an_unforeseen_error_is_one_line_with_the_id_of_its_answer(api: Api) -> None:
    receipt = api.ingest("/ingest-fast", as_json(observations()))
    with api.services.layers.staging.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE _ingestions SET receipt = '{}'")
    lines = json_formatter()
    printed: list[dict[str, Any]] = []

    class Printing(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            printed.append(json.loads(lines.format(record)))

    handler = Printing(logging.ERROR)
    logging.getLogger().addHandler(handler)
    try:
        answer = api.get(f"/ingestions/{receipt['id']}")
    finally:
        logging.getLogger().removeHandler(handler)
    assert answer.status_code == 500
    (line,) = printed
    assert "Traceback" in line["exception"]
    assert line["request"] == answer.json()["instance"] == answer.headers["x-request-id"]


def test_every_line_of_the_process_is_json() -> None:
    code = """
import logging, warnings
from weather_platform.logs import log_as_json
log_as_json("weather", "uvicorn")
logging.getLogger("python_multipart.multipart").warning("Did not find CR at end of boundary")
logging.getLogger("uvicorn.error").info("Started")
warnings.warn("old")
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert [json.loads(line)["logger"] for line in ended.stdout.splitlines()] == [
        "python_multipart.multipart",
        "uvicorn.error",
        "py.warnings",
    ]
    assert ended.stderr == ""


def test_an_id_that_would_break_a_log_is_replaced(api: Api) -> None:
    given = api.get("/livez", headers={"x-request-id": "a b{}"}).headers["x-request-id"]
    assert re.fullmatch(r"[0-9a-f]{16}", given)
