"""Counts of records by outcome, shared by staging, checks, receipts, the API and the command line."""

from collections.abc import Iterable, Mapping
from typing import Any, Self

import msgspec


class RecordCounts(msgspec.Struct, kw_only=True):
    """Records by outcome; `read` is the sum of all other counts.

    Each counter is one line here. Every integer except `read` counts one outcome; all callers take the names from
    `OUTCOMES`.
    """

    read: int = 0
    kept: int = 0
    """The first report of their station and time."""
    completed: int = 0
    """Added missing values and changed none."""
    unchanged: int = 0
    """Added nothing new."""
    replaced: int = 0
    """Changed an existing value."""
    superseded: int = 0
    """Counted until overruled by a raw object received later."""
    outdated: int = 0
    """Contributed nothing: overruled by a report inserted upstream later (`insert_time`)."""
    generated: int = 0
    """Synthetic, in a month that has measurements."""
    refused: dict[str, int] = msgspec.field(default_factory=dict)
    """Refused, by reason."""
    missing: dict[str, int] = msgspec.field(default_factory=dict)
    """Observations without a value, by column, for columns in their file."""

    @property
    def refusals(self) -> int:
        """Refused records, for any reason."""
        return sum(self.refused.values())

    @property
    def accepted(self) -> int:
        """Records that are observations and count, or counted once."""
        observations: int = sum(getattr(self, name) for name in OUTCOMES)
        return observations - self.generated

    @property
    def unaccounted(self) -> int:
        """Records without an outcome; not 0 means that something was lost."""
        return self.read - self.accepted - self.generated - self.refusals

    def give_way(self) -> None:
        """Count every record as generated data that gave way to measurements."""
        generated = self.accepted + self.generated
        for name in OUTCOMES:
            setattr(self, name, 0)
        self.generated = generated

    def add(self, other: "RecordCounts") -> None:
        """Add other counts to these."""
        for name in COUNTERS:
            setattr(self, name, _sum(getattr(self, name), getattr(other, name)))

    @classmethod
    def total(cls, counts: Iterable["RecordCounts"]) -> Self:
        """The sum of several counts."""
        total = cls()
        for count in counts:
            total.add(count)
        return total


COUNTERS = RecordCounts.__struct_fields__
"""Names of the counters, in display order."""
OUTCOMES = tuple(f.name for f in msgspec.structs.fields(RecordCounts) if f.type is int and f.name != "read")
"""Counters of records that are observations, with `generated`."""


def _sum(one: Any, other: Any) -> Any:
    if isinstance(one, Mapping):
        return {key: one.get(key, 0) + other.get(key, 0) for key in [*one, *(key for key in other if key not in one)]}
    return one + other
