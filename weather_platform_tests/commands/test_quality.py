"""`weather quality`, against an API that is really served."""

import json
from pathlib import Path

import pytest

from weather_platform.domain.errors import WeatherError
from weather_platform_tests.api.serving import as_json, served, settings_at
from weather_platform_tests.commands.test_withdraw import run

TEMPERATURES = {6: 292, 9: 295, 12: 273.15, 15: 297}
LIFT = ("quality", "add", "nice", "t", "good", "--from", "2023-08-09T12:00", "--rule", "E2", "--by", "Marie")


def test_a_flag_is_lifted_listed_and_set_again(tmp_path: Path) -> None:
    """0 °C at noon of an August day, until a person says that it was measured."""
    file = tmp_path / "august.json"
    readings = [
        {"numer_sta": "07690", "nom": "NICE", "date": f"2023-08-09T{hour:02}:00:00+00:00", "t": kelvin}
        for hour, kelvin in TEMPERATURES.items()
    ]
    file.write_bytes(as_json(readings))
    with served(settings_at(tmp_path)) as api:
        run(api, "ingest", "--fast", str(file))

        def lowest() -> float:
            (document,) = api.documents()
            return float(document["metrics"]["temperature"]["min"])

        assert lowest() == 18.85
        assert "a hailstorm" in run(api, *LIFT, "--reason", "a hailstorm")
        assert lowest() == 0.0
        (kept,) = json.loads(run(api, "quality", "list", "--json"))
        assert (kept["station_id"], kept["rule"], kept["verdict"], kept["who"]) == ("07690", "E2", "good", "Marie")
        assert kept["id"] in run(api, "quality", "list")
        run(api, "quality", "remove", kept["id"])
        assert lowest() == 18.85
        assert json.loads(run(api, "quality", "list", "--json")) == []
        with pytest.raises(WeatherError, match="No override"):
            run(api, "quality", "remove", kept["id"])
        with pytest.raises(WeatherError, match=r"body\.rule cannot be used"):
            run(api, *(word.replace("E2", "E99") for word in LIFT), "--reason", "a hailstorm")
