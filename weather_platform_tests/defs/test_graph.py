"""The graph as Dagster loads it: what is in it, what it is called, and what loading it costs."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import dagster as dg
import pytest
import yaml

from weather_platform import names
from weather_platform.definitions import defs
from weather_platform.defs.stores import SourceName
from weather_platform.settings import SOURCES
from weather_platform_tests.defs import snapshot

REPOSITORY = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.usefixtures("weather_home")


def test_the_graph_is_the_one_that_was_reviewed() -> None:
    renew = f"If the change is meant: {sys.executable} -m {snapshot.__name__}"
    assert snapshot.graph() == snapshot.SNAPSHOT.read_text(encoding="utf-8"), renew


def test_an_asset_shows_the_store_of_the_settings_at_each_load(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEATHER_STAGING_URL", "mysql+pymysql://weather:s3cret@db/lake")
    monkeypatch.setenv("WEATHER_CURATED_URL", "mongodb://weather:s3cret@db/lake")
    assets = defs().get_repository_def().asset_graph
    staged, stats = (assets.get(dg.AssetKey(name)) for name in (names.STAGED_OBSERVATIONS, names.WEATHER_STATS))
    assert (staged.kinds, staged.metadata["tables"]) == ({"mysql", "csv"}, "lake.<slug of the city>")
    assert (stats.kinds, stats.metadata["dagster/table_name"]) == ({"mongodb", "json"}, "lake.WeatherStats")


def test_every_definition_can_be_loaded() -> None:
    dg.Definitions.validate_loadable(defs())


def test_code_location_assets_and_jobs_have_their_agreed_names() -> None:
    workspace = yaml.safe_load((REPOSITORY / "workspace.yaml").read_text())
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["dg"]["project"]
    repository = defs().get_repository_def()

    assert workspace == {
        "load_from": [
            {"python_module": {"module_name": "weather_platform.definitions", "location_name": names.LOCATION}}
        ]
    }
    assert project == {"root_module": "weather_platform", "code_location_name": names.LOCATION}
    assert repository.name == names.REPOSITORY
    assert {key.to_user_string() for key in repository.asset_graph.materializable_asset_keys} == {
        *names.ASSETS,
        names.CLIMATE_REFERENCE,
        names.CLIMATE_NORMALS,
    }
    assert {job.name for job in repository.get_all_jobs()} >= {
        names.LOAD_JOB,
        names.PROCESS_JOB,
        names.CHECK_JOB,
        names.USUAL_JOB,
    }


def test_sources_are_a_choice() -> None:
    assert tuple(SourceName) == SOURCES
    job = defs().resolve_job_def(names.LOAD_JOB)
    config = {"ops": {names.RAW_OBSERVATIONS: {"config": {"source": "opendatsoft"}}}}
    with pytest.raises(dg.DagsterInvalidConfigError, match="opendatsoft"):
        dg.validate_run_config(job, config)


def test_resources_are_fields_named_by_their_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a variable is set, its name alone is part of the graph."""
    monkeypatch.setenv("WEATHER_STAGING_URL", "mysql+pymysql://weather:s3cret@db/weather")
    stores = (defs().resources or {})["stores"].get_resource_definition()
    assert stores.config_schema.default_value["staging_url"] == {"env": "WEATHER_STAGING_URL"}
    fields = stores.config_schema.as_field().config_type.fields
    assert set(fields) >= {"raw_url", "staging_url", "curated_url", "csv_folder"}


def test_dg_list_envs_has_each_variable_of_the_resources(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def given(variable: str, default: str | None = None) -> str | None:
        asked.append(variable)
        return default

    monkeypatch.setenv("WEATHER_RAW_URL", "s3://weather/raw")
    monkeypatch.setattr("weather_platform.defs.resources._given", given)
    defs()
    listed = yaml.safe_load((REPOSITORY / "weather_platform/defs/resources/defs.yaml").read_text())
    assert listed["requirements"]["env"] == sorted(asked)


_IMPORTED = """
import json, sys
from weather_platform.definitions import defs
from weather_platform.defs.stores import SourceName
from weather_platform.settings import SOURCES
defs().get_repository_def()
print(json.dumps(sorted(sys.modules)))
"""
_HEAVY = (
    "dagster_aws",
    "pandas",
    "pyarrow",
    "dagster_pandas",
    "numpy",
    "pymongo",
    "pymysql",
    "httpx2",
    "fastapi",
    "dash",
    "moto",
)


def test_loading_the_graph_imports_nothing_that_only_one_asset_needs() -> None:
    """Every run that starts in a process of its own pays for what is imported here."""
    done = subprocess.run([sys.executable, "-c", _IMPORTED], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    imported = json.loads(done.stdout)
    assert "weather_platform.defs.curated" in imported
    assert [name for name in _HEAVY if name in imported] == []


_AHEAD = """
import json, sys
from weather_platform.definitions import defs, import_ahead
defs()
import_ahead()
ahead = set(sys.modules)
from weather_platform.domain.months import parse_months
from weather_platform.runtime.in_process import load_in_process
from weather_platform.settings import Settings
settings = Settings.from_environment()
assert not settings.home.exists()
(run,) = load_in_process(settings, parse_months("2023-12"), source="sample", cities=["07690"])
print(json.dumps([run.state, sorted(set(sys.modules) - ahead)]))
"""
_OF_RUNS = ("dagster_pandas", "pandas", "sqlalchemy", "weather_platform.storage", "weather_platform.domain")


def test_what_a_run_imports_can_be_imported_ahead_without_a_store() -> None:
    """In the worker, before it forks: each child has it at once, and all have it once."""
    done = subprocess.run([sys.executable, "-c", _AHEAD], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    state, imported = json.loads(done.stdout)
    assert state == "loaded"
    assert [name for name in imported if name.startswith(_OF_RUNS)] == []


def test_dagster_validates_the_workspace_of_this_folder(tmp_path: Path) -> None:
    """From another folder and home, as a deployment would."""
    done = subprocess.run(
        [Path(sys.executable).with_name("dagster"), "definitions", "validate", "-w", REPOSITORY / "workspace.yaml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert f"Validation successful for code location {names.LOCATION}" in done.stdout
