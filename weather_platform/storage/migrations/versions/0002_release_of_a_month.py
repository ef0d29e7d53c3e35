"""Which release's rules staged a month, so that `weather rebuild` finds those of an older one."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Months that are there were staged by an older release: null."""
    op.add_column("_months", sa.Column("code_version", sa.String(32)))
