"""When a feed changed, told so that whole seconds tell changes apart."""

from __future__ import annotations

from sqlalchemy import BigInteger, Case, bindparam, case, literal_column

from aggregator.store.tables import feed

_SECOND = literal_column("1000000", BigInteger)


def changed_at(parameter: str) -> Case[int]:
    """A feed's new ``updated_at`` for a change at ``parameter`` (microseconds): that time, or where the
    feed has changed within the same second already, the second that follows. It never goes back.

    HTTP's Last-Modified has whole seconds: who asks by date alone, having seen the first change of a
    second, would not be told of the next one (RFC 9110 section 8.8.2.2).
    """
    at = bindparam(parameter, type_=BigInteger)
    before = feed.c.updated_at
    second_before, second = before - before % _SECOND, at - at % _SECOND
    return case(
        (second_before < second, at),
        (second_before > second, before),
        else_=second_before + _SECOND,
    )
