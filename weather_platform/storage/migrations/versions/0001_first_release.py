"""The own tables as the first release made them, without a version: where every later script begins."""

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Nothing: databases of that release are stamped with this revision, new ones begin with the newest."""
