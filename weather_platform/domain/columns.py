"""Column names of files: all names published by the sources, and their variants by common tools.

Names only: `parsing` reads the values, `record_files` splits lines into cells.
"""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from weather_platform.domain.fields import FIELDS, MEASURED, Field

CELSIUS: dict[str, Field] = {f"{field.name}c": field for field in MEASURED if field.unit == "K" and field.name != "td"}
"""OpenDataSoft's copies of temperatures in °C, by name (``tc``, ``tn12c`` …), with the field in K they copy."""
FLAGS = tuple(field.name for field in FIELDS.values() if field.kind == "flag")
"""Further columns of the platform's own exports of observations."""
DESCRIPTIVE = ("nom", "insert_time", "latitude", "longitude", "altitude")
READ = frozenset({"numer_sta", "date", "synthetic", *DESCRIPTIVE, *(f.name for f in MEASURED), *CELSIUS, *FLAGS})
"""The columns that are read, by their name in `parsing`."""
_SYNONYMS = {
    "geo_id_wmo": "numer_sta",
    "validity_time": "date",
    "name": "nom",
    "city": "nom",
    "lat": "latitude",
    "lon": "longitude",
}
"""Names in the annual archive and in the platform's own exports."""
_LABELS = {
    **{field.label_fr: field.name for field in FIELDS.values() if field.label_fr},
    **{f"{field.label_fr} (°C)": name for name, field in CELSIUS.items()},
}
_EXACT = {name: name for name in READ} | _SYNONYMS
_SHORTEST_LABEL = 6
"""Characters. A shorter heading must match exactly: `N°`, a row number, is not `n`, the cloud cover."""
_LONGEST_NAME = 100
_ELSE = re.compile(r"[^a-z0-9]+")


class Columns(NamedTuple):
    """Which columns a file has."""

    read: frozenset[str]
    """Names from `READ`. A column not listed is absent, which differs from missing values."""
    unused: tuple[str, ...]
    """As written in the file, in its order."""


def known(name: str) -> str | None:
    """The name in `READ` for a column name or French label, ignoring case; None for other columns."""
    if name in READ:
        return name
    return _known(name) if len(name) <= _LONGEST_NAME else None


@lru_cache(maxsize=1024)
def _known(name: str) -> str | None:
    plain = name.strip("\ufeff \t\"'").casefold()
    return _EXACT.get(plain) or _FOLDED.get(_folded(plain))


def _folded(label: str) -> str:
    """The text without accents, punctuation and double blanks: R writes `Température (°C)` as `Température....C.`."""
    letters = unicodedata.normalize("NFKD", label.casefold())
    return _ELSE.sub(" ", "".join(c for c in letters if not unicodedata.combining(c))).strip()


_FOLDED = {folded: name for label, name in _LABELS.items() if len(folded := _folded(label)) >= _SHORTEST_LABEL}


def named(names: Iterable[str]) -> list[str | None]:
    """The name in `READ` of each column of a header; None for unused ones, such as a repeated name."""
    wanted = [known(name) for name in names]
    return [name if name is not None and name not in wanted[:place] else None for place, name in enumerate(wanted)]


def columns(names: Iterable[str]) -> Columns:
    """Split column names into used and unused ones."""
    names = list(dict.fromkeys(names))
    read = named(names)
    unused = tuple(name for name, wanted in zip(names, read, strict=True) if wanted is None and name.strip())
    return Columns(frozenset(name for name in read if name is not None), unused)
