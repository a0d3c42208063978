"""Which year a date without one means, and which day a time without one: the latest there is.

Lists of news leave out what their readers know. What stands in them has happened, or is announced for
tomorrow at the most; so the moment at which a list is read tells the rest.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from aggregator.model.document import FeedDate

DATES_AHEAD = timedelta(days=1)  # other time zones, and what is announced; later ones would not be believed
TIMES_AHEAD = timedelta(minutes=5)  # clocks that differ
_LEAP_YEARS = 8  # apart at the most: 29 February 2096 and 2104


def latest_year(made: Callable[[int], FeedDate | None], base: datetime) -> FeedDate | None:
    """The latest of the dates that ``made`` gives for a year that is not above `DATES_AHEAD` after ``base``
    (aware). ``made`` may give None, or raise ValueError, where that year has no such date."""
    for year in range(base.year + 1, base.year - _LEAP_YEARS - 1, -1):
        try:
            found = made(year)
        except ValueError:  # 29 February; 31 June, which no year has
            continue
        if found is not None and _moment(found, base) <= base.astimezone(UTC) + DATES_AHEAD:
            return found
    return None


def latest_day(made: Callable[[date], FeedDate | None], base: datetime) -> FeedDate | None:
    """Likewise of the times that ``made`` gives for a day, not above `TIMES_AHEAD` after ``base``. Raises
    what ``made`` raises."""
    for days in (1, 0, -1, -2):
        found = made(base.date() + timedelta(days=days))
        if found is not None and _moment(found, base) <= base.astimezone(UTC) + TIMES_AHEAD:
            return found
    return None


def _moment(found: FeedDate, base: datetime) -> datetime:
    """When a date is, in the zone of ``base`` where it names none."""
    return found.at if found.zone_known else found.at.replace(tzinfo=base.tzinfo).astimezone(UTC)
