"""The page of forms shows what is read: each of its examples is, to the same observation."""

import re
from pathlib import Path

import pytest

from weather_platform.domain.parsing import Parsed, parse
from weather_platform.domain.record_files import cut

_PAGE = Path(__file__).parents[2] / "docs" / "forms.md"
_ROW = re.compile(r"^\| ([^|]+) \| `(.+)` \|$", re.MULTILINE)
_JSON, _CSV = (_PAGE.read_text(encoding="utf-8").partition("## CSV")[part] for part in (0, 2))
_EXAMPLES = {name: text.encode() for name, text in _ROW.findall(_JSON)} | {
    name: text.replace("/", "\n").replace("→", "\t").encode() for name, text in _ROW.findall(_CSV)
}


def test_the_page_has_an_example_for_every_form() -> None:
    assert len(_EXAMPLES) == 20


@pytest.mark.parametrize("name", _EXAMPLES)
def test_an_example_of_the_page_is_one_observation(name: str) -> None:
    (item,) = parse(cut(_EXAMPLES[name]))
    assert isinstance(item, Parsed)
    assert (item.place.station_id, item.time.isoformat(), item.record.t) == ("07690", "2023-12-01T00:00:00", 287.15)
