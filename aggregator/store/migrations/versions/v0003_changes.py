"""What changed since a commit is found, and what is owed of an item; stores are told apart."""

from __future__ import annotations

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_item_seq", "item", ["seq"], unique=False)
    op.create_index("ix_article_request_item", "article_request", ["item_id"], unique=False)
    counter = sa.table("counter", sa.column("name", sa.Text), sa.column("value", sa.BigInteger))
    op.bulk_insert(counter, [{"name": "store", "value": secrets.randbits(62)}])
