"""From here on every writer marks what it changes (`storage.marks`): one of an earlier release would leave no mark."""

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Nothing: the table of the marks is new, and so made with the others that are missing."""
