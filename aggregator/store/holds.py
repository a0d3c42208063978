"""Hosts that asked us to wait: kept so that whoever starts next asks no sooner either."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.store.rows import from_us, to_us
from aggregator.store.tables import host


async def hold(connection: AsyncConnection, name: str, until: datetime, now: datetime) -> None:
    """See `base.Store.hold_host`. What has passed is forgotten, so that few rows are ever kept."""
    await connection.execute(delete(host).where(host.c.hold_until_at <= to_us(now)))
    new = insert(host).values(host=name, hold_until_at=to_us(until))
    longer = func.max(func.coalesce(host.c.hold_until_at, 0), new.excluded.hold_until_at)
    await connection.execute(
        new.on_conflict_do_update(index_elements=["host"], set_={"hold_until_at": longer})
    )


async def held(connection: AsyncConnection, now: datetime) -> dict[str, datetime]:
    """See `base.Store.held_hosts`."""
    found = await connection.execute(
        select(host.c.host, host.c.hold_until_at).where(host.c.hold_until_at > to_us(now))
    )
    return {row.host: from_us(row.hold_until_at) for row in found}
