"""Brings sources, feeds and memberships in line with the configuration.

It reads the tables, works out in memory what should stand there, and writes the difference:
after a start without changes nothing is written, so revisions, and with them ETags, stay.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, delete, insert, literal, select, update
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.model.secrecy import discreet, keys_of
from aggregator.model.settings import Category
from aggregator.model.source import Source, SourceMeta
from aggregator.store import publishers, rows
from aggregator.store.base import FirstCheck, SyncResult
from aggregator.store.tables import feed, item, member, source
from aggregator.store.waiting import waiting

_NO_META = rows.meta_values(SourceMeta())
_NO_LEASE: dict[str, Any] = {"lease_owner": None, "lease_token": None, "lease_until_at": None}

# What was learnt of the old address, and says nothing about a new one. When it last went well stays:
# the items are still there.
_OF_THE_ADDRESS: dict[str, Any] = {
    **_NO_LEASE,
    "validators_url": None,
    "etag": None,
    "last_modified": None,
    "body_sha256": None,
    "hints": None,
    "hold_until_at": None,
    "fresh_until_at": None,
    "failures": 0,
    "error_stage": None,
    "error_type": None,
    "error_message": None,
    "error_transient": None,
    "error_at": None,
    "moved_url": None,
    "moved_count": 0,
    "adopted_url": None,
    "missing_since_at": None,
    "retired_at": None,
}


@dataclass(slots=True)
class _Changes:
    """What a sync is going to write, and what it will report."""

    added: list[str] = field(default_factory=list)
    renamed: list[str] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    returned: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)
    raised: set[str] = field(default_factory=set)
    moves: list[tuple[int, set[str], set[str]]] = field(default_factory=list)  # source, from, to
    shown: set[int] = field(default_factory=set)  # sources that their publishers' feeds show otherwise
    left: set[int] = field(default_factory=set)
    back: dict[int, int] = field(default_factory=dict)  # and what was owed by then waits no longer (µs)


async def sync_sources(
    connection: AsyncConnection,
    sources: Sequence[Source],
    categories: Sequence[Category],
    site_title: str,
    now: datetime,
    first_check: FirstCheck,
) -> SyncResult:
    """See `base.Store.sync_sources`. Runs inside one transaction."""
    stored = (await connection.execute(select(source).order_by(source.c.id))).all()
    matched = match(sources, stored)
    changes = _Changes()
    await _insert_new(
        connection, [one for one in sources if one.name not in matched], stored, changes, now, first_check
    )
    for one in sources:
        if one.name in matched:
            await _update_one(connection, one, matched[one.name], changes, now, first_check)
    kept = {row.id for row in matched.values()}
    for row in stored:
        if row.configured and row.id not in kept:
            await _remove_one(connection, row, changes)
    wanted = _wanted_feeds(sources, matched, categories, site_title)
    await _write_feeds(connection, wanted, changes, rows.to_us(now))
    return SyncResult(
        added=tuple(changes.added),
        renamed=tuple(changes.renamed),
        changed=tuple(changes.changed),
        returned=tuple(changes.returned),
        removed=tuple(changes.removed),
        feeds=tuple(sorted(changes.raised)),
    )


def match(sources: Sequence[Source], stored: Sequence[Row[Any]]) -> dict[str, Row[Any]]:
    """The stored row of each configured source, by name; new ones are absent.

    A name that is stored is that source. A new name whose address belongs to exactly one stored source
    that lost its name was renamed; one still configured until now goes before those removed long ago.
    """
    by_name = {row.name: row for row in stored}
    matched = {one.name: by_name[one.name] for one in sources if one.name in by_name}
    orphans: dict[str, list[Row[Any]]] = {}
    for row in stored:
        if row.name not in matched:
            orphans.setdefault(row.url, []).append(row)
    newcomers = Counter(one.url for one in sources if one.name not in matched)
    for one in sources:
        if one.name in matched or newcomers[one.url] > 1:
            continue
        found = orphans.get(one.url, [])
        found = [row for row in found if row.configured] or found
        if len(found) == 1:
            matched[one.name] = found[0]
    return matched


async def _insert_new(
    connection: AsyncConnection,
    new: Sequence[Source],
    stored: Sequence[Row[Any]],
    changes: _Changes,
    now: datetime,
    first_check: FirstCheck,
) -> None:
    keys = {row.key for row in stored}
    values = []
    for one in new:
        key = _free_key(one.name, keys)
        keys.add(key)
        values.append(
            {
                **_settings(one),
                "key": key,
                "created_at": rows.to_us(now),
                "next_check_at": rows.to_us(first_check(one, len(new))),
                "failures": 0,
                "moved_count": 0,
            }
        )
        changes.added.append(one.name)
    if values:
        await connection.execute(insert(source), values)


def _free_key(name: str, taken: set[str]) -> str:
    key, number = name, 2
    while key in taken:
        key, number = f"{name}~{number}", number + 1
    return key


def _settings(one: Source) -> dict[str, Any]:
    """The columns that the configuration decides. Headers stay out: they may be secrets."""
    return {
        "name": one.name,
        "category": one.category,
        "kind": one.kind,
        "url": one.url,
        "title": one.title,
        "every_s": one.every_s,
        "host": rows.host_of(one.url),
        "configured": True,
    }


async def _update_one(
    connection: AsyncConnection,
    one: Source,
    row: Row[Any],
    changes: _Changes,
    now: datetime,
    first_check: FirstCheck,
) -> None:
    settings = _settings(one)
    if row.adopted_url and row.url == one.url:
        settings["host"] = row.host
    shown = _meta(row, one)
    values = {name: value for name, value in (settings | shown).items() if getattr(row, name) != value}
    if not values:
        return
    if "url" in values:
        values |= _OF_THE_ADDRESS
        values["next_check_at"] = rows.to_us(first_check(one, 1))
    elif "every_s" in values and row.last_check_at is not None and row.next_check_at is not None:
        soonest = row.last_check_at + int(one.every_s * 1_000_000)
        soonest = max(soonest, row.hold_until_at or 0, row.fresh_until_at or 0)
        values["next_check_at"] = min(row.next_check_at, soonest)
    await connection.execute(update(source).where(source.c.id == row.id).values(values))
    before = set(rows.feed_keys(row.name, row.category)) if row.configured else set()
    after = set(rows.feed_keys(one.name, one.category))
    if before != after:
        changes.moves.append((row.id, before, after))
        changes.raised |= before | after
    stored = {name: getattr(row, name) for name in shown}
    if rows.source_feed_values(row.name, row.title, stored) != rows.source_feed_values(
        one.name, one.title, shown
    ):
        changes.raised |= after
        changes.shown.add(row.id)
    if row.name != one.name:
        changes.shown.add(row.id)
    if not row.configured:
        wait_s = one.article.wait_s if one.article else 0.0
        changes.back[row.id] = rows.to_us(now - timedelta(seconds=wait_s))
        changes.returned.append(one.name)
    elif row.name != one.name:
        changes.renamed.append(one.name)
    else:
        changes.changed.append(one.name)


def _meta(row: Row[Any], one: Source) -> dict[str, Any]:
    """What the source says of itself, as stored, but for addresses with a key of ours in them, as older
    versions kept them. A listing's own link was its address, and with it whatever is a key in there."""
    own = None if row.kind == "feed" else row.meta_link
    asked = (one.url, row.url, row.adopted_url, row.validators_url, own)
    if not keys_of(asked):
        return {name: getattr(row, name) for name in _NO_META}
    untold = discreet(rows.meta_from(row), asked)
    return rows.meta_values(untold) | {"meta_extensions_hash": row.meta_extensions_hash}


async def _remove_one(connection: AsyncConnection, row: Row[Any], changes: _Changes) -> None:
    await connection.execute(
        update(source).where(source.c.id == row.id).values(configured=False, **_NO_LEASE)
    )
    before = set(rows.feed_keys(row.name, row.category))
    changes.moves.append((row.id, before, set()))
    changes.raised |= before
    changes.left.add(row.id)
    changes.removed.append(row.name)


# Feeds


def _wanted_feeds(
    sources: Sequence[Source],
    matched: Mapping[str, Row[Any]],
    categories: Sequence[Category],
    site_title: str,
) -> dict[str, dict[str, Any]]:
    """Every feed that should exist, by key, with the columns that the configuration decides."""
    bare: dict[str, Any] = rows.source_feed_values("", "-", _NO_META)
    wanted = {"all": {**bare, "kind": "all", "name": "", "title": site_title}}
    titles = {one.path: one.title for one in categories}
    for key in {key for one in sources for key in rows.feed_keys(one.name, one.category)} | {
        f"category/{path}" for path in titles
    }:
        kind, _, name = key.partition("/")
        if kind == "category":
            title = titles.get(name) or name.rpartition("/")[2]
            wanted[key] = {**bare, "kind": kind, "name": name, "title": title}
    for one in sources:
        meta = _meta(matched[one.name], one) if one.name in matched else _NO_META
        shown = rows.source_feed_values(one.name, one.title, meta)
        wanted[f"source/{one.name}"] = {**shown, "kind": "source", "name": one.name}
    return wanted


async def _write_feeds(
    connection: AsyncConnection, wanted: Mapping[str, dict[str, Any]], changes: _Changes, at: int
) -> None:
    """Makes, revives, changes and ends feeds; moves memberships; raises revisions, each once.

    Publishers are data: the configuration makes and ends none of their feeds, and they may be many.
    """
    ours = select(feed).where(feed.c.kind != "publisher")
    stored = {row.key: row for row in await connection.execute(ours)}
    new = [
        {"key": key, **values, "scope": "public", "revision": 1, "updated_at": at}
        for key, values in sorted(wanted.items())
        if key not in stored
    ]
    if new:
        await connection.execute(insert(feed), new)
    changes.raised |= {one["key"] for one in new}
    gone = [key for key, row in stored.items() if key not in wanted and row.gone_at is None]
    differing = {
        key: values
        for key, values in wanted.items()
        if key in stored and (stored[key].gone_at is not None or _differs(stored[key], values))
    }
    for key, values in differing.items():
        await connection.execute(update(feed).where(feed.c.key == key).values(**values, gone_at=None))
    if gone:
        await connection.execute(update(feed).where(feed.c.key.in_(gone)).values(gone_at=at))
    changes.raised |= {*differing, *gone}
    await _move_members(connection, changes.moves, changes.back)
    await publishers.leave(connection, changes.left)
    await publishers.come_back(connection, changes.back)
    for feeds in (
        await publishers.feeds_of(connection, changes.shown | changes.left | set(changes.back))
    ).values():
        changes.raised |= feeds.keys()
    await publishers.raise_keys(connection, changes.raised - {one["key"] for one in new}, at)


def _differs(row: Row[Any], values: dict[str, Any]) -> bool:
    return any(getattr(row, name) != value for name, value in values.items())


async def _move_members(
    connection: AsyncConnection, moves: Sequence[tuple[int, set[str], set[str]]], back: Mapping[int, int]
) -> None:
    """Items that wait for their articles are in no feed, and stay so. When their source comes ``back``,
    all look alike, and only those that have not waited long enough do."""
    if not moves:
        return
    ours = select(feed.c.key, feed.c.id).where(feed.c.kind != "publisher")
    ids = {row.key: row.id for row in await connection.execute(ours)}
    for source_id, before, after in moves:
        own = select(item.c.id).where(item.c.source_id == source_id)
        for key in before - after:
            await connection.execute(
                delete(member).where(member.c.feed_id == ids[key], member.c.item_id.in_(own))
            )
        for key in after - before:
            rows_of = select(literal(ids[key]), item.c.sorted_at, item.c.id).where(
                item.c.source_id == source_id, ~waiting(item.c.id, back.get(source_id))
            )
            await connection.execute(
                upsert(member)
                .from_select(["feed_id", "sorted_at", "item_id"], rows_of)
                .on_conflict_do_nothing()
            )
