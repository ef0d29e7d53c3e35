"""Flags set or lifted by hand: a small CSV file of decisions with reason and author. It never changes a value."""

import csv
from collections.abc import Iterable
from datetime import UTC, datetime
from io import StringIO
from typing import Literal, NamedTuple

import msgspec

from weather_platform.domain.climate.columns import GRID_FIELDS
from weather_platform.domain.climate.rules import RULES
from weather_platform.domain.errors import BadInput
from weather_platform.domain.stations import WMO_NUMBER

COLUMNS = ("station_id", "first", "last", "field", "rule", "verdict", "reason", "who")
ANY_RULE = "*"
_ALLOWED = (
    ("field", "field that is screened", GRID_FIELDS),
    ("rule", "rule", (ANY_RULE, *RULES)),
    ("verdict", "verdict", ("good", "suspect", "erroneous")),
)


class Override(msgspec.Struct, frozen=True, kw_only=True):
    """One decision about the values of a field at a station, from first to last time (UTC, both included)."""

    station_id: str
    first: datetime
    last: datetime
    field: str
    rule: str
    """The rule that is overruled, ``*`` for all of them."""
    verdict: Literal["good", "suspect", "erroneous"]
    """`good` lifts the rule's flags; the others set one, independent of the rules."""
    reason: str
    who: str

    def decides(self, station_id: str, time: datetime, field: str, rule: str, verdict: str) -> bool:
        """Whether a flag on a value is set or lifted by this decision."""
        return (
            (self.station_id, self.field, self.verdict) == (station_id, field, verdict)
            and self.first <= time <= self.last
            and (verdict != "good" or self.rule in (ANY_RULE, rule))
        )


class KeptOverride(NamedTuple):
    """A decision as it is kept; one of the file has neither id nor time."""

    id: str | None
    made: datetime | None
    override: Override


def read_overrides(text: str) -> tuple[Override, ...]:
    """The overrides of a CSV file with a header of `COLUMNS`; BadInput names the invalid line."""
    lines = csv.DictReader(text.splitlines())
    if tuple(lines.fieldnames or ()) != COLUMNS:
        raise BadInput("The first line is not that of a file of overrides.", f"Begin it with {','.join(COLUMNS)}")
    return tuple(_override(number, line) for number, line in enumerate(lines, start=2))


def write_overrides(overrides: Iterable[Override]) -> str:
    """The file that `read_overrides` reads."""
    out = StringIO()
    writer = csv.DictWriter(out, COLUMNS, lineterminator="\n")
    writer.writeheader()
    for override in overrides:
        row = msgspec.structs.asdict(override)
        writer.writerow({**row, "first": override.first.isoformat(), "last": override.last.isoformat()})
    return out.getvalue()


def _override(number: int, line: dict[str, str]) -> Override:
    wrong = _wrong(line)
    if wrong:
        raise BadInput(f"Line {number}: {wrong[0]}", wrong[1])
    first, last = _time(line["first"]), _time(line["last"])
    if first is None or last is None or last < first:
        raise BadInput(
            f"Line {number}: {line['first']!r} to {line['last']!r} is not a period.",
            "Write both as YYYY-MM-DDTHH:MM, in UTC, the earlier first.",
        )
    return msgspec.convert({**line, "first": first, "last": last}, Override)


def _wrong(line: dict[str, str]) -> tuple[str, str] | None:
    """The first error of a line and its cure."""
    if None in line or None in line.values():
        return "it has too many or too few columns.", f"Give {len(COLUMNS)} columns; quote what holds a comma."
    if not WMO_NUMBER.fullmatch(line["station_id"]):
        return f"{line['station_id']!r} is not a station.", "Give the WMO number of five digits."
    for column, noun, allowed in _ALLOWED:
        if line[column] not in allowed:
            return f"{line[column]!r} is not a {noun}.", f"Use one of {', '.join(allowed)}."
    if not line["reason"].strip() or not line["who"].strip():
        return "the reason or the person is missing.", "Say why, and who decided it."
    return None


def _time(text: str) -> datetime | None:
    try:
        time = datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time.tzinfo is None else time.astimezone(UTC).replace(tzinfo=None)
