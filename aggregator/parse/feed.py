"""One entrance for every feed format: what a document is, is read off its content.

File names and content types lie; the first characters, the root element and a JSON object's keys do
not. A page that is served where a feed was is `NotAFeed`, never half a feed.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from lxml import etree

from aggregator.errors import NotAFeed, Unparsable
from aggregator.model.document import Document
from aggregator.parse import atom, cdf, jsonfeed, rss, xml
from aggregator.parse.decode import decode
from aggregator.parse.guess import describe
from aggregator.parse.numbers import json_whole

_BLANK = b" \t\r\n\0"
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe\0\0", b"\0\0\xfe\xff", b"\xff\xfe", b"\xfe\xff")
_SIGNATURES = (
    (b"\x1f\x8b", "gzip data"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"%PDF-", "a PDF document"),
    (b"\x89PNG", "a picture"),
    (b"GIF8", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
)
_ITEM_TEXTS = frozenset(["content_html", "content_text", "external_url", "date_published"])


def parse(data: bytes, content_type: str | None = None, url: str | None = None) -> Document:
    """The document in ``data``, its ``tier`` and ``encoding`` set.

    ``content_type`` is the HTTP header, of which only the charset counts; ``url`` is the address
    that the document came from, for its relative links. Raises `NotAFeed` with what the document
    looks like instead, `Unparsable` for a feed that `salvage` may still make something of.
    """
    start = _start(data)
    if start == b"":
        raise NotAFeed("not a feed but empty")
    for signature, what in _SIGNATURES:
        if data.startswith(signature):
            raise NotAFeed(f"not a feed but {what}")
    if start in (b"{", b"["):
        return _json(data, content_type, url)
    element, tier, encoding = xml.root(data, content_type)
    return replace(_xml(element, url), tier=tier, encoding=encoding)


def _start(data: bytes) -> bytes:
    """The first byte that is neither a byte order mark nor blank."""
    mark = next((mark for mark in _MARKS if data.startswith(mark)), b"")
    at = len(mark)
    while at < len(data) and data[at] in _BLANK:
        at += 1
    return data[at : at + 1]


def _xml(element: etree._Element, url: str | None) -> Document:
    name = etree.QName(element).localname
    lowered = name.lower()
    if lowered in ("rss", "rdf"):
        return rss.read(element, url)
    if lowered in ("feed", "entry"):
        return atom.read(element, url)
    if lowered == "channel":
        return cdf.read(element, url) if _is_cdf(element) else rss.read(element, url)
    raise NotAFeed(f"not a feed but {describe(name)}", format="xml")


def _is_cdf(channel: etree._Element) -> bool:
    """CDF and an RSS channel without its ``rss`` share a name; CDF's addresses are attributes."""
    if any(name.lower() in ("href", "base", "lastmod") for name in map(str, channel.attrib)):
        return True
    items = [child for child in channel if etree.QName(child).localname.lower() == "item"]
    return any(name.lower() == "href" for item in items for name in map(str, item.attrib))


def _json(data: bytes, content_type: str | None, url: str | None) -> Document:
    decoded = decode(data, content_type, kind="json")
    text = decoded.text.strip(" \t\r\n\0\ufeff")
    try:
        # Feeds do hold bare line ends inside strings.
        found = json.loads(text, strict=False, parse_int=json_whole)
    except (ValueError, RecursionError) as error:
        if "jsonfeed.org/version" in text[:1000]:
            raise Unparsable(f"JSON Feed that is no JSON: {_shortly(error)}", format="json") from error
        raise NotAFeed("not a feed but broken JSON or plain text", format="json") from error
    if not isinstance(found, dict):
        raise NotAFeed("not a feed but a JSON list", format="json")
    if not _is_json_feed(found):
        raise NotAFeed("not a feed but other JSON", format="json")
    tier = "repaired" if decoded.damaged else "strict"
    return replace(jsonfeed.read(found, url), tier=tier, encoding=decoded.encoding)


def _shortly(error: Exception) -> str:
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)[:200]


def _is_json_feed(found: dict[str, Any]) -> bool:
    if "jsonfeed.org" in str(found.get("version", ""))[:100]:
        return True
    items = found.get("items")
    if not isinstance(items, list) or not items or "title" not in found:
        return False
    return all(isinstance(item, dict) and _ITEM_TEXTS & item.keys() for item in items[:5])
