"""Dates in words that our own grammars do not know: other languages' months, and "3 hours ago".

dateparser does the reading, fenced in: it would rather guess than refuse, it looks at the clock,
and it takes milliseconds, so it is asked last, only about texts that name a year or are to be seen from
a given moment, and in the few languages that the text's script allows. Where milliseconds are too much
it is not asked at all: see `quickly`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime, time, timedelta
from functools import lru_cache
from typing import Any

from aggregator.model.document import FeedDate
from aggregator.parse.dates_near import latest_year

_YEAR = re.compile(r"(?<!\d)\d{4}(?!\d)")
_CLOCK = re.compile(r"(?<!\d)\d{1,2}:\d\d")
_ORDERLESS = re.compile(r"(?<!\d)\d{1,2}[-/.]\d{1,2}(?:[-/.]\d{2,4})?(?![\d:])")
_WORD = re.compile(r"[^\W\d_]{2,}")
_SUBDAY = re.compile(
    r"hour|min|sec|小时|小時|分钟|分鐘|秒|时前|時間|時前|분|시간|초|stund|heure|hora|ore|ora|saat|час|мин|секунд|годин|хвил"
    r"|now|just|刚刚|剛剛|刚才",
    re.IGNORECASE,
)
_NO_MOMENT = datetime(2000, 1, 1)  # noqa: DTZ001  (dateparser wants it naive; a year with 29 February)
_DAY = re.compile(r"(?<![\d:])(?:[1-9]|[12]\d|3[01])(?![\d:])")
_THAI_YEAR = re.compile(r"(?<!\d)25\d\d(?!\d)")  # the Buddhist era is 543 years ahead

# By script, so that a text costs a handful of look-ups.
_SCRIPTS: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
    (re.compile("[\u0e00-\u0e7f]"), ("th",)),
    (re.compile("[\u3040-\u30ff]"), ("ja",)),
    (re.compile("[\uac00-\ud7a3]"), ("ko",)),
    (re.compile("[\u4e00-\u9fff]"), ("zh", "ja")),
    (re.compile("[\u0400-\u04ff]"), ("ru", "uk", "bg", "be")),
    (re.compile("[\u0370-\u03ff]"), ("el",)),
    (re.compile("[\u0590-\u05ff]"), ("he",)),
    (re.compile("[\u0600-\u06ff]"), ("ar", "fa")),
)
_LATIN = (
    "en", "de", "fr", "es", "it", "pt", "nl", "pl", "tr", "sv", "da", "cs", "vi", "id", "fi", "hu", "ro",
)  # fmt: skip

_quick: ContextVar[bool] = ContextVar("quick", default=False)


class TakesTime(Exception):
    """A document has a date that cannot be read quickly, so that a thousand such would take seconds."""


@contextmanager
def quickly() -> Iterator[None]:
    """Within the block a date in words raises `TakesTime` instead of being read."""
    token = _quick.set(True)
    try:
        yield
    finally:
        _quick.reset(token)


def parse_spoken(
    text: str, *, base: datetime | None, languages: tuple[str, ...], years: range
) -> FeedDate | None:
    """As `dates.parse_date`, for a text of at most 100 characters that no grammar knows."""
    if not _WORD.search(text) or _ORDERLESS.search(text):
        return None
    named = _languages(text, languages)
    if "th" in named:
        text = _THAI_YEAR.sub(lambda match: str(int(match[0]) - 543), text)
    year = _YEAR.search(text)
    if year and int(year[0]) in years:
        found = _read(text, named, _NO_MOMENT, ("absolute-time",))
        if found is None or found.year not in years:
            return None
        return FeedDate(at=_utc(found), zone_known=found.tzinfo is not None)
    if base is None or year:
        return None
    return _relative(text, base, named) or _without_year(text, base, named)


def _relative(text: str, base: datetime, languages: tuple[str, ...]) -> FeedDate | None:
    """Hours and minutes ago are moments; "yesterday" is a day and "yesterday 8:30" a wall clock, of
    ``base``'s zone, which we do not know to be the writer's."""
    moment = base.replace(tzinfo=None)
    found = _read(text, languages, moment, ("relative-time",))
    if found is None or found.tzinfo is not None:
        return None
    if _CLOCK.search(text):
        return FeedDate(at=found.replace(tzinfo=UTC), zone_known=False)
    if _SUBDAY.search(text):
        return FeedDate(at=found.replace(tzinfo=base.tzinfo).astimezone(UTC))
    if (found - moment) % timedelta(days=1):
        return None  # a unit of time that we cannot name: neither a day nor surely a moment
    return FeedDate(at=datetime.combine(found.date(), time(), UTC), zone_known=False)


def _without_year(text: str, base: datetime, languages: tuple[str, ...]) -> FeedDate | None:
    if not _DAY.search(text):
        return None
    found = _read(text, languages, _NO_MOMENT, ("absolute-time",), parts=("day", "month"))
    if found is None or found.year != _NO_MOMENT.year:  # it did say a year, of two digits
        return None
    known = found.tzinfo is not None
    return latest_year(lambda year: FeedDate(at=_utc(found.replace(year=year)), zone_known=known), base)


def _languages(text: str, preferred: tuple[str, ...]) -> tuple[str, ...]:
    script = next((languages for pattern, languages in _SCRIPTS if pattern.search(text)), _LATIN)
    wanted = tuple(language for language in preferred if language in script)
    return tuple(dict.fromkeys((*wanted, *script)))


def _utc(found: datetime) -> datetime:
    return found.astimezone(UTC) if found.tzinfo else found.replace(tzinfo=UTC)


def _read(
    text: str,
    languages: tuple[str, ...],
    moment: datetime,
    parsers: tuple[str, ...],
    parts: tuple[str, ...] = (),
) -> datetime | None:
    """What dateparser finds; with ``parts`` these must be there, without them a whole date."""
    if _quick.get():
        raise TakesTime
    return _asked(text, languages, moment, parsers, parts)


@lru_cache(maxsize=512)
def _asked(
    text: str,
    languages: tuple[str, ...],
    moment: datetime,
    parsers: tuple[str, ...],
    parts: tuple[str, ...],
) -> datetime | None:
    import dateparser  # half a second, which few feeds need

    settings: dict[str, Any] = {
        "TIMEZONE": "UTC",
        "RELATIVE_BASE": moment,
        "PREFER_DATES_FROM": "past",
        "STRICT_PARSING": True,
        "DATE_ORDER": "DMY",
        "PARSERS": list(parsers),
    }
    if parts:
        settings |= {
            "STRICT_PARSING": False,
            "REQUIRE_PARTS": [*parts],
            "PREFER_DATES_FROM": "current_period",
        }
    if parsers == ("relative-time",):
        settings["STRICT_PARSING"] = False
    try:
        return dateparser.parse(text, languages=list(languages), settings=settings)
    except (ValueError, OverflowError, TypeError):  # "9999999999 years ago"
        return None
