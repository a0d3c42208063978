"""Publishers: rows, their feeds and memberships, many at a time.

A publisher's row is never deleted and its slug never changes, so that an address once given never means
anybody else. Its feed is made with its first item and ends only when it is merged into another.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from sqlalchemy import Select, bindparam, delete, func, insert, literal, or_, select, tuple_, update
from sqlalchemy.dialects.sqlite import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from aggregator.model.item import Publisher
from aggregator.model.source import SourceMeta
from aggregator.store import rows
from aggregator.store.bulk import Bulk
from aggregator.store.changed import changed_at
from aggregator.store.tables import counter, feed, item, member, publisher
from aggregator.store.waiting import waiting

CHUNK = 5000  # values of one IN list; SQLite takes 32,766 in all
MAX_SLUG = 80

KEY = literal("publisher/") + publisher.c.slug  # of a publisher's feed
_ITEMS = select(literal(1)).where(item.c.publisher_id == publisher.c.id).exists()
_LISTED = select(
    publisher.c.id, publisher.c.name, publisher.c.slug, feed.c.id.label("feed_id"), feed.c.gone_at
).outerjoin(feed, feed.c.key == KEY)
_FOUND = _LISTED.where(
    or_(
        publisher.c.name.in_(bindparam("names", expanding=True)),
        publisher.c.id.in_(bindparam("ids", expanding=True)),
    )
)
_TAKEN = select(publisher.c.slug).where(publisher.c.slug.in_(bindparam("slugs", expanding=True)))
_LAST = select(
    select(func.coalesce(func.max(publisher.c.id), 0)).scalar_subquery().label("publisher"),
    select(func.coalesce(func.max(feed.c.id), 0)).scalar_subquery().label("feed"),
)
_INSERT = Bulk(insert(publisher))
_INSERT_FEEDS = Bulk(insert(feed))
_REVIVE = Bulk(update(feed).where(feed.c.id == bindparam("b_id")))
_BARE = rows.source_feed_values("", "-", rows.meta_values(SourceMeta()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A publisher with the numbers of its row and its feed, which are reserved where they are not
    stored yet (``is_new``, ``feed_is_new``). ``gone`` tells that its feed has ended."""

    id: int
    name: str
    slug: str
    feed_id: int
    is_new: bool = False
    feed_is_new: bool = False
    gone: bool = False

    @property
    def key(self) -> str:
        return f"publisher/{self.slug}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Directory:
    """The publishers that a commit touches: those that its items name, and those that items had."""

    by_name: Mapping[str, Listed]
    by_id: Mapping[int, Listed]


NOBODY = Directory(by_name={}, by_id={})


async def directory(
    connection: AsyncConnection, wanted: Iterable[Publisher], ids: Collection[int]
) -> Directory:
    """Reads the ``wanted`` publishers, new ones with numbers and slugs reserved, and those of ``ids``."""
    slugs = {one.name: one.slug for one in wanted}
    if not slugs and not ids:
        return NOBODY
    found: list[Any] = []
    name_list, id_list = iter(slugs), iter(sorted(ids))
    while True:
        some = {"names": list(islice(name_list, CHUNK)), "ids": list(islice(id_list, CHUNK))}
        if not some["names"] and not some["ids"]:
            break
        found += await connection.execute(_FOUND, some)
    stored = {row.name for row in found}
    new = {name: slug for name, slug in slugs.items() if name not in stored}
    if new or any(row.feed_id is None for row in found):
        last = (await connection.execute(_LAST)).one()
        last_id, last_feed_id = last.publisher, last.feed
    else:
        last_id = last_feed_id = 0
    by_id: dict[int, Listed] = {}
    for row in found:
        feed_id = row.feed_id
        if feed_id is None:
            feed_id = last_feed_id = last_feed_id + 1
        by_id[row.id] = Listed(
            id=row.id,
            name=row.name,
            slug=row.slug,
            feed_id=feed_id,
            feed_is_new=row.feed_id is None,
            gone=row.gone_at is not None,
        )
    for name, slug in free_slugs(new, await _taken(connection, new)).items():
        last_id, last_feed_id = last_id + 1, last_feed_id + 1
        by_id[last_id] = Listed(
            id=last_id, name=name, slug=slug, feed_id=last_feed_id, is_new=True, feed_is_new=True
        )
    return Directory(by_name={one.name: one for one in by_id.values()}, by_id=by_id)


async def _taken(connection: AsyncConnection, new: Mapping[str, str]) -> set[str]:
    taken: set[str] = set()
    candidates = iter(sorted({slug for name, wish in new.items() for slug in _candidates(name, wish)}))
    while some := list(islice(candidates, CHUNK)):
        taken.update(await connection.scalars(_TAKEN, {"slugs": some}))
    return taken


def free_slugs(new: Mapping[str, str], taken: Collection[str]) -> dict[str, str]:
    """A slug for each name of ``new``: the one it suggests, or where another name has that, one with a
    part of the name's hash behind it."""
    used = set(taken)
    given: dict[str, str] = {}
    for name, wish in new.items():
        given[name] = next(slug for slug in _candidates(name, wish) if slug not in used)
        used.add(given[name])
    return given


def _candidates(name: str, wish: str) -> tuple[str, ...]:
    digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
    hashed = (f"{wish[: MAX_SLUG - 1 - n].rstrip('-')}-{digest[:n]}" for n in (6, 12, 32))
    return (wish, *hashed)


def row_of(one: Listed) -> dict[str, Any]:
    return {"id": one.id, "slug": one.slug, "name": one.name}


def feed_row_of(one: Listed) -> dict[str, Any]:
    """A new feed, which is still to be raised to its first revision."""
    own = {"id": one.feed_id, "key": one.key, "kind": "publisher", "name": one.slug, "title": one.name}
    return {**_BARE, **own, "scope": "public", "revision": 0, "updated_at": 0}


async def write(connection: AsyncConnection, used: Iterable[Listed]) -> None:
    """Makes the rows and feeds that are missing, and revives feeds that have ended."""
    used = list(used)
    await _INSERT.execute(connection, [row_of(one) for one in used if one.is_new])
    await _INSERT_FEEDS.execute(connection, [feed_row_of(one) for one in used if one.feed_is_new])
    await _REVIVE.execute(connection, [{"b_id": one.feed_id, "gone_at": None} for one in used if one.gone])


# Sources


async def feeds_of(connection: AsyncConnection, source_ids: Collection[int]) -> dict[int, dict[str, int]]:
    """The publishers' feeds, key to id, that items of each of these sources belong to."""
    found: dict[int, dict[str, int]] = {}
    if source_ids:
        wanted = (
            select(item.c.source_id, feed.c.key, feed.c.id)
            .distinct()
            .select_from(item)
            .join(publisher, publisher.c.id == item.c.publisher_id)
            .join(feed, feed.c.key == KEY)
            .where(item.c.source_id.in_(source_ids))
        )
        for row in await connection.execute(wanted):
            found.setdefault(row.source_id, {})[row.key] = row.id
    return found


async def leave(connection: AsyncConnection, source_ids: Collection[int]) -> None:
    """Takes the items of removed sources out of their publishers' feeds."""
    if source_ids:
        whole = tuple_(member.c.feed_id, member.c.sorted_at, member.c.item_id)
        await connection.execute(delete(member).where(whole.in_(_memberships(source_ids))))


async def come_back(connection: AsyncConnection, source_ids: Collection[int]) -> None:
    """Puts the items of sources that returned into their publishers' feeds again, but those that wait for
    their articles: they are in none of their source's feeds."""
    if source_ids:
        own = _memberships(source_ids).where(~waiting(item.c.id))
        await connection.execute(
            upsert(member).from_select(["feed_id", "sorted_at", "item_id"], own).on_conflict_do_nothing()
        )


def _memberships(source_ids: Collection[int]) -> Select[Any]:
    """The rows of `member` that items of these sources have, or should have, in publishers' feeds."""
    return (
        select(feed.c.id, item.c.sorted_at, item.c.id)
        .select_from(item)
        .join(publisher, publisher.c.id == item.c.publisher_id)
        .join(feed, feed.c.key == KEY)
        .where(item.c.source_id.in_(source_ids))
    )


# Merging


async def merge(connection: AsyncConnection, aliases: Mapping[str, Publisher], at: int) -> tuple[str, ...]:
    """See `base.Store.merge_publishers`. Runs inside one transaction, at ``at`` (µs)."""
    others = {old: new for old, new in aliases.items() if new.name != old}
    pairs = [(old, new) for old, new in others.items() if new.name not in others]
    olds = await _to_merge(connection, [old for old, _ in pairs])
    pairs = [(old, new) for old, new in pairs if old in olds]
    if not pairs:
        return ()
    known = await directory(connection, [new for _, new in pairs], ())
    await write(connection, {new.name: known.by_name[new.name] for _, new in pairs}.values())
    raised = await _showing(connection, list(olds.values()))
    raised |= {"all"}  # whose revision tells that the list of feeds has changed
    seq = await connection.scalar(
        update(counter)
        .where(counter.c.name == "seq")
        .values(value=counter.c.value + 1)
        .returning(counter.c.value)
    )
    for name, target in pairs:
        old, new = olds[name], known.by_name[target.name]
        await _move(connection, old, new, {"seq": seq, "changed_at": at})
        await connection.execute(update(feed).where(feed.c.key == old.key).values(gone_at=at))
        raised |= {old.key, new.key}
    await raise_keys(connection, raised, at)
    return tuple(sorted(raised))


async def _to_merge(connection: AsyncConnection, names: Sequence[str]) -> dict[str, Listed]:
    """Those of ``names`` that are stored and have items or a feed."""
    found: dict[str, Listed] = {}
    wanted = _LISTED.where(
        publisher.c.name.in_(bindparam("names", expanding=True)),
        or_(_ITEMS, feed.c.gone_at.is_(None) & feed.c.id.is_not(None)),
    )
    rest = iter(names)
    while some := list(islice(rest, CHUNK)):
        for row in await connection.execute(wanted, {"names": some}):
            found[row.name] = Listed(id=row.id, name=row.name, slug=row.slug, feed_id=row.feed_id or 0)
    return found


async def _showing(connection: AsyncConnection, olds: Sequence[Listed]) -> set[str]:
    """Keys of all feeds that hold items of these publishers: some formats show a publisher's name."""
    found: set[str] = set()
    for start in range(0, len(olds), CHUNK):
        ids = [one.id for one in olds[start : start + CHUNK]]
        held = (
            select(member.c.feed_id)
            .join(item, item.c.id == member.c.item_id)
            .where(item.c.publisher_id.in_(ids))
        )
        found.update(await connection.scalars(select(feed.c.key).where(feed.c.id.in_(held))))
    return found


async def _move(connection: AsyncConnection, old: Listed, new: Listed, changed: Mapping[str, Any]) -> None:
    moved = select(literal(new.feed_id), member.c.sorted_at, member.c.item_id).where(
        member.c.feed_id == old.feed_id
    )
    await connection.execute(
        upsert(member).from_select(["feed_id", "sorted_at", "item_id"], moved).on_conflict_do_nothing()
    )
    await connection.execute(delete(member).where(member.c.feed_id == old.feed_id))
    await connection.execute(
        update(item).where(item.c.publisher_id == old.id).values(publisher_id=new.id, **changed)
    )


async def raise_keys(connection: AsyncConnection, keys: Iterable[str], at: int) -> None:
    """Raises the revisions of these feeds, each once, at ``at`` (µs)."""
    values = [{"b_key": key, "b_at": at} for key in sorted(keys)]
    if values:
        await connection.execute(
            update(feed)
            .where(feed.c.key == bindparam("b_key"))
            .values(revision=feed.c.revision + 1, updated_at=changed_at("b_at")),
            values,
        )
