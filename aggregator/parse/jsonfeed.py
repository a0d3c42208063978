"""JSON Feed 1 and 1.1 (https://www.jsonfeed.org/version/1.1/), read tolerantly: a field of the wrong
type is no field."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from aggregator.errors import NotAFeed
from aggregator.model.document import Document, Drop, Entry, Person, Text
from aggregator.parse.draft import NATIVE, Draft, date_languages, empty
from aggregator.parse.elements import Names, Scope, absolute, best, offer, outer_scope
from aggregator.parse.media import guessed_type
from aggregator.parse.people import described

Object = Mapping[str, Any]

_NAMES = Names("json")
_LARGEST = 2**53
_SURROGATE = re.compile("[\ud800-\udfff]")


def read(obj: dict[str, Any], url: str | None) -> Document:
    """A JSON Feed out of a decoded object; ``url`` is the address it came from.

    Raises NotAFeed if it is no object with a list of items or a JSON Feed version.
    """
    items = obj.get("items") if isinstance(obj, dict) else None
    if not isinstance(items, list):
        if not isinstance(obj, dict) or "jsonfeed.org" not in (_string(obj, "version") or ""):
            raise NotAFeed("JSON that is no JSON Feed", format="json")
        items = []
    site = _string(obj, "home_page_url")
    scope = Scope(base=outer_scope(url, site).base, language=_string(obj, "language"))
    feed = Draft(_NAMES, date_languages(scope.language))
    _feed(feed, obj, scope)
    entries: list[Entry] = []
    drops: list[Drop] = []
    for number, item in enumerate(items, 1):
        draft = Draft(_NAMES, feed.date_languages)
        language = None
        if isinstance(item, dict):
            language = _string(item, "language")
            _item(draft, item, Scope(base=scope.base, language=language or scope.language))
        entry = draft.entry(Scope(language=language))
        if entry is None:
            drops.append(empty("item", number))
        else:
            entries.append(entry)
    return feed.document(_format(obj), scope, tuple(entries), tuple(drops))


def _feed(draft: Draft, obj: Object, scope: Scope) -> None:
    _text(draft, "title", _string(obj, "title"), "text", scope)
    _text(draft, "summary", _string(obj, "description"), "text", scope)
    offer(draft.words, "link", NATIVE, _address(obj, "home_page_url", scope))
    offer(draft.words, "icon", NATIVE, _address(obj, "favicon", scope))
    draft.image(NATIVE, _address(obj, "icon", scope))
    draft.link("self", _address(obj, "feed_url", scope), "application/feed+json")
    draft.link("next", _address(obj, "next_url", scope))
    for hub in _objects(obj, "hubs"):
        draft.link("hub", _address(hub, "url", scope))
    _authors(draft, obj, scope)


def _item(draft: Draft, item: Object, scope: Scope) -> None:
    offer(draft.words, "guid", NATIVE, _identifier(item.get("id")))
    _text(draft, "title", _string(item, "title"), "text", scope)
    _text(draft, "content", _string(item, "content_html"), "html", scope)
    _text(draft, "content", _string(item, "content_text"), "text", scope)
    _text(draft, "summary", _string(item, "summary"), "text", scope)
    link, elsewhere = _address(item, "url", scope), _address(item, "external_url", scope)
    offer(draft.words, "link", NATIVE, link or elsewhere)
    if elsewhere != best(draft.words, "link"):
        draft.link("related", elsewhere)
    draft.image(NATIVE, _address(item, "image", scope) or _address(item, "banner_image", scope))
    draft.date("published", NATIVE, _string(item, "date_published"))
    draft.date("updated", NATIVE, _string(item, "date_modified"))
    _authors(draft, item, scope)
    tags = item.get("tags")
    for tag in tags if isinstance(tags, list) else ():
        draft.tag(_trimmed(tag))
    for file in _objects(item, "attachments"):
        url = _address(file, "url", scope)
        draft.enclosure(
            url,
            _string(file, "mime_type") or guessed_type(url or ""),
            _size(file.get("size_in_bytes")),
            _seconds(file.get("duration_in_seconds")),
            _string(file, "title") or "",
        )


def _text(draft: Draft, field: str, value: str | None, kind: str, scope: Scope) -> None:
    if value is not None:
        text = Text(
            value=value, type="html" if kind == "html" else "text", base=scope.base, language=scope.language
        )
        offer(draft.texts, field, NATIVE, text)


def _authors(draft: Draft, obj: Object, scope: Scope) -> None:
    """``authors`` (1.1) and ``author`` (1), an object or, wrongly, a bare name."""
    several, one = obj.get("authors"), obj.get("author")
    for author in [*(several if isinstance(several, list) else [several]), one]:
        if isinstance(author, dict):
            found = described(
                name=_string(author, "name") or "",
                url=_address(author, "url", scope) or "",
                avatar=_address(author, "avatar", scope) or "",
            )
            draft.person(NATIVE, found)
        elif name := _trimmed(author):
            draft.person(NATIVE, Person(name=name))


def _trimmed(value: object) -> str | None:
    """A string without blanks around it. Half characters, which JSON can write but nothing can store, are
    replaced."""
    return (_SURROGATE.sub("\ufffd", value).strip() or None) if isinstance(value, str) else None


def _string(obj: Object, key: str) -> str | None:
    return _trimmed(obj.get(key))


def _address(obj: Object, key: str, scope: Scope) -> str | None:
    return absolute(_string(obj, key), scope.base)


def _objects(obj: Object, key: str) -> list[Object]:
    found = obj.get(key)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _identifier(value: object) -> str | None:
    """An id is a string; a number is read as one (version 1, "id")."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int):
        return str(value) if abs(value) < 10**40 else None
    if isinstance(value, float):
        return str(value) if math.isfinite(value) else None
    return _trimmed(value)


def _size(value: object) -> int | None:
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int):
        return None
    return value if 0 <= value <= _LARGEST else None


def _seconds(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 <= value < 10**9:
        return None
    return float(value)


def _format(obj: Object) -> str:
    version = (_string(obj, "version") or "").rstrip("/")
    return "json1.0" if version.endswith(("/1", "/1.0")) else "json1.1"
