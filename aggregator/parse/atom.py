"""Atom: RFC 4287 and its predecessor 0.3, in whatever namespace a document thinks it is.

The handlers here also read Atom elements inside RSS.
"""

from __future__ import annotations

import base64
import binascii

from aggregator.errors import NotAFeed
from aggregator.model.document import Document, Drop, Entry, EntrySource, Text
from aggregator.parse.draft import ATOM, ATOM_OLD, LAST, TERMS, Draft, date_languages, empty
from aggregator.parse.elements import (
    Element,
    Names,
    Scope,
    absolute,
    attribute,
    attributes,
    best,
    is_http,
    names_for,
    offer,
    outer_scope,
    own_text,
    split_tag,
)
from aggregator.parse.extensions import MODULES, Handler, address, author, date, read_children
from aggregator.parse.markup import html_of, inner, looks_like_markup, plain, plain_of
from aggregator.parse.media import is_media
from aggregator.parse.numbers import whole
from aggregator.parse.people import person_element

_RELATIONS = "http://www.iana.org/assignments/relation/"
_FEED_TYPES = ("rss+xml", "atom+xml", "rdf+xml", "feed+json", "application/json", "opensearch")


def construct(element: Element, scope: Scope, names: Names) -> Text | None:
    """A text construct or ``content`` (RFC 4287 sections 3.1 and 4.1.3; Atom 0.3's type and mode).
    None where it is empty, or media that is no text."""
    said = attributes(element)
    kind = said.get("type", "").lower().partition(";")[0].strip()
    mode = said.get("mode", "").lower()
    if mode == "base64":
        return _decoded(element, scope, kind)
    if kind in ("html", "text/html") and mode != "xml":
        return html_of(element, scope, names)
    if mode == "escaped":
        text = plain_of(element, scope)
        if text is not None and ("html" in kind or (not kind and looks_like_markup(text.value))):
            return Text(value=text.value, type="html", base=text.base, language=text.language)
        return text
    if "xhtml" in kind or (len(element) and kind in ("", "html", "text/html")):
        return _xhtml(element, scope, names)
    if kind.endswith(("+xml", "/xml")) and len(element):
        return inner(element, scope, names)
    if kind in ("", "text") or kind.startswith("text/") or kind.endswith(("+xml", "/xml")):
        return plain_of(element, scope)
    if "/" in kind:
        return _decoded(element, scope, kind)
    return plain_of(element, scope)


def _xhtml(element: Element, scope: Scope, names: Names) -> Text | None:
    """The children of the div that stands alone in ``element``; where none does, of ``element``."""
    if not len(element):
        # Escaped although it says otherwise.
        return html_of(element, scope, names)
    first = element[0]
    alone = len(element) == 1 and not (element.text or "").strip() and not (first.tail or "").strip()
    if alone and names[first.tag].partition(":")[2] == "div":
        return inner(first, scope.within(element), names)
    return inner(element, scope, names)


def _decoded(element: Element, scope: Scope, kind: str) -> Text | None:
    """Base64 content, if it turns out to be text in UTF-8."""
    if kind and not (kind.startswith("text/") or kind in ("text", "html", "xhtml", "application/xhtml+xml")):
        return None
    try:
        value = base64.b64decode("".join((own_text(element) or "").split()), validate=True).decode()
    except (binascii.Error, ValueError):
        return None
    if not (value := value.strip()):
        return None
    scope = scope.within(element)
    is_html = "html" in kind or (not kind and looks_like_markup(value))
    return Text(value=value, type="html" if is_html else "text", base=scope.base, language=scope.language)


def _text(field: str, rank: int) -> Handler:
    def read(draft: Draft, element: Element, scope: Scope) -> None:
        offer(draft.texts, field, rank, construct(element, scope, draft.names))

    return read


def _words(field: str, rank: int) -> Handler:
    """A text construct of which only the words are kept."""

    def read(draft: Draft, element: Element, scope: Scope) -> None:
        offer(draft.words, field, rank, plain(construct(element, scope, draft.names)))

    return read


def _id(draft: Draft, element: Element, scope: Scope) -> None:
    offer(draft.words, "guid", ATOM, own_text(element))


def link(draft: Draft, element: Element, scope: Scope) -> None:
    """``atom:link`` (RFC 4287 section 4.2.7): the alternate, an enclosure, the comments or another."""
    said = attributes(element)
    href = absolute(said.get("href") or own_text(element), scope.within(element).base)
    if href is None:
        return
    rel = said.get("rel", "alternate").lower().removeprefix(_RELATIONS)
    media_type, title = said.get("type", ""), said.get("title", "")
    if rel == "enclosure":
        draft.enclosure(href, media_type, whole(said.get("length")), title=title)
        return
    if rel == "replies" and media_type.startswith("text/html") and "comments" not in draft.words:
        offer(draft.words, "comments", ATOM, href)
        return
    if rel == "alternate" and not any(kind in media_type for kind in _FEED_TYPES):
        offer(draft.words, "link", ATOM if not media_type or "html" in media_type else TERMS, href)
    draft.link(rel, href, media_type, title, said.get("hreflang", ""))


def _category(draft: Draft, element: Element, scope: Scope) -> None:
    said = attributes(element)
    draft.tag(said.get("term") or own_text(element), said.get("scheme"), said.get("label"))


def _contributor(draft: Draft, element: Element, scope: Scope) -> None:
    found = person_element(element, scope, draft.names)
    if found is not None:
        draft.contributors.append((ATOM, found))


def _content(draft: Draft, element: Element, scope: Scope) -> None:
    src = absolute(attribute(element, "src"), scope.within(element).base)
    media_type = attribute(element, "type") or ""
    if media_type.startswith("multipart/"):  # Atom 0.3: the same in several forms
        read_children(draft, element, scope.within(element), {"atom:content": _content})
        return
    if src is None:
        text = construct(element, scope, draft.names)
        rank = ATOM if text is None or text.type != "text" else ATOM_OLD
        offer(draft.texts, "content", rank, text)
        return
    draft.link("content", src, media_type)
    if is_media(media_type):
        draft.enclosure(src, media_type)
    elif not media_type or "html" in media_type:
        offer(draft.words, "link", LAST, src)


def _generator(draft: Draft, element: Element, scope: Scope) -> None:
    name = own_text(element) or attribute(element, "uri") or attribute(element, "url")
    version = attribute(element, "version")
    if name is not None:
        offer(draft.words, "generator", ATOM, f"{name} {version}" if version else name)


def _logo(draft: Draft, element: Element, scope: Scope) -> None:
    draft.image(ATOM, absolute(own_text(element), scope.within(element).base))


def _source(draft: Draft, element: Element, scope: Scope) -> None:
    """``atom:source``: where the entry was copied from; its authors are the entry's if it has none."""
    found = Draft(draft.names)
    read_children(found, element, scope.within(element), FEED)
    url = next((one.href for one in found.links if one.rel == "self"), "")
    source = EntrySource(
        title=plain(best(found.texts, "title")) or "",
        url=url,
        link=best(found.words, "link") or "",
        id=best(found.words, "guid") or "",
    )
    if draft.source is None and source != EntrySource():
        draft.source = source
    draft.authors.extend((LAST, one) for _, one in found.authors)


# In both entries and feeds.
_COMMON: dict[str, Handler] = {
    "atom:id": _id,
    "atom:title": _text("title", ATOM),
    "atom:link": link,
    "atom:updated": date("updated", ATOM),
    "atom:modified": date("updated", ATOM_OLD),
    "atom:author": author(ATOM),
    "atom:contributor": _contributor,
    "atom:category": _category,
    "atom:rights": _words("rights", ATOM),
    "atom:copyright": _words("rights", ATOM_OLD),
    "atom:published": date("published", ATOM),
    "atom:issued": date("published", ATOM_OLD),
    "atom:created": date("published", TERMS),
    "atom:logo": _logo,
}
ENTRY: dict[str, Handler] = {
    **MODULES,
    **_COMMON,
    "atom:summary": _text("summary", ATOM),
    "atom:content": _content,
    "atom:source": _source,
}
FEED: dict[str, Handler] = {
    **MODULES,
    **_COMMON,
    "atom:subtitle": _text("summary", ATOM),
    "atom:tagline": _text("summary", ATOM_OLD),
    "atom:icon": address("icon", ATOM),
    "atom:generator": _generator,
}
_STRUCTURE = frozenset({"feed", "entry"})
_VOCABULARY = (
    _STRUCTURE | {name[5:] for name in (*ENTRY, *FEED) if name.startswith("atom:")} | {"name", "uri"}
)


def read(root: Element, url: str | None) -> Document:
    """An Atom feed, or an entry that is a document of its own (RFC 4287 section 2).

    ``url`` is the address the document came from. Raises NotAFeed if the root is neither.
    """
    names = names_for(root, "atom", _STRUCTURE, _VOCABULARY)
    name = names[root.tag]
    if name not in ("atom:feed", "atom:entry"):
        raise NotAFeed(f"the root element is {root.tag}, no Atom feed", format="atom")
    is_feed = name == "atom:feed"
    outer = outer_scope(url, None if is_http(url) else _site_link(root, names))
    scope = outer.within(root)
    feed = Draft(names, date_languages(scope.language))
    if is_feed:
        read_children(feed, root, scope, FEED)
    entries, drops = _entries(root, outer, feed)
    return feed.document(_format(root, names), scope, entries, drops)


def _entries(root: Element, outer: Scope, feed: Draft) -> tuple[tuple[Entry, ...], tuple[Drop, ...]]:
    entries: list[Entry] = []
    drops: list[Drop] = []
    names, scope = feed.names, outer.within(root)
    elements = [
        one for one in root.iter("{*}entry", "{*}Entry", "{*}ENTRY") if names[one.tag] == "atom:entry"
    ]
    for number, element in enumerate(elements, 1):
        draft = Draft(names, feed.date_languages)
        here = scope.within(element) if element.getparent() is root else outer.at(element)
        read_children(draft, element, here, ENTRY)
        entry = draft.entry(here)
        if entry is None:
            drops.append(empty("entry", number))
        else:
            entries.append(entry)
    return tuple(entries), tuple(drops)


def _site_link(root: Element, names: Names) -> str | None:
    """The feed's own alternate link, to resolve others against when the document's address is of no
    use."""
    draft = Draft(names)
    scope = Scope().within(root)
    for child in root:
        if names[child.tag] == "atom:link":
            link(draft, child, scope)
    return best(draft.words, "link")


def _format(root: Element, names: Names) -> str:
    uri, _ = split_tag(str(root.tag))
    old = "purl.org" in uri or (attribute(root, "version") or "").startswith("0")
    return "atom0.3" if old else "atom1.0"
