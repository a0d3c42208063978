"""Items that older rules have cleaned: found, and stored as today's rules would have them.

Which are still to be cleaned again is told by their own column, so that it goes on where it was killed.
What changes is an item's content and what follows from it (its commit, its feeds' revisions, a line of its
trail): it is no news to readers, so that no date of it and no place in a feed does.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, bindparam, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.store import publishers, reads, rows
from aggregator.store.base import Outdated, Recleaned
from aggregator.store.bulk import Bulk
from aggregator.store.changes import next_seq
from aggregator.store.plan import RULES_VERSION
from aggregator.store.tables import feed, item, member, trail

_STAYS = (
    *("uid", "guid", "guid_is_permalink"),
    *("published_at", "updated_at", "first_seen_at", "sorted_at"),
)
_AS_READ = (item.c.id == bindparam("b_id")) & (item.c.seq == bindparam("b_seq"))
_PUT = Bulk(update(item).where(_AS_READ))


async def outdated(connection: AsyncConnection, limit: int, skip: Collection[int]) -> list[Outdated]:
    """See `base.Store.outdated`."""
    found = await connection.execute(outdated_query(limit, skip))
    return [Outdated(item_id=row.id, seq=row.seq, item=rows.item_from(row)) for row in found]


def outdated_query(limit: int, skip: Collection[int]) -> Select[Any]:
    """In the order of the index, so that nothing is sorted and where there is none nothing is read."""
    return (
        reads.published()
        .where(item.c.rules_version < RULES_VERSION, item.c.id.not_in(sorted(skip)))
        .order_by(item.c.rules_version.desc(), item.c.id.desc())
        .limit(limit)
    )


async def clean_again(connection: AsyncConnection, done: Sequence[Recleaned], now: datetime) -> int:
    """See `base.Store.clean_again`."""
    as_they_were = [one for one in done if one.item is None]
    await _PUT.execute(connection, [_settled(one) for one in as_they_were])
    changed = {one.of.item_id: one for one in done if one.item is not None}
    if not changed:
        return 0
    seq, at = await next_seq(connection), rows.to_us(now)
    values = [_settled(one) | _content(one) | {"seq": seq, "changed_at": at} for one in changed.values()]
    await _PUT.execute(connection, values)
    ours = select(item.c.id, item.c.source_id).where(item.c.seq == seq)
    stored = {row.id: row.source_id for row in await connection.execute(ours)}
    if stored:
        lines = [_line(changed[one], source_id, at, seq) for one, source_id in stored.items()]
        await connection.execute(insert(trail), lines)
        held = select(member.c.feed_id).where(member.c.item_id.in_(stored))
        keys = await connection.scalars(select(feed.c.key).where(feed.c.id.in_(held)))
        await publishers.raise_keys(connection, keys, at)
    return len(stored)


def _settled(one: Recleaned) -> dict[str, Any]:
    return {"b_id": one.of.item_id, "b_seq": one.of.seq, "rules_version": RULES_VERSION}


def _content(one: Recleaned) -> dict[str, Any]:
    assert one.item is not None
    return {name: value for name, value in rows.item_values(one.item).items() if name not in _STAYS}


def _line(one: Recleaned, source_id: int, at: int, seq: int) -> dict[str, Any]:
    return {
        "at": at,
        "seq": seq,
        "source_id": source_id,
        "item_id": one.of.item_id,
        "stage": "admit",
        "reason": "too-heavy" if one.note else "cleaned-again",
        "ref": rows.scrubbed(one.of.item.link or one.of.item.title)[:200],
        "detail": rows.scrubbed(one.note)[:1000],
    }
