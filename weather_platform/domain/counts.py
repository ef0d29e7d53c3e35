"""What became of records: the one struct that staging, checks, receipts, the API and the command line show."""

from collections.abc import Iterable, Mapping
from typing import Any, Self

import msgspec


class RecordCounts(msgspec.Struct, kw_only=True):
    """What became of records: `read` is the sum of all the others.

    A counter is one line here. Every whole number but `read` counts records that ended in one way, and every caller
    takes the names from `OUTCOMES`.
    """

    read: int = 0
    kept: int = 0
    """The first report of their station and time."""
    completed: int = 0
    """Gave values that were not there, and changed none."""
    unchanged: int = 0
    """Said nothing that was not known."""
    replaced: int = 0
    """Changed a value that was there."""
    superseded: int = 0
    """Counted until a raw object that was received later said otherwise."""
    outdated: int = 0
    """Contributed nothing: a report that was inserted upstream later (`insert_time`) says otherwise."""
    generated: int = 0
    """No measurements, in a month in which something was measured."""
    refused: dict[str, int] = msgspec.field(default_factory=dict)
    """Set aside, by reason."""
    missing: dict[str, int] = msgspec.field(default_factory=dict)
    """Observations without a value, by column, of the columns that their file has."""

    @property
    def refusals(self) -> int:
        """Records set aside, for any reason."""
        return sum(self.refused.values())

    @property
    def accepted(self) -> int:
        """Records that are observations, of which something counts or counted."""
        observations: int = sum(getattr(self, name) for name in OUTCOMES)
        return observations - self.generated

    @property
    def unaccounted(self) -> int:
        """Records of which nothing is known; 0, or something was lost."""
        return self.read - self.accepted - self.generated - self.refusals

    def give_way(self) -> None:
        """Let nothing count."""
        generated = self.accepted + self.generated
        for name in OUTCOMES:
            setattr(self, name, 0)
        self.generated = generated

    def add(self, other: "RecordCounts") -> None:
        """Count other records too."""
        for name in COUNTERS:
            setattr(self, name, _sum(getattr(self, name), getattr(other, name)))

    @classmethod
    def total(cls, counts: Iterable["RecordCounts"]) -> Self:
        """All of them added up."""
        total = cls()
        for count in counts:
            total.add(count)
        return total


COUNTERS = RecordCounts.__struct_fields__
"""The names of the counters, in the order in which they are shown."""
OUTCOMES = tuple(f.name for f in msgspec.structs.fields(RecordCounts) if f.type is int and f.name != "read")
"""The counters of records that are observations, and `generated`."""


def _sum(one: Any, other: Any) -> Any:
    if isinstance(one, Mapping):
        return {key: one.get(key, 0) + other.get(key, 0) for key in [*one, *(key for key in other if key not in one)]}
    return one + other
