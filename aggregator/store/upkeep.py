"""What is done now and then: pruning, trimming the trail, looking for damage."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    FromClause,
    Select,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.store import publishers
from aggregator.store.rows import to_us
from aggregator.store.tables import (
    alias,
    article_request,
    feed,
    host,
    item,
    ledger,
    member,
    publisher,
    revision,
    source,
    trail,
)

PRUNE_BATCH = 500  # a transaction: crawls wait for no more than that
TRAIL_A_SOURCE = 200
TRAIL_IN_ALL = 100_000
_SLACK_US = 60_000_000  # a time that lies no further ahead is nobody's fault
_LONGEST_WAIT_US = 31 * 86_400_000_000  # a day more than the longest Retry-After that is obeyed
_ARTICLE_LEASE_US = 300_000_000  # one that is being asked for now may still come


async def beyond(connection: AsyncConnection, keep: int, shown: int) -> list[int]:
    """The items beyond each source's newest ``keep`` that no feed of the newest ``shown`` shows.

    A source's own feed shows its newest items, and those of all, of its category and its ancestors hold
    all of them: with ``keep`` at least as long as a feed, none of these shows an item that goes. A
    publisher's feed may hold a few old items of a busy source, so it is looked into.
    """
    crowded = await connection.scalars(
        select(item.c.source_id).group_by(item.c.source_id).having(func.count() > keep)
    )
    found: list[int] = []
    for source_id in list(crowded):
        old = (
            select(item.c.id, item.c.sorted_at, item.c.publisher_id)
            .where(item.c.source_id == source_id)
            .order_by(item.c.sorted_at.desc(), item.c.id.desc())
            .limit(-1)  # SQLite has no offset without a limit
            .offset(keep)
            .subquery()
        )
        found += await connection.scalars(select(old.c.id).where(_unshown(old, shown)))
    return found


def _unshown(old: FromClause, shown: int) -> ColumnElement[bool]:
    """Whether an item of ``old`` is outside the newest ``shown`` of its publisher's feed."""
    its_feed = (
        select(feed.c.id)
        .join(publisher, feed.c.key == publishers.KEY)
        .where(publisher.c.id == old.c.publisher_id)
        .correlate(old)
        .scalar_subquery()
    )
    own, newer = member.alias(), member.alias()
    place = tuple_(old.c.sorted_at, old.c.id)
    listed = select(literal(1)).where(
        own.c.feed_id == its_feed, own.c.sorted_at == old.c.sorted_at, own.c.item_id == old.c.id
    )
    enough = (
        select(literal(1))
        .where(newer.c.feed_id == its_feed, tuple_(newer.c.sorted_at, newer.c.item_id) > place)
        .limit(1)
        .offset(shown - 1)
    )
    shows_it, shows_newer = listed.correlate(old).exists(), enough.correlate(old).exists()
    return or_(old.c.publisher_id.is_(None), ~shows_it, shows_newer)


async def prune_some(connection: AsyncConnection, ids: Sequence[int], shown: int, now: datetime) -> int:
    """Moves these items to the ledger, but for those that a publisher's feed has come to show since they
    were chosen; how many went."""
    ids = list(await connection.scalars(select(item.c.id).where(item.c.id.in_(ids), _unshown(item, shown))))
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
    await connection.execute(delete(article_request).where(article_request.c.item_id.in_(ids)))
    await connection.execute(delete(item).where(item.c.id.in_(ids)))
    return len(ids)


async def right_clock(connection: AsyncConnection, now: datetime) -> None:
    """Rights the times that a clock which ran ahead has left: what was to wait for years waits as long from
    now as it was to wait then, so that nobody is parked, and nobody asked before his time.

    A source's times count from its last poll, or from when it was added. An article's wait begins anew; how
    long its server wished it to is not known any more, but never is longer than `_LONGEST_WAIT_US`.
    """
    at = to_us(now)
    ahead = at + _SLACK_US
    since = func.coalesce(source.c.last_check_at, source.c.created_at)
    waits = ("next_check_at", "hold_until_at", "fresh_until_at")
    seen = ("created_at", "last_check_at", "last_ok_at", "last_new_at")
    await connection.execute(
        update(source)
        .where(since > ahead)
        .values(
            {name: at + (source.c[name] - since) for name in waits}
            | {name: func.min(source.c[name], at) for name in seen}
        )
    )
    requests = article_request.c
    await connection.execute(
        update(article_request)
        .where(or_(requests.created_at > ahead, requests.next_try_at > at + _LONGEST_WAIT_US))
        .values(
            created_at=func.min(requests.created_at, at),
            next_try_at=func.min(requests.next_try_at, at + _ARTICLE_LEASE_US),
        )
    )
    await connection.execute(delete(host).where(host.c.hold_until_at > at + _LONGEST_WAIT_US))


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
    # What has no index of its own is gathered once, by IN, and not searched for each item: a source's
    # identities, and all articles owed. The condition is that of `waiting`, the other way round.
    owed = select(article_request.c.item_id).where(article_request.c.item_id.is_not(None))
    listed = exists().where(member.c.item_id == item.c.id)
    published = (
        select(item.c.uid)
        .join(source, source.c.id == item.c.source_id)
        .where(source.c.configured, or_(item.c.id.not_in(owed), listed))
    )
    of_publisher = item.outerjoin(publisher, publisher.c.id == item.c.publisher_id)
    category = func.coalesce(func.nullif(source.c.category, ""), "-")
    known = exists().where(item.c.id == alias.c.item_id), exists().where(ledger.c.item_id == alias.c.item_id)
    identified = select(alias.c.source_id, alias.c.item_id).where(alias.c.item_id.is_not(None))
    sharing = select(alias.c.source_id).where(alias.c.item_id.is_(None))
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
            "item missing in its publisher's feed",
            published.join(publisher, publisher.c.id == item.c.publisher_id).where(
                ~in_feed.where(feed.c.key == publishers.KEY).exists()
            ),
        ),
        (
            "item in another publisher's feed",
            select(item.c.uid)
            .select_from(of_publisher)
            .join(member, member.c.item_id == item.c.id)
            .join(feed, feed.c.id == member.c.feed_id)
            .where(feed.c.kind == "publisher", feed.c.name != func.coalesce(publisher.c.slug, "")),
        ),
        (
            "publisher that is none",
            select(item.c.publisher_id)
            .select_from(of_publisher)
            .where(item.c.publisher_id.is_not(None), publisher.c.id.is_(None)),
        ),
        (
            "item without an identity",
            select(item.c.uid).where(
                tuple_(item.c.source_id, item.c.id).not_in(identified), item.c.source_id.not_in(sharing)
            ),
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
