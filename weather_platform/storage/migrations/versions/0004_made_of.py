"""What the monthly sheets of a month were made of, so that they are made again only after that has changed."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Null: the sheets that are there are made again with a neighbour's."""
    for name in ("first_days", "last_days", "sheets"):
        op.add_column("_months", sa.Column(name, sa.String(16)))
