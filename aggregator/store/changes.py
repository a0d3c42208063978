"""What a feed holds and what of it changed since a commit: how exports follow the store.

Numbers of items and commits mean something within one store only; ``counter`` has a number at random that
tells stores apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Select, bindparam, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.model.feed import PublishedItem
from aggregator.store import reads
from aggregator.store.base import Contents
from aggregator.store.tables import counter, feed, item, member

_CONTENTS = (
    select(member.c.item_id)
    .where(member.c.feed_id == select(feed.c.id).where(feed.c.key == bindparam("key")).scalar_subquery())
    .order_by(member.c.sorted_at.desc(), member.c.item_id.desc())
)
_CHANGED = select(item.c.id, item.c.seq).where(item.c.seq > bindparam("since"))
_ITEMS: Select[Any] = reads.published().where(item.c.id.in_(bindparam("ids", expanding=True)))


async def contents(connection: AsyncConnection, key: str, since: int) -> Contents:
    """See `base.Store.contents`. Of one moment if the connection is."""
    numbers = {row.name: row.value for row in await connection.execute(select(counter))}
    ids = (await connection.scalars(_CONTENTS, {"key": key})).all()
    changed = (await connection.execute(_CHANGED, {"since": since})).all()
    return Contents(
        store_id=numbers["store"],
        seq=numbers["seq"],
        item_ids=ids,
        changed={row[0]: row[1] for row in changed},
    )


async def items(connection: AsyncConnection, ids: Sequence[int]) -> dict[int, PublishedItem]:
    """See `base.Store.items`."""
    found = await connection.execute(_ITEMS, {"ids": list(ids)})
    return {row.id: reads.published_from(row) for row in found}


async def next_seq(connection: AsyncConnection) -> Any:
    """The number of the commit that ``connection`` is in the middle of, reserved for it."""
    return await connection.scalar(
        update(counter)
        .where(counter.c.name == "seq")
        .values(value=counter.c.value + 1)
        .returning(counter.c.value)
    )
