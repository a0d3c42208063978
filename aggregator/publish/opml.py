"""OPML 2.0 subscription lists (http://opml.org/spec2.opml): our feeds, and the sources they are made of.

Groups and feeds are separate outlines, since many readers do not look inside an outline that has an
address of its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from email.utils import format_datetime

from lxml import etree

from aggregator.model.feed import Feed
from aggregator.model.secrecy import HIDDEN, without_secrets
from aggregator.model.source import Source
from aggregator.publish.mend import scrub_text
from aggregator.publish.paths import feed_url
from aggregator.publish.view import whole_seconds

MEDIA_TYPE = "text/x-opml; charset=utf-8"


def feeds_opml(feeds: Sequence[Feed], base_url: str, site_title: str, updated_at: datetime) -> bytes:
    """Our feeds as a list: everything first, categories nested by their path, then sources and
    publishers in groups of their own. Feeds that are gone are left out."""
    root, body = _document(site_title, updated_at)
    groups: dict[str, etree._Element] = {"": body}
    living = [feed for feed in feeds if not feed.gone]
    titles = {feed.key.name: feed.title for feed in living if feed.key.kind == "category"}
    for feed in sorted(living, key=_order):
        kind, name = feed.key.kind, feed.key.name
        if kind == "category":
            parent = _category_group(groups, name, titles) if _has_below(name, titles) else None
            if parent is None:
                parent = _category_group(groups, name.rpartition("/")[0], titles)
        elif name:
            parent = groups.get(f"//{kind}")
            if parent is None:
                parent = groups[f"//{kind}"] = _outline(body, f"{kind.capitalize()}s")
        else:
            parent = body
        home = feed.link or f"{base_url}/"
        _outline(parent, feed.title, xml_url=feed_url(base_url, feed.key, "atom"), html_url=home)
    return _serialise(root)


def sources_opml(sources: Sequence[tuple[Source, str, str | None]], site_title: str) -> bytes:
    """Our sources as a list, grouped by category: (source, title, link of its site) each. Left out are those
    that have no `shareable_address`."""
    root, body = _document(site_title, None)
    groups: dict[str, etree._Element] = {"": body}
    for source, title, link in sorted(sources, key=lambda row: (row[0].category, row[0].name)):
        address = shareable_address(source)
        if address is None:
            continue
        parent = _category_group(groups, source.category, {})
        _outline(parent, title or source.name, xml_url=address, html_url=link or "")
    return _serialise(root)


def shareable_address(source: Source) -> str | None:
    """The address of a source as others may have it, without user name and password. None where it means
    nothing elsewhere or is not for others: a file of this machine, what is no feed, an address with a key."""
    address = without_secrets(source.url)
    return address if source.kind == "feed" and address is not None and HIDDEN not in address else None


def _document(title: str, updated_at: datetime | None) -> tuple[etree._Element, etree._Element]:
    root = etree.Element("opml", version="2.0")
    head = etree.SubElement(root, "head")
    etree.SubElement(head, "title").text = scrub_text(title)
    if updated_at:
        modified = format_datetime(whole_seconds(updated_at), usegmt=True)
        etree.SubElement(head, "dateModified").text = modified
    return root, etree.SubElement(root, "body")


def _category_group(groups: dict[str, etree._Element], path: str, titles: dict[str, str]) -> etree._Element:
    """The group of a category, made with those above it where they are missing."""
    if path not in groups:
        above, _, last = path.rpartition("/")
        parent = _category_group(groups, above, titles)
        groups[path] = _outline(parent, titles.get(path, last))
    return groups[path]


def _has_below(path: str, titles: dict[str, str]) -> bool:
    return any(other.startswith(f"{path}/") for other in titles)


def _order(feed: Feed) -> tuple[int, str]:
    kinds = ("all", "category", "source", "publisher")
    kind = feed.key.kind
    return (kinds.index(kind) if kind in kinds else len(kinds), feed.key.name)


def _outline(parent: etree._Element, text: str, *, xml_url: str = "", html_url: str = "") -> etree._Element:
    node = etree.SubElement(parent, "outline", text=scrub_text(text), title=scrub_text(text))
    if xml_url:
        # "rss" stands for every kind of feed; readers take nothing else.
        node.set("type", "rss")
        node.set("xmlUrl", scrub_text(xml_url))
    if html_url:
        node.set("htmlUrl", scrub_text(html_url))
    return node


def _serialise(root: etree._Element) -> bytes:
    etree.indent(root)
    xml: bytes = etree.tostring(root, encoding="UTF-8", xml_declaration=True)
    return xml + b"\n"
