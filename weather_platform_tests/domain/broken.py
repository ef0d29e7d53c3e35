"""Records that are broken, and bytes around them, as hypothesis makes them up."""

import json
from typing import Any

from hypothesis import strategies as st

from weather_platform.domain.fields import MEASURED

GOOD: dict[str, Any] = {"numer_sta": "07690", "date": "2023-12-01T00:00:00+00:00", "t": 287.15, "nom": "NICE"}


def record(**changes: Any) -> bytes:
    """A good record as JSON, but for the changes; a change to `...` leaves the field out."""
    return json.dumps({name: value for name, value in {**GOOD, **changes}.items() if value is not ...}).encode()


_names = st.sampled_from(
    ["numer_sta", "date", "nom", "latitude", "synthetic", "insert_time", *(f.name for f in MEASURED)]
)
_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5)
    | st.sampled_from(["mq", "07690", "nan"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)
odd_fields = st.dictionaries(_names, _values, max_size=3)
odd_records = st.builds(lambda changes: record(**changes), odd_fields) | st.sampled_from(
    [record(), record(date=None), b"{", b"{}", b"5", b"null", b'{"a":[1', b'"x', b'{"numer_sta":"07690",}', b"\xff\xfe"]
)
"""Most of them no observation, some of them no JSON."""


def _files_of(records: st.SearchStrategy[list[bytes]]) -> st.SearchStrategy[bytes]:
    return st.one_of(
        records.map(lambda some: b"[" + b",".join(some) + b"]"),
        records.map(lambda some: b"[\n" + b" ,\n".join(some)),
        records.map(lambda some: b'{"total_count": 3, "results": [' + b", ".join(some) + b"]}"),
        records.map(
            lambda some: b'{"nhits": 1, "parameters": {}, "records": [' + b",".join(some) + b'], "facet_groups": []}'
        ),
        records.map(b"\n".join),
        records.map(lambda some: b"".join(b"\x1e" + record + b"\n" for record in some)),
    )


json_files = _files_of(st.lists(odd_records, max_size=5))
long_json_files = _files_of(
    st.lists(odd_records, min_size=1, max_size=4).flatmap(
        lambda some: st.permutations([record(t=250 + n) for n in range(60)] + some)
    )
)
"""Longer than what is looked at for a file's opening."""
csv_files = st.builds(
    lambda header, lines, end: end.join([header, *lines]),
    st.sampled_from(
        [
            b"numer_sta;date;t",
            b"numer_sta;date;ww;",
            b'"numer_sta";"date";"t"',
            "ID OMM station;Date;Température".encode("mac_roman"),
        ]
    ),
    st.lists(
        st.sampled_from(
            [
                b"07690;20231201000000;287.15",
                b"7690;20231201030000;mq;",
                b"",
                b";;;",
                b'"07690;x',
                b"\xff;\x00;\x1e",
                b"07690",
            ]
        )
        | st.binary(max_size=12),
        max_size=5,
    ),
    st.sampled_from([b"\n", b"\r\n", b"\r"]),
)
anything = json_files | csv_files | st.binary(max_size=60) | st.builds(bytes.__add__, json_files, st.binary(max_size=6))
