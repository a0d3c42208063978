"""RSS from 0.90 to 2.0, plain and as RDF.

Versions differ in where items stand and in what is optional, and documents follow neither: one table
of names reads them all, wherever the items are.
"""

from __future__ import annotations

from aggregator.errors import NotAFeed
from aggregator.model.document import Document, Drop, Entry, EntrySource
from aggregator.parse.atom import ENTRY as ATOM_ENTRY
from aggregator.parse.atom import FEED as ATOM_FEED
from aggregator.parse.draft import LAST, MODULE, NATIVE, STAND_IN, TERMS, Draft, date_languages, empty
from aggregator.parse.elements import (
    Element,
    Names,
    Scope,
    absolute,
    attribute,
    best,
    is_http,
    names_for,
    offer,
    outer_scope,
    own_text,
    split_tag,
)
from aggregator.parse.extensions import Handler, author, date, label, long_text, read_children, word
from aggregator.parse.markup import plain_words
from aggregator.parse.numbers import whole

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _guid(draft: Draft, element: Element, scope: Scope) -> None:
    guid = own_text(element)
    if guid is None or ("guid" in draft.words and draft.words["guid"][0] == NATIVE):
        return
    offer(draft.words, "guid", NATIVE, guid)
    draft.guid_is_permalink = (attribute(element, "ispermalink") or "true").lower() != "false"
    if draft.guid_is_permalink and is_http(guid):
        offer(draft.words, "link", STAND_IN, guid)


def _link(draft: Draft, element: Element, scope: Scope) -> None:
    href = own_text(element) or attribute(element, "href")
    if len(element.attrib) and (attribute(element, "rel") or "alternate").lower() != "alternate":
        ATOM_ENTRY["atom:link"](draft, element, scope)  # Atom's link without its namespace
        return
    offer(draft.words, "link", NATIVE, absolute(href, scope.within(element).base))


def _category(draft: Draft, element: Element, scope: Scope) -> None:
    draft.tag(plain_words(own_text(element)) or attribute(element, "term"), attribute(element, "domain"))


def _enclosure(draft: Draft, element: Element, scope: Scope) -> None:
    url = attribute(element, "url") or attribute(element, "href") or own_text(element)
    draft.enclosure(
        absolute(url, scope.within(element).base),
        attribute(element, "type"),
        whole(attribute(element, "length")),
    )


def _source(draft: Draft, element: Element, scope: Scope) -> None:
    url = absolute(attribute(element, "url"), scope.within(element).base) or ""
    title = plain_words(own_text(element)) or ""
    if draft.source is None and (url or title):
        draft.source = EntrySource(title=title, url=url)


def _comments(draft: Draft, element: Element, scope: Scope) -> None:
    offer(draft.words, "comments", NATIVE, absolute(own_text(element), scope.within(element).base))


def _image(draft: Draft, element: Element, scope: Scope) -> None:
    """A picture: with children, as an address, or RSS 1.0's reference to one that follows."""
    scope = scope.within(element)
    if not len(element):
        href = own_text(element) or attribute(element, "href") or attribute(element, "url")
        if href is None:
            draft.image(MODULE, absolute(attribute(element, "resource"), scope.base))
        else:
            draft.image(TERMS, absolute(href, scope.base))
        return
    parts: dict[str, str] = {}
    for child in element:
        text = own_text(child)
        if text is not None:
            parts.setdefault(draft.names[child.tag].partition(":")[2], text)
    draft.image(
        NATIVE,
        absolute(parts.get("url"), scope.base),
        title=plain_words(parts.get("title")) or "",
        link=absolute(parts.get("link"), scope.base) or "",
    )


def _ttl(draft: Draft, element: Element, scope: Scope) -> None:
    minutes = whole(own_text(element))
    if minutes:
        draft.ttl_s = minutes * 60.0


def _skip_hours(draft: Draft, element: Element, scope: Scope) -> None:
    for child in element:
        hour = whole(child.text)
        if hour is not None and hour <= 24:
            draft.skip_hours.add(hour % 24)


def _skip_days(draft: Draft, element: Element, scope: Scope) -> None:
    for child in element:
        day = (child.text or "").strip().lower()[:3]
        if day in _DAYS:
            draft.skip_days.add(_DAYS.index(day))


# In both items and channels.
_COMMON: dict[str, Handler] = {
    "rss:title": label("title", NATIVE),
    "rss:link": _link,
    "rss:pubdate": date("published", NATIVE),
    "rss:published": date("published", LAST),
    "rss:date": date("published", LAST),
    "rss:updated": date("updated", LAST),
    "rss:category": _category,
    "rss:language": word("language", NATIVE),
    "rss:copyright": word("rights", NATIVE),
    "rss:rights": word("rights", LAST),
    "rss:image": _image,
}
ITEM: dict[str, Handler] = {
    **ATOM_ENTRY,
    **_COMMON,
    "rss:guid": _guid,
    "rss:description": long_text("summary", NATIVE),
    "rss:fullitem": long_text("content", TERMS),
    "rss:body": long_text("content", TERMS),
    "rss:content": long_text("content", STAND_IN),
    "rss:full-text": long_text("content", STAND_IN),
    "rss:author": author(NATIVE + 1),  # of one rank with dc:creator and atom:author: all are authors
    "rss:enclosure": _enclosure,
    "rss:source": _source,
    "rss:comments": _comments,
}
CHANNEL: dict[str, Handler] = {
    **ATOM_FEED,
    **_COMMON,
    "rss:description": label("summary", NATIVE),
    "rss:lastbuilddate": date("updated", NATIVE),
    "rss:managingeditor": author(NATIVE + 1),
    "rss:author": author(NATIVE + 1),
    "rss:webmaster": author(LAST),
    "rss:generator": word("generator", NATIVE),
    "rss:ttl": _ttl,
    "rss:skiphours": _skip_hours,
    "rss:skipdays": _skip_days,
}
_STRUCTURE = frozenset({"rss", "rdf", "channel", "item"})
# "content" is left out: a document whose default namespace is Media RSS means media:content by it.
_VOCABULARY = (
    _STRUCTURE
    | {name[4:] for name in (*ITEM, *CHANNEL) if name.startswith("rss:")}
    | {"url", "width", "height"}
) - {"content"}


def read(root: Element, url: str | None) -> Document:
    """An RSS document: ``rss``, ``rdf:RDF``, or a channel or item without either.

    ``url`` is the address the document came from. Raises NotAFeed if the root is none of these.
    """
    names = names_for(root, "rss", _STRUCTURE, _VOCABULARY)
    name = names[root.tag]
    if name not in ("rss:rss", "rdf:rdf", "rss:rdf", "rss:channel", "rss:item"):
        raise NotAFeed(f"the root element is {root.tag}, no RSS feed", format="rss")
    channels = [root] if name == "rss:channel" else [one for one in root if names[one.tag] == "rss:channel"]
    channel = channels[0] if channels else root
    outer = outer_scope(url, None if is_http(url) else _site_link(channel, names))
    scope = outer.at(channel)
    feed = Draft(names, date_languages(scope.language))
    for one in channels:
        _about(feed, one, None)
        read_children(feed, one, outer.at(one), CHANNEL)
    if name not in ("rss:channel", "rss:item"):
        read_children(feed, root, outer.within(root), CHANNEL)  # what RDF, or confusion, puts beside it
    feed.date_languages = date_languages(best(feed.words, "language") or scope.language)
    entries, drops = _items(root, channel, outer, feed)
    return feed.document(_format(root, names), scope, entries, drops)


def _items(
    root: Element, channel: Element, outer: Scope, feed: Draft
) -> tuple[tuple[Entry, ...], tuple[Drop, ...]]:
    """Every item, wherever it stands: beside the channel, inside it, even inside another item."""
    entries: list[Entry] = []
    drops: list[Drop] = []
    names, scope = feed.names, outer.at(channel)
    elements = [one for one in root.iter("{*}item", "{*}Item", "{*}ITEM") if names[one.tag] == "rss:item"]
    for number, element in enumerate(elements, 1):
        draft = Draft(names, feed.date_languages)
        here = scope.within(element) if element.getparent() is channel else outer.at(element)
        read_children(draft, element, here, ITEM)
        _about(draft, element, here)
        entry = draft.entry(here)
        if entry is None:
            drops.append(empty("item", number))
        else:
            entries.append(entry)
    return tuple(entries), tuple(drops)


def _about(draft: Draft, element: Element, scope: Scope | None) -> None:
    """RSS 1.0's ``rdf:about``: the identity and, of an item that has no link, the link."""
    if not element.attrib:
        return
    about = attribute(element, "about")
    if about is not None:
        offer(draft.words, "guid", TERMS, about)
        if scope is not None and is_http(about):
            offer(draft.words, "link", LAST, about)


def _site_link(channel: Element, names: Names) -> str | None:
    """The channel's link, to resolve others against when the document's address is of no use."""
    for child in channel:
        if names[child.tag] == "rss:link":
            return own_text(child) or attribute(child, "href")
    return None


def _format(root: Element, names: Names) -> str:
    if names[root.tag].endswith(":rdf"):
        spaces = [split_tag(one.tag)[0] for one in root if isinstance(one.tag, str)]
        return "rss0.90" if any("netscape.com/rdf" in uri for uri in spaces) else "rss1.0"
    version = attribute(root, "version") or ""
    if version in ("0.90", "0.9"):
        return "rss0.90"
    if version.startswith("0.91"):
        return "rss0.91"
    if version.startswith("0.9"):
        return "rss0.92"  # and its drafts 0.93 and 0.94
    return "rss1.0" if version.startswith("1.") else "rss2.0"
