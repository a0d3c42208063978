"""Listings and articles that an API gives as JSON, read by the JMESPath of the configuration.

A field is an expression on the record, or a text with expressions in braces:

    title = "title"
    link = "https://portal.example/share?id={infoCode}"

It is such a template if it holds a "{" and either begins with "http://", "https://" or "/", or is no
JMESPath; so ``{id}`` is a template and ``{title: name}`` JMESPath. Values put into addresses are quoted.
A template without a value for each of its expressions gives nothing. A template of articles that begins
with "file:" names files of the operator: what is put into it must be part of a file's name and no more, so
that no record leads out of the folder that the template names.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.parse import quote as quoted

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions
from jmespath.parser import ParsedResult
from selectolax.lexbor import LexborHTMLParser

from aggregator.errors import NotAFeed, SelectorError, Unparsable
from aggregator.model.document import Document, Drop, Entry, FeedDate, Image, Person, Tag, Text
from aggregator.model.source import Select
from aggregator.parse.bulk import refuse_costly
from aggregator.parse.decode import Decoded, decode
from aggregator.parse.elements import absolute, is_http
from aggregator.parse.listing import Dates, Listing, dates, dropped, other_page
from aggregator.parse.markup import looks_like_markup, plain_words

Record = Mapping[str, Any]

_FORMAT = "api"
_ADDRESS = ("http://", "https://", "/")
_FILE = "file:"
_PART_OF_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9_.-]{0,99}")  # no slash, and nothing with ".." in front
_BRACES = re.compile(r"\{([^{}]*)\}")
_SURROGATE = re.compile("[\ud800-\udfff]")
# callback({...});  var list = {...};  try{callback({...});}catch(e){};
_CALLED = re.compile(
    r"(?:/\*\*/\s*)?(?:try\s*\{\s*)?(?:(?:var|let|const)\s+)?[A-Za-z_$][\w$.]{0,200}\s*[(=]\s*"
)
_CALL_END = re.compile(r"[\s;)}]*(?:catch\s*\(\w*\)\s*\{[^{}]*\}[\s;]*)?")
_TIMESTAMP = re.compile(r"1\d{9}(?:\d{3})?", re.ASCII)  # from 2001 to 2033, in seconds or milliseconds
_MILLISECONDS = 1e11
_YEARS = range(1990, 2101)  # as `dates` has it
_LARGEST = 10**40

# What evaluating an expression on hostile data may raise: functions check their arguments' types, but
# not what is inside of them.
_FAULTS = (JMESPathError, TypeError, ValueError, ArithmeticError, LookupError, AttributeError, RecursionError)


@dataclass(frozen=True, slots=True)
class _Template:
    """``texts`` stand around the ``expressions``: one more than these."""

    texts: tuple[str, ...]
    expressions: tuple[ParsedResult, ...]


def check_expression(text: str, *, template: bool = True) -> None:
    """Raises ValueError with a short reason if ``text`` is neither JMESPath nor, where such is allowed,
    a template of it."""
    compiled = _compiled(text) if template else _expression(text)
    for one in compiled.expressions if isinstance(compiled, _Template) else (compiled,):
        _check_functions(one.parsed)


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
    entries: list[Entry] = []
    drops: list[Drop] = []
    for number, record in enumerate(_records(answer, select.items), 1):
        found = reader.entry(record, number)
        if isinstance(found, Drop):
            drops.append(found)
            continue
        if select.article is not None:
            found = replace(found, article=_article_url(record, select.article, url))
        entries.append(found)
    document = Document(
        format=_FORMAT,
        tier="repaired" if decoded.damaged else "strict",
        encoding=decoded.encoding,
        link=url,
        language=language,
        entries=tuple(entries),
        drops=tuple(drops),
    )
    following = link(answer, next, url) if next else None
    return Listing(document=document, next_url=other_page(following, url))


def article(
    data: bytes, content_type: str | None, expression: str, url: str, remove: Sequence[str] = ()
) -> Text | None:
    """The HTML that ``expression`` finds in an article's JSON, the strings of a list one after the other,
    without the elements that the selectors of ``remove`` match; None if it is blank. ``url`` is the base of
    relative addresses in it.

    Raises `SelectorError` if there is nothing, `NotAFeed` and `Unparsable` as `listing` does.
    """
    found = _searched(expression, _loaded(data, content_type)[1])
    if isinstance(found, (Mapping, bool)) or found is None:
        raise SelectorError(f'nothing at "{expression}"', format=_FORMAT)
    return _html(_without("\n".join(_strings(found)), remove), url, None)


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


def value(data_or_record: object, expression: str) -> Any:
    """What ``expression`` finds in a record, or in the JSON of ``bytes``; None if nothing. Raises
    `SelectorError` for what is no JMESPath, `NotAFeed` and `Unparsable` as `listing` does."""
    record = _loaded(data_or_record, None)[1] if isinstance(data_or_record, bytes) else data_or_record
    return _searched(expression, record)


def link(record: object, template: str, base: str | None) -> str | None:
    """The address that a template or expression gives for a record, absolute; None where it gives none."""
    return absolute(_first(record, template, quote=True), base)


def _article_url(record: object, template: str, base: str) -> str | None:
    """The address of a record's article: a file where the template itself says so, and only then."""
    if template.startswith(_FILE):
        return _first(record, template, quote=True)
    found = link(record, template, base)
    return found if is_http(found) else None


class _Reader:
    """Turns records into entries, by one listing's expressions, base address, language and dates."""

    __slots__ = ("_base", "_dates", "_language", "_select")

    def __init__(self, select: Select, base: str, language: str | None, dates: Dates) -> None:
        self._select, self._base, self._language, self._dates = select, base, language, dates

    def entry(self, record: object, number: int) -> Entry | Drop:
        """The entry of the listing's ``number``-th record, or why there is none."""
        select = self._select
        if not isinstance(record, Mapping):
            return dropped("no-title", number, "no object", _scalar(record))
        guid = _first(record, select.id)
        address = link(record, select.link, self._base) if select.link else None
        title = plain_words(_first(record, select.title))
        if not title:
            return dropped("no-title", number, "no title", guid, address)
        if not (guid or address):
            return dropped("no-id", number, "neither id nor link", title)
        published = self._date(record, select.published)
        if published is None and select.published is not None:
            return dropped("no-date", number, "no readable time", guid, address)
        summary = _first(record, select.summary)
        content = _first(record, select.content)
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
            authors=tuple(Person(name=name) for name in _several(record, select.author)),
            tags=tuple(Tag(term=term) for term in _several(record, select.tags)),
            image=Image(url=image) if image else None,
            publisher=_first(record, select.publisher),
        )

    def _summary(self, text: str) -> Text | None:
        if looks_like_markup(text):
            return _html(text, self._base, self._language)
        return Text(value=text, base=self._base, language=self._language)

    def _date(self, record: Record, field: str | None) -> FeedDate | None:
        if field is None:
            return None
        found = _evaluated(field, record, quote=False)
        if isinstance(found, (int, float)) and not isinstance(found, bool):
            return _since_epoch(found)
        text = _scalar(found)
        if text and _TIMESTAMP.fullmatch(text):
            return _since_epoch(int(text))
        return self._dates.read(text)


def _records(answer: object, path: str) -> list[Any]:
    found = _searched(path, answer)
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


def _several(record: object, field: str | None) -> tuple[str, ...]:
    """The strings that a field gives, each once."""
    return () if field is None else tuple(dict.fromkeys(_strings(_evaluated(field, record, quote=False))))


def _first(record: object, field: str | None, *, quote: bool = False) -> str | None:
    if field is None:
        return None
    return next(_strings(_evaluated(field, record, quote=quote)), None)


def _strings(found: object) -> Iterator[str]:
    for one in found if isinstance(found, list) else (found,):
        if text := _scalar(one):
            yield text


def _scalar(found: object) -> str | None:
    """A string without blanks around it, or a number as one. Half characters, which JSON can write but
    nothing can store, are replaced."""
    if isinstance(found, bool):
        return None
    if isinstance(found, float):
        if not math.isfinite(found):
            return None
        found = int(found) if found.is_integer() else str(found)
    if isinstance(found, int):
        found = str(found) if abs(found) < _LARGEST else ""
    return (_SURROGATE.sub("\ufffd", found).strip() or None) if isinstance(found, str) else None


def _evaluated(field: str, record: object, *, quote: bool) -> Any:
    """What an expression or template gives for a record; None where it cannot be evaluated."""
    try:
        compiled = _compiled(field)
    except ValueError as error:
        raise SelectorError(f"{error}", format=_FORMAT) from None
    if not isinstance(compiled, _Template):
        return _search(compiled, record)
    filled = [compiled.texts[0]]
    for expression, text in zip(compiled.expressions, compiled.texts[1:], strict=True):
        part = next(_strings(_search(expression, record)), None)
        if part is None or (field.startswith(_FILE) and not _PART_OF_NAME.fullmatch(part)):
            return None
        filled += [quoted(part, safe="") if quote else part, text]
    return "".join(filled)


def _searched(path: str, record: object) -> Any:
    """What an expression, no template, gives."""
    try:
        return _search(_expression(path), record)
    except ValueError as error:
        raise SelectorError(f"{error}", format=_FORMAT) from None


def _search(expression: ParsedResult, record: object) -> Any:
    try:
        return expression.search(record)
    except _FAULTS:
        return None


@lru_cache(maxsize=1024)
def _compiled(field: str) -> _Template | ParsedResult:
    if "{" not in field:
        return _expression(field)
    if not field.startswith(_ADDRESS):
        try:
            return _expression(field)
        except ValueError:
            pass
    parts = _BRACES.split(field)
    texts = tuple(parts[::2])
    if any("{" in text or "}" in text for text in texts):
        raise ValueError(f'braces that do not match: "{field}"')
    return _Template(texts, tuple(_expression(one) for one in parts[1::2]))


@lru_cache(maxsize=1024)
def _expression(text: str) -> ParsedResult:
    try:
        return jmespath.compile(text)
    except (JMESPathError, LookupError, RecursionError):
        raise ValueError(f'no JMESPath: "{text}"') from None


def _check_functions(node: Any) -> None:
    if node["type"] == "function_expression" and node["value"] not in Functions.FUNCTION_TABLE:
        raise ValueError(f"JMESPath has no function {node['value']}()")
    for child in node["children"]:
        if isinstance(child, dict):
            _check_functions(child)


def _loaded(data: bytes, content_type: str | None) -> tuple[Decoded, Any]:
    """The answer's JSON, also where a script is made of it."""
    decoded = decode(data, content_type, kind="json")
    text = decoded.text.strip(" \t\r\n\0\ufeff")
    if not text:
        raise NotAFeed("not JSON but empty", format=_FORMAT)
    call = _CALLED.match(text)
    start = call.end() if call else 0
    try:
        found, end = json.JSONDecoder(strict=False).raw_decode(text, start)
    except json.JSONDecodeError as error:
        if text.startswith("<"):
            raise NotAFeed("not JSON but a page", format=_FORMAT) from None
        raise NotAFeed(f"no JSON: {error.msg}", format=_FORMAT, offset=error.pos) from None
    except RecursionError:
        raise Unparsable("JSON nested too deeply", format=_FORMAT) from None
    except ValueError:
        raise Unparsable("JSON with a number of thousands of digits", format=_FORMAT) from None
    if not (_CALL_END.fullmatch(text, end) if call else end == len(text)):
        raise NotAFeed("no JSON: something follows its end", format=_FORMAT, offset=end)
    return decoded, found
