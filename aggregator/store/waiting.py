"""Whether an item's article is owed, and whether the item waits for it: then it is in no feed yet."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, exists

from aggregator.store.tables import article_request, member


def owed(item_id: ColumnElement[int]) -> ColumnElement[bool]:
    """The condition, for a column that holds an item's id, in any statement."""
    requests = article_request.alias()
    return exists().where(requests.c.item_id == item_id)


def waiting(item_id: ColumnElement[int]) -> ColumnElement[bool]:
    """The condition, likewise."""
    held = member.alias()
    return and_(owed(item_id), ~exists().where(held.c.item_id == item_id))
