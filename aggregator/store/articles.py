"""Article requests: rows from the commit that stores an item until its article has come, or will not.

An item that waits for its article is stored without memberships; being published means getting them.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, insert, or_, select, update
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.model.item import Item
from aggregator.store import publishers, rows
from aggregator.store.base import Due, Owed
from aggregator.store.changes import next_seq
from aggregator.store.plan import RULES_VERSION
from aggregator.store.tables import article_request, feed, item, member, publisher, source, trail
from aggregator.store.waiting import waiting

_KNOWN = ("guid_hash", "title_hash", "entry_digest", "digest", "first_seen_at", "sorted_at", "updated_at")


async def following(connection: AsyncConnection, source_id: int, now: datetime) -> Due | None:
    """See `base.Store.next_article`."""
    found = await connection.execute(
        select(article_request.c.id, article_request.c.url)
        .where(article_request.c.source_id == source_id, article_request.c.next_try_at <= rows.to_us(now))
        .order_by(article_request.c.created_at, article_request.c.id.desc())
        .limit(1)
    )
    row = found.one_or_none()
    return Due(request_id=row.id, source_id=source_id, url=row.url) if row else None


async def take(connection: AsyncConnection, due: Due, now: datetime, lease: timedelta) -> Owed | None:
    """See `base.Store.take_article`."""
    wanted = (
        select(
            article_request.c.tries,
            item.c.id.label("item_id"),
            item.c.uid,
            item.c.raw,
            item.c.silent_edits,
            *(item.c[name] for name in _KNOWN),
        )
        .join(item, item.c.id == article_request.c.item_id)
        .where(article_request.c.id == due.request_id, article_request.c.next_try_at <= rows.to_us(now))
    )
    row = (await connection.execute(wanted)).one_or_none()
    if row is None:
        return None
    await connection.execute(
        update(article_request)
        .where(article_request.c.id == due.request_id)
        .values(tries=row.tries + 1, next_try_at=rows.to_us(now + lease))
    )
    return Owed(
        request_id=due.request_id,
        source_id=due.source_id,
        uid=row.uid,
        url=due.url,
        tries=row.tries + 1,
        raw=row.raw,
        known=rows.known_from(row, pruned=False),
    )


async def owing(connection: AsyncConnection, now: datetime) -> list[int]:
    """Ids of sources; see `base.Store.owing`, which leaves out some of them."""
    at = rows.to_us(now)
    wanted = (
        select(article_request.c.source_id)
        .join(source, source.c.id == article_request.c.source_id)
        .where(
            article_request.c.next_try_at <= at,
            source.c.configured,
            source.c.failures == 0,
            source.c.retired_at.is_(None),
            or_(source.c.hold_until_at.is_(None), source.c.hold_until_at <= at),
            or_(source.c.lease_token.is_(None), source.c.lease_until_at <= at),
        )
        .group_by(article_request.c.source_id)
        .order_by(func.min(article_request.c.next_try_at), article_request.c.source_id)
    )
    return list(await connection.scalars(wanted))


async def owed_count(connection: AsyncConnection) -> int:
    """See `base.Store.owed_count`."""
    of_ours = article_request.join(source, source.c.id == article_request.c.source_id)
    wanted = select(func.count()).select_from(of_ours).where(source.c.configured)
    return await connection.scalar(wanted) or 0


async def save(connection: AsyncConnection, owed: Owed, changed: Item, now: datetime) -> bool:
    """See `base.Store.save_article`."""
    before = await _taken(connection, owed)
    if before is None:
        return False
    if before.entry_digest != owed.known.entry_digest:  # and what it says now must not be overwritten
        await _put_off(connection, owed, now, owed.tries)
        return False
    named = [changed.publisher] if changed.publisher else []
    had = [before.publisher_id] if before.publisher_id is not None else []
    known = await publishers.directory(connection, named, had)
    own = known.by_name[changed.publisher.name] if changed.publisher else None
    if own is not None:
        await publishers.write(connection, [own])
    values = rows.item_values(changed)
    for name in ("uid", "sorted_at", "first_seen_at", "guid", "guid_is_permalink"):
        del values[name]
    values |= {
        "publisher_id": own.id if own else None,
        "seq": await next_seq(connection),
        "rules_version": RULES_VERSION,
    }
    at = rows.to_us(now)
    await connection.execute(
        update(item).where(item.c.id == owed.known.item_id).values(**values, changed_at=at)
    )
    left: set[str] = set()
    for old in (known.by_id[one] for one in had if own is None or one != own.id):
        gone = delete(member).where(
            member.c.feed_id == old.feed_id,
            member.c.sorted_at == before.sorted_at,
            member.c.item_id == owed.known.item_id,
        )
        if (await connection.execute(gone)).rowcount:
            left.add(old.key)
    await _forget(connection, [owed.request_id])
    await _publish(connection, owed.source_id, [owed.known.item_id], at, always=True, left=left)
    return True


async def _taken(connection: AsyncConnection, owed: Owed) -> Any:
    """A row with publisher, place and entry of the item, if the request is still ours to answer, or None:
    whoever answers after its lease finds that another process has taken it, or that the item was pruned."""
    ours = (
        select(item.c.publisher_id, item.c.sorted_at, item.c.entry_digest)
        .join(article_request, article_request.c.item_id == item.c.id)
        .where(article_request.c.id == owed.request_id, article_request.c.tries == owed.tries)
    )
    return (await connection.execute(ours)).one_or_none()


async def _put_off(connection: AsyncConnection, owed: Owed, until: datetime, tries: int) -> None:
    await connection.execute(
        update(article_request)
        .where(article_request.c.id == owed.request_id)
        .values(next_try_at=rows.to_us(until), tries=tries)
    )


async def fail(
    connection: AsyncConnection,
    owed: Owed,
    stage: str,
    reason: str,
    detail: str,
    again_at: datetime | None,
    now: datetime,
    counted: bool,
) -> None:
    """See `base.Store.article_failed`."""
    if await _taken(connection, owed) is None:
        return
    at = rows.to_us(now)
    if again_at is not None:
        await _put_off(connection, owed, again_at, owed.tries if counted else owed.tries - 1)
        return
    await connection.execute(
        insert(trail),
        {
            "at": at,
            "seq": await next_seq(connection),
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
    connection: AsyncConnection,
    source_id: int,
    ids: Sequence[int],
    at: int,
    *,
    always: bool,
    left: Collection[str] = (),
) -> None:
    """Gives items their memberships. Feeds are raised where they gained an item, or ``always``; and those
    that items have ``left``."""
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
        await publishers.raise_keys(connection, {row.key for row in found} | set(left), at)


async def _forget(connection: AsyncConnection, ids: Collection[int]) -> None:
    await connection.execute(delete(article_request).where(article_request.c.id.in_(ids)))
