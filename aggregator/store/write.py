"""Carries out a plan: the statements of a group commit, a few for the whole group.

Each statement costs two thread hops however many rows it has, so the rows of all outcomes of a group
go together. Everything here runs inside one transaction, which `writer` begins and ends.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from anyio import to_thread
from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Row,
    Select,
    Table,
    bindparam,
    case,
    delete,
    func,
    literal,
    literal_column,
    null,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.model.source import Outcome, Saved
from aggregator.store import publishers, rows
from aggregator.store.bulk import Bulk
from aggregator.store.changed import changed_at
from aggregator.store.plan import plan_outcome, shows_anew
from aggregator.store.planned import Context, Plan, Stored
from aggregator.store.tables import (
    alias,
    article_request,
    counter,
    feed,
    item,
    ledger,
    member,
    revision,
    source,
    source_extensions,
    trail,
)
from aggregator.store.waiting import owed, waiting

MANY = 500  # items: planning more takes tens of milliseconds, which a thread shares with the loop
CHUNK = 5000  # values of one IN list; SQLite takes 32,766 in all

_SOURCES = select(
    source.c.id,
    source.c.name,
    source.c.category,
    source.c.title,
    source.c.url,
    source.c.failures,
    source.c.lease_token,
    source.c.read_by,
    *(column for column in source.c if column.name.startswith("meta_")),
).where(source.c.id.in_(bindparam("ids", expanding=True)))

_FEEDS = select(feed.c.key, feed.c.id).where(feed.c.key.in_(bindparam("keys", expanding=True)))

_NUMBERS = (
    update(counter)
    .where(counter.c.name.in_(("item", "seq")))
    .values(value=counter.c.value + case((counter.c.name == "item", bindparam("items")), else_=1))
    .returning(counter.c.name, counter.c.value)
)

_LEAVE_LEDGER = Bulk(delete(ledger).where(ledger.c.item_id == bindparam("b_id")))
_INSERT_ITEMS = Bulk(insert(item))
_INSERT_MEMBERS = Bulk(insert(member))
_JOIN = Bulk(insert(member).on_conflict_do_nothing())
_LEAVE = Bulk(
    delete(member).where(
        member.c.feed_id == bindparam("b_feed"),
        member.c.sorted_at == bindparam("b_at"),
        member.c.item_id == bindparam("b_item"),
    )
)
_INSERT_ALIASES = Bulk(insert(alias).on_conflict_do_nothing())  # its first owner keeps it
_SHARED = insert(alias)
_SHARE_ALIASES = Bulk(
    _SHARED.on_conflict_do_update(
        index_elements=list(alias.primary_key), set_={"item_id": _SHARED.excluded.item_id}
    )
)
_INSERT_REQUESTS = Bulk(insert(article_request))
_UPDATE_ITEMS = Bulk(update(item).where(item.c.id == bindparam("b_id")))
# By the length of markup, which is all that SQL sees: the rule is `process.better`'s, roughly.
_LONGER = func.length(item.c.content_html) * literal_column("3") >= func.length(
    bindparam("b_content")
) * literal_column("4")


def _keeping(stays: ColumnElement[bool]) -> Bulk:
    """Where the content stays, what the entry says is the summary beside it, as it was when it came."""
    teaser: BindParameter[str] = bindparam("b_teaser")
    content = item.c.content_html
    beside = case((teaser == content, literal_column("''")), else_=teaser)
    return Bulk(
        update(item)
        .where(item.c.id == bindparam("b_id"))
        .values(
            content_html=case((stays, content), else_=bindparam("b_content")),
            summary_html=case((stays, beside), else_=bindparam("b_summary")),
        )
    )


_UPDATE_KEEPING_CONTENT = _keeping(item.c.content_html != literal_column("''"))
_UPDATE_KEEPING_LONGER = _keeping(_LONGER)
_UPDATE_LEDGER = Bulk(update(ledger).where(ledger.c.item_id == bindparam("b_id")))
_INSERT_REVISIONS = Bulk(insert(revision))
_INSERT_TRAIL = Bulk(insert(trail))
_UPDATE_SOURCES = Bulk(update(source).where(source.c.id == bindparam("b_id")))
_UPDATE_FEEDS = Bulk(update(feed).where(feed.c.key == bindparam("b_key")))
_EXTENSIONS = insert(source_extensions)
_PUT_EXTENSIONS = Bulk(
    _EXTENSIONS.on_conflict_do_update(
        index_elements=[source_extensions.c.source_id],
        set_={"extensions": _EXTENSIONS.excluded.extensions},
    )
)
_RAISE_FEEDS = Bulk(
    update(feed)
    .where(feed.c.id == bindparam("b_id"))
    .values(
        revision=feed.c.revision + literal_column("1"),
        updated_at=changed_at("b_at"),
    )
)


def _stored(table: Table, id_column: str, pruned: bool) -> Select[Any]:
    columns = table.c
    return select(
        columns[id_column].label("item_id"),
        columns.source_id,
        columns.uid,
        columns.digest,
        columns.sorted_at,
        columns.first_seen_at,
        columns.silent_edits,
        null().label("publisher_id") if pruned else columns.publisher_id,
        literal(pruned).label("pruned"),
        (literal(False) if pruned else owed(columns.id)).label("owed"),
        (literal(False) if pruned else waiting(columns.id)).label("waiting"),
    ).where(
        or_(
            columns[id_column].in_(bindparam("ids", expanding=True)),
            columns.uid.in_(bindparam("uids", expanding=True)),
        )
    )


_STORED = union_all(_stored(item, "id", False), _stored(ledger, "item_id", True))


async def save_group(connection: AsyncConnection, outcomes: Sequence[Outcome], now: datetime) -> list[Saved]:
    """Stores the outcomes whose leases hold; one `Saved` each, in their order.

    Raises what the database raises, or `OutcomeRefused`; the transaction must then be rolled back.
    """
    found = await connection.execute(_SOURCES, {"ids": [one.claim.source_id for one in outcomes]})
    sources: dict[int, Row[Any]] = {row.id: row for row in found}
    live: dict[int, Outcome] = {}
    for place, outcome in enumerate(outcomes):
        row = sources.get(outcome.claim.source_id)
        twice = any(one.claim.source_id == outcome.claim.source_id for one in live.values())
        if row is not None and row.lease_token == outcome.claim.token and not twice:
            live[place] = outcome
    context = await _context(connection, list(live.values()), sources, now)
    if sum(len(outcome.changes) for outcome in live.values()) > MANY:
        plan, saved = await to_thread.run_sync(_planned, live, context)
    else:
        plan, saved = _planned(live, context)
    await _execute(connection, plan, context.at)
    return [saved.get(place) or Saved(lost=True) for place in range(len(outcomes))]


def _planned(live: Mapping[int, Outcome], context: Context) -> tuple[Plan, dict[int, Saved]]:
    """What to write, and what is to be said of each outcome, by its place."""
    plan = Plan()
    return plan, {place: plan_outcome(plan, outcome, context) for place, outcome in live.items()}


async def _context(
    connection: AsyncConnection,
    outcomes: Sequence[Outcome],
    sources: dict[int, Row[Any]],
    now: datetime,
) -> Context:
    """Reads what the outcomes touch and reserves numbers; nothing at all for a group of 304s."""
    changes = [change for one in outcomes for change in one.changes]
    ids = [change.item_id for change in changes if change.item_id is not None]
    uids = [change.item.uid for change in changes if change.item_id is None]
    stored = await _read_stored(connection, ids, uids)
    shown = [one.claim.source_id for one in outcomes if shows_anew(one, sources[one.claim.source_id])]
    feeds: dict[str, int] = {}
    seq = last_id = 0
    if any(one.changes or one.drops or one.meta is not None for one in outcomes):
        named = (sources[one.claim.source_id] for one in outcomes)
        keys = {key for row in named for key in rows.feed_keys(row.name, row.category)}
        feeds = {row.key: row.id for row in await connection.execute(_FEEDS, {"keys": sorted(keys)})}
    if changes or any(one.drops for one in outcomes):
        numbers = {row.name: row.value for row in await connection.execute(_NUMBERS, {"items": len(uids)})}
        seq, last_id = numbers["seq"], numbers["item"]
    wanted = [change.item.publisher for change in changes if change.item.publisher]
    had = {one.publisher_id for one in stored if one.publisher_id is not None}
    return Context(
        sources=sources,
        by_id={one.item_id: one for one in stored},
        by_uid={one.uid: one for one in stored},
        feeds=feeds,
        publishers=await publishers.directory(connection, wanted, had),
        shows_source=await publishers.feeds_of(connection, shown),
        ids=iter(range(last_id - len(uids) + 1, last_id + 1)),
        seq=seq,
        at=rows.to_us(now),
    )


async def _read_stored(connection: AsyncConnection, ids: Sequence[int], uids: Sequence[str]) -> list[Stored]:
    stored: list[Stored] = []
    id_list, uid_list = iter(ids), iter(uids)
    while True:
        some = {"ids": list(islice(id_list, CHUNK)), "uids": list(islice(uid_list, CHUNK))}
        if not some["ids"] and not some["uids"]:
            return stored
        found = await connection.execute(_STORED, some)
        stored += [
            Stored(
                **(row._asdict() | {name: bool(getattr(row, name)) for name in ("pruned", "owed", "waiting")})
            )
            for row in found
        ]


async def _execute(connection: AsyncConnection, plan: Plan, at: int) -> None:
    """Writes the rows of ``plan``. What comes back from the ledger leaves it first: ids are unique."""
    await _LEAVE_LEDGER.execute(connection, plan.restored)
    await _INSERT_ITEMS.execute(connection, plan.items)
    await publishers.write(connection, plan.publishers.values())
    await _INSERT_MEMBERS.execute(connection, plan.members)
    await _LEAVE.execute(connection, plan.left)
    await _JOIN.execute(connection, plan.joined)
    await _INSERT_ALIASES.execute(connection, plan.aliases)
    await _SHARE_ALIASES.execute(connection, plan.shared)
    await _UPDATE_ITEMS.execute(connection, plan.updates)
    await _UPDATE_KEEPING_CONTENT.execute(connection, plan.updates_keep_content)
    await _UPDATE_KEEPING_LONGER.execute(connection, plan.updates_keep_longer)
    await _UPDATE_ITEMS.execute(connection, plan.touches)
    await _UPDATE_LEDGER.execute(connection, plan.ledger_touches)
    await _INSERT_REQUESTS.execute(connection, plan.requests)
    await _INSERT_REVISIONS.execute(connection, plan.revisions)
    await _INSERT_TRAIL.execute(connection, plan.trail)
    await _UPDATE_SOURCES.execute(connection, plan.states)
    await _UPDATE_SOURCES.execute(connection, plan.metas)
    await _PUT_EXTENSIONS.execute(connection, plan.extensions)
    await _UPDATE_FEEDS.execute(connection, plan.feed_metas)
    raised = [{"b_id": feed_id, "b_at": at} for feed_id in plan.raised.values()]
    await _RAISE_FEEDS.execute(connection, raised)


async def pin_failure(connection: AsyncConnection, outcome: Outcome, error: Exception, now: datetime) -> bool:
    """Records that ``outcome`` could not be stored, against its source; True when its lease held.

    Validators and body hash stay as they were, since their items are not here: the next poll fetches
    everything again. The next check is the one the outcome asked for.
    """
    state = outcome.state
    values: dict[str, Any] = {
        "failures": source.c.failures + 1,
        "error_stage": "store",
        "error_type": type(error).__name__,
        "error_message": rows.scrubbed(str(error)),
        "error_transient": True,
        "error_at": rows.to_us(now),
        "last_check_at": rows.maybe_us(state.last_check_at or now),
        "hold_until_at": rows.maybe_us(state.hold_until_at),
        "lease_owner": None,
        "lease_token": None,
        "lease_until_at": None,
    }
    if state.next_check_at is not None:
        values["next_check_at"] = rows.to_us(state.next_check_at)
    done = await connection.execute(
        update(source)
        .where(source.c.id == outcome.claim.source_id, source.c.lease_token == outcome.claim.token)
        .values(values)
    )
    return done.rowcount == 1
