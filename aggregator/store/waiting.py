"""Whether an item waits for its article: it is owed, and the item is in no feed yet."""

from __future__ import annotations

from sqlalchemy import ColumnElement, and_, exists

from aggregator.store.tables import article_request, member


def waiting(item_id: ColumnElement[int]) -> ColumnElement[bool]:
    """The condition, for a column that holds an item's id, in any statement."""
    owed, held = article_request.alias(), member.alias()
    return and_(exists().where(owed.c.item_id == item_id), ~exists().where(held.c.item_id == item_id))
