"""Properties of records in every format, split and order of columns."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from weather_platform.domain.columns import known
from weather_platform.domain.parsing import Parsed, columns_of, parse
from weather_platform.domain.record_files import cut, cut_in_pieces
from weather_platform_tests import sample_months
from weather_platform_tests.domain import forms

Values = dict[str, Any]
_HOURS = [f"2023-12-01T{hour:02}:00:00Z" for hour in range(0, 24, 3)]
_KNOWN: dict[str, st.SearchStrategy[Any]] = {
    "t": st.sampled_from([287.15, 280, None]),
    "tc": st.sampled_from([14.0, 7, None]),
    "rr3": st.sampled_from([-0.1, 0, 0.4, None]),
    "n": st.sampled_from([101, 50, None]),
    "ww": st.sampled_from([61, None]),
}
_records = st.lists(
    st.tuples(st.sampled_from(_HOURS), st.fixed_dictionaries({}, optional=_KNOWN)).map(
        lambda report: {"numer_sta": "07690", "date": report[0], **report[1]}
    ),
    min_size=1,
    max_size=6,
)
_text = st.text(st.characters(min_codepoint=32, max_codepoint=0x17F), max_size=12)
_unread = st.dictionaries(
    _text.filter(lambda name: known(name) is None and name not in ("record", "fields", "properties", "data")),
    _text | st.integers(-9, 9) | st.none() | st.floats(),
    max_size=3,
)


def _array(records: list[Values]) -> bytes:
    return json.dumps(records).encode()


def _lines(records: list[Values]) -> bytes:
    return b"\n".join(json.dumps(record).encode() for record in records)


def _features(records: list[Values]) -> bytes:
    return json.dumps({"features": [{"properties": record} for record in records]}).encode()


def _v1(records: list[Values]) -> bytes:
    return json.dumps({"nhits": 1, "records": [{"fields": record} for record in records]}).encode()


def _csv(separator: str) -> Callable[[list[Values]], bytes]:
    def write(records: list[Values]) -> bytes:
        names = list(dict.fromkeys(name for record in records for name in record))
        text = io.StringIO()
        writer = csv.writer(text, delimiter=separator, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([["" if record.get(name) is None else record[name] for name in names] for record in records])
        return text.getvalue().encode()

    return write


_writers = st.sampled_from([_array, _lines, _features, _v1, _csv(";"), _csv(","), _csv("\t"), _csv("|")])


def _read(body: bytes) -> list[tuple[Any, Any]]:
    items = list(parse(cut(body)))
    assert {type(item) for item in items} <= {Parsed}
    return [(item.place, item.record) for item in items if isinstance(item, Parsed)]


@settings(deadline=None, max_examples=200)
@given(_records, _unread, _writers, st.randoms())
def test_columns_that_are_not_read_change_no_value(
    records: list[Values], unread: Values, write: Any, order: Any
) -> None:
    more = []
    for record in records:
        items = [*record.items(), *unread.items()]
        order.shuffle(items)
        more.append(dict(items))
    body = write(more)
    expected = _read(_array(records))
    for (place, record), (same, read) in zip(expected, _read(body), strict=True):
        assert place == same
        assert (record.t, record.rr3, record.n, record.ww) == (read.t, read.rr3, read.n, read.ww)
    assert set(columns_of(cut(body)).unused) == {name for name in unread if name.strip()}


@settings(deadline=None, max_examples=200)
@given(_records, st.data())
def test_records_in_any_split_and_forms_are_the_same(records: list[Values], data: st.DataObject) -> None:
    together = _read(_array(records))
    apart = []
    rest = records
    while rest:
        size = data.draw(st.integers(1, len(rest)))
        apart += _read(data.draw(_writers)(rest[:size]))
        rest = rest[size:]
    assert [(place, record.t, record.rr3, record.n, record.ww) for place, record in apart] == [
        (place, record.t, record.rr3, record.n, record.ww) for place, record in together
    ]


@pytest.mark.parametrize("form", forms.FORMS)
def test_a_form_in_pieces_is_read_as_the_whole(form: str) -> None:
    """Also where an answer of the API, or a character of UTF-16, ends in the middle of a piece."""
    body = forms.FORMS[form](sample_months.records("2023-12")[:150])
    whole = _read(body)
    assert len(whole) == 150
    for chunk_bytes, piece_bytes in ((997, 5_000), (4_096, 20_000)):
        chunks = (body[at : at + chunk_bytes] for at in range(0, len(body), chunk_bytes))
        pieces = [item for piece in cut_in_pieces(chunks, piece_bytes) for item in parse(piece)]
        assert [(item.place, item.record) for item in pieces if isinstance(item, Parsed)] == whole
        assert len(pieces) == 150
