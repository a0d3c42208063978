"""JSON Feed 1.1 (https://jsonfeed.org/version/1.1).

What the format has no place for goes out in two extensions of ours, on items: ``_source`` (which source
it was read from, its site and its feed here, and the ``origin`` that the entry itself named) and
``_atom`` (rights, contributors, comments and links, as Atom means them).
"""

from __future__ import annotations

from typing import Any

import orjson

from aggregator.model.document import Enclosure, EntrySource, Person
from aggregator.model.feed import FeedKey, FeedView, PublishedItem
from aggregator.model.item import Item
from aggregator.publish import view as say
from aggregator.publish.fence import KEPT_RELATIONS
from aggregator.publish.media_types import media_type
from aggregator.publish.mend import mended
from aggregator.publish.paths import feed_url

MEDIA_TYPE = "application/feed+json"


def jsonfeed(view: FeedView) -> bytes:
    """The feed as JSON Feed, UTF-8 with a line end. Equal views give equal bytes."""
    return mended(view, _jsonfeed)


def _jsonfeed(view: FeedView) -> bytes:
    feed = view.feed
    document = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": feed.title,
        "home_page_url": say.home_url(view),
        "feed_url": say.self_url(view, "json"),
        "description": feed.description,
        "icon": feed.image.url if feed.image else "",
        "favicon": feed.icon,
        "language": say.language(view),
        "authors": [{"name": name} for name in say.authors(view)],
    }
    items = [_item(view, entry) for entry in view.items]
    return orjson.dumps(_stated(document) | {"items": items}, option=orjson.OPT_APPEND_NEWLINE)


def _item(view: FeedView, published: PublishedItem) -> dict[str, Any]:
    item = published.item
    summary, content = say.texts(item)
    at = say.published_at(item)
    members = {
        "url": item.link,
        "title": item.title,
        "summary": say.plain_text(summary),
        "image": item.image.url if item.image else "",
        "date_published": say.rfc3339(at) if at else "",
        "date_modified": say.rfc3339(say.updated_at(item)),
        "authors": [_author(person) for person in item.authors],
        "tags": [tag.term for tag in item.tags],
        "language": item.language,
        "attachments": [_attachment(enclosure) for enclosure in item.enclosures],
        "_source": _source(view, published),
        "_atom": _atom(item),
    }
    # An id and one of the contents are required, the latter even when there is no text.
    return {"id": say.item_id(item), "content_html": content} | _stated(members)


def _author(person: Person) -> dict[str, Any]:
    return _stated({"name": person.name or person.email, "url": person.url, "avatar": person.avatar})


def _attachment(enclosure: Enclosure) -> dict[str, Any]:
    duration_s = enclosure.duration_s
    whole = duration_s is not None and duration_s == int(duration_s)
    return _stated(
        {
            "url": enclosure.url,
            "mime_type": media_type(enclosure),
            "title": enclosure.title,
            "size_in_bytes": enclosure.length_bytes,
            "duration_in_seconds": int(duration_s) if duration_s is not None and whole else duration_s,
        }
    )


def _source(view: FeedView, published: PublishedItem) -> dict[str, Any]:
    key = FeedKey(kind="source", name=published.source_name)
    return _stated(
        {
            "name": published.source_name,
            "title": published.source_title,
            "url": published.source_link,
            "feed_url": feed_url(view.base_url, key, "json"),
            "origin": _origin(published.item.source),
        }
    )


def _origin(source: EntrySource | None) -> dict[str, Any]:
    if source is None:
        return {}
    return _stated({"title": source.title, "url": source.link, "feed_url": source.url, "id": source.id})


def _atom(item: Item) -> dict[str, Any]:
    links = [
        _stated({"rel": link.rel, "href": link.href, "type": link.media_type, "title": link.title})
        for link in item.links
        if link.rel in KEPT_RELATIONS
    ]
    contributors = [_author(person) for person in item.contributors]
    return _stated(
        {"rights": item.rights, "contributors": contributors, "comments": item.comments, "links": links}
    )


def _stated(members: dict[str, Any]) -> dict[str, Any]:
    """Without what is empty: JSON Feed leaves out what is not known. A zero is a statement."""
    return {name: value for name, value in members.items() if value not in (None, "", [], {})}
