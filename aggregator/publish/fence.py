"""What Atom and RSS share of feedgen, which is fenced in here, in `atom` and in `rss`.

feedgen defaults dates to the clock, so each document sets both; it prepends entries, so we append; it
cannot unset, so every document starts afresh; and what it cannot write at all is written by a `Patch`,
in the shape of a feedgen extension: feedgen hands over each element that it has made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from feedgen.entry import FeedEntry
from feedgen.feed import FeedGenerator
from lxml import etree

from aggregator.model.document import Enclosure, Extension
from aggregator.model.feed import FeedView
from aggregator.model.item import Item
from aggregator.publish import extensions
from aggregator.publish import view as say
from aggregator.publish.media_types import media_type

Write = Callable[[etree._Element], None]

# Relations of an entry that still hold in our copy of it; "next", "self", "hub" and the like do not.
KEPT_RELATIONS = frozenset({"related", "via", "replies", "license"})


class Patch:
    """A feedgen extension that calls `write` with the element feedgen made. For the document's patch,
    `namespaces` (prefix to address) are declared at the root."""

    def __init__(self) -> None:
        self.write: Write = _nothing
        self.namespaces: dict[str, str] = {}

    def extend_ns(self) -> dict[str, str]:
        return self.namespaces

    def extend_atom(self, element: etree._Element) -> etree._Element:
        self.write(element)
        return element

    extend_rss = extend_atom


def new_feed(view: FeedView, *, namespaces: Iterable[str], write: Write) -> FeedGenerator:
    """A generator with what both formats say of a feed in the same way. `write` finishes its head."""
    feed = view.feed
    generator = FeedGenerator()
    generator.id(say.feed_id(feed.key))
    generator.title(feed.title)
    generator.updated(say.whole_seconds(feed.updated_at))
    generator.language(say.language(view))
    generator.rights(feed.rights)
    generator.generator(view.generator)
    generator.register_extension("patch", Patch, Patch)
    generator.patch.write = write
    generator.patch.namespaces = extensions.prefixes(namespaces)
    return generator


def new_entry(generator: FeedGenerator, item: Item, write: Write) -> FeedEntry:
    """An entry after those already there. `write` adds what feedgen has no words for."""
    entry = generator.add_entry(order="append")
    entry.id(say.item_id(item))
    entry.title(item.title)
    entry.updated(say.updated_at(item))
    entry.patch.write = write
    return entry


def document(xml: bytes) -> bytes:
    return xml + b"\n"


def passed_on(item: Item) -> tuple[Extension, ...]:
    """The item's extensions, and those that carry what Atom and RSS have no element for: its publisher,
    its picture, and how long its first enclosure plays. What it brought itself is not repeated."""
    added = []
    if item.publisher and not any(
        extension.namespace == extensions.DC and extension.name == "publisher"
        for extension in item.extensions
    ):
        added.append(Extension(namespace=extensions.DC, name="publisher", text=item.publisher.name))
    if item.image and not _mentions(item.extensions, item.image.url):
        url = ("url", item.image.url)
        added.append(Extension(namespace=extensions.MEDIA, name="thumbnail", attributes=(url,)))
    duration_s = item.enclosures[0].duration_s if item.enclosures else None
    if duration_s is not None and not any(
        extension.namespace == extensions.ITUNES and extension.name == "duration"
        for extension in item.extensions
    ):
        # Seconds alone are the form Apple recommends, and older readers round no fraction.
        text = str(round(duration_s))
        added.append(Extension(namespace=extensions.ITUNES, name="duration", text=text))
    return (*item.extensions, *added)


def media_content(item: Item, enclosures: Iterable[Enclosure]) -> tuple[Extension, ...]:
    """``media:content`` (Media RSS 1.5) for those `enclosures` that the item's extensions lack."""
    return tuple(
        _media_content(enclosure) for enclosure in enclosures if not _mentions(item.extensions, enclosure.url)
    )


def _media_content(enclosure: Enclosure) -> Extension:
    attributes = [("type", media_type(enclosure)), ("url", enclosure.url)]
    if enclosure.length_bytes is not None:
        attributes.insert(0, ("fileSize", str(enclosure.length_bytes)))
    if enclosure.duration_s is not None:
        attributes.insert(0, ("duration", str(round(enclosure.duration_s))))
    title = Extension(namespace=extensions.MEDIA, name="title", text=enclosure.title)
    return Extension(
        namespace=extensions.MEDIA,
        name="content",
        attributes=tuple(attributes),
        children=(title,) if enclosure.title else (),
    )


def _mentions(carried: tuple[Extension, ...], url: str) -> bool:
    """True if one of these media elements, or one within them, is about `url`."""
    return any(
        (extension.namespace == extensions.MEDIA and ("url", url) in extension.attributes)
        or _mentions(extension.children, url)
        for extension in carried
    )


def _nothing(element: etree._Element) -> None:
    """A patch that has nothing to add."""
