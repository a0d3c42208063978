"""Atom 1.0 (RFC 4287), by feedgen and what it lacks.

feedgen loses relation, type and length of every link of an entry, writes a source of title and link
only, and knows no ``xml:lang`` on entries: `_finish_entry` writes those. Its tree has no namespace (the
root carries ``xmlns`` as a plain attribute), so Atom elements are added without one.
"""

from __future__ import annotations

from functools import partial

from feedgen.feed import FeedGenerator
from lxml import etree

from aggregator.model.document import Enclosure, EntrySource, Person
from aggregator.model.feed import FeedView, PublishedItem
from aggregator.publish import extensions, fence
from aggregator.publish import view as say
from aggregator.publish.media_types import media_type
from aggregator.publish.mend import mended

MEDIA_TYPE = "application/atom+xml"


def atom(view: FeedView) -> bytes:
    """The feed as Atom, UTF-8 with a declaration. Equal views give equal bytes."""
    return mended(view, _atom)


def _atom(view: FeedView) -> bytes:
    feed = view.feed
    carried = [fence.passed_on(entry.item) for entry in view.items]
    namespaces = set().union(*map(extensions.namespaces_of, (feed.extensions, *carried)))
    generator = fence.new_feed(
        view, namespaces=namespaces, write=lambda root: extensions.write(root, feed.extensions)
    )
    # RFC 4287 section 4.1.1: a feed without author is valid only if every entry has one.
    generator.author([{"name": name} for name in say.authors(view)])
    generator.link(rel="self", href=say.self_url(view, "atom"), type=MEDIA_TYPE)
    generator.link(rel="alternate", href=say.home_url(view), type="text/html")
    if feed.description:
        generator.subtitle(feed.description)
    if feed.image:
        generator.logo(feed.image.url)
    generator.icon(feed.icon)
    for entry in view.items:
        _add_entry(generator, view, entry)
    return fence.document(generator.atom_str())


def _add_entry(generator: FeedGenerator, view: FeedView, published: PublishedItem) -> None:
    item = published.item
    entry = fence.new_entry(generator, item, partial(_finish_entry, view, published))
    entry.published(say.published_at(item))
    summary, content = say.texts(item)
    entry.content(content, type="html")
    if summary:
        entry.summary(summary, type="html")
    if item.authors:
        entry.author([_person(person) for person in item.authors])
    if item.contributors:
        entry.contributor([_person(person) for person in item.contributors])
    if item.tags:
        entry.category([{"term": tag.term, "scheme": tag.scheme, "label": tag.label} for tag in item.tags])
    entry.rights(item.rights or None)


def _finish_entry(view: FeedView, published: PublishedItem, element: etree._Element) -> None:
    item = published.item
    if item.language:
        element.set(f"{{{extensions.XML}}}lang", item.language)
    if item.link:
        _link(element, "alternate", item.link)
    for enclosure in item.enclosures:
        _enclosure(element, enclosure)
    for link in item.links:
        if link.rel in fence.KEPT_RELATIONS:
            _link(element, link.rel, link.href, link.media_type, link.title, link.language)
    replies = {link.href for link in item.links if link.rel == "replies"}
    if item.comments and item.comments not in replies:
        _link(element, "replies", item.comments, "text/html")
    source = say.origin(view, published, "atom")
    if source:
        _source(element, source, published)
    extensions.write(element, fence.passed_on(item))


def _source(element: etree._Element, source: EntrySource, published: PublishedItem) -> None:
    """``atom:source`` (RFC 4287 section 4.2.11)."""
    item = published.item
    node = etree.SubElement(element, "source")
    # A feed of a format without ids is known by its address.
    if source.id or source.url or source.link:
        etree.SubElement(node, "id").text = source.id or source.url or source.link
    etree.SubElement(node, "title").text = source.title or published.source_title
    # The feed as it was when it brought this entry: it changed then, at the latest we know of.
    etree.SubElement(node, "updated").text = say.updated_at(item).isoformat()
    if source.url:
        _link(node, "self", source.url)
    if source.link:
        _link(node, "alternate", source.link)
    if not item.authors:
        # Or the combined feed's author, which is us, would be taken for the entry's.
        author = etree.SubElement(node, "author")
        etree.SubElement(author, "name").text = source.title or published.source_title


def _link(
    parent: etree._Element, rel: str, href: str, media: str = "", title: str = "", language: str = ""
) -> None:
    node = etree.SubElement(parent, "link", rel=rel, href=href)
    for name, value in (("type", media), ("title", title), ("hreflang", language)):
        if value:
            node.set(name, value)


def _enclosure(parent: etree._Element, enclosure: Enclosure) -> None:
    node = etree.SubElement(parent, "link", rel="enclosure", href=enclosure.url, type=media_type(enclosure))
    if enclosure.length_bytes is not None:
        node.set("length", str(enclosure.length_bytes))
    if enclosure.title:
        node.set("title", enclosure.title)


def _person(person: Person) -> dict[str, str]:
    return {"name": say.person_name(person), "uri": person.url, "email": person.email}
