"""What is done now and then: pruning, trimming the trail, looking for damage."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import (
    CompoundSelect,
    Select,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    text,
    update,
)
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.store.rows import to_us
from aggregator.store.tables import alias, feed, item, ledger, member, revision, source, trail

PRUNE_BATCH = 500  # a transaction: crawls wait for no more than that
TRAIL_A_SOURCE = 200
TRAIL_IN_ALL = 100_000
_DAY_US = 86_400_000_000


async def crowded(connection: AsyncConnection, keep: int) -> list[int]:
    """Sources that have more than ``keep`` items."""
    found = await connection.scalars(
        select(item.c.source_id).group_by(item.c.source_id).having(func.count() > keep)
    )
    return list(found)


async def prune_some(connection: AsyncConnection, crowded: list[int], keep: int, now: datetime) -> int:
    """Prunes the last sources of ``crowded``, one batch in all, taking off those it is done with; how
    many items went."""
    gone = 0
    while crowded and gone < PRUNE_BATCH:
        gone += await _prune_source(connection, crowded[-1], keep, now, PRUNE_BATCH - gone)
        if gone < PRUNE_BATCH:
            crowded.pop()
    return gone


async def _prune_source(
    connection: AsyncConnection, source_id: int, keep: int, now: datetime, limit: int
) -> int:
    """Moves a source's items beyond its newest ``keep``, at most ``limit``, to the ledger.

    A source's own feed shows its newest items, and every other feed that it belongs to holds all of
    them: so with ``keep`` at least as long as a feed, no feed shows an item that goes.
    """
    place = (item.c.sorted_at.desc(), item.c.id.desc())
    beyond = select(item.c.id).where(item.c.source_id == source_id).order_by(*place)
    ids = list(await connection.scalars(beyond.offset(keep).limit(limit)))
    if not ids:
        return 0
    copied = [column.name for column in ledger.c if column.name not in ("item_id", "pruned_at")]
    kept = select(item.c.id, literal(to_us(now)), *(item.c[name] for name in copied)).where(
        item.c.id.in_(ids)
    )
    await connection.execute(
        insert(ledger).prefix_with("OR REPLACE").from_select(["item_id", "pruned_at", *copied], kept)
    )
    await connection.execute(delete(member).where(member.c.item_id.in_(ids)))
    await connection.execute(delete(revision).where(revision.c.item_id.in_(ids)))
    await connection.execute(delete(item).where(item.c.id.in_(ids)))
    return len(ids)


async def right_clock(connection: AsyncConnection, now: datetime) -> None:
    """Makes due what was polled under a clock that ran a day or more ahead; it would sleep till then."""
    ahead = source.c.last_check_at > to_us(now) + _DAY_US
    await connection.execute(
        update(source)
        .where(ahead)
        .values(next_check_at=to_us(now), last_check_at=to_us(now), fresh_until_at=None, hold_until_at=None)
    )


async def trim_trail(connection: AsyncConnection) -> None:
    """Keeps the newest lines of each source, and of all."""
    place = func.row_number().over(partition_by=trail.c.source_id, order_by=trail.c.id.desc())
    ranked = select(trail.c.id, place.label("place")).subquery()
    old = select(ranked.c.id).where(ranked.c.place > TRAIL_A_SOURCE)
    await connection.execute(delete(trail).where(trail.c.id.in_(old)))
    last = select(trail.c.id).order_by(trail.c.id.desc()).offset(TRAIL_IN_ALL).limit(1).scalar_subquery()
    await connection.execute(delete(trail).where(trail.c.id <= last))


async def fold_log(connection: AsyncConnection) -> None:
    """Copies the write-ahead log into the database, as far as readers let it."""
    await connection.execute(text("PRAGMA wal_checkpoint(PASSIVE)"))


async def integrity(connection: AsyncConnection) -> list[str]:
    """SQLite's own check, then ours: each row that must not exist, at most twenty of a kind."""
    found = list(await connection.scalars(text("PRAGMA integrity_check")))
    if found != ["ok"]:
        return [f"database: {one}" for one in found]
    problems: list[str] = []
    for what, query in _strays():
        problems += [f"{what}: {one}" for one in await connection.scalars(query.limit(20))]
    return problems


def _strays() -> tuple[tuple[str, Select[Any] | CompoundSelect[Any]], ...]:
    in_feed = (
        select(literal(1))
        .select_from(member.join(feed, feed.c.id == member.c.feed_id))
        .where(member.c.item_id == item.c.id)
    )
    published = select(item.c.uid).join(source, source.c.id == item.c.source_id).where(source.c.configured)
    category = func.coalesce(func.nullif(source.c.category, ""), "-")
    known = exists().where(item.c.id == alias.c.item_id), exists().where(ledger.c.item_id == alias.c.item_id)
    has_alias = exists().where(alias.c.item_id == item.c.id, alias.c.source_id == item.c.source_id)
    has_shared = exists().where(alias.c.source_id == item.c.source_id, alias.c.item_id.is_(None))
    return (
        ("item missing in the feed of all", published.where(~in_feed.where(feed.c.key == "all").exists())),
        (
            "item missing in its source's feed",
            published.where(~in_feed.where(feed.c.key == literal("source/") + source.c.name).exists()),
        ),
        (
            "item missing in its category's feed",
            published.where(
                source.c.category != "",
                ~in_feed.where(feed.c.key == literal("category/") + category).exists(),
            ),
        ),
        (
            "item without an identity",
            select(item.c.uid).where(~has_alias, ~has_shared),
        ),
        (
            "identity of no item",
            select(alias.c.item_id).where(alias.c.item_id.is_not(None), ~or_(*known)),
        ),
        (
            "member that is no item",
            select(member.c.item_id).where(~exists().where(item.c.id == member.c.item_id)),
        ),
        (
            "member at another time than its item",
            select(item.c.uid)
            .join(member, member.c.item_id == item.c.id)
            .where(member.c.sorted_at != item.c.sorted_at),
        ),
        (
            "item both stored and pruned",
            select(item.c.uid).join(ledger, or_(ledger.c.item_id == item.c.id, ledger.c.uid == item.c.uid)),
        ),
    )
