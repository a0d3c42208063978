"""Listings and articles that an API gives as JSON; `expressions` finds the fields in it."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from selectolax.lexbor import LexborHTMLParser

from aggregator.errors import NotAFeed, SelectorError, Unparsable
from aggregator.model.document import Drop, Entry, FeedDate, Image, Person, Tag, Text
from aggregator.model.source import Select
from aggregator.parse.bulk import refuse_costly
from aggregator.parse.decode import Decoded, decode
from aggregator.parse.expressions import (
    article_url,
    evaluated,
    first,
    link,
    scalar,
    searched,
    several,
    strings,
)
from aggregator.parse.listing import Dates, Listing, dates, dropped, listed
from aggregator.parse.markup import looks_like_markup, plain_words
from aggregator.parse.numbers import json_whole

Record = Mapping[str, Any]

_FORMAT = "api"
# callback({...});  var list = {...};  try{callback({...});}catch(e){};
_CALLED = re.compile(
    r"(?:/\*\*/\s*)?(?:try\s*\{\s*)?(?:(?:var|let|const)\s+)?[A-Za-z_$][\w$.]{0,200}\s*[(=]\s*"
)
_CALL_END = re.compile(r"[\s;)}]*(?:catch\s*\(\w*\)\s*\{[^{}]*\}[\s;]*)?")
_TIMESTAMP = re.compile(r"1\d{9}(?:\d{3})?", re.ASCII)  # from 2001 to 2033, in seconds or milliseconds
_MILLISECONDS = 1e11
_YEARS = range(1990, 2101)  # as `dates` has it


def listing(
    data: bytes,
    content_type: str | None,
    url: str,
    select: Select,
    *,
    now: datetime,
    timezone: str | None = None,
    language: str | None = None,
    next: str | None = None,
) -> Listing:
    """The records of a JSON listing, in its order, as entries.

    ``url`` is the listing's address, ``now`` (aware) the moment it was read, ``timezone`` an IANA name,
    ``language`` that of the records, ``next`` an expression on the whole answer that gives the following
    page's address.

    A record without a title, without id and link, or without a readable time where ``published`` is
    selected, is a drop. Raises `SelectorError` if the list is gone, `NotAFeed` if the answer is no JSON
    and `Unparsable` if it cannot be read whole. An empty list is no error.
    """
    decoded, answer = _loaded(data, content_type)
    reader = _Reader(select, url, language, dates(now, timezone, language))
    return listed(
        _FORMAT,
        decoded,
        (reader.entry(record, number) for number, record in enumerate(_records(answer, select.items), 1)),
        url=url,
        language=language,
        following=link(answer, next, url) if next else None,
    )


def article(
    data: bytes, content_type: str | None, expression: str, url: str, remove: Sequence[str] = ()
) -> Text | None:
    """The HTML that ``expression`` finds in an article's JSON, the strings of a list one after the other,
    without the elements that the selectors of ``remove`` match; None if it is blank. ``url`` is the base of
    relative addresses in it.

    Raises `SelectorError` if there is nothing, `NotAFeed` and `Unparsable` as `listing` does.
    """
    found = searched(expression, _loaded(data, content_type)[1])
    if isinstance(found, (Mapping, bool)) or found is None:
        raise SelectorError(f'nothing at "{expression}"', format=_FORMAT)
    return _html(_without("\n".join(strings(found)), remove), url, None)


def _without(html: str, remove: Sequence[str]) -> str:
    if not remove:
        return html
    refuse_costly(html)
    tree = LexborHTMLParser(html, is_fragment=True)
    for selector in remove:
        # From the last to the first: what is within another goes before it, not after it is freed.
        for node in reversed(tree.css(selector)):
            node.decompose()
    return tree.html or ""


class _Reader:
    """Turns records into entries, by one listing's expressions, base address, language and dates."""

    __slots__ = ("_base", "_dates", "_language", "_select")

    def __init__(self, select: Select, base: str, language: str | None, dates: Dates) -> None:
        self._select, self._base, self._language, self._dates = select, base, language, dates

    def entry(self, record: object, number: int) -> Entry | Drop:
        """The entry of the listing's ``number``-th record, or why there is none."""
        select = self._select
        if not isinstance(record, Mapping):
            return dropped("no-title", number, "no object", scalar(record))
        guid = first(record, select.id)
        address = link(record, select.link, self._base) if select.link else None
        title = plain_words(first(record, select.title))
        if not title:
            return dropped("no-title", number, "no title", guid, address)
        if not (guid or address):
            return dropped("no-id", number, "neither id nor link", title)
        published = self._date(record, select.published)
        if published is None and select.published is not None:
            return dropped("no-date", number, "no readable time", guid, address)
        summary = first(record, select.summary)
        content = first(record, select.content)
        image = link(record, select.image, self._base) if select.image else None
        return Entry(
            guid=guid,
            guid_is_permalink=None if guid is None else False,
            link=address,
            title=Text(value=title, base=self._base, language=self._language),
            summary=self._summary(summary) if summary else None,
            content=_html(content, self._base, self._language) if content else None,
            published=published,
            updated=self._date(record, select.updated),
            authors=tuple(Person(name=name) for name in several(record, select.author)),
            tags=tuple(Tag(term=term) for term in several(record, select.tags)),
            image=Image(url=image) if image else None,
            publisher=first(record, select.publisher),
            article=article_url(record, select.article, self._base) if select.article else None,
        )

    def _summary(self, text: str) -> Text | None:
        if looks_like_markup(text):
            return _html(text, self._base, self._language)
        return Text(value=text, base=self._base, language=self._language)

    def _date(self, record: Record, field: str | None) -> FeedDate | None:
        if field is None:
            return None
        found = evaluated(field, record, quote=False)
        if isinstance(found, (int, float)) and not isinstance(found, bool):
            return _since_epoch(found)
        text = scalar(found)
        if text and _TIMESTAMP.fullmatch(text):
            return _since_epoch(int(text))
        return self._dates.read(text)


def _records(answer: object, path: str) -> list[Any]:
    found = searched(path, answer)
    if isinstance(found, Mapping):
        return [found]
    if not isinstance(found, list):
        what = "nothing" if found is None else "no list"
        raise SelectorError(f'{what} at "{path}"', format=_FORMAT)
    return found


def _html(value: str, base: str, language: str | None) -> Text | None:
    value = value.strip()
    return Text(value=value, type="html", base=base, language=language) if value else None


def _since_epoch(number: float) -> FeedDate | None:
    """The moment that many seconds, or milliseconds, after the start of 1970; None if it is no real one."""
    try:
        seconds = number / 1000 if number > _MILLISECONDS else number
        at = datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return FeedDate(at=at) if at.year in _YEARS else None


def _loaded(data: bytes, content_type: str | None) -> tuple[Decoded, Any]:
    """The answer's JSON, also where a script is made of it."""
    decoded = decode(data, content_type, kind="json")
    text = decoded.text.strip(" \t\r\n\0\ufeff")
    if not text:
        raise NotAFeed("not JSON but empty", format=_FORMAT)
    call = _CALLED.match(text)
    start = call.end() if call else 0
    try:
        found, end = json.JSONDecoder(strict=False, parse_int=json_whole).raw_decode(text, start)
    except json.JSONDecodeError as error:
        if text.startswith("<"):
            raise NotAFeed("not JSON but a page", format=_FORMAT) from None
        raise NotAFeed(f"no JSON: {error.msg}", format=_FORMAT, offset=error.pos) from None
    except RecursionError:
        raise Unparsable("JSON nested too deeply", format=_FORMAT) from None
    if not (_CALL_END.fullmatch(text, end) if call else end == len(text)):
        raise NotAFeed("no JSON: something follows its end", format=_FORMAT, offset=end)
    return decoded, found
