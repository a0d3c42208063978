"""OPML subscription lists to a flat list of subscriptions.

The document goes through the same strict-then-repaired reader as feeds, so that no entity is
expanded, nothing is fetched, and the bare ampersands that such lists are full of do no harm.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from lxml import etree

from aggregator.errors import NotAFeed
from aggregator.parse import xml
from aggregator.parse.elements import pairs
from aggregator.parse.guess import describe

MAX_BYTES = 5 * 1024 * 1024
MAX_SUBSCRIPTIONS = 5000
MAX_DEPTH = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """One outline with a feed address. ``folders`` are the titles of the outlines around it."""

    url: str
    title: str
    folders: tuple[str, ...] = ()


def read(data: bytes) -> tuple[Subscription, ...]:
    """All subscriptions, in document order, each address once. Raises NotAFeed and Unparsable."""
    if len(data) > MAX_BYTES:
        raise NotAFeed(f"larger than {MAX_BYTES >> 20} MiB", format="opml")
    root, _tier, _encoding = xml.root(data, None, wanted=describe("opml"))
    if not isinstance(root.tag, str) or etree.QName(root).localname.lower() != "opml":
        raise NotAFeed("not an OPML list", format="opml")
    found: dict[str, Subscription] = {}
    for subscription in _outlines(root):
        found.setdefault(subscription.url, subscription)
        if len(found) > MAX_SUBSCRIPTIONS:
            raise NotAFeed(f"more than {MAX_SUBSCRIPTIONS} subscriptions", format="opml")
    return tuple(found.values())


def _outlines(root: etree._Element) -> Iterator[Subscription]:
    """Depth first, without recursion: lists may nest deeper than the interpreter's stack."""
    pending: list[tuple[etree._Element, tuple[str, ...]]] = [(root, ())]
    while pending:
        element, folders = pending.pop()
        if isinstance(element.tag, str) and etree.QName(element).localname.lower() == "outline":
            # Attribute names are written in every mixture of cases.
            attributes = {name.lower(): value.strip() for name, value in pairs(element)}
            title = attributes.get("title") or attributes.get("text") or ""
            url = attributes.get("xmlurl", "")
            if url:
                yield Subscription(url=url, title=title, folders=folders)
            elif title:
                folders = (*folders, title)[:MAX_DEPTH]
        pending.extend((child, folders) for child in reversed(element))
