"""RSS 2.0 (as the RSS Advisory Board publishes it), by feedgen and what it lacks.

feedgen has one enclosure an item and no author without an e-mail address; it says a tag by its label
and drops what RSS has no element for. Those go out under the namespaces that readers know: Dublin
Core, Media RSS and Atom.
"""

from __future__ import annotations

from datetime import datetime
from email.utils import format_datetime
from functools import partial

from feedgen.feed import FeedGenerator
from lxml import etree

from aggregator.model.document import Enclosure
from aggregator.model.feed import FeedView, PublishedItem
from aggregator.model.item import Item
from aggregator.publish import extensions, fence
from aggregator.publish import view as say
from aggregator.publish.extensions import ATOM, DC
from aggregator.publish.media_types import media_type
from aggregator.publish.mend import mended

MEDIA_TYPE = "application/rss+xml"


def rss(view: FeedView) -> bytes:
    """The feed as RSS 2.0, UTF-8 with a declaration. Equal views give equal bytes."""
    return mended(view, _rss)


def _rss(view: FeedView) -> bytes:
    feed, home = view.feed, say.home_url(view)
    namespaces = {ATOM} | extensions.namespaces_of(feed.extensions)
    if feed.authors:
        namespaces.add(DC)
    for entry in view.items:
        namespaces |= _namespaces(entry.item)
    generator = fence.new_feed(view, namespaces=namespaces, write=partial(_finish_channel, view))
    # The channel's link is the last one that feedgen was given.
    generator.link(rel="self", href=say.self_url(view, "rss"), type=MEDIA_TYPE)
    generator.link(rel="alternate", href=home)
    generator.description(feed.description or feed.title)
    if feed.image:
        # Title and link are to be those of the channel: they are what the picture stands for.
        generator.image(url=feed.image.url, title=feed.title, link=home)
    for entry in view.items:
        _add_item(generator, view, entry)
    return fence.document(generator.rss_str())


def _finish_channel(view: FeedView, root: etree._Element) -> None:
    feed, channel = view.feed, root.find("channel")
    assert channel is not None, "feedgen writes one"
    built = channel.find("lastBuildDate")
    if built is not None:
        built.text = _rfc822(say.whole_seconds(feed.updated_at))
    for name in feed.authors:
        # Not as managingEditor: that must be an e-mail address with a name, and one alone.
        etree.SubElement(channel, f"{{{DC}}}creator").text = name
    if feed.icon:
        etree.SubElement(channel, f"{{{ATOM}}}icon").text = feed.icon
    extensions.write(channel, feed.extensions)


def _add_item(generator: FeedGenerator, view: FeedView, published: PublishedItem) -> None:
    item = published.item
    entry = fence.new_entry(generator, item, partial(_finish_item, view, published))
    summary, content = say.texts(item)
    # feedgen puts a lone content where RSS wants it, into the description.
    entry.content(content, type="html")
    if summary:
        entry.description(summary)
    if item.link:
        entry.link(rel="alternate", href=item.link)
    if item.enclosures:
        first = item.enclosures[0]
        entry.enclosure(url=first.url, length=_length(first), type=media_type(first))
    if item.tags:
        entry.category([{"term": tag.term, "scheme": tag.scheme} for tag in item.tags])
    entry.comments(item.comments or None)
    source = say.origin(view, published, "rss")
    if source and (source.url or source.link):
        entry.source(url=source.url or source.link, title=source.title or published.source_title)


def _finish_item(view: FeedView, published: PublishedItem, element: etree._Element) -> None:
    item = published.item
    updated = say.updated_at(item)
    # Many readers date an item without pubDate with the moment they first see it.
    dated = say.published_at(item) or updated
    # Not by feedgen, which changes the locale of the whole process for each date.
    etree.SubElement(element, "pubDate").text = _rfc822(dated)
    if updated != dated:
        etree.SubElement(element, f"{{{ATOM}}}updated").text = updated.isoformat()
    for person in item.authors:
        etree.SubElement(element, f"{{{DC}}}creator").text = say.person_name(person)
    for person in item.contributors:
        etree.SubElement(element, f"{{{DC}}}contributor").text = say.person_name(person)
    for name, text in (("rights", item.rights), ("language", item.language)):
        if text:
            etree.SubElement(element, f"{{{DC}}}{name}").text = text
    source = item.source
    if source and source.title and not (source.url or source.link):
        # RSS's own element demands an address.
        etree.SubElement(element, f"{{{DC}}}source").text = source.title
    for link in item.links:
        if link.rel in fence.KEPT_RELATIONS:
            node = etree.SubElement(element, f"{{{ATOM}}}link", rel=link.rel, href=link.href)
            if link.media_type:
                node.set("type", link.media_type)
            if link.title:
                node.set("title", link.title)
    extensions.write(element, (*fence.passed_on(item), *fence.media_content(item, item.enclosures[1:])))


def _namespaces(item: Item) -> set[str]:
    """The namespaces that `_finish_item` will use, so that the root can declare them."""
    used = extensions.namespaces_of(fence.passed_on(item))
    if item.enclosures[1:]:
        used.add(extensions.MEDIA)
    if item.authors or item.contributors or item.rights or item.language or item.source:
        used.add(DC)
    return used


def _length(enclosure: Enclosure) -> int:
    """0 is what RSS's authors advise where the size is not known."""
    return enclosure.length_bytes or 0


def _rfc822(at: datetime) -> str:
    return format_datetime(at, usegmt=True)
