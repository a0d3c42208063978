"""What a document that does not parse, or parses to something else, looks like."""

from __future__ import annotations

import re

from aggregator.parse.scan import doctype_end, doctype_start, first_tag

_FEED_ROOTS = frozenset(["rss", "rdf", "feed", "entry", "channel"])
_HTML = frozenset(
    ["html", "head", "body", "title", "meta", "link", "script", "style", "base", "div", "p",
    "span", "table", "h1", "h2", "h3", "h4", "br", "hr", "b", "i", "em", "strong", "center",
    "font", "a", "img", "ul", "ol", "noscript", "pre", "form", "iframe", "main", "section",
    "header", "nav", "article"]
)  # fmt: skip
_OTHERS = {
    "opml": "an OPML list",
    "urlset": "a sitemap",
    "sitemapindex": "a sitemap",
    "svg": "an SVG picture",
    "opensearchdescription": "an OpenSearch description",
    "error": "an error message in XML",
}
_FEED_TAG = re.compile(r"<(?:[\w.-]{1,40}:)?(?:rss|rdf|feed|entry|channel)(?=[\s>/])", re.IGNORECASE)
_PAGE = re.compile(r"<!doctype\s{1,9}html|<(?:html|head|body)[\s>]", re.IGNORECASE)
_HEAD = 200_000  # how far we look before we judge


def feed_tag(text: str) -> re.Match[str] | None:
    """The first thing in ``text`` that looks like the start tag of a feed's root."""
    return _FEED_TAG.search(text)


def is_html_tag(name: str) -> bool:
    """Whether an element of this name, at the top of a document, means HTML."""
    return name.lower() in _HTML


def describe(name: str) -> str:
    """What a document with a root element of this name is: "feed", or a phrase for people."""
    local = name.rpartition(":")[2].lower()
    if local in _FEED_ROOTS:
        return "feed"
    if local in _HTML:
        return "an HTML page"
    return _OTHERS.get(local, f"an XML document <{name[:40]}>")


def meant_to_be(text: str) -> str:
    """What ill-formed text is meant to be: "feed", or a phrase such as "an HTML page"."""
    text = text[:_HEAD]
    if not text.strip(" \t\r\n\0"):
        return "empty"
    start = doctype_start(text)
    first = first_tag(text[doctype_end(text, start) :] if start >= 0 else text)
    if first is None:
        return "an HTML page" if _PAGE.search(text) else "binary data" if "\0" in text else "plain text"
    found = describe(first[2])
    if found != "an HTML page":
        return found
    # A warning of the server's script language may stand before a feed; a page may not.
    feed = feed_tag(text)
    return "feed" if feed and not _PAGE.search(text, 0, feed.start()) else found
