"""Whether an item's article is owed, and whether the item waits for it: then it is in no feed yet."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, exists

from aggregator.store.tables import article_request, member


def owed(item_id: ColumnElement[int], since: int | None = None) -> ColumnElement[bool]:
    """The condition, for a column that holds an item's id, in any statement; with ``since`` (µs), that its
    article has not been owed any longer than since then."""
    requests = article_request.alias()
    wanted = exists().where(requests.c.item_id == item_id)
    return wanted if since is None else wanted.where(requests.c.created_at > since)


def waiting(item_id: ColumnElement[int], since: int | None = None) -> ColumnElement[bool]:
    """The condition, likewise."""
    held = member.alias()
    return and_(owed(item_id, since), ~exists().where(held.c.item_id == item_id))
