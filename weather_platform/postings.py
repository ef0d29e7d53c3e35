"""Postings of the same bytes: the last one counts, and each can be withdrawn without a trace in the others.

No caller of its own: the API, the command line by it, and the landing folder all post by these.
"""

from collections.abc import Callable

import msgspec

from weather_platform.domain.counts import RecordCounts
from weather_platform.domain.provenance import UNPLACED, Withdrawal
from weather_platform.pipeline import Stores


def is_overruled(stores: Stores, partition: str, name: str) -> bool:
    """Whether another posting that came later says otherwise than this object, so that posting it again must count.

    While the partition is not staged as it stands, any later posting may.
    """
    if partition == UNPLACED:
        return False
    standing = stores.raw.objects(partition)
    ours = next((raw for raw in standing if raw.name == name), None)
    if ours is None:
        return True
    if not any(raw.received > ours.received and raw.posting != ours.posting for raw in standing):
        return False
    staged = {row["raw_object"]: row for row in stores.staging.objects(partition)}
    if {raw.name: raw.received.isoformat() for raw in standing} != {n: row["received"] for n, row in staged.items()}:
        return True
    return msgspec.convert(staged[name]["counts"], RecordCounts).superseded > 0


def overruled(stores: Stores) -> Callable[[str, str], bool]:
    """`is_overruled`, as `intake` asks it."""
    return lambda partition, name: is_overruled(stores, partition, name)


def withdraw(stores: Stores, posting: str, withdrawal: Withdrawal) -> list[str]:
    """Let a posting not count any more; the partitions that must be made again."""
    return _each(stores, posting, lambda at: stores.raw.withdraw(*at, posting, withdrawal))


def restore(stores: Stores, posting: str) -> list[str]:
    """Let a posting count again, as if it had never been withdrawn; the partitions that must be made again."""
    return _each(stores, posting, lambda at: stores.raw.restore(*at, posting))


def _each(stores: Stores, posting: str, change: Callable[[tuple[str, str]], None]) -> list[str]:
    objects = stores.raw.posted(posting)
    for each in objects:
        change(each)
    return sorted({partition for partition, _ in objects})
