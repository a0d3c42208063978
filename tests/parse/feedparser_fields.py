"""One document as plain fields, read by feedparser and by us, so that the two can be compared.

Texts are compared by what a reader sees of them, and by the addresses of their links and pictures.
"""

from __future__ import annotations

import calendar
import io
import json
from datetime import UTC, datetime
from typing import Any

import feedparser
from lxml import html

from aggregator.errors import Unparsable
from aggregator.model.document import Document, Entry, FeedDate, Person, Text
from aggregator.parse import feed, salvage

URL = "https://origin.example/feeds/one.xml"

Fields = dict[str, Any]


def theirs(data: bytes, content_type: str | None) -> tuple[Fields, list[Fields]]:
    """The document's fields and those of each entry, as feedparser reads them."""
    headers = {"content-location": URL}
    if content_type:
        headers["content-type"] = content_type
    parsed = feedparser.parse(
        io.BytesIO(data), sanitize_html=False, resolve_relative_uris=False, response_headers=headers
    )
    entries = [_their_entry(one) for one in parsed["entries"] if dict(one)]
    document = _their_document(dict(parsed["feed"]))
    return document | {"entries": len(entries), "_empty": len(parsed["entries"]) - len(entries)}, entries


def ours(data: bytes, content_type: str | None) -> tuple[Fields, list[Fields]]:
    """The same, as we read them."""
    try:
        document = feed.parse(data, content_type, URL)
    except Unparsable:
        document = salvage.salvage(data, content_type, URL)
    return _our_document(document), [_our_entry(entry) for entry in document.entries]


def expected_of_json(data: bytes) -> tuple[Fields, list[Fields]]:
    """The same for a JSON Feed, which feedparser does not read, told straight from the format."""
    found = json.loads(data)
    items = found["items"]
    document = {
        "title": seen(found.get("title", ""), markup=False),
        "link": found.get("home_page_url"),
        "description": seen(found.get("description", ""), markup=False),
        "language": found.get("language"),
        "updated": None,
        "published": None,
        "entries": len(items),
    }
    return document, [_expected_item(item) for item in items]


def _expected_item(item: Fields) -> Fields:
    authors = item.get("authors") or [author for author in [item.get("author")] if author]
    text = item.get("content_html") or item.get("content_text") or ""
    return {
        "guid": str(item["id"]),
        "link": item.get("url") or item.get("external_url"),
        "title": seen(item.get("title") or "", markup=False),
        "summary": seen(item.get("summary") or "", markup=False),
        "content": seen(text, markup=bool(item.get("content_html"))),
        "authors": [(one.get("name", ""), "", one.get("url", "")) for one in authors],
        "published": _utc(item.get("date_published")),
        "updated": _utc(item.get("date_modified")),
        "tags": [(tag, "", "") for tag in dict.fromkeys(item.get("tags") or ())],
        "enclosures": [
            (one["url"], one.get("mime_type", ""), str(one.get("size_in_bytes", "")))
            for one in item.get("attachments") or ()
        ],
        "comments": None,
        "source": ("",) * 4,
        "rights": None,
    }


def _utc(written: str | None) -> str | None:
    if not written:
        return None
    return datetime.fromisoformat(written).astimezone(UTC).replace(microsecond=0).isoformat()


def _their_document(found: Fields) -> Fields:
    return {
        "title": _their_text(found, "title"),
        "link": found.get("link"),
        "description": _their_text(found, "subtitle"),
        "language": found.get("language") or None,
        "updated": _their_date(found, "updated"),
        "published": _their_date(found, "published"),
        "_id": found.get("id"),
        "_image": found.get("image"),
    }


def _their_entry(entry: Any) -> Fields:
    found = dict(entry)
    contents = [text for one in found.get("content", ()) if (text := _seen_detail(dict(one)))]
    source = dict(found.get("source") or {})
    return {
        "guid": found.get("id") or None,
        "link": found.get("link") or None,
        "title": _their_text(found, "title"),
        "summary": _their_text(found, "summary"),
        "content": contents[0] if contents else None,
        "authors": [_their_person(dict(one)) for one in found.get("authors", ()) if any(dict(one).values())],
        "published": _their_date(found, "published"),
        "updated": _their_date(found, "updated"),
        "tags": [
            (one.get("term") or "", one.get("scheme") or "", one.get("label") or "")
            for one in map(dict, found.get("tags", ()))
        ],
        "enclosures": [
            (one.get("href"), one.get("type") or "", one.get("length") or "")
            for one in map(dict, found.get("links", ()))
            if one.get("rel") == "enclosure"
        ],
        "comments": found.get("comments") or None,
        "source": tuple(fold(source.get(key) or "") for key in ("title", "href", "link", "id")),
        "rights": fold(found.get("rights")) or None,
        # Not compared, but what the reasons of differences speak of.
        "_media": [dict(one).get("url") for one in found.get("media_content", ())],
        "_contents": contents,
    }


def _our_document(document: Document) -> Fields:
    return {
        "title": _our_text(document.title),
        "link": document.link,
        "description": _our_text(document.description),
        "language": document.language,
        "updated": _our_date(document.updated),
        "published": _our_date(document.published),
        "entries": len(document.entries),
    }


def _our_entry(entry: Entry) -> Fields:
    source = entry.source
    return {
        "guid": entry.guid,
        "link": entry.link,
        "title": _our_text(entry.title),
        "summary": _our_text(entry.summary),
        "content": _our_text(entry.content),
        "authors": [_our_person(person) for person in entry.authors],
        "published": _our_date(entry.published),
        "updated": _our_date(entry.updated),
        "tags": [(tag.term, tag.scheme, tag.label) for tag in entry.tags],
        "enclosures": [
            (one.url, one.media_type, "" if one.length_bytes is None else str(one.length_bytes))
            for one in entry.enclosures
        ],
        "comments": entry.comments,
        "source": (source.title, source.url, source.link, source.id) if source else ("",) * 4,
        "rights": fold(entry.rights) or None,
    }


def fold(text: str | None) -> str:
    return " ".join((text or "").split())


def seen(value: str, *, markup: bool) -> tuple[str, tuple[str, ...]] | None:
    """(the words on one line, the addresses of links and pictures), or None where there is neither."""
    if not markup:
        words = fold(value)
        return (words, ()) if words else None
    if not value.strip():
        return None
    try:
        tree = html.fragment_fromstring(value.replace("\0", ""), create_parent="div")
    except (ValueError, AssertionError):  # control characters: a text of nothing else
        return fold(value), ()
    addresses = tuple(
        fold(one.get("href") or one.get("src"))
        for one in tree.iter("a", "img")
        if one.get("href") or one.get("src")
    )
    words = fold(tree.text_content())
    return (words, addresses) if words or addresses else None


def _their_text(found: Fields, key: str) -> tuple[str, tuple[str, ...]] | None:
    detail = found.get(f"{key}_detail")
    return _seen_detail(dict(detail)) if detail else None


def _seen_detail(detail: Fields) -> tuple[str, tuple[str, ...]] | None:
    return seen(detail.get("value") or "", markup=detail.get("type") != "text/plain")


def _our_text(text: Text | None) -> tuple[str, tuple[str, ...]] | None:
    return seen(text.value, markup=text.type != "text") if text else None


def _their_date(found: Fields, key: str) -> str | None:
    parts = found.get(f"{key}_parsed")
    if parts is None:
        return None
    return datetime.fromtimestamp(calendar.timegm(parts), UTC).isoformat()


def _our_date(date: FeedDate | None) -> str | None:
    return date.at.isoformat() if date else None


def _their_person(person: Fields) -> tuple[str, str, str]:
    return fold(person.get("name")), person.get("email") or "", person.get("href") or ""


def _our_person(person: Person) -> tuple[str, str, str]:
    return fold(person.name), person.email, person.url
