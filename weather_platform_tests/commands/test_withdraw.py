"""`weather withdraw`, against an API that is really served: of posts, landed files and fetched months."""

import json
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from weather_platform.cli import app
from weather_platform.domain.errors import BadInput
from weather_platform.domain.months import Month, Partitions
from weather_platform.landing import Landing
from weather_platform.pipeline import curate_month, stage_month
from weather_platform.receipts import close_receipts
from weather_platform.runtime.in_process import MonthRun, load_in_process
from weather_platform.settings import Settings
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


def listed(api: Api) -> list[dict[str, Any]]:
    """The receipts, oldest first: mode, state, files, months, counts of records that are not 0, withdrawn by."""
    return [
        {
            **{name: each[name] for name in ("id", "mode", "state", "month_count", "documents_written")},
            "file": each["files"][0]["name"],
            "counts": {name: count for name, count in each["counts"].items() if isinstance(count, int) and count},
            "withdrawn": each["withdrawn"] and each["withdrawn"]["by"],
        }
        for each in reversed(api.get("/ingestions").json()["data"])
        if each["files"]  # a withdrawal makes months again by an ingestion without one
    ]


def test_a_fetched_month_has_a_receipt_and_is_withdrawn_for_good(weather_home: Path) -> None:
    """Until it is restored: fetching the same bytes again, as a schedule does, does not bring it back."""
    settings, december = Settings.from_environment({"WEATHER_HOME": str(weather_home)}), Month(2023, 12)

    def load() -> MonthRun:
        (run,) = load_in_process(settings, [december], source="sample", cities=["nice"])
        return run

    assert load().state == "loaded"
    with served(settings_at(weather_home)) as api:
        (fetched,) = listed(api)
        assert fetched == {
            "id": fetched["id"],
            "mode": "source",
            "state": "done",
            "month_count": 1,
            "documents_written": 31,
            "file": "sample:2023-12?seed=1&stations=07690",
            "counts": {"read": 245, "kept": 245},
            "withdrawn": None,
        }
        run(api, "withdraw", fetched["id"], "--reason", "another sensor", "--by", "Marie")
        assert api.documents() == []
        again = load()
        assert (again.state, again.cause) == (
            "failed",
            "These observations of 2023-12 were withdrawn by Marie: another sensor",
        )
        assert [each["withdrawn"] for each in listed(api)] == ["Marie"]
        run(api, "withdraw", fetched["id"], "--undo")
        assert len(api.documents()) == 31


def test_a_landed_file_has_a_receipt_and_is_withdrawn(weather_home: Path) -> None:
    november = Month(2023, 11)
    with served(settings_at(weather_home)) as api:
        stores = api.services.layers
        post = api.ingest("/ingest-fast", as_json(observations()))
        stores.raw.blobs.put("landing/from a friend.json", as_json(observations(t_k=290.15)))
        time.sleep(2.1)  # a younger file may still grow
        (arrival,) = Landing().scan(stores, Partitions(november), {}, budget_s=30)
        before = api.figures()
        _, landed = listed(api)
        assert (landed["mode"], landed["state"], landed["file"]) == ("landing", "stored", arrival.name)
        stage_month(stores, november)
        close_receipts(stores, november, curate_month(stores, november))
        _, landed = listed(api)
        assert (landed["state"], landed["counts"]) == ("done", {"read": 32, "replaced": 32})
        assert api.figures() != before
        run(api, "withdraw", landed["id"], "--reason", "no thermometer", "--by", "Marie")
        assert api.figures() == before
        assert listed(api)[0]["id"] == post["id"]


def test_a_landed_file_is_withdrawn_before_its_run(weather_home: Path) -> None:
    november = Month(2023, 11)
    with served(settings_at(weather_home)) as api:
        stores = api.services.layers
        stores.raw.blobs.put("landing/a.json", as_json(observations()))
        time.sleep(2.1)
        assert len(list(Landing().scan(stores, Partitions(november), {}, budget_s=30))) == 1
        (landed,) = listed(api)
        run(api, "withdraw", landed["id"], "--reason", "no thermometer")
        stage_month(stores, november)
        close_receipts(stores, november, curate_month(stores, november))
        assert api.documents() == []
        assert [(each["mode"], each["state"]) for each in listed(api)] == [("landing", "done")]
