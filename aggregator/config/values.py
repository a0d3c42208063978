"""Readers of single values: what TOML gives in, what the settings want out, or `BadValue`.

A reader knows a value's form and bounds, never its key, file or line; `decode` adds those. Every
message says what was expected, then what was found.
"""

from __future__ import annotations

import datetime as dt
import difflib
import json
import re
import unicodedata
import zoneinfo
from collections.abc import Callable, Iterable
from typing import Any

from aggregator.config.durations import parse_duration, parse_size
from aggregator.config.lines import KeyPath

Reader = Callable[[object], Any]

_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_USERINFO = re.compile(r"//[^/@\s]*@")
_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
_LANGUAGE = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")
_FORMATS = (".atom", ".rss", ".json", ".html")


class BadValue(Exception):
    """A value that cannot be used. ``faults``: (steps down to the part at fault, what is wrong)."""

    def __init__(self, *faults: tuple[KeyPath, str]) -> None:
        super().__init__("; ".join(text for _, text in faults))
        self.faults = faults


def show(raw: object) -> str:
    """A TOML value as a message may repeat it: short, on one line, without a password."""
    if isinstance(raw, str):
        text = json.dumps(_USERINFO.sub("//***@", raw), ensure_ascii=False)
        return text if len(text) <= 80 else f'{text[:76]}…"'
    if isinstance(raw, bool):
        return "true" if raw else "false"
    if isinstance(raw, int | float):
        return str(raw) if isinstance(raw, float) or abs(raw) < 10**30 else "a huge number"
    if isinstance(raw, dt.date | dt.time):
        return f"the date or time {raw.isoformat()}"
    if isinstance(raw, list):
        return "a list"
    return "a table" if isinstance(raw, dict) else type(raw).__name__


def expected(what: str, raw: object) -> BadValue:
    return BadValue(((), f"expected {what}, got {show(raw)}"))


def string(raw: object, what: str) -> str:
    """``raw`` if it is a string that is not blank, else `BadValue`."""
    if not isinstance(raw, str) or not raw.strip():
        raise expected(what, raw)
    return raw


def title(raw: object) -> str:
    """Plain text for people, at most 500 characters, without control characters."""
    text = string(raw, "a text").strip()
    if len(text) > 500:
        raise BadValue(((), f"expected at most 500 characters, got {len(text)}"))
    if _UNPRINTABLE.search(text):
        raise expected("a text without control characters", raw)
    return text


def body(raw: object) -> str:
    """The body of a request: text of at most 64 KiB."""
    text = string(raw, "a text")
    if len(text.encode()) > 65536:
        raise BadValue(((), "expected at most 64 KiB"))
    return text


def flag(raw: object) -> bool:
    if not isinstance(raw, bool):
        raise expected("true or false", raw)
    return raw


def integer(low: int, high: int) -> Reader:
    """A reader of whole numbers from ``low`` to ``high``; true and false are none."""

    def read(raw: object) -> int:
        if not isinstance(raw, int) or isinstance(raw, bool) or not low <= raw <= high:
            raise expected(f"a whole number from {low} to {high}", raw)
        return raw

    return read


def retry_after_on(raw: object) -> tuple[int, ...]:
    """HTTP statuses, in order; 429 and 503 are always among them."""
    what = "429, 503 and other statuses from 400 to 599"
    if not isinstance(raw, list) or not {429, 503}.issubset(one for one in raw if isinstance(one, int)):
        raise expected(f"a list of {what}", raw)
    status = integer(400, 599)
    faults: list[tuple[KeyPath, str]] = []
    found: set[int] = set()
    for place, value in enumerate(raw):
        try:
            found.add(status(value))
        except BadValue as bad:
            faults.append(((place,), str(bad)))
    if faults:
        raise BadValue(*faults)
    return tuple(sorted(found))


def retry_after_scope(raw: object) -> str:
    if raw not in ("host", "url"):
        raise expected('"host" or "url"', raw)
    return str(raw)


def duration(low: str, high: str, example: str = "15m") -> Reader:
    """A reader of durations from ``low`` to ``high``; gives seconds."""
    low_s, high_s = parse_duration(low), parse_duration(high)

    def read(raw: object) -> float:
        try:
            seconds = parse_duration(raw if isinstance(raw, str) else "")
        except ValueError:
            raise expected(f'a duration such as "{example}"', raw) from None
        if not low_s <= seconds <= high_s:
            raise expected(f"a duration from {low} to {high}", raw)
        return seconds

    return read


def size(low: str, high: str) -> Reader:
    """A reader of sizes from ``low`` to ``high``; gives bytes."""
    low_bytes, high_bytes = parse_size(low), parse_size(high)

    def read(raw: object) -> int:
        try:
            found = parse_size(raw if isinstance(raw, str) else "")
        except ValueError:
            raise expected('a size such as "15MiB"', raw) from None
        if not low_bytes <= found <= high_bytes:
            raise expected(f"a size from {low} to {high}", raw)
        return found

    return read


def language(raw: object) -> str:
    """A language tag of RFC 5646 by its form; the registry is not asked."""
    text = string(raw, 'a language such as "en" or "zh-CN"')
    if not _LANGUAGE.fullmatch(text):
        raise expected('a language such as "en" or "zh-CN"', raw)
    return text


def zone(raw: object) -> str:
    """The name of a time zone that this machine's database knows."""
    text = string(raw, 'a time zone such as "Asia/Shanghai"')
    try:
        zoneinfo.ZoneInfo(text)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):  # OSError: "Asia" is a directory
        near = closest(text, zoneinfo.available_timezones())
        raise BadValue(((), f'expected a time zone such as "Asia/Shanghai", got {show(raw)}{near}')) from None
    return text


def source_name(raw: object) -> str:
    """A source's name. Lower case only: it is part of addresses and of file names, and some file
    systems take "Acme" and "acme" for one."""
    wanted = "a name of at most 80 of a-z, 0-9, '.', '_', '-' that begins with a letter or digit"
    text = string(raw, wanted)
    if len(text) > 80 or not _NAME.fullmatch(text):
        raise expected(f"{wanted} (it is part of addresses)", raw)
    if text.endswith(_FORMATS):
        raise expected("a name that does not end like a feed's address (.atom, .rss, .json, .html)", raw)
    return text


def category(raw: object) -> str:
    """A category path such as "finance/cs/news", in Unicode's composed form (NFC)."""
    text = unicodedata.normalize("NFC", string(raw, 'a category path such as "finance/news"'))
    if len(text) > 200:
        raise BadValue(((), f"expected at most 200 characters, got {len(text)}"))
    for part in text.split("/"):
        if not part:
            raise expected('a category path without empty parts, such as "finance/news"', raw)
        if part.startswith(".") or not all(map(_fits_category, part)):
            raise expected("parts of letters, digits, '-', '_' and '.', not led by '.'", raw)
        if part.endswith(_FORMATS):
            raise expected("parts that do not end like a feed's address (.atom, .rss, .json, .html)", raw)
    return text


def _fits_category(char: str) -> bool:
    # Marks too: without them Hindi or Thai cannot be written.
    return char in "-_." or unicodedata.category(char)[0] in "LMN"


_PUBLISHER_WORDS = ("select", "source", "author", "attribution")


def publisher_rule(raw: object) -> tuple[str, ...]:
    """Words that say where a publisher's name is looked for; a single one may stand alone."""
    words = [raw] if isinstance(raw, str) else raw
    if not isinstance(words, list) or not all(word in _PUBLISHER_WORDS for word in words):
        raise expected("some of " + ", ".join(f'"{word}"' for word in _PUBLISHER_WORDS), raw)
    return tuple(dict.fromkeys(words))


def slugs(raw: object) -> dict[str, str]:
    """A table of names with the part of an address that each is to have."""
    if not isinstance(raw, dict):
        raise expected('a table such as {"东财滚动" = "emnews"}', raw)
    faults: list[tuple[KeyPath, str]] = []
    taken: dict[str, str] = {}
    for name, value in raw.items():
        if not isinstance(value, str) or len(value) > 80 or not _SLUG.fullmatch(value):
            faults.append(((name,), f"expected at most 80 of a-z, 0-9 and single hyphens, got {show(value)}"))
        elif taken.setdefault(value, name) != name:
            faults.append(((name,), f"{show(value)} is {show(taken[value])}'s"))
    if faults:
        raise BadValue(*faults)
    return dict(raw)


def aliases(raw: object) -> dict[str, str]:
    """A table of names: each key is to be called by its value."""
    if not isinstance(raw, dict):
        raise expected('a table such as {"新华社客户端" = "新华社"}', raw)
    faults: list[tuple[KeyPath, str]] = []
    for name, value in raw.items():
        try:
            title(name)
            title(value)
        except BadValue as bad:
            faults.append(((name,), str(bad)))
    if faults:
        raise BadValue(*faults)
    return dict(raw)


def kind(raw: object) -> str:
    """A built-in kind, or "package.module:function" of a crawler elsewhere."""
    wanted = '"feed", "page", "api" or "module:function"'
    text = string(raw, wanted)
    module, colon, function = text.partition(":")
    names = [*module.split("."), function]
    if text not in ("feed", "page", "api") and not (colon and all(name.isidentifier() for name in names)):
        raise expected(wanted, raw)
    return text


def closest(word: str, known: Iterable[str]) -> str:
    """'; did you mean "x"?' for the known word nearest to ``word``, or nothing."""
    folded = {name.lower(): name for name in sorted(known)}
    near = difflib.get_close_matches(word.lower(), folded, n=1)
    return f'; did you mean "{folded[near[0]]}"?' if near else ""
