"""List and article pages, read by the CSS selectors of the configuration.

A page promises nothing. So what is found is taken as it stands, one bad record never costs the others,
and a list that is there but empty is told apart from a list that is gone, which somebody must look at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import lru_cache

from selectolax.lexbor import LexborHTMLParser, LexborNode, SelectolaxError

from aggregator.errors import NotAFeed, SelectorError, Unparsable
from aggregator.model.document import Drop, Entry, Image, Person, Tag, Text
from aggregator.model.source import Select
from aggregator.parse.bulk import refuse_costly
from aggregator.parse.decode import Decoded, decode
from aggregator.parse.elements import absolute
from aggregator.parse.listing import Dates, Listing, dates, dropped, listed

_FORMAT = "page"
_ATTRIBUTE = re.compile(r"(.*)@([^@\s\"'()\[\]]*)", re.DOTALL)
_ATTRIBUTE_NAME = re.compile(r"[A-Za-z_:][-\w:.]*")
_NO_EVIDENCE = frozenset(["html", "body", "*", ":root"])  # every page has them
_COMBINATORS = " \t\n>+~"
_NOWHERE = ("#", "javascript:")

_HIDDEN = frozenset(["script", "style"])
_INLINE = frozenset(
    "a abbr acronym b bdi bdo big cite code data del dfn em font i img ins kbd mark nobr q rp rt "  # noqa: SIM905
    "ruby s samp small span strike strong sub sup time tt u var wbr -text".split()
)


def check_selector(text: str, *, element: bool = False) -> None:
    """Raises ValueError with a short reason if ``text`` is no usable ``selector@attribute``.

    "" and "@attribute" mean the item itself. ``element``: whole elements are wanted (items, an article's
    text, what is to be removed), so that neither may stand.
    """
    selector, attribute = _split(text)
    if element and (attribute is not None or not selector):
        raise ValueError("a selector of elements is needed, without @attribute")
    if selector:
        try:
            LexborHTMLParser("").css(selector)
        except SelectolaxError:
            raise ValueError(f'no CSS selector: "{selector}"') from None


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
    """The records of a list page, in its order, as entries.

    ``url`` is the page's address, ``now`` (aware) the moment it was read, ``timezone`` an IANA name,
    ``language`` that of pages which name none, ``next`` a selector for the following page's address.
    Raises `SelectorError` if the list is gone, `NotAFeed` for an empty answer and `Unparsable` for a
    page that is too large or too deeply nested to be read in time. A list without records is no error.
    """
    decoded, tree = parsed(data, content_type)
    root = root_of(tree)
    base = base_of(root, url)
    language = (root.attributes.get("lang") or "").strip() or language
    reader = _Reader(select, base, language, dates(now, timezone, language))
    title = _found(root, "head > title")
    return listed(
        _FORMAT,
        decoded,
        (reader.entry(item, number) for number, item in enumerate(_items(root, select.items), 1)),
        url=url,
        language=language,
        title=Text(value=title, base=base, language=language) if title else None,
        following=absolute(_found(root, next, preferred="href"), base) if next else None,
    )


def article(
    data: bytes, content_type: str | None, url: str, content: str, remove: Sequence[str] = ()
) -> Text | None:
    """The inner HTML of the first element that ``content`` matches, without the elements in it that the
    selectors of ``remove`` match; None if nothing is left. Relative addresses in it stay so.

    Raises `SelectorError` if nothing matches, `NotAFeed` and `Unparsable` as `listing` does.
    """
    root = root_of(parsed(data, content_type)[1])
    base = base_of(root, url)
    found = next(iter(_css(root, content)), None)
    if found is None:
        raise SelectorError(f'nothing matches "{content}"', format=_FORMAT)
    for selector in remove:
        remove_from(found, selector)
    value = (found.inner_html or "").strip()
    return Text(value=value, type="html", base=base) if value else None


class _Reader:
    """Turns items into entries, by one page's selectors, base address, language and dates."""

    __slots__ = ("_base", "_dates", "_language", "_select")

    def __init__(self, select: Select, base: str, language: str | None, dates: Dates) -> None:
        self._select, self._base, self._language, self._dates = select, base, language, dates

    def entry(self, item: LexborNode, number: int) -> Entry | Drop:
        """The entry of the item that is the ``number``-th of its page, or why there is none."""
        select = self._select
        guid = _found(item, select.id)
        if select.link is None:
            link = self._own_link(item)
        else:
            link = absolute(_found(item, select.link, preferred="href"), self._base)
        title = _found(item, select.title) or self._words_of(item, link)
        if not title:
            if not (link or guid):
                return dropped("empty", number, "neither title nor link nor id")
            return dropped("no-title", number, "no title", guid, link)
        author = _found(item, select.author)
        image = absolute(_found(item, select.image, preferred="src"), self._base)
        return Entry(
            guid=guid,
            guid_is_permalink=None if guid is None else False,
            link=link,
            title=self._text(title),
            summary=self._text(_found(item, select.summary)),
            content=self._content(item),
            published=self._dates.read(_found(item, select.published)),
            updated=self._dates.read(_found(item, select.updated)),
            authors=(Person(name=author),) if author else (),
            tags=tuple(Tag(term=term) for term in dict.fromkeys(_all(item, select.tags))),
            image=Image(url=image) if image else None,
            publisher=_found(item, select.publisher),
        )

    def _own_link(self, item: LexborNode) -> str | None:
        """Where the link leads that an item is or, first of all, holds."""
        for node in _links(item):
            href = (node.attributes.get("href") or "").strip()
            if href and not href.lower().startswith(_NOWHERE):
                return absolute(href, self._base)
        return None

    def _words_of(self, item: LexborNode, link: str | None) -> str | None:
        """The words of the first link to ``link`` that has any: often a picture links there before."""
        for node in _links(item) if link else ():
            if absolute(node.attributes.get("href"), self._base) == link and (text := words(node)):
                return text
        return None

    def _content(self, item: LexborNode) -> Text | None:
        if self._select.content is None:
            return None
        selector, attribute = _split_or_fail(self._select.content)
        node = item if not selector else next(iter(_css(item, selector)), None)
        if node is None:
            return None
        value = node.inner_html if attribute is None else node.attributes.get(attribute)
        value = (value or "").strip()
        return Text(value=value, type="html", base=self._base, language=self._language) if value else None

    def _text(self, value: str | None) -> Text | None:
        return Text(value=value, base=self._base, language=self._language) if value else None


def words(node: LexborNode) -> str:
    """What a reader sees of ``node`` as one line: no scripts and styles, white space folded, and a gap
    where a line break or the border of a block is."""
    parts: list[str] = []
    last = None
    for one in node.traverse(include_text=True):
        if one.tag == "br":
            parts.append(" ")
        if one.tag != "-text" or one.parent is None or one.parent.tag in _HIDDEN:
            continue
        block = one
        while block.tag in _INLINE and block.parent is not None:
            block = block.parent
        if last is not None and block.mem_id != last:
            parts.append(" ")
        last = block.mem_id
        parts.append(one.text_content or "")
    return " ".join("".join(parts).split())


def _links(item: LexborNode) -> list[LexborNode]:
    return [item] if item.tag == "a" else item.css("a[href]")


def _all(item: LexborNode, field: str | None, *, preferred: str = "") -> Iterator[str]:
    """The values of a field, blank ones left out. Without an attribute it is the ``preferred`` one of
    an element that has it, or else the element's words."""
    if field is None:
        return
    selector, attribute = _split_or_fail(field)
    for node in _css(item, selector) if selector else [item]:
        value = node.attributes.get(attribute or preferred) if attribute or preferred else None
        if attribute is None and value is None:
            value = words(node)
        if value and (value := " ".join(value.split())):
            yield value


def _found(item: LexborNode, field: str | None, *, preferred: str = "") -> str | None:
    return next(_all(item, field, preferred=preferred), None)


def _items(root: LexborNode, selector: str) -> list[LexborNode]:
    found = _css(root, selector)
    if not found and not any(_css(root, container) for container in containers(selector)):
        raise SelectorError(f'nothing matches "{selector}"', format=_FORMAT)
    return found


@lru_cache(maxsize=256)
def containers(selector: str) -> tuple[str, ...]:
    """What holds the elements that ``selector`` matches: each of its alternatives up to the last
    combinator, "ul.news" for "ul.news > li". Those that every page has are left out."""
    found: list[str] = []
    start, cut, level, quote = 0, -1, 0, ""
    for at, char in enumerate(f"{selector},"):
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'":
            quote = char
        elif char in "([":
            level += 1
        elif char in ")]":
            level -= 1
        elif level == 0 and char == ",":
            found.append(selector[start:cut] if cut >= 0 else "")
            start, cut = at + 1, -1
        elif level == 0 and char in _COMBINATORS and selector[start:at].strip():
            follows = selector[at:].lstrip(_COMBINATORS)
            cut = cut if follows.startswith(",") or not follows else at
    trimmed = (one.strip(_COMBINATORS) for one in found)
    return tuple(one for one in trimmed if one and one.lower() not in _NO_EVIDENCE)


def _css(node: LexborNode, selector: str) -> list[LexborNode]:
    try:
        return node.css(selector)
    except SelectolaxError:
        raise SelectorError(f'no CSS selector: "{selector}"', format=_FORMAT) from None


def remove_from(node: LexborNode, selector: str) -> None:
    """Takes the elements that match out of ``node``, never ``node`` itself. Raises `SelectorError`."""
    matches = {one.mem_id: one for one in _css(node, selector) if one.mem_id != node.mem_id}
    outermost = []
    for one in matches.values():
        above = one.parent
        while above is not None and above.mem_id != node.mem_id and above.mem_id not in matches:
            above = above.parent
        if above is None or above.mem_id == node.mem_id:
            outermost.append(one)  # the others go with these, and are not to be touched after
    for one in outermost:
        one.decompose()


@lru_cache(maxsize=1024)
def _split(field: str) -> tuple[str, str | None]:
    """Selector and attribute of ``selector@attribute``. Raises ValueError where the name is none."""
    match = _ATTRIBUTE.fullmatch(field)
    if match is None:
        return field.strip(), None
    if not match[2]:
        raise ValueError('no attribute name after "@"')
    if not _ATTRIBUTE_NAME.fullmatch(match[2]):
        raise ValueError(f'no attribute name: "{match[2]}"')
    return match[1].strip(), match[2].lower()


def _split_or_fail(field: str) -> tuple[str, str | None]:
    try:
        return _split(field)
    except ValueError as error:
        raise SelectorError(f"{error}", format=_FORMAT) from None


def parsed(data: bytes, content_type: str | None) -> tuple[Decoded, LexborHTMLParser]:
    """A page's text and tree. Raises `NotAFeed` for an empty one, `Unparsable` for one that would take
    too long."""
    decoded = decode(data, content_type, kind="html")
    if not decoded.text.strip(" \t\r\n\0"):
        raise NotAFeed("not a page but empty", format=_FORMAT)
    refuse_costly(decoded.text)
    try:
        return decoded, LexborHTMLParser(decoded.text)
    except SelectolaxError as error:
        raise Unparsable(f"no HTML: {error}", format=_FORMAT) from None


def root_of(tree: LexborHTMLParser) -> LexborNode:
    """Raises `NotAFeed` where there is none."""
    if tree.root is None:
        raise NotAFeed("not a page", format=_FORMAT)
    return tree.root


def base_of(root: LexborNode, url: str) -> str:
    """What relative addresses on the page at ``url`` are relative to."""
    href = _found(root, "base@href")
    return absolute(href, url) or url
