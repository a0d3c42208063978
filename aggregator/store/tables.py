"""The schema, once, for every statement of this part. `migrations` must lead to exactly this.

Times are integers, microseconds since 1970 UTC: SQLite keeps no offset, and integers sort. Lists are
JSON text, NULL when empty. Hashes are blobs. Foreign keys are not declared: rows are written by one
planner, checking them would cost two look-ups a row, and `upkeep.integrity` looks for strays instead.

Small columns stand before long ones, because SQLite reads a row from its front and follows overflow
pages only as far as it must: the look-up of known items never touches an item's text.

Some tables and columns are room for later (search text, more of a host than its hold): each
costs nothing now and a migration of a million rows afterwards.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
    text,
)

metadata = MetaData()

STORE_BITS = 62  # of the number that tells stores apart

counter = Table(
    "counter",
    metadata,
    Column(
        "name", Text, primary_key=True
    ),  # "item": last item id given; "seq": last commit; "store": at random
    Column("value", BigInteger, nullable=False),
)

source = Table(
    "source",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False, unique=True),  # never changes: item ids are minted from it
    Column("name", Text, nullable=False, unique=True),
    Column("category", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("title", Text),  # the operator's, if any
    Column("every_s", Float, nullable=False),
    Column("host", Text),  # host and port that is asked; NULL for files
    Column("configured", Boolean, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    # Leases (`claims`).
    Column("lease_owner", Text),
    Column("lease_token", Text),
    Column("lease_until_at", BigInteger),
    # SourceState.
    Column("next_check_at", BigInteger),
    Column("last_check_at", BigInteger),
    Column("last_ok_at", BigInteger),
    Column("last_new_at", BigInteger),
    Column("hold_until_at", BigInteger),
    Column("fresh_until_at", BigInteger),
    Column("missing_since_at", BigInteger),
    Column("retired_at", BigInteger),
    Column("failures", Integer, nullable=False),
    Column("moved_count", Integer, nullable=False),
    Column("moved_url", Text),
    Column("adopted_url", Text),
    Column("validators_url", Text),
    Column("etag", Text),
    Column("last_modified", Text),
    Column("body_sha256", LargeBinary),
    Column("read_by", LargeBinary),  # the rules by which that body was read (`read_by`)
    Column("hints", Text),
    Column("error_stage", Text),
    Column("error_type", Text),
    Column("error_message", Text),
    Column("error_transient", Boolean),
    Column("error_at", BigInteger),
    # SourceMeta.
    Column("meta_title", Text),
    Column("meta_link", Text),
    Column("meta_description", Text),
    Column("meta_language", Text),
    Column("meta_image", Text),
    Column("meta_icon", Text),
    Column("meta_rights", Text),
    Column("meta_authors", Text),
    Column("meta_extensions_hash", LargeBinary),  # of what stands in `source_extensions`
    Index("ix_source_due", "next_check_at"),
    Index("ix_source_category_due", "category", "next_check_at"),
    Index("ix_source_lease", "lease_owner", sqlite_where=text("lease_owner IS NOT NULL")),
)

# SourceMeta.extensions, apart: some are many kilobytes, and rows of `source` are written twice a poll.
source_extensions = Table(
    "source_extensions",
    metadata,
    Column("source_id", Integer, primary_key=True),
    Column("extensions", Text),
)

item = Table(
    "item",
    metadata,
    Column("id", Integer, primary_key=True),  # from `counter`, never used again
    Column("uid", Text, nullable=False),
    Column("source_id", Integer, nullable=False),
    Column("publisher_id", Integer),
    Column("duplicate_group", Integer),
    Column("sorted_at", BigInteger, nullable=False),
    Column("first_seen_at", BigInteger, nullable=False),
    Column("published_at", BigInteger),
    Column("updated_at", BigInteger),
    Column("changed_at", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),  # the commit that last changed it
    Column("silent_edits", Integer, nullable=False),
    Column("rules_version", Integer, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("entry_digest", LargeBinary, nullable=False),
    Column("guid_hash", LargeBinary),
    Column("title_hash", LargeBinary),
    Column("guid_is_permalink", Boolean, nullable=False),
    Column("guid", Text),
    Column("link", Text),
    Column("title", Text, nullable=False),
    Column("comments", Text),
    Column("language", Text),
    Column("rights", Text),
    Column("authors", Text),
    Column("contributors", Text),
    Column("tags", Text),
    Column("links", Text),
    Column("enclosures", Text),
    Column("image", Text),
    Column("source", Text),
    Column("extensions", Text),
    Column("summary_html", Text, nullable=False),
    Column("content_html", Text, nullable=False),
    Column("content_text", Text),
    Column("raw", LargeBinary, nullable=False),  # the uncleaned entry: JSON, zstd
    Index("ux_item_uid", "uid", unique=True),
    Index("ix_item_seq", "seq"),
    Index("ix_item_source", "source_id", "sorted_at"),
    Index("ix_item_publisher", "publisher_id", sqlite_where=text("publisher_id IS NOT NULL")),
    Index("ix_item_rules", "rules_version"),
)

alias = Table(
    "alias",
    metadata,
    Column("source_id", Integer, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("hash", LargeBinary, primary_key=True),
    Column("item_id", Integer),  # NULL: shared by several items, identifies nothing
    sqlite_with_rowid=False,
)

ledger = Table(
    "ledger",
    metadata,
    Column("item_id", Integer, primary_key=True),
    Column("uid", Text, nullable=False),
    Column("source_id", Integer, nullable=False),
    Column("sorted_at", BigInteger, nullable=False),
    Column("first_seen_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger),
    Column("pruned_at", BigInteger, nullable=False),
    Column("silent_edits", Integer, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    Column("entry_digest", LargeBinary, nullable=False),
    Column("guid_hash", LargeBinary),
    Column("title_hash", LargeBinary),
    Index("ux_ledger_uid", "uid", unique=True),
)

feed = Table(
    "feed",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("key", Text, nullable=False, unique=True),  # FeedKey in text form
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("description", Text, nullable=False),
    Column("link", Text),
    Column("language", Text),
    Column("image", Text),
    Column("rights", Text),
    Column("icon", Text),
    Column("authors", Text),
    Column("scope", Text, nullable=False),
    Column("revision", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Column("gone_at", BigInteger),
)

member = Table(
    "member",
    metadata,
    Column("feed_id", Integer, primary_key=True),
    Column("sorted_at", BigInteger, primary_key=True),
    Column("item_id", Integer, primary_key=True),
    Index("ix_member_item", "item_id"),
    sqlite_with_rowid=False,
)

revision = Table(
    "revision",
    metadata,
    Column("item_id", Integer, primary_key=True),
    Column("seq", BigInteger, primary_key=True),
    Column("changed_at", BigInteger, nullable=False),
    Column("silent", Boolean, nullable=False),
    Column("digest", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)

trail = Table(
    "trail",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", BigInteger, nullable=False),
    Column("seq", BigInteger, nullable=False),
    Column("source_id", Integer, nullable=False),
    Column("item_id", Integer),
    Column("stage", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("ref", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Index("ix_trail_source", "source_id"),
)

run = Table(
    "run",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("started_at", BigInteger, nullable=False),
)

host = Table(
    "host",
    metadata,
    Column("host", Text, primary_key=True),
    Column("next_at", BigInteger),
    Column("hold_until_at", BigInteger),
    Column("lease_owner", Text),
    Column("lease_until_at", BigInteger),
)

article_request = Table(
    "article_request",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("source_id", Integer, nullable=False),
    Column("item_id", Integer),
    Column("url", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("next_try_at", BigInteger, nullable=False),
    Column("created_at", BigInteger, nullable=False),
    Index("ix_article_request_due", "next_try_at"),
    Index("ix_article_request_item", "item_id"),
)

publisher = Table(
    "publisher",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("slug", Text, nullable=False, unique=True),  # never changes, and rows are never deleted
    Column("name", Text, nullable=False),
    Index("ux_publisher_name", "name", unique=True),
)
