"""One table of fields, from which the parser, the tables and the documentation follow."""

from pathlib import Path

import pytest

from weather_platform.domain.fields import FIELDS, MEASURED, RAIN_FIELDS, Field, Observation
from weather_platform_tests import real_months
from weather_platform_tests.domain import forms

OF_THE_OLD_SYSTEM = ["date", "pmer", "tend", "cod_tend", "dd", "ff", "td", "u", "ww", "pres", "rafper", "rr1", "rr3"]
ASKED_FOR = [
    "numer_sta",
    "t",
    "raf10",
    "per",
    "rr6",
    "rr12",
    "rr24",
    "tn12",
    "tx12",
    "tn24",
    "tx24",
    "n",
    "vv",
    "ht_neige",
]


def test_every_column_that_was_promised_is_kept() -> None:
    assert {*OF_THE_OLD_SYSTEM, *ASKED_FOR} <= FIELDS.keys()
    assert tuple(FIELDS) == Observation._fields


@pytest.mark.parametrize("field", FIELDS.values(), ids=FIELDS)
def test_a_field_says_what_it_means(field: Field) -> None:
    assert field.label, field


@pytest.mark.parametrize("field", MEASURED, ids=lambda field: field.name)
def test_a_measured_field_has_a_unit_or_a_code_and_a_range(field: Field) -> None:
    assert field.low < field.high


def test_french_labels_are_those_of_a_real_export() -> None:
    labels = forms.EXPORT_HEADER.decode().split(";")
    assert [field.name for field in MEASURED if field.label_fr not in labels] == []


def test_no_real_value_is_outside_its_range(real_data: Path) -> None:
    """14,979 records: none is refused, and no column is empty that could be filled."""
    staged = real_months.staged(real_data, "2023-12")
    assert staged.quarantine == []
    filled = {
        name
        for rows in staged.rows.values()
        for row in rows
        for name, value in row._asdict().items()
        if value is not None
    }
    assert filled == set(FIELDS)


def test_rain_fields_are_in_the_order_of_their_bits() -> None:
    assert [name for name in FIELDS if name.startswith("rr") and name != "rr_trace"] == list(RAIN_FIELDS)
