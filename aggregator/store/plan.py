"""Decides which rows a commit writes, and does nothing else: no SQL, no clock, no waiting.

`write` reads what the outcomes touch, asks here, and executes. An item's place (`sorted_at`,
`first_seen_at`, `uid`, `id`) is decided when it is first stored and never written again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row

from aggregator.model.document import Drop
from aggregator.model.item import ItemChange
from aggregator.model.source import Outcome, Saved
from aggregator.store import read_by, rows
from aggregator.store.planned import Context, Plan, Stored
from aggregator.store.publishers import Listed
from aggregator.store.trouble import OutcomeRefused

RULES_VERSION = 3  # of the cleaning rules that stored items went through
SILENT_EDITS = 20  # an item; some pages contain the time, and would change for ever
TRAIL_EACH = 200  # trail rows an outcome, as many as a source may keep

_PLACE = ("uid", "sorted_at", "first_seen_at")


@dataclass(slots=True)
class _Tally:
    shown: bool = False  # whether a feed shows anything anew
    new: int = 0
    updated: int = 0
    unchanged: int = 0
    publishers: dict[str, int] = field(default_factory=dict)  # their feeds that change, key to id


def plan_outcome(plan: Plan, outcome: Outcome, context: Context) -> Saved:
    """Adds the rows of one outcome, whose lease holds, to ``plan``. Raises `OutcomeRefused`."""
    row = context.sources[outcome.claim.source_id]
    changes, drops = _distinct(outcome.changes, context, row.id)
    tally = _Tally()
    # From the last to the first: of items with equal times the first in the document gets the
    # highest id, and so stands first in feeds.
    for change, stored in reversed(changes):
        _plan_change(plan, change, stored, row, context, tally)
    for alias in outcome.shared_aliases:
        plan.shared.append({"source_id": row.id, "kind": alias.kind, "hash": alias.hash, "item_id": None})
    keys = _raised_by_meta(plan, outcome, row)
    if tally.shown:
        keys.update(rows.feed_keys(row.name, row.category))
    raised = {key: _feed_id(context, key) for key in keys}
    raised |= tally.publishers | dict(context.shows_source.get(row.id, {}))
    plan.raised |= raised
    for drop in (*drops, *outcome.drops)[:TRAIL_EACH]:
        plan.trail.append(_trail_row(context, row.id, None, drop))
    plan.states.append(_state_row(outcome, row))
    return Saved(
        new=tally.new,
        updated=tally.updated,
        unchanged=tally.unchanged,
        feeds=tuple(sorted(raised)),
        drops=tuple(drops),
    )


def _distinct(
    changes: tuple[ItemChange, ...], context: Context, source_id: int
) -> tuple[list[tuple[ItemChange, Stored | None]], list[Drop]]:
    """Each change with what is stored of its item; a second change of one item is dropped."""
    kept: list[tuple[ItemChange, Stored | None]] = []
    drops: list[Drop] = []
    seen: set[str] = set()
    for change in changes:
        item = change.item
        stored = context.by_uid.get(item.uid) if change.item_id is None else context.by_id.get(change.item_id)
        if stored is not None and stored.source_id != source_id:
            raise OutcomeRefused(f"item {stored.uid} belongs to another source")
        uid = stored.uid if stored else item.uid
        if uid in seen:
            drops.append(Drop(stage="store", reason="repeated", ref=(item.link or item.title)[:200]))
            continue
        seen.add(uid)
        kept.append((change, stored))
    return kept, drops


def _plan_change(
    plan: Plan,
    change: ItemChange,
    stored: Stored | None,
    row: Row[Any],
    context: Context,
    tally: _Tally,
) -> None:
    item_id = stored.item_id if stored else change.item_id or next(context.ids)
    for alias in change.aliases:
        plan.aliases.append({"source_id": row.id, "kind": alias.kind, "hash": alias.hash, "item_id": item_id})
    for note in change.notes[:TRAIL_EACH]:
        plan.trail.append(_trail_row(context, row.id, item_id, note))
    if stored is None:
        tally.new += 1
        values = _item_row(change, row.id, item_id, None, context)
        if change.article_url is not None:
            _plan_waiting(plan, change.article_url, values, change, context)
            return
        tally.shown = True
        _plan_insert(plan, values, row, context)
        own = _publisher(change, None, context)
        _join_publisher(plan, own, item_id, rows.to_us(change.item.sorted_at), tally)
    elif change.same or stored.digest == change.item.digest:
        # Only its identity grew, or what is not published changed: feeds stay as they are.
        tally.unchanged += 1
        touch = {"b_id": item_id, **_identity(change)}
        if stored.pruned:
            plan.ledger_touches.append(touch)
        else:
            plan.touches.append(
                touch
                | {
                    "guid": change.item.guid,
                    "guid_is_permalink": change.item.guid_is_permalink,
                    "raw": change.raw,
                }
            )
    elif change.silent and stored.silent_edits >= SILENT_EDITS:
        tally.unchanged += 1
    else:
        tally.updated += 1
        _plan_update(plan, change, stored, row, context)
        own = _publisher(change, stored, context)
        if stored.waiting:
            _know_publisher(plan, own)
            return
        tally.shown = True
        _leave_publisher(plan, own, stored, context, tally)
        _join_publisher(plan, own, item_id, stored.sorted_at, tally)


def _plan_update(plan: Plan, change: ItemChange, stored: Stored, row: Row[Any], context: Context) -> None:
    values = _item_row(change, row.id, stored.item_id, stored, context)
    values |= {
        "uid": stored.uid,
        "sorted_at": stored.sorted_at,
        "first_seen_at": stored.first_seen_at,
    }
    if stored.pruned:  # it comes back to its old place, so it is no news
        plan.restored.append({"b_id": stored.item_id})
        _plan_insert(plan, values, row, context)
    else:
        for name in ("id", "source_id", *_PLACE):
            del values[name]
        values["b_id"] = stored.item_id
        if stored.owed or not (change.keeps_content or change.keeps_longer):
            plan.updates.append(values)
        else:
            content, summary = values.pop("content_html"), values.pop("summary_html")
            values |= {"b_content": content, "b_summary": summary, "b_teaser": summary or content}
            keeping = plan.updates_keep_content if change.keeps_content else plan.updates_keep_longer
            keeping.append(values)
    plan.revisions.append(
        {
            "item_id": stored.item_id,
            "seq": context.seq,
            "changed_at": context.at,
            "silent": change.silent,
            "digest": change.item.digest,
        }
    )
    reason = "returned" if stored.pruned else "silent" if change.silent else "updated"
    note = Drop(stage="store", reason=reason, ref=change.item.link or "")
    plan.trail.append(_trail_row(context, row.id, stored.item_id, note))


def _plan_insert(plan: Plan, values: dict[str, Any], row: Row[Any], context: Context) -> None:
    plan.items.append(values)
    for key in rows.feed_keys(row.name, row.category):
        plan.members.append(
            {
                "feed_id": _feed_id(context, key),
                "sorted_at": values["sorted_at"],
                "item_id": values["id"],
            }
        )


def _plan_waiting(plan: Plan, url: str, values: dict[str, Any], change: ItemChange, context: Context) -> None:
    """Plans an item that is in no feed until its article has come, and the request for that."""
    plan.items.append(values)
    _know_publisher(plan, _publisher(change, None, context))
    plan.requests.append(
        {
            "source_id": values["source_id"],
            "item_id": values["id"],
            "url": url,
            "tries": 0,
            "next_try_at": context.at,
            "created_at": context.at,
        }
    )


def _publisher(change: ItemChange, stored: Stored | None, context: Context) -> Listed | None:
    """Whose the item is: the one that the change names or, where only its article may have named one,
    the one that it has."""
    named = change.item.publisher
    if named is not None:
        return context.publishers.by_name[named.name]
    if stored is None or stored.publisher_id is None or stored.owed or not change.keeps_publisher:
        return None
    return context.publishers.by_id.get(stored.publisher_id)


def _know_publisher(plan: Plan, own: Listed | None) -> None:
    """Plans the publisher's row and feed, without the item in it."""
    if own is not None:
        plan.publishers[own.id] = own


def _join_publisher(plan: Plan, own: Listed | None, item_id: int, sorted_at: int, tally: _Tally) -> None:
    """Plans that the item is in its publisher's feed, which shows it anew."""
    _know_publisher(plan, own)
    if own is not None:
        tally.publishers[own.key] = own.feed_id
        plan.joined.append({"feed_id": own.feed_id, "sorted_at": sorted_at, "item_id": item_id})


def _leave_publisher(plan: Plan, own: Listed | None, stored: Stored, context: Context, tally: _Tally) -> None:
    """Plans that the item is no more in the feed of a publisher that it does not have any more."""
    old = context.publishers.by_id.get(stored.publisher_id) if stored.publisher_id is not None else None
    if old is None or (own is not None and own.id == old.id):
        return
    tally.publishers[old.key] = old.feed_id
    plan.left.append({"b_feed": old.feed_id, "b_at": stored.sorted_at, "b_item": stored.item_id})


def _item_row(
    change: ItemChange, source_id: int, item_id: int, stored: Stored | None, context: Context
) -> dict[str, Any]:
    own = _publisher(change, stored, context)
    return {
        "id": item_id,
        "source_id": source_id,
        "publisher_id": own.id if own else None,
        **rows.item_values(change.item),
        **_identity(change),
        "changed_at": context.at,
        "seq": context.seq,
        "silent_edits": stored.silent_edits + change.silent if stored else 0,
        "rules_version": RULES_VERSION,
        "raw": change.raw,
    }


def _identity(change: ItemChange) -> dict[str, Any]:
    return {
        "entry_digest": change.entry_digest,
        "guid_hash": change.guid_hash,
        "title_hash": change.title_hash,
    }


def _raised_by_meta(plan: Plan, outcome: Outcome, row: Row[Any]) -> set[str]:
    """Plans the change of what a source says of itself; the keys of the feeds that show it."""
    if outcome.meta is None:
        return set()
    now = rows.meta_values(outcome.meta)
    before = {name: getattr(row, name) for name in now}
    if now == before:
        return set()
    plan.metas.append({"b_id": row.id, **now})
    own = f"source/{row.name}"
    raised: set[str] = set()
    if now["meta_extensions_hash"] != before["meta_extensions_hash"]:
        plan.extensions.append({"source_id": row.id, "extensions": rows.to_json(outcome.meta.extensions)})
        raised.add(own)
    values = rows.source_feed_values(row.name, row.title, now)
    previous = rows.source_feed_values(row.name, row.title, before)
    if values != previous:
        plan.feed_metas.append({"b_key": own, **values})
        raised.add(own)
    if rows.shown_differs(values, previous):
        raised.update(rows.feed_keys(row.name, row.category))
    return raised


def shows_anew(outcome: Outcome, row: Row[Any]) -> bool:
    """Whether the outcome changes what every feed shows of a source beside its items."""
    if outcome.meta is None:
        return False
    now = rows.meta_values(outcome.meta)
    before = {name: getattr(row, name) for name in now}
    return now != before and rows.shown_differs(
        rows.source_feed_values(row.name, row.title, now),
        rows.source_feed_values(row.name, row.title, before),
    )


def _feed_id(context: Context, key: str) -> int:
    try:
        return context.feeds[key]
    except KeyError:
        raise OutcomeRefused(f"the feed {key} is not in the store") from None


def _trail_row(context: Context, source_id: int, item_id: int | None, drop: Drop) -> dict[str, Any]:
    return {
        "at": context.at,
        "seq": context.seq,
        "source_id": source_id,
        "item_id": item_id,
        "stage": rows.scrubbed(drop.stage),
        "reason": rows.scrubbed(drop.reason),
        "ref": rows.scrubbed(drop.ref)[:200],
        "detail": rows.scrubbed(drop.detail)[:1000],
    }


def _state_row(outcome: Outcome, row: Row[Any]) -> dict[str, Any]:
    """The source's columns after this outcome, its lease released."""
    state = outcome.state
    read = outcome.result not in ("failed", "held")
    return {
        "b_id": row.id,
        **rows.state_values(state),
        "read_by": read_by.rules(outcome.claim.source) if read else row.read_by,
        "host": rows.host_of(state.adopted_url or row.url),
        "lease_owner": None,
        "lease_token": None,
        "lease_until_at": None,
    }
