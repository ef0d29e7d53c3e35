"""Both languages say everything, each in its own way of writing numbers and dates."""

import re
import tomllib
from collections.abc import Iterator
from datetime import date
from importlib.resources import files
from typing import Any

import pytest

from dash_app.climate_words import COUNTS
from dash_app.language import LANGUAGES, language, preferred
from weather_platform.domain.climate.figures import FIGURES
from weather_platform.domain.climate.rules import HAND, RULES
from weather_platform.domain.events import THRESHOLDS
from weather_platform.domain.parsing import Reason
from weather_platform.settings import SOURCES


def _texts(code: str) -> dict[str, Any]:
    return dict(_flat(tomllib.loads(files("dash_app").joinpath("texts", f"{code}.toml").read_text("utf-8"))))


def _flat(texts: dict[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, value in texts.items():
        if isinstance(value, dict):
            yield from _flat(value, f"{before}{key}.")
        else:
            yield f"{before}{key}", value


def _names(text: str) -> set[str]:
    return set(re.findall(r"{(\w+)}", text))


def test_every_text_exists_in_all_languages_with_the_same_placeholders() -> None:
    french, *others = ({key: _names(str(value)) for key, value in _texts(code).items()} for code in LANGUAGES)
    assert [other == french for other in others] == [True] * len(others)
    assert {key: french[key] ^ other[key] for other in others for key in french if french[key] != other.get(key)} == {}


def test_every_text_that_the_code_asks_for_is_there() -> None:
    said = _texts("fr")
    source = "\n".join(path.read_text("utf-8") for path in files("dash_app").rglob("*.py"))  # type: ignore[attr-defined]
    asked = set(re.findall(r"""word\(\s*"([a-z_]+\.[a-z_.0-9]+)\"""", source))
    assert sorted(asked - said.keys()) == []
    assert len(asked) > 60


def test_no_text_is_left_over() -> None:
    """Keys are asked for whole, or begun by what is put together (``f"events.{type}"``, ``"table." + name``)."""
    source = "\n".join(path.read_text("utf-8") for path in files("dash_app").rglob("*.py"))  # type: ignore[attr-defined]
    whole = set(re.findall(r"""["']([a-z_]+\.[a-z_.0-9]+)["']""", source))
    begun = tuple(set(re.findall(r"""["']([a-z_]+\.[a-z_]*)(?:{|["'] \+)""", source)) | {"metrics.", "calendar."})
    counted = re.compile(r"\.(one|many|none)$")
    left = [key for key in _texts("fr") if counted.sub("", key) not in whole and key not in whole]
    assert [key for key in left if not key.startswith(begun)] == []


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_event_reason_rule_and_figure_has_a_name(code: str) -> None:
    word = language(code)
    assert all(word(f"events.{threshold.type}") for threshold in THRESHOLDS)
    assert all(word(f"reasons.{reason}") for reason in Reason)
    assert all(word(f"sources.{source}") for source in SOURCES)
    assert all(word(f"rules.{rule.replace('-', '_')}") for rule in (*RULES, HAND))
    assert all(word(f"figures.{figure.replace('.', '_')}") for figure in FIGURES if figure not in COUNTS)


def test_the_sources_of_thresholds_are_those_of_the_platform() -> None:
    said = {threshold.type: language("en")(f"event_sources.{threshold.type}") for threshold in THRESHOLDS}
    assert said == {threshold.type: threshold.source for threshold in THRESHOLDS}
    assert _texts("fr").keys() >= {f"event_sources.{kind}" for kind in said}


@pytest.mark.parametrize(
    ("code", "value", "decimals", "expected"),
    [
        ("fr", 14.256, 2, "14,26"),
        ("fr", 1016.84, 1, "1\u202f016,8"),
        ("fr", -3.0, 1, "−3,0"),
        ("en", 14.256, 2, "14.26"),
        ("en", 1016.84, 1, "1,016.8"),
        ("en", -0.04, 1, "0.0"),
        ("en", None, 1, "–"),
        ("en", float("nan"), 1, "–"),
    ],
)
def test_numbers_are_written_as_the_language_does(code: str, value: float | None, decimals: int, expected: str) -> None:
    assert language(code).number(value, decimals) == expected


@pytest.mark.parametrize(
    ("first", "last", "french", "english"),
    [
        ("2023-12-01", "2023-12-31", "décembre 2023", "December 2023"),
        ("2023-01-01", "2023-12-31", "2023", "2023"),
        ("2023-12-01", "2023-12-07", "du 1er au 7 décembre 2023", "1 to 7 December 2023"),
        ("2023-11-25", "2023-12-07", "du 25 novembre au 7 décembre 2023", "25 November to 7 December 2023"),
        ("2022-12-25", "2023-01-07", "du 25 décembre 2022 au 7 janvier 2023", "25 December 2022 to 7 January 2023"),
        ("2023-12-01", "2023-12-01", "1er décembre 2023", "1 December 2023"),
        ("2024-02-01", "2024-02-29", "février 2024", "February 2024"),
        ("2023-06-01", "2023-08-31", "juin à août 2023", "June to August 2023"),
        ("2022-12-01", "2023-02-28", "décembre 2022 à février 2023", "December 2022 to February 2023"),
        ("2022-12-01", "2023-12-31", "décembre 2022 à décembre 2023", "December 2022 to December 2023"),
        ("2014-01-01", "2023-12-31", "2014 à 2023", "2014 to 2023"),
    ],
)
def test_a_period_is_said_in_the_fewest_words(first: str, last: str, french: str, english: str) -> None:
    period = date.fromisoformat(first), date.fromisoformat(last)
    assert (language("fr").period(*period), language("en").period(*period)) == (french, english)


@pytest.mark.parametrize(
    ("accepted", "expected"),
    [
        ("fr-FR,fr;q=0.9,en;q=0.8", "fr"),
        ("en-US,en;q=0.9", "en"),
        ("de-DE,de;q=0.9,en;q=0.5,fr;q=0.7", "fr"),
        ("de", "fr"),
        (None, "fr"),
        ("en;q=nonsense, fr;q=0.1", "fr"),
    ],
)
def test_the_browsers_first_choice_that_is_spoken_here_wins(accepted: str | None, expected: str) -> None:
    assert preferred(accepted) == expected


@pytest.mark.parametrize(
    ("key", "values", "expected"),
    [
        ("lead.in_city", {"period": "2023", "city": "Le Puy-Loudes", "text": ""}, "2023 au Puy-Loudes\u00a0: "),
        (
            "lead.in_city",
            {"period": "2023", "city": "Pointe de la Hague", "text": ""},
            "2023 à la pointe de la Hague\u00a0: ",
        ),
        ("lead.in_city", {"period": "2023", "city": "La Désirade", "text": ""}, "2023 à La Désirade\u00a0: "),
        ("table.summary", {"days": "31", "cities": "Cap Cépet"}, "31 jours du cap Cépet"),
        (
            "city.rose_summary",
            {"n": 8, "calm": 1, "direction": "le nord", "share": 40},
            "le plus souvent du nord (40\u00a0%)",
        ),
    ],
)
def test_french_joins_a_preposition_and_an_article(key: str, values: dict[str, object], expected: str) -> None:
    assert expected in language("fr")(key, **values)
