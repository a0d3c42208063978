"""By which rules a source was last read is known. NULL: not yet, and nothing is read again for that."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("source", sa.Column("read_by", sa.LargeBinary(), nullable=True))
