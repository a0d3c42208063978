"""Who published an entry: found in the data, spelt one way, and given a name for addresses.

The same publisher is written in many ways: full width and half, with two blanks or one, in brackets.
`normal_name` folds them into one, and two equal names are one publisher. A slug is only what a name
suggests: several names may suggest the same one, and the store keeps them apart.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b

from aggregator.model.document import Entry
from aggregator.model.item import Publisher
from aggregator.process import text

MAX_NAME = 200
MAX_SLUG = 80
RULE = ("select",)  # where a name is looked for unless the operator says otherwise

_TAIL = 400  # characters of visible text at whose end an attribution stands
_TAIL_MARKUP = 20 * _TAIL  # of markup: what is before it need not be read
_MAX_ATTRIBUTED = 60  # longer ones are sentences

_NONE: Mapping[str, str] = {}
_UNSEEN = dict.fromkeys(map(ord, "\u00ad\u200b\u2060\ufeff"))
_BRACKETS = str.maketrans("【】〔〕〖〗", "[][][]")
_PAIRS = {"(": ")", "[": "]", "<": ">", "《": "》", "〈": "〉", "「": "」", "『": "』"}
_OPENINGS = {closing: opening for opening, closing in _PAIRS.items()}
_ENDS = " :;,.、。·•・|-–—_/\\*~'\"“”‘’"

_CHINESE = re.compile("[〇㐀-䶿一-鿿豈-﫿\U00020000-\U0003ffff]+")
# Letters that do not decompose into an ASCII one and a mark.
_LETTERS = (
    dict(zip("абвгдезиклмнопрстуфыэђјљњћіґ", "abvgdeziklmnoprstufyedjlncig", strict=True))
    | dict(zip("αβγδεζηικλμνξοπρσςτυφω", "avgdeziiklmnxoprsstyfo", strict=True))
    | {"ж": "zh", "х": "kh", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "shch", "ю": "yu", "я": "ya", "є": "ye"}
    | {"θ": "th", "χ": "ch", "ψ": "ps", "æ": "ae", "œ": "oe", "ø": "o", "ł": "l", "đ": "d", "þ": "th"}
    | {"ı": "i", "ð": "d", "ħ": "h", "'": "", "’": ""}
)
_NO_LETTERS = re.compile("[^a-z0-9]+")

_WORD = r"(?:(?:文章|稿件|新闻|信息|内容|本文|原文|消息|资料|图文)?来源|source)\s*:\s*"
_BRACKETED = re.compile(
    r"[(\[【]\s*" + _WORD + r"((?:[^()\[\]【】\n]|\([^()\n]{0,100}\)){1,100})[)\]】]", re.IGNORECASE
)
_BARE = re.compile(r"(?:^|(?<=[\s。]))" + _WORD + r"([^\n。;|,]{1,100})", re.IGNORECASE | re.MULTILINE)
_NEXT_LABEL = re.compile(r"\s+\S{1,12}:")


@lru_cache(maxsize=4096)
def normal_name(raw: str) -> str:
    """``raw`` as one line of at most 200 characters, in the one spelling that we keep: NFKC (full-width
    letters and brackets become plain ones), blanks folded, without punctuation and lone brackets at its
    ends; "" if nothing is left."""
    name = unicodedata.normalize("NFKC", text.scrub(raw[: 10 * MAX_NAME]).translate(_UNSEEN))
    name = text.fold(name).translate(_BRACKETS)
    return _bared(_bared(name)[:MAX_NAME])


def _bared(name: str) -> str:
    """``name`` without what only surrounds it: "(香港)" at an end stays, "《…》" around the whole goes."""
    while True:
        name = name.strip(_ENDS)
        if not name:
            return ""
        first, last = name[0], name[-1]
        if first in _OPENINGS or (first in _PAIRS and _PAIRS[first] not in name):
            name = name[1:]
        elif last in _PAIRS or (last in _OPENINGS and _OPENINGS[last] not in name):
            name = name[:-1]
        elif _PAIRS.get(first) == last and name.count(first) == name.count(last) == 1:
            name = name[1:-1]
        else:
            return name


@lru_cache(maxsize=4096)
def slug(name: str) -> str:
    """What ``name`` suggests for addresses: ``[a-z0-9-]``, 1 to 80 characters.

    Chinese is written in pinyin without tones or separators (Japanese in Chinese characters, too),
    other letters by the Latin ones that they stand for; a name of which nothing can be written so gets
    "p-" and eight hexadecimal digits.
    """
    latin = unicodedata.normalize("NFKD", _CHINESE.sub(_pinyin, name).casefold())
    latin = "".join(_LETTERS.get(one, one) for one in latin if not unicodedata.combining(one))
    found = _NO_LETTERS.sub("-", latin).strip("-")[:MAX_SLUG].strip("-")
    return found or f"p-{blake2b(name.encode('utf-8', 'replace'), digest_size=4).hexdigest()}"


def _pinyin(found: re.Match[str]) -> str:
    from pypinyin import lazy_pinyin  # its tables take a sixth of a second to load

    return "".join(lazy_pinyin(found[0], errors="ignore"))


def publisher(name: str, *, aliases: Mapping[str, str], slugs: Mapping[str, str] = _NONE) -> Publisher | None:
    """The publisher that a document calls ``name``; None if that is no name.

    ``aliases`` map normalised names to the names to use instead, which may be aliases again; those that
    lead in a circle are not followed. ``slugs`` map normalised names to the slugs that they are to have
    in place of those that they suggest.
    """
    final = _final(normal_name(name), aliases)
    return Publisher(name=final, slug=slugs.get(final) or slug(final)) if final else None


def merges(aliases: Mapping[str, str], slugs: Mapping[str, str] = _NONE) -> dict[str, Publisher]:
    """For `Store.merge_publishers`: each name that is not used any more, normalised, and the publisher
    that stands for it. The keys of ``aliases`` and ``slugs`` need not be normalised here."""
    normal = normal_aliases(aliases)
    named = normal_slugs(slugs)
    found = {old: publisher(old, aliases=normal, slugs=named) for old in normal}
    return {old: new for old, new in found.items() if new and new.name != old}


def normal_slugs(slugs: Mapping[str, str]) -> dict[str, str]:
    """``slugs`` as `publisher` and `admit` need them: names normalised."""
    return {normal_name(name): given for name, given in slugs.items()}


def normal_aliases(aliases: Mapping[str, str]) -> dict[str, str]:
    """``aliases`` as `publisher` and `admit` need them: names on both sides normalised."""
    found = {normal_name(old): normal_name(new) for old, new in aliases.items()}
    return {old: new for old, new in found.items() if old and new}


def _final(name: str, aliases: Mapping[str, str]) -> str:
    seen = {name}
    found = name
    while found in aliases:
        found = normal_name(aliases[found])
        if found in seen:
            return name
        seen.add(found)
    return found


def attribution(markup: str) -> str:
    """The name that a text or HTML gives as its source near its end, normalised: ``（文章来源：荆州日报）``,
    ``(来源: …)``, ``Source: …`` on a line of its own; "" if none. The last one counts."""
    tail = text.lines_of(markup[-_TAIL_MARKUP:])[-_TAIL:]
    tail = unicodedata.normalize("NFKC", tail)
    found = ""
    for pattern in (_BRACKETED, _BARE):
        for match in pattern.finditer(tail):
            found = match[1]
        if found:
            break
    label = _NEXT_LABEL.search(found)
    name = normal_name(found[: label.start()] if label else found)
    return "" if "://" in name or len(name) > _MAX_ATTRIBUTED else name


def name_of(entry: Entry, rule: Sequence[str]) -> str:
    """The first name, normalised, that ``rule`` finds: "select" (what a page's selector or an API's path
    gave), "source" (the feed that the entry came from), "author" (the first), "attribution" (in its
    content, or else its summary). "" if none does. Raises KeyError for another word."""
    for kind in rule:
        name = normal_name(_FINDERS[kind](entry))
        if name:
            return name
    return ""


def _attributed(entry: Entry) -> str:
    texts = (construct.value for construct in (entry.content, entry.summary) if construct)
    return next(filter(None, map(attribution, texts)), "")


_FINDERS = {
    "select": lambda entry: entry.publisher or "",
    "source": lambda entry: entry.source.title if entry.source else "",
    "author": lambda entry: entry.authors[0].name if entry.authors else "",
    "attribution": _attributed,
}
