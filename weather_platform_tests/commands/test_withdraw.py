"""`weather withdraw`, against an API that is really served."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from weather_platform.cli import app
from weather_platform.domain.errors import BadInput
from weather_platform_tests.api.serving import Api, as_json, observations, served, settings_at


def run(api: Api, *arguments: str) -> str:
    result = CliRunner().invoke(app, arguments, env={"WEATHER_API_URL": api.base_url, "COLUMNS": "200"})
    if result.exception:
        raise result.exception
    return result.stdout


def test_a_posting_is_withdrawn_and_counts_again(tmp_path: Path) -> None:
    file = tmp_path / "november.json"
    file.write_bytes(as_json(observations()))
    with served(settings_at(tmp_path)) as api:
        (receipt,) = json.loads(run(api, "ingest", "--fast", "--json", str(file)))
        told = run(api, "withdraw", receipt["id"], "--reason", "another station", "--by", "Marie")
        assert "withdrawn by Marie: another station" in told
        assert api.documents() == []
        assert json.loads(run(api, "withdraw", receipt["id"], "--undo", "--json"))["withdrawn"] is None
        assert len(api.documents()) == 4
        with pytest.raises(BadInput, match="needs a reason"):
            run(api, "withdraw", receipt["id"])
