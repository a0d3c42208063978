"""Publishers: a name is one publisher's, and a publisher's items are found. Until now there were none."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ux_publisher_name", "publisher", ["name"], unique=True)
    op.create_index(
        "ix_item_publisher",
        "item",
        ["publisher_id"],
        unique=False,
        sqlite_where=sa.text("publisher_id IS NOT NULL"),
    )
