"""The data dictionary in docs/ is what the types say."""

from pathlib import Path

from weather_platform.domain.data_dictionary import markdown
from weather_platform.domain.tabular import DOCUMENT_COLUMNS, EVENT_COLUMNS, OBSERVATION_COLUMNS

PAGE = Path(__file__).resolve().parents[2] / "docs" / "data-dictionary.md"


def test_the_page_is_what_the_types_say() -> None:
    written = PAGE.read_text()
    assert written == markdown(), "python -m weather_platform.domain.data_dictionary > docs/data-dictionary.md"


def test_every_column_has_a_meaning() -> None:
    columns = (*DOCUMENT_COLUMNS, *EVENT_COLUMNS, *OBSERVATION_COLUMNS)
    assert [column.name for column in columns if not column.meaning] == []
