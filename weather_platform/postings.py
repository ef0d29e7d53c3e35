"""Postings of the same bytes: the last one counts, and each can be withdrawn without affecting the others.

Used by the API (and the command line through it) and by the landing folder.
"""

from collections.abc import Callable

from weather_platform.domain.provenance import UNPLACED, Withdrawal
from weather_platform.pipeline import Stores


def is_overruled(stores: Stores, partition: str, name: str) -> bool:
    """Whether a later posting contradicts this object, so that posting it again must count.

    While the partition is not staged in its current state, any later posting counts as a contradiction.
    """
    if partition == UNPLACED:
        return False
    standing = stores.raw.objects(partition)
    ours = next((raw for raw in standing if raw.name == name), None)
    if ours is None:
        return True
    if not any(raw.received > ours.received and raw.posting != ours.posting for raw in standing):
        return False
    staged = {row.raw_object: row for row in stores.staging.objects(partition)}
    if {raw.name: raw.received for raw in standing} != {n: row.received for n, row in staged.items()}:
        return True
    return staged[name].counts.superseded > 0


def is_staged(stores: Stores, partition: str, name: str) -> bool:
    """Whether this object is staged as it counts in the raw store."""
    received = {raw.name: raw.received for raw in stores.raw.objects(partition)}
    staged = {row.raw_object: row.received for row in stores.staging.objects(partition)}
    return name in staged and received.get(name) == staged[name]


def overruled(stores: Stores) -> Callable[[str, str], bool]:
    """`is_overruled` with the signature that `intake` expects."""
    return lambda partition, name: is_overruled(stores, partition, name)


def withdraw(stores: Stores, posting: str, withdrawal: Withdrawal) -> list[str]:
    """Withdraw a posting; returns the partitions to make again."""
    return _each(stores, posting, lambda at: stores.raw.withdraw(*at, posting, withdrawal))


def restore(stores: Stores, posting: str) -> list[str]:
    """Restore a posting, as if it had never been withdrawn; returns the partitions to make again."""
    return _each(stores, posting, lambda at: stores.raw.restore(*at, posting))


def _each(stores: Stores, posting: str, change: Callable[[tuple[str, str]], None]) -> list[str]:
    objects = stores.raw.posted(posting)
    for each in objects:
        change(each)
    return sorted({partition for partition, _ in objects})
