"""Items that older cleaning rules have cleaned are found."""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_item_rules", "item", ["rules_version"], unique=False)
