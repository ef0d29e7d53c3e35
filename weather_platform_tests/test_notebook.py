import re
from pathlib import Path

import pandas as pd
import pytest

import weather_platform
from weather_platform.domain.errors import BadArgument, NothingStored, UnknownCity
from weather_platform.domain.months import Month, Partitions
from weather_platform.intake import receive
from weather_platform.pipeline import curate_month, open_stores, stage_month
from weather_platform.settings import Settings
from weather_platform.sources.sample import SampleSource

_PAGE = Path(__file__).parents[1] / "docs" / "notebook.md"
DECEMBER = Month(2023, 12)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("notebook")
    settings = Settings.from_environment({"WEATHER_HOME": str(folder)})
    stores = open_stores(settings)
    payload = SampleSource().fetch(DECEMBER, ("07690", "07005"))
    receive(stores.raw, payload.body, payload.provenance, Partitions(settings.first_month))
    stage_month(stores, DECEMBER)
    curate_month(stores, DECEMBER)
    return folder


def test_documents_are_the_export(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from typer.testing import CliRunner

    from weather_platform.cli import app

    monkeypatch.setenv("WEATHER_HOME", str(home))
    output = tmp_path / "nice.parquet"
    asked = ["--city", "nice", "--from", "2023-12-01", "--to", "2023-12-31", "--format", "parquet"]
    assert CliRunner().invoke(app, ["export", *asked, "--output", str(output)]).exit_code == 0
    frame = weather_platform.open(str(home)).documents("nice", "2023-12")
    exported = pd.read_parquet(output).assign(date=lambda read: pd.to_datetime(read["date"]))
    pd.testing.assert_frame_equal(frame, exported, check_dtype=False)
    assert (len(frame), frame["date"].dtype.kind) == (31, "M")


def test_months_say_how_complete_a_station_is(home: Path) -> None:
    archive = weather_platform.open(str(home))
    (nice,) = archive.months("07690", "2023-12").to_dict("records")
    rain = archive.documents("07690", "2023-12")["rain_rr_mm"].dropna()
    assert (nice["city"], nice["month"], nice["rr_n"], nice["rr_status"]) == ("NICE", "2023-12", len(rain), "nearly")
    assert nice["rr_total_mm"] == pytest.approx(rain.sum(), abs=0.005)
    assert len(archive.months(period="2023")) == 2


def test_a_period_without_data_is_an_empty_frame_of_the_same_columns(home: Path) -> None:
    archive = weather_platform.open(str(home))
    for read in (archive.documents, archive.observations, archive.months):
        some, none = read("nice", "2023-12"), read("nice", "2001-01")
        assert (list(none.columns), len(none), len(some) > 0) == (list(some.columns), 0, True)


def test_errors_are_those_that_the_page_names(home: Path, tmp_path: Path) -> None:
    with pytest.raises(NothingStored):
        weather_platform.open(str(tmp_path / "nothing")).documents()
    with pytest.raises(UnknownCity):
        weather_platform.open(str(home)).documents("Atlantis")
    with pytest.raises(BadArgument):
        weather_platform.open(str(home)).documents("nice", "2023-13")
    assert not (tmp_path / "nothing").exists()


def test_the_example_of_the_page_runs(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WEATHER_HOME", str(home))
    (example,) = re.findall(r"```python\n(.*?)```", _PAGE.read_text(), flags=re.DOTALL)
    known: dict[str, object] = {}
    exec(example, known)  # noqa: S102  # our own page
    assert "archive" in known
