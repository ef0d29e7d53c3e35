"""Sources by name, as the settings and the command line call them."""

from pathlib import Path

import pytest

from weather_platform.domain.errors import BadInput
from weather_platform.settings import SOURCES, Settings
from weather_platform.sources.port import Source
from weather_platform.sources.registry import open_source


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings.from_environment({"WEATHER_HOME": str(tmp_path), "WEATHER_SOURCE": "meteofrance"})


@pytest.mark.parametrize("name", SOURCES)
def test_every_source_opens_by_its_name_and_calls_itself_so(settings: Settings, name: str) -> None:
    source: Source = open_source(settings, name)
    assert source.name == name


def test_without_a_name_the_settings_choose(settings: Settings) -> None:
    assert open_source(settings).name == "meteofrance"


def test_a_name_of_no_source_is_answered_with_those_there_are(settings: Settings, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=r"'metar' is not a source.*meteofrance, opendatasoft, sample"):
        open_source(settings, "metar")
    assert list(tmp_path.iterdir()) == []
