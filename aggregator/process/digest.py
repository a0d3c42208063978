"""What makes two versions of an entry, or of an item, the same: everything published but time and counts.

Dates say when, not what; and counters of views, votes and comments change on every poll. Both are left
out, or each poll would be a hundred updates. The guid is left out too: it is kept, never published.
"""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import blake2b

from aggregator.model.document import Entry, Extension
from aggregator.model.item import Item

_MEDIA = "http://search.yahoo.com/mrss/"
_COUNTERS = frozenset(
    (
        (_MEDIA, "statistics"),
        (_MEDIA, "starRating"),
        (_MEDIA, "community"),
        ("http://purl.org/syndication/thread/1.0", "total"),
    )
)
_COUNTING_NAMESPACES = frozenset(("http://purl.org/rss/1.0/modules/slash/",))
_COUNTING_ATTRIBUTES = frozenset(("views", "count", "viewCount"))
_THREAD = "http://purl.org/syndication/thread/1.0"
_YOUTUBE = "http://www.youtube.com/xml/schemas/"

_FIELD, _PART = "\x1e", "\x1f"  # cannot be in a scrubbed text, and need not be unforgeable in others


def hash16(text: str, person: bytes = b"") -> bytes:
    """The 16 bytes by which we compare ``text`` (blake2b; lone surrogates are tolerated).

    Hashes made for another purpose (``person``) never meet.
    """
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16, person=person).digest()


def entry_digest(entry: Entry) -> bytes:
    """16 bytes over everything of an uncleaned entry that could be published, without dates."""
    parts = _shared(entry)
    for text in (entry.title, entry.summary, entry.content):
        parts.append(_FIELD)
        if text is not None:
            parts += (text.type, text.base or "", text.language or "", text.value)
    if entry.publisher is not None:  # nothing at all without one: digests from before publishers stay
        parts += (_FIELD, _FIELD, entry.publisher)
    return hash16(_PART.join(parts))


def item_digest(item: Item) -> bytes:
    """16 bytes over everything of an item that is published, without dates, uid and guid."""
    parts = _shared(item)
    parts += (_FIELD, item.title, _FIELD, item.summary_html, _FIELD, item.content_html)
    if item.publisher is not None:
        parts += (_FIELD, _FIELD, item.publisher.name)
    return hash16(_PART.join(parts))


def _shared(thing: Entry | Item) -> list[str]:
    """The fields that entries and items have in common, flat. Each group starts with a mark."""
    parts = [thing.link or "", thing.comments or "", thing.language or "", thing.rights or ""]
    for person in thing.authors:
        parts += (_FIELD, person.name, person.url, person.email, person.avatar)
    parts.append(_FIELD)
    for person in thing.contributors:
        parts += (_FIELD, person.name, person.url, person.email, person.avatar)
    parts.append(_FIELD)
    for tag in thing.tags:
        parts += (_FIELD, tag.term, tag.scheme, tag.label)
    parts.append(_FIELD)
    for link in thing.links:
        parts += (_FIELD, link.rel, link.href, link.media_type, link.title, link.language)
    parts.append(_FIELD)
    for file in thing.enclosures:
        parts += (_FIELD, file.url, file.media_type, f"{file.length_bytes} {file.duration_s}", file.title)
    parts.append(_FIELD)
    if thing.image is not None:
        parts += (thing.image.url, thing.image.title, thing.image.link)
    parts.append(_FIELD)
    if thing.source is not None:
        parts += (thing.source.title, thing.source.url, thing.source.link, thing.source.id)
    if thing.extensions:
        _flatten(thing.extensions, parts)
    return parts


def _flatten(extensions: Iterable[Extension], parts: list[str]) -> None:
    """Appends every element that is no counter, depth first; an own stack, since depth is a stranger's."""
    stack: list[Extension | None] = [None, *reversed(tuple(extensions))]
    while stack:
        element = stack.pop()
        if element is None:
            parts.append(_FIELD)
            continue
        namespace, name = element.namespace, element.name
        if namespace in _COUNTING_NAMESPACES or (namespace, name) in _COUNTERS:
            continue
        parts += (_FIELD, namespace, name, element.text)
        for attribute, value in element.attributes:
            if not _counts(namespace, attribute):
                parts += (attribute, value)
        if element.children:
            stack.append(None)  # ends the children, so that a child and a sibling differ
            stack += reversed(element.children)


def _counts(namespace: str, attribute: str) -> bool:
    """Whether an attribute is a counter: YouTube's views, the threading extension's reply counts."""
    return (namespace == _THREAD and attribute in ("count", "updated")) or (
        attribute in _COUNTING_ATTRIBUTES and namespace.startswith(_YOUTUBE)
    )
