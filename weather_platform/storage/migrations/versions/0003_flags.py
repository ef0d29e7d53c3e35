"""Whether the values of a month were screened; the flags themselves and the overrides are tables of their own."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Months that are there have no flags beside their values yet: null."""
    op.add_column("_months", sa.Column("flags", sa.String(16)))
