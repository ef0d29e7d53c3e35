"""What the columns of a file are called: every name that the sources publish, and what common tools make of it.

Names alone. What a value in a column means is `parsing`; how a line is cut into cells is `record_files`.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from weather_platform.domain.fields import FIELDS, MEASURED, Field

CELSIUS: dict[str, Field] = {f"{field.name}c": field for field in MEASURED if field.unit == "K" and field.name != "td"}
"""OpenDataSoft's copies of the temperatures in °C, by name (``tc``, ``tn12c`` …): the field in K that each copies."""
FLAGS = tuple(field.name for field in FIELDS.values() if field.kind == "flag")
"""What the platform's own exports of observations tell beside the values."""
DESCRIPTIVE = ("nom", "insert_time", "latitude", "longitude", "altitude")
READ = frozenset({"numer_sta", "date", "synthetic", *DESCRIPTIVE, *(f.name for f in MEASURED), *CELSIUS, *FLAGS})
"""The columns that are read, by the name that `parsing` knows them under."""
_SYNONYMS = {
    "geo_id_wmo": "numer_sta",
    "validity_time": "date",
    "name": "nom",
    "city": "nom",
    "lat": "latitude",
    "lon": "longitude",
}
"""The annual archive's names, and the one of the platform's own exports."""
_LABELS = {
    **{field.label_fr: field.name for field in FIELDS.values() if field.label_fr},
    **{f"{field.label_fr} (°C)": name for name, field in CELSIUS.items()},
}
_EXACT = {name: name for name in READ} | _SYNONYMS
_SHORTEST_LABEL = 6
"""In letters. A shorter heading counts only as it is written: `N°`, of a row's number, is not `n`, the cloud cover."""
_LONGEST_NAME = 100
_ELSE = re.compile(r"[^a-z0-9]+")


class Columns(NamedTuple):
    """Which columns a file has."""

    read: frozenset[str]
    """By the names of `READ`. A column that is not among them is absent, which is not the same as missing values."""
    unused: tuple[str, ...]
    """As the file writes them, in its order."""


def known(name: str) -> str | None:
    """The name of `READ` that a column's name or French label stands for, in any case; None for any other column."""
    if name in READ:
        return name
    return _known(name) if len(name) <= _LONGEST_NAME else None


@lru_cache(maxsize=1024)
def _known(name: str) -> str | None:
    plain = name.strip("\ufeff \t\"'").casefold()
    return _EXACT.get(plain) or _FOLDED.get(_folded(plain))


def _folded(label: str) -> str:
    """Without accents, signs and double blanks: R writes `Température (°C)` as `Température....C.`."""
    letters = unicodedata.normalize("NFKD", label.casefold())
    return _ELSE.sub(" ", "".join(c for c in letters if not unicodedata.combining(c))).strip()


_FOLDED = {folded: name for label, name in _LABELS.items() if len(folded := _folded(label)) >= _SHORTEST_LABEL}


def named(names: Iterable[str]) -> list[str | None]:
    """What each column of a header is read as; None where it is not used, as a second one of the same name."""
    wanted = [known(name) for name in names]
    return [name if name is not None and name not in wanted[:place] else None for place, name in enumerate(wanted)]


def columns(names: Iterable[str]) -> Columns:
    """Tell the columns that are read from the others."""
    names = list(dict.fromkeys(names))
    read = named(names)
    unused = tuple(name for name, wanted in zip(names, read, strict=True) if wanted is None and name.strip())
    return Columns(frozenset(name for name in read if name is not None), unused)
