"""Dates as they may be published: in the right zone, real, and not in the future."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from aggregator.model.document import FeedDate

EARLIEST_YEAR = 1990  # what is older is a broken clock or a zero: the year of the first web page
AHEAD = timedelta(hours=24)


def trusted(found: FeedDate | None, timezone: str | None, now: datetime) -> datetime | None:
    """The moment that ``found`` means, aware UTC; None where it counts as absent.

    A date without a zone is wall-clock time in ``timezone`` (an IANA name; UTC if None or unknown).
    Absent is what lies more than 24 hours ahead of ``now``, or before 1990.
    """
    if found is None:
        return None
    at = found.at
    if not found.zone_known and timezone:
        zone = _zone(timezone)
        if zone is not None:
            try:
                at = at.replace(tzinfo=zone).astimezone(UTC)
            except OverflowError:
                return None
    if at.year < EARLIEST_YEAR or at > now + AHEAD:
        return None
    return at


@lru_cache(maxsize=512)
def _zone(name: str) -> ZoneInfo | None:
    """The zone, or None if the time zone database does not know it."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None
