"""Article requests: rows from the commit that stores an item until its article has come, or will not.

An item that waits for its article is stored without memberships; being published means getting them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.model.item import Item
from aggregator.store import publishers, rows
from aggregator.store.base import Owed
from aggregator.store.tables import article_request, counter, feed, item, member, publisher, source, trail
from aggregator.store.waiting import waiting

_KNOWN = ("guid_hash", "title_hash", "entry_digest", "digest", "first_seen_at", "sorted_at", "updated_at")


async def take(
    connection: AsyncConnection, source_id: int, now: datetime, limit: int, lease: timedelta
) -> list[Owed]:
    """See `base.Store.take_articles`."""
    wanted = (
        select(
            article_request.c.id.label("request_id"),
            article_request.c.url,
            article_request.c.tries,
            item.c.id.label("item_id"),
            item.c.uid,
            item.c.raw,
            item.c.silent_edits,
            *(item.c[name] for name in _KNOWN),
        )
        .join(item, item.c.id == article_request.c.item_id)
        .where(article_request.c.source_id == source_id, article_request.c.next_try_at <= rows.to_us(now))
        .order_by(article_request.c.created_at, article_request.c.id.desc())
        .limit(limit)
    )
    found = (await connection.execute(wanted)).all()
    if found:
        await connection.execute(
            update(article_request)
            .where(article_request.c.id.in_([row.request_id for row in found]))
            .values(tries=article_request.c.tries + 1, next_try_at=rows.to_us(now + lease))
        )
    return [
        Owed(
            request_id=row.request_id,
            source_id=source_id,
            uid=row.uid,
            url=row.url,
            tries=row.tries + 1,
            raw=row.raw,
            known=rows.known_from(row, pruned=False),
        )
        for row in found
    ]


async def save(connection: AsyncConnection, owed: Owed, changed: Item, now: datetime) -> None:
    """See `base.Store.save_article`."""
    seq = await _next_seq(connection)
    values = rows.item_values(changed)
    for name in ("uid", "sorted_at", "first_seen_at", "guid", "guid_is_permalink"):
        del values[name]
    at = rows.to_us(now)
    await connection.execute(
        update(item).where(item.c.id == owed.known.item_id).values(**values, changed_at=at, seq=seq)
    )
    await _forget(connection, [owed.request_id])
    await _publish(connection, owed.source_id, [owed.known.item_id], at, always=True)


async def fail(
    connection: AsyncConnection,
    owed: Owed,
    stage: str,
    reason: str,
    detail: str,
    again_at: datetime | None,
    now: datetime,
) -> None:
    """See `base.Store.article_failed`."""
    at = rows.to_us(now)
    if again_at is not None:
        await connection.execute(
            update(article_request)
            .where(article_request.c.id == owed.request_id)
            .values(next_try_at=rows.to_us(again_at))
        )
        return
    await connection.execute(
        insert(trail),
        {
            "at": at,
            "seq": await _next_seq(connection),
            "source_id": owed.source_id,
            "item_id": owed.known.item_id,
            "stage": stage,
            "reason": reason,
            "ref": rows.scrubbed(owed.url)[:200],
            "detail": rows.scrubbed(detail)[:1000],
        },
    )
    await _forget(connection, [owed.request_id])
    await _publish(connection, owed.source_id, [owed.known.item_id], at, always=False)


async def waiting_sources(connection: AsyncConnection) -> list[tuple[int, str]]:
    """See `base.Store.waiting_sources`."""
    wanted = (
        select(source.c.id, source.c.name)
        .distinct()
        .join(article_request, article_request.c.source_id == source.c.id)
        .where(source.c.configured, waiting(article_request.c.item_id))
        .order_by(source.c.id)
    )
    return [(row.id, row.name) for row in await connection.execute(wanted)]


async def publish_waiting(
    connection: AsyncConnection, source_id: int, before: datetime, now: datetime
) -> int:
    """See `base.Store.publish_waiting`."""
    overdue = (
        select(item.c.id)
        .join(article_request, article_request.c.item_id == item.c.id)
        .where(
            article_request.c.source_id == source_id,
            article_request.c.created_at <= rows.to_us(before),
            waiting(item.c.id),
        )
    )
    ids = list(await connection.scalars(overdue))
    if ids:
        await _publish(connection, source_id, ids, rows.to_us(now), always=False)
    return len(ids)


async def _publish(
    connection: AsyncConnection, source_id: int, ids: Sequence[int], at: int, *, always: bool
) -> None:
    """Gives items their memberships. Feeds are raised where they gained an item, or ``always``."""
    place = (await connection.execute(select(source).where(source.c.id == source_id))).one()
    if not place.configured:
        return
    own = rows.feed_keys(place.name, place.category)
    wanted = (
        select(feed.c.id, item.c.sorted_at, item.c.id, feed.c.key)
        .select_from(item)
        .outerjoin(publisher, publisher.c.id == item.c.publisher_id)
        .join(feed, feed.c.key.in_(own) | (feed.c.key == publishers.KEY))
        .where(item.c.id.in_(ids))
    )
    found = (await connection.execute(wanted)).all()
    members = [{"feed_id": row[0], "sorted_at": row[1], "item_id": row[2]} for row in found]
    held = {
        (row.feed_id, row.item_id)
        for row in await connection.execute(
            select(member.c.feed_id, member.c.item_id).where(member.c.item_id.in_(ids))
        )
    }
    missing = [row for row in members if (row["feed_id"], row["item_id"]) not in held]
    if missing:
        await connection.execute(upsert(member).on_conflict_do_nothing(), missing)
    if missing or always:
        await publishers.raise_keys(connection, {row.key for row in found}, at)


async def _forget(connection: AsyncConnection, ids: Collection[int]) -> None:
    await connection.execute(delete(article_request).where(article_request.c.id.in_(ids)))


async def _next_seq(connection: AsyncConnection) -> Any:
    return await connection.scalar(
        update(counter)
        .where(counter.c.name == "seq")
        .values(value=counter.c.value + 1)
        .returning(counter.c.value)
    )
