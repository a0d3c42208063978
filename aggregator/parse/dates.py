"""The dates that feeds really contain, read by a ladder of grammars, the likeliest first.

A grammar that recognises a text has the last word on it, so that an impossible date is refused and
not offered to the next, laxer one. Nothing is guessed: bare numbers, 03/04/2021 and years outside
1990 to 2100 are no dates here, since a wrong date moves an item for good and a missing one does not.
Dates without a year and times without a day are dates only as seen from a given moment.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from aggregator.model.document import FeedDate
from aggregator.parse.dates_near import latest_day, latest_year
from aggregator.parse.dates_spoken import parse_spoken
from aggregator.parse.zones import ZONE, offset_of

_LONGEST = 100  # characters
_YEARS = range(1990, 2101)

_CLOCK = r"(?P<h>\d{1,2}):(?P<m>\d{2})(?::(?P<s>\d{2})(?:[.,]\d+)?)?(?: ?(?P<ap>[ap]\.?m)\b\.?)?"
_ZONE = rf"(?: ?(?P<zone>{ZONE}))?"
_WEEKDAY = r"(?:(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?\.?,? ?)?"
_MONTH = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

# What nine dates in ten look like, in ASCII digits and with a zone: read without the ladder below.
_OFFSET = r"[+-](?:0[0-9]|1[0-4]):?[0-5][0-9]"
_USUAL_ISO = re.compile(
    rf"((?:199|20[0-9])[0-9]-[0-9]{{2}}-[0-9]{{2}}T[0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}})(?:\.[0-9]{{1,9}})?(Z|{_OFFSET})"
)
_USUAL_RFC822 = re.compile(
    r"(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), )?([0-9]{2}) ([A-Z][a-z]{2}) ((?:199|20[0-9])[0-9]) "
    rf"([0-9]{{2}}:[0-9]{{2}}:[0-9]{{2}}) (GMT|{_OFFSET})"
)
_MONTH_NUMBERS = {name.capitalize(): f"{number:02}" for number, name in enumerate(_MONTHS, 1)}

_HALF = r"(?P<ap>上午|下午|早上|清晨|凌晨|中午|晚上|晚间|傍晚|午前|午後|오전|오후|am|pm)"
_MINUTES = r"(?P<m>\d{1,2})\s?[:分분]?\s?(?:(?P<s>\d{1,2})\s?[秒초]?)?"

_BARE_NUMBER = re.compile(r"[+-]?\d+(?:[.,]\d+)?")
_PREFIX = re.compile(
    r"(?:(?:发布|發佈|發布|发表|發表|更新|刊登|公布)?(?:时间|時間|日期)|(?:发布|發佈|發布|发表|發表|更新)于?"
    r"|投稿日|公開日|更新日|掲載日|작성일|등록일|date|last (?:modified|updated?)"
    r"|(?:published|posted|updated|created|modified)(?: on| at)?"
    r"|veröffentlicht(?: am)?|publié le|publicado(?: el| em)?|pubblicato(?: il)?|опубликовано)[:\s]\s*",
    re.IGNORECASE,
)
_COMMENT = re.compile(r"(?<=[\w:]) ?(?:\([^()]*\)|\[[^\[\]]*\])$")  # (CEST), [Europe/Paris]
_MIXED = re.compile(r"(\d{4})([-/.])(\d{1,2})\2(\d{1,2})(?=.*[\u3400-\u9fff\uac00-\ud7a3])")


def _grammar(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


# W3CDTF, RFC 3339 and the loose forms of both: 2022-05-30T08:00:00Z, 2022-5-30 8:00, 2022/5/30, 2022-05
_ISO = _grammar(
    rf"(?P<y>\d{{4}})(?P<sep>[-/.]) ?(?P<mo>\d{{1,2}})(?:(?P=sep) ?(?P<d>\d{{1,2}})\.?)?"
    rf"(?:(?: ?T ?|,? ){_CLOCK}{_ZONE}|(?P<dz>Z|[+-]\d\d:\d\d))?"
)
_ISO_BASIC = _grammar(
    rf"(?P<y>\d{{4}})(?P<mo>\d{{2}})(?P<d>\d{{2}})T(?P<h>\d{{2}}):?(?P<m>\d{{2}})(?::?(?P<s>\d{{2}})(?:[.,]\d+)?)?{_ZONE}"
)
# RFC 822, 1036, 2822, 5322 and the forms that were meant to be: day before month
_RFC822 = _grammar(
    rf"{_WEEKDAY}(?P<d>\d{{1,2}})(?:st|nd|rd|th)?[ -]?{_MONTH}[.,]?[ -]?(?P<y>\d{{4}}|\d\d)"
    rf"(?:(?:,| at)? {_CLOCK}{_ZONE}(?: [a-z]{{2,5}})?)?"
)
_AMERICAN = _grammar(
    rf"{_WEEKDAY}{_MONTH}\.? (?P<d>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<y>\d{{4}})(?:(?:,| at)? {_CLOCK}{_ZONE})?"
)
_ASCTIME = _grammar(rf"{_WEEKDAY}{_MONTH} (?P<d>\d{{1,2}}) {_CLOCK}{_ZONE},? (?P<y>\d{{4}})")
# Two small numbers before a year: only one above 12 tells which is the day
_NUMERIC = _grammar(
    rf"(?P<a>\d{{1,2}})(?P<sep>[-/.])(?P<b>\d{{1,2}})(?P=sep)(?P<y>\d{{4}})(?:,? {_CLOCK}{_ZONE})?"
)
# 2022年5月30日(月) 下午3:16, 5月30日, 2022년 5월 30일, 令和4年5月30日, 民國111年
_CJK = _grammar(
    r"(?:(?P<era>民[国國]|令和|平成)?\s?(?P<y>\d{1,4}|元)\s?[年년]\s?)?(?P<mo>\d{1,2})\s?[月월]\s?(?P<d>\d{1,2})\s?[日号號일]?"
    r"\s?,?\s?\(?(?:(?:周|週|星期|礼拜)?[一二三四五六日天月火水木金土]|[월화수목금토일])?(?:曜日?|요일)?\)?,?\s?"
    rf"(?:{_HALF}?\s?(?P<h>\d{{1,2}})\s?[:时時点點시]\s?(?:{_MINUTES})?{_ZONE})?"
)
# What only the moment of reading makes a date: 05-30 08:30, 30 May 08:30, May 30, 08:30, 8:30 pm, 下午3:16
_NO_YEAR = _grammar(
    rf"(?P<a>\d{{1,2}})(?P<sep>[-/.])(?P<b>\d{{1,2}})\.?(?: ?\([^()\d]{{1,5}}\))?(?:,? {_CLOCK}{_ZONE})?"
)
_DAY_MONTH = _grammar(
    rf"{_WEEKDAY}(?P<d>\d{{1,2}})(?:st|nd|rd|th)?\.?[ -]?{_MONTH}\.?(?:(?:,| at|,? -)? {_CLOCK}{_ZONE})?"
)
_MONTH_DAY = _grammar(
    rf"{_WEEKDAY}{_MONTH}\.? (?P<d>\d{{1,2}})(?:st|nd|rd|th)?(?:(?:,| at|,? -)? {_CLOCK}{_ZONE})?"
)
_TIME = _grammar(rf"{_CLOCK}{_ZONE}")
_CJK_TIME = _grammar(rf"(?!.*:\d(?!\d)){_HALF}?\s?(?P<h>\d{{1,2}})\s?[:时時点點시]\s?{_MINUTES}")
_MONTH_FIRST = frozenset(["zh", "ja", "ko"])  # languages in which 05-06 can only be 6 May
_NO_ZONE = frozenset(["uhr", "h", "hrs"])  # words behind a time
_ERAS = {"民国": 1911, "民國": 1911, "令和": 2018, "平成": 1988}
_AFTERNOON = frozenset(["下午", "晚上", "晚间", "傍晚", "午後", "오후", "pm"])


def parse_date(
    text: str | None, *, base: datetime | None = None, languages: tuple[str, ...] = ("zh", "en")
) -> FeedDate | None:
    """The date that ``text`` holds, or None where it holds none that is certain.

    ``base`` (aware) is "now" where the text was written: it allows relative dates (3小时前,
    "yesterday 8:30"), dates without a year and times without a day. Without it the result depends on
    nothing but the text. ``languages`` are tried before other languages' month names, and the first
    tells which of two small numbers is the month. A date that names no zone, or
    one we do not know, comes back with ``zone_known`` False; a day without a time is its midnight.
    Never raises.
    """
    if not text or len(text) > 10 * _LONGEST:
        return None
    usual = _usual(text)
    if usual is not None:
        return FeedDate(at=usual)
    text = " ".join(unicodedata.normalize("NFKC", text).split())
    text = _PREFIX.sub("", text, count=1) if _PREFIX.match(text) else text
    if not text or len(text) > _LONGEST or _BARE_NUMBER.fullmatch(text):
        return None
    text = _MIXED.sub(r"\1年\3月\4日", text, count=1)  # 2022-05-30 下午3:16
    for written in dict.fromkeys((text, _COMMENT.sub("", text))):
        for grammar, read in _GRAMMARS:
            match = grammar.fullmatch(written)
            if match:
                return _guarded(read, match, _Place(base, languages))
    return parse_spoken(text, base=base, languages=languages, years=_YEARS)


def _usual(text: str) -> datetime | None:
    """The moment that one of the two commonest forms names, for speed alone; what is None here is
    read, or refused, by the grammars."""
    match = _USUAL_ISO.fullmatch(text)
    if match:
        written = f"{match[1]}{match[2]}"
    elif (match := _USUAL_RFC822.fullmatch(text)) and (month := _MONTH_NUMBERS.get(match[2])):
        zone = "Z" if match[5] == "GMT" else match[5]
        written = f"{match[3]}-{month}-{match[1]}T{match[4]}{zone}"
    else:
        return None
    try:
        return datetime.fromisoformat(written).astimezone(UTC)
    except ValueError:  # 30 February, a leap second, 24:00:00
        return None


class _Place(NamedTuple):
    """When and in which languages a text was written."""

    base: datetime | None
    languages: tuple[str, ...]


_Reader = Callable[[re.Match[str], _Place], "FeedDate | None"]


def _guarded(read: _Reader, match: re.Match[str], place: _Place) -> FeedDate | None:
    try:
        return read(match, place)
    except (ValueError, OverflowError):  # 30 February, 25:61
        return None


def _read_iso(match: re.Match[str], _place: _Place) -> FeedDate | None:
    return _made(match, int(match["y"]), int(match["mo"]), int(match["d"] or 1))


def _read_named_month(match: re.Match[str], _place: _Place) -> FeedDate | None:
    year = int(match["y"])
    if len(match["y"]) == 2:
        year += 2000 if year < 50 else 1900  # RFC 5322 section 4.3
    return _made(match, year, _MONTHS.index(match["month"][:3].lower()) + 1, int(match["d"]))


def _read_numeric(match: re.Match[str], _place: _Place) -> FeedDate | None:
    first, second = int(match["a"]), int(match["b"])
    if first > 12 or first == second:
        return _made(match, int(match["y"]), second, first)
    return _made(match, int(match["y"]), first, second) if second > 12 else None


def _read_cjk(match: re.Match[str], place: _Place) -> FeedDate | None:
    month, day = int(match["mo"]), int(match["d"])
    written = match["y"]
    if written:
        year = (1 if written == "元" else int(written)) + _ERAS.get(match["era"] or "", 0)
        if not match["era"] and len(written) == 2:
            year += 2000
        return _made(match, year, month, day)
    return _in_latest_year(match, month, day, place)


def _read_no_year(match: re.Match[str], place: _Place) -> FeedDate | None:
    first, second = int(match["a"]), int(match["b"])
    if first > 12:
        return _in_latest_year(match, second, first, place)
    certain = second > 12 or first == second or not _MONTH_FIRST.isdisjoint(place.languages[:1])
    return _in_latest_year(match, first, second, place) if certain else None


def _read_named_without_year(match: re.Match[str], place: _Place) -> FeedDate | None:
    return _in_latest_year(match, _MONTHS.index(match["month"][:3].lower()) + 1, int(match["d"]), place)


def _in_latest_year(match: re.Match[str], month: int, day: int, place: _Place) -> FeedDate | None:
    if place.base is None:
        return None
    return latest_year(lambda year: _made(match, year, month, day), place.base)


def _read_time(match: re.Match[str], place: _Place) -> FeedDate | None:
    zone = (match.groupdict().get("zone") or "").lower()
    if place.base is None or (zone and zone not in _NO_ZONE and offset_of(zone) is None):
        return None  # "08:30 min" is no time of day
    return latest_day(lambda day: _made(match, day.year, day.month, day.day), place.base)


_GRAMMARS: tuple[tuple[re.Pattern[str], _Reader], ...] = (
    (_RFC822, _read_named_month),
    (_ISO, _read_iso),
    (_ISO_BASIC, _read_iso),
    (_ASCTIME, _read_named_month),
    (_AMERICAN, _read_named_month),
    (_CJK, _read_cjk),
    (_NUMERIC, _read_numeric),
    (_NO_YEAR, _read_no_year),
    (_DAY_MONTH, _read_named_without_year),
    (_MONTH_DAY, _read_named_without_year),
    (_TIME, _read_time),
    (_CJK_TIME, _read_time),
)


def _made(match: re.Match[str], year: int, month: int, day: int) -> FeedDate | None:
    """The date of a match's clock and zone on a day. Raises ValueError where there is no such time."""
    if year not in _YEARS:
        return None
    parts = match.groupdict()
    hour = _hour(int(parts.get("h") or 0), (parts.get("ap") or "").lower().replace(".", ""))
    minute, second = int(parts.get("m") or 0), int(parts.get("s") or 0)
    if (hour, minute, second) == (24, 0, 0):
        moment = datetime(year, month, day, tzinfo=UTC) + timedelta(days=1)
    else:
        moment = datetime(year, month, day, hour, minute, 59 if second == 60 else second, tzinfo=UTC)
    zone = parts.get("zone") or parts.get("dz")
    if zone == "CST" and match.re not in (_RFC822, _AMERICAN):
        zone = None  # RFC 822's is America's, but Java prints China's so
    offset = offset_of(zone) if zone and parts.get("h") else None
    if offset is None:
        return FeedDate(at=moment, zone_known=False)
    return FeedDate(at=moment - offset)


def _hour(hour: int, half: str) -> int:
    if half == "am" and hour > 12:
        raise ValueError("no such hour")
    if half in _AFTERNOON or (half == "中午" and hour < 11):
        return hour + 12 if hour < 12 else hour
    return 0 if hour == 12 and half and half != "中午" else hour
