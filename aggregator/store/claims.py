"""Leases: who polls which source now, so that several processes never double work.

A lease ends with the save, with its time, or with its owner's life. The statements here run in the
writer's transactions; the rule of who may be polled is one expression, for choosing and explaining.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Row,
    String,
    and_,
    bindparam,
    case,
    cast,
    delete,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.model.source import Claim, Source
from aggregator.store import read_by
from aggregator.store.base import Selected
from aggregator.store.owners import Owner
from aggregator.store.rows import from_us, maybe_at, state_from, to_us
from aggregator.store.tables import run, source

_MINUTE_US = 60_000_000
_RELEASED: dict[str, Any] = {"lease_owner": None, "lease_token": None, "lease_until_at": None}


def _line(one_host: Sequence[str]) -> ColumnElement[str]:
    """What sources share with others: a host and port, or one of these domains, whatever port. Files have
    no host: each is alone."""
    alone = func.coalesce(source.c.host, cast(source.c.id, String))
    if not one_host:
        return alone
    host = func.replace(source.c.host, ".:", ":")  # a name's last dot may be written
    below = [
        (
            or_(
                host.startswith(f"{domain}:", autoescape=True),
                host.contains(f".{domain}:", autoescape=True),
            ),
            literal(domain),
        )
        for domain in one_host
    ]
    return case(*below, else_=alone)


def leased(now_us: int) -> ColumnElement[bool]:
    return and_(source.c.lease_token.is_not(None), source.c.lease_until_at > now_us)


def due(now_us: int, category: str | None) -> ColumnElement[bool]:
    """Sources that the schedule would poll now, of exactly this category (None: any)."""
    wanted = [
        source.c.next_check_at <= now_us,
        source.c.configured,
        source.c.retired_at.is_(None),
        or_(source.c.lease_token.is_(None), source.c.lease_until_at <= now_us),
    ]
    if category is not None:
        wanted.append(source.c.category == category)
    return and_(*wanted)


async def claim_due(
    connection: AsyncConnection,
    sources: Mapping[int, Source],
    owner: Owner,
    now: datetime,
    *,
    category: str | None,
    limit: int,
    lease_s: float,
    per_host: int,
    one_host: Sequence[str],
) -> list[Claim]:
    now_us = to_us(now)
    line = _line(one_host)
    busy = select(line.label("host"), func.count().label("n")).where(leased(now_us)).group_by(line).subquery()
    turn = func.row_number().over(partition_by=line, order_by=(source.c.next_check_at, source.c.id))
    queue = (
        select(source.c.id, turn.label("turn"), line.label("host")).where(due(now_us, category)).subquery()
    )
    foreign: set[int] = set()
    while True:
        found = await connection.execute(
            select(source)
            .join(queue, queue.c.id == source.c.id)
            .outerjoin(busy, busy.c.host == queue.c.host)
            .where(queue.c.turn + func.coalesce(busy.c.n, 0) <= per_host, source.c.id.not_in(sorted(foreign)))
            .order_by(source.c.next_check_at, source.c.id)
            .limit(limit)
        )
        ready = found.all()
        # Sources that only another process has in its configuration are for that one to poll.
        strangers = {row.id for row in ready if row.id not in sources}
        if not strangers:
            return await _lease(connection, ready, sources, owner, now_us, lease_s)
        foreign |= strangers


async def claim_named(
    connection: AsyncConnection,
    sources: Mapping[int, Source],
    owner: Owner,
    names: Sequence[str],
    reason: ColumnElement[str],
    now: datetime,
    lease_s: float,
) -> list[Claim]:
    found = await connection.execute(
        select(source).where(source.c.configured, source.c.name.in_(names), reason == "")
    )
    place = {name: index for index, name in enumerate(names)}
    ready = sorted((row for row in found if row.id in sources), key=lambda row: place[row.name])
    return await _lease(connection, ready, sources, owner, to_us(now), lease_s)


async def _lease(
    connection: AsyncConnection,
    ready: Sequence[Row[Any]],
    sources: Mapping[int, Source],
    owner: Owner,
    now_us: int,
    lease_s: float,
) -> list[Claim]:
    """One token serves the whole batch: it only has to differ from every other lease of a source."""
    if not ready:
        return []
    token = uuid.uuid4().hex
    await connection.execute(
        update(source)
        .where(source.c.id.in_([row.id for row in ready]))
        .values(lease_owner=owner.id, lease_token=token, lease_until_at=now_us + int(lease_s * 1_000_000))
    )
    return [_claim(row, token, sources[row.id]) for row in ready]


def _claim(row: Row[Any], token: str, configured: Source) -> Claim:
    """Where other rules have read the source, nothing vouches for what is stored: it is asked for without
    conditions, once."""
    state = state_from(row)
    anew = row.read_by is not None and row.read_by != read_by.rules(configured)
    if anew:
        state = replace(state, validators=None, body_sha256=None)
    return Claim(source_id=row.id, key=row.key, token=token, source=configured, state=state, anew=anew)


def skip_reason(now: datetime, since: datetime, *, force: bool, due: bool) -> ColumnElement[str]:
    """Why a configured source is not to be polled by a run that counts from ``since``; "" if it is.

    A check "after now" was recorded under a clock that ran ahead, and is no reason for anything.
    """
    now_us = to_us(now)
    reasons = [
        (source.c.retired_at.is_not(None), "retired"),
        (source.c.hold_until_at > now_us, "held"),
        (leased(now_us), "leased"),
        (source.c.last_check_at.between(to_us(since), now_us + _MINUTE_US), "done"),
    ]
    if not force:
        reasons.append((source.c.fresh_until_at > now_us, "fresh"))
    if due:
        reasons.append((or_(source.c.next_check_at.is_(None), source.c.next_check_at > now_us), "waiting"))
    return case(*[(when, literal(word)) for when, word in reasons], else_=literal(""))


async def selected(
    connection: AsyncConnection,
    names: Sequence[str] | None,
    category: str | None,
    reason: ColumnElement[str],
    one_host: Sequence[str],
) -> tuple[list[str], list[Selected]]:
    """Names to poll, hosts in turn, and those to skip with the time that the reason ends, by name."""
    until = case(
        (reason == "held", source.c.hold_until_at),
        (reason == "leased", source.c.lease_until_at),
        (reason == "fresh", source.c.fresh_until_at),
        (reason == "waiting", source.c.next_check_at),
    )
    turn = func.row_number().over(partition_by=_line(one_host), order_by=source.c.id)
    chosen = select(source.c.name, reason.label("reason"), until.label("until")).where(source.c.configured)
    if names is not None:
        chosen = chosen.where(source.c.name.in_(names))
    if category is not None:
        below = func.substr(source.c.category, 1, len(category) + 1) == f"{category}/"
        chosen = chosen.where(or_(source.c.category == category, below))
    ready: list[str] = []
    skipped: list[Selected] = []
    for row in await connection.execute(chosen.order_by(turn, source.c.id)):
        if row.reason:
            skipped.append(Selected(name=row.name, reason=row.reason, until_at=maybe_at(row.until)))
        else:
            ready.append(row.name)
    return ready, sorted(skipped, key=lambda one: one.name)


async def release(connection: AsyncConnection, claims: Sequence[Claim]) -> None:
    await connection.execute(
        update(source)
        .where(source.c.id == bindparam("b_id"), source.c.lease_token == bindparam("b_token"))
        .values(_RELEASED),
        [{"b_id": claim.source_id, "b_token": claim.token} for claim in claims],
    )


async def begin_run(connection: AsyncConnection, owner: Owner, now: datetime) -> datetime:
    started = {"started_at": to_us(now)}  # a run that is there begins anew
    upsert = insert(run).values(owner=owner.id, **started)
    await connection.execute(upsert.on_conflict_do_update(index_elements=["owner"], set_=started))
    oldest = await connection.scalar(select(func.min(run.c.started_at)))
    return min(now, from_us(oldest)) if oldest is not None else now


async def forget_owners(connection: AsyncConnection, owners: Sequence[str]) -> None:
    """Frees every lease of these owners and ends their runs."""
    await connection.execute(update(source).where(source.c.lease_owner.in_(owners)).values(_RELEASED))
    await connection.execute(delete(run).where(run.c.owner.in_(owners)))


async def dead_owners(connection: AsyncConnection, owner: Owner) -> list[str]:
    """Processes that were killed while they held leases or ran."""
    holders = select(source.c.lease_owner).where(source.c.lease_owner.is_not(None))
    found = await connection.scalars(holders.union(select(run.c.owner)))
    return [one for one in found if owner.is_dead(one)]
