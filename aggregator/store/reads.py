"""Everything that is read for publishing, for the status and for recognising entries.

Runs on the reader's connections, where each statement sees the newest commit.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, bindparam, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.model.feed import Feed, PublishedItem
from aggregator.model.item import Alias, Known, KnownItem
from aggregator.store import rows
from aggregator.store.base import ItemRecord, SourceStatus, TrailEntry
from aggregator.store.claims import due
from aggregator.store.tables import (
    alias,
    feed,
    item,
    ledger,
    member,
    publisher,
    source,
    source_extensions,
    trail,
)

CHUNK = 900

_KNOWN_COLUMNS = (
    "uid",
    "guid_hash",
    "title_hash",
    "entry_digest",
    "digest",
    "first_seen_at",
    "sorted_at",
    "updated_at",
    "silent_edits",
)
_ALIASES = select(alias.c.kind, alias.c.hash, alias.c.item_id).where(
    alias.c.source_id == bindparam("source_id"),
    alias.c.kind.in_(bindparam("kinds", expanding=True)),
    alias.c.hash.in_(bindparam("hashes", expanding=True)),
)
_STORED: Select[Any] = select(item.c.id.label("item_id"), *(item.c[name] for name in _KNOWN_COLUMNS)).where(
    item.c.id.in_(bindparam("ids", expanding=True))
)
_PRUNED: Select[Any] = select(ledger.c.item_id, *(ledger.c[name] for name in _KNOWN_COLUMNS)).where(
    ledger.c.item_id.in_(bindparam("ids", expanding=True))
)
_PUBLISHED = [
    *(column for column in item.c if column.name not in ("raw", "content_text")),
    source.c.name.label("source_name"),
    source.c.title.label("source_title"),
    source.c.meta_title,
    source.c.meta_link,
    publisher.c.name.label("publisher_name"),
    publisher.c.slug.label("publisher_slug"),
]


_FEED = (
    select(feed, source_extensions.c.extensions)
    .outerjoin(source, (source.c.name == feed.c.name) & (feed.c.kind == "source"))
    .outerjoin(source_extensions, source_extensions.c.source_id == source.c.id)
    .where(feed.c.key == bindparam("key"))
)


async def known(connection: AsyncConnection, source_id: int, aliases: Iterable[Alias]) -> Known:
    wanted = set(aliases)
    found: dict[Alias, int | None] = {}
    kinds = sorted({one.kind for one in wanted})
    for hashes in _chunks(sorted({one.hash for one in wanted})):
        values = {"source_id": source_id, "kinds": kinds, "hashes": hashes}
        for row in await connection.execute(_ALIASES, values):
            one = Alias(kind=row.kind, hash=row.hash)
            if one in wanted:
                found[one] = row.item_id
    ids = sorted({item_id for item_id in found.values() if item_id is not None})
    items: dict[int, KnownItem] = {}
    for some in _chunks(ids):
        for row in await connection.execute(_STORED, {"ids": some}):
            items[row.item_id] = rows.known_from(row, pruned=False)
    for some in _chunks([item_id for item_id in ids if item_id not in items]):
        for row in await connection.execute(_PRUNED, {"ids": some}):
            items[row.item_id] = rows.known_from(row, pruned=True)
    # An alias whose item is nowhere (a damaged store) is better not known than believed.
    usable = {one: item_id for one, item_id in found.items() if item_id is None or item_id in items}
    return Known(aliases=usable, items=items)


def _chunks(values: Sequence[Any]) -> Iterable[Sequence[Any]]:
    return (values[start : start + CHUNK] for start in range(0, len(values), CHUNK))


# Feeds


async def feed_row(connection: AsyncConnection, key: str) -> Feed | None:
    row = (await connection.execute(_FEED, {"key": key})).one_or_none()
    return rows.feed_from(row, row.extensions) if row else None


async def view(connection: AsyncConnection, key: str, limit: int) -> tuple[Feed, list[PublishedItem]] | None:
    found = await feed_row(connection, key)
    return None if found is None else (found, await view_items(connection, key, limit, None))


async def feeds(connection: AsyncConnection, kinds: Sequence[str]) -> list[Feed]:
    wanted = select(feed).where(feed.c.gone_at.is_(None)).order_by(feed.c.key)
    if kinds:
        wanted = wanted.where(feed.c.kind.in_(kinds))
    return [rows.feed_from(row) for row in await connection.execute(wanted)]


async def newest_feeds(connection: AsyncConnection, kind: str, limit: int) -> list[Feed]:
    newest = select(func.max(member.c.sorted_at)).where(member.c.feed_id == feed.c.id).scalar_subquery()
    # The numbers first, so that sorting carries no rows of feeds along.
    found = (
        select(feed.c.id, newest.label("newest"))
        .where(feed.c.kind == kind, feed.c.gone_at.is_(None), newest.is_not(None))
        .order_by(newest.desc(), feed.c.id)
        .limit(limit)
        .subquery()
    )
    ordered = select(feed).join(found, found.c.id == feed.c.id).order_by(found.c.newest.desc(), feed.c.id)
    return [rows.feed_from(row) for row in await connection.execute(ordered)]


async def view_items(
    connection: AsyncConnection, key: str, limit: int, before: str | None
) -> list[PublishedItem]:
    feed_id = select(feed.c.id).where(feed.c.key == key).scalar_subquery()
    # The places first, by the index alone: sorting must not carry whole items along.
    places = (
        select(member.c.item_id, member.c.sorted_at)
        .where(member.c.feed_id == feed_id)
        .order_by(member.c.sorted_at.desc(), member.c.item_id.desc())
        .limit(limit)
    )
    if before is not None:
        place = (
            await connection.execute(select(item.c.sorted_at, item.c.id).where(item.c.uid == before))
        ).one_or_none()
        if place is None:
            return []
        places = places.where(
            tuple_(member.c.sorted_at, member.c.item_id) < tuple_(place.sorted_at, place.id)
        )
    newest = places.subquery()
    found = await connection.execute(
        published()
        .join(newest, newest.c.item_id == item.c.id)
        .order_by(newest.c.sorted_at.desc(), newest.c.item_id.desc())
    )
    return [published_from(row) for row in found]


def published() -> Select[Any]:
    """Items as `published_from` takes them; to be narrowed."""
    return (
        select(*_PUBLISHED)
        .select_from(item)
        .join(source, source.c.id == item.c.source_id)
        .outerjoin(publisher, publisher.c.id == item.c.publisher_id)
    )


def published_from(row: Row[Any]) -> PublishedItem:
    return PublishedItem(
        item=rows.item_from(row),
        source_name=row.source_name,
        source_title=row.source_title or row.meta_title or row.source_name,
        source_link=row.meta_link,
    )


# One item


async def item_record(connection: AsyncConnection, uid: str) -> ItemRecord | None:
    row = (await connection.execute(published().where(item.c.uid == uid))).one_or_none()
    kept = (
        row
        or (
            await connection.execute(
                select(ledger.c.item_id.label("id"), ledger, source.c.name.label("source_name"))
                .join(source, source.c.id == ledger.c.source_id)
                .where(ledger.c.uid == uid)
            )
        ).one_or_none()
    )
    if kept is None:
        return None
    in_feeds = await connection.scalars(
        select(feed.c.key)
        .join(member, member.c.feed_id == feed.c.id)
        .where(member.c.item_id == kept.id)
        .order_by(feed.c.key)
    )
    raw = await connection.scalar(select(item.c.raw).where(item.c.id == kept.id))
    lines = await connection.execute(
        _trail().where(trail.c.source_id == kept.source_id, trail.c.item_id == kept.id)
    )
    return ItemRecord(
        uid=uid,
        source_name=kept.source_name,
        published=published_from(row) if row else None,
        raw=raw,
        first_seen_at=rows.from_us(kept.first_seen_at),
        changed_at=rows.from_us(row.changed_at) if row else None,
        pruned_at=None if row else rows.from_us(kept.pruned_at),
        silent_edits=kept.silent_edits,
        feeds=tuple(in_feeds),
        trail=tuple(_trail_from(line) for line in lines),
    )


async def trail_of(connection: AsyncConnection, source_name: str, limit: int) -> list[TrailEntry]:
    found = await connection.execute(_trail().where(source.c.name == source_name).limit(limit))
    return [_trail_from(row) for row in found]


def _trail() -> Select[Any]:
    return (
        select(trail, source.c.name.label("source_name"), item.c.uid)
        .join(source, source.c.id == trail.c.source_id)
        .outerjoin(item, item.c.id == trail.c.item_id)
        .order_by(trail.c.id.desc())
    )


def _trail_from(row: Row[Any]) -> TrailEntry:
    return TrailEntry(
        at=rows.from_us(row.at),
        source_name=row.source_name,
        uid=row.uid,
        stage=row.stage,
        reason=row.reason,
        ref=row.ref,
        detail=row.detail,
    )


# Sources


async def states(connection: AsyncConnection) -> list[SourceStatus]:
    counts = select(item.c.source_id, func.count().label("n")).group_by(item.c.source_id).subquery()
    found = await connection.execute(
        select(source, func.coalesce(counts.c.n, 0).label("item_count"))
        .outerjoin(counts, counts.c.source_id == source.c.id)
        .where(source.c.configured)
        .order_by(source.c.name)
    )
    return [
        SourceStatus(
            name=row.name,
            category=row.category,
            kind=row.kind,
            url=row.url,
            title=row.title or row.meta_title or row.name,
            state=rows.state_from(row),
            meta=rows.meta_from(row),
            item_count=row.item_count,
            leased_until_at=rows.maybe_at(row.lease_until_at),
        )
        for row in found
    ]


async def item_count(connection: AsyncConnection) -> int:
    return await connection.scalar(select(func.count()).select_from(item)) or 0


async def due_count(connection: AsyncConnection, now: datetime, category: str | None) -> int:
    wanted = select(func.count()).select_from(source).where(due(rows.to_us(now), category))
    return await connection.scalar(wanted) or 0


async def next_due_at(connection: AsyncConnection) -> datetime | None:
    first = await connection.scalar(
        select(func.min(source.c.next_check_at)).where(
            source.c.configured, source.c.retired_at.is_(None), source.c.lease_token.is_(None)
        )
    )
    return rows.maybe_at(first)
