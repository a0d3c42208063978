"""Bytes to documents: pure functions, one module a format. `document` is the front door.

This file stands a floor above the modules beside it, since ``admitted`` shows what `process` makes
of a document.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from aggregator.errors import Unparsable
from aggregator.model.document import Document, Enclosure, Entry, FeedDate, Person, Text
from aggregator.model.item import Item, Known
from aggregator.parse import feed, salvage
from aggregator.process import identity
from aggregator.process.admit import AdmitContext, admit
from aggregator.process.meta import source_meta
from aggregator.process.sanitize import visible_text

# Without a clock, no date lies in the future.
NO_CLOCK = datetime(2100, 1, 1, tzinfo=UTC)


def document(
    data: bytes, content_type: str | None = None, url: str | None = None, *, admitted: bool = False
) -> dict[str, Any]:
    """One document as plain values: what it says, or with ``admitted`` what would be stored of it.

    Dates are RFC 3339 in UTC, absent values None. Raises NotAFeed and Unparsable.
    """
    try:
        parsed = feed.parse(data, content_type, url)
    except Unparsable:
        parsed = salvage.salvage(data, content_type, url)
    if admitted:
        return _admitted(parsed, url)
    return {
        "title": _plain(parsed.title),
        "link": parsed.link,
        "description": parsed.description.value if parsed.description else None,
        "language": parsed.language,
        "updated": _moment(parsed.updated),
        "items": [_entry(entry) for entry in parsed.entries],
    }


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.guid,
        "title": _plain(entry.title),
        "link": entry.link,
        "summary": entry.summary.value if entry.summary else None,
        "content": entry.content.value if entry.content else None,
        "author": _author(entry.authors),
        "published": _moment(entry.published),
        "updated": _moment(entry.updated),
        "categories": [tag.label or tag.term for tag in entry.tags],
        "enclosures": _enclosures(entry.enclosures),
    }


def _admitted(parsed: Document, url: str | None) -> dict[str, Any]:
    meta = source_meta(parsed, url or "")
    context = AdmitContext(
        document_url=url,
        home_url=parsed.link,
        timezone=None,
        language=parsed.language,
        now=NO_CLOCK,
    )
    resolved = identity.resolve(parsed.entries, Known(aliases={}, items={}))
    items = []
    for match in resolved.matches:
        if match.duplicate_of is None:
            uid = identity.mint_uid(url or "", match.mint or "")
            item = admit(parsed.entries[match.entry_index], uid=uid, context=context, rank=match.entry_index)
            if isinstance(item, Item):
                items.append(_item(item))
    return {
        "title": meta.title,
        "link": meta.link,
        "description": meta.description,
        "language": meta.language,
        "updated": _moment(parsed.updated),
        "items": items,
    }


def _item(item: Item) -> dict[str, Any]:
    return {
        "id": item.guid or f"urn:uuid:{item.uid}",
        "title": item.title,
        "link": item.link,
        "summary": item.summary_html or None,
        "content": item.content_html or None,
        "author": _author(item.authors),
        "published": _rfc3339(item.published_at),
        "updated": _rfc3339(item.updated_at),
        "categories": [tag.label or tag.term for tag in item.tags],
        "enclosures": _enclosures(item.enclosures),
    }


def _plain(text: Text | None) -> str | None:
    if text is None:
        return None
    return text.value if text.type == "text" else visible_text(text.value)


def _author(people: Iterable[Person]) -> str | None:
    return ", ".join(person.name or person.email or person.url for person in people) or None


def _enclosures(enclosures: Iterable[Enclosure]) -> list[dict[str, Any]]:
    return [
        {"url": each.url, "type": each.media_type or None, "length": each.length_bytes} for each in enclosures
    ]


def _moment(date: FeedDate | None) -> str | None:
    return _rfc3339(date.at) if date else None


def _rfc3339(at: datetime | None) -> str | None:
    return at.isoformat().replace("+00:00", "Z") if at else None
