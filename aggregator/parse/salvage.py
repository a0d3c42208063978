"""What can be saved of a feed that is too broken for strict XML: feedparser's loose reading.

The last resort, since feedparser is slow, quadratic on some inputs and loses what it has no field
for; run it in a process that can be killed. It gets text that is decoded and repaired already, so
that it never guesses an encoding, opens an address or sees a DTD, and its dates are read by us.
"""

from __future__ import annotations

import io
from typing import Any

from aggregator.errors import NotAFeed, Unparsable
from aggregator.model.document import (
    Document,
    Drop,
    Enclosure,
    Entry,
    EntrySource,
    Extension,
    FeedDate,
    Hints,
    Image,
    Link,
    Person,
    Tag,
    Text,
    TextType,
)
from aggregator.parse.dates import parse_date
from aggregator.parse.decode import decode
from aggregator.parse.elements import absolute, is_http
from aggregator.parse.ending import begun, closed, ends_with_list, ends_within_item, has_end
from aggregator.parse.guess import meant_to_be
from aggregator.parse.numbers import duration, whole
from aggregator.parse.repair import repair

_Fields = dict[str, Any]

_FORMATS = {
    "rss090": "rss0.90",
    "rss091n": "rss0.91",
    "rss091u": "rss0.91",
    "rss092": "rss0.92",
    "rss093": "rss0.92",
    "rss094": "rss0.92",
    "rss10": "rss1.0",
    "atom01": "atom0.3",
    "atom02": "atom0.3",
    "atom03": "atom0.3",
    "atom10": "atom1.0",
    "cdf": "cdf",
}
# Inline markup is called XHTML, but in a document that comes here nothing vouches for its form.
_TYPES: dict[str, TextType] = {"text/html": "html", "application/xhtml+xml": "html"}
_KEPT = {  # feedparser writes a simple element of a known namespace as prefix_name
    "itunes_": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "slash_": "http://purl.org/rss/1.0/modules/slash/",
    "wfw_": "http://wellformedweb.org/CommentAPI/",
    "thr_": "http://purl.org/syndication/thread/1.0",
}
_CASED = {"commentrss": "commentRss", "episodetype": "episodeType"}
_PERIODS = {
    "hourly": 3600.0,
    "daily": 86400.0,
    "weekly": 604800.0,
    "monthly": 2592000.0,
    "yearly": 31536000.0,
}
_MOST_DROPS = 2000


def salvage(data: bytes, content_type: str | None, url: str | None) -> Document:
    """The document as far as it can be made out, with tier "salvaged".

    Arguments as for `feed.parse`. Items that were begun and did not come out are drops ("lost").
    Raises NotAFeed for what was never meant to be a feed, Unparsable when there is neither an entry
    nor a title.
    """
    decoded = decode(data, content_type, kind="xml")
    meant = meant_to_be(decoded.text)
    if decoded.text.lstrip()[:1] in ("{", "["):
        raise Unparsable("broken JSON cannot be salvaged", format="json")
    if meant != "feed":
        raise NotAFeed(f"not a feed but {meant}")
    text = repair(closed(decoded.text))
    parsed = _feedparser(text)
    feed = dict(parsed["feed"])
    is_rss = not (parsed.get("version") or "").startswith("atom")
    outcomes = [_entry(dict(found), url, is_rss=is_rss) for found in parsed["entries"]]
    shown = closed(text)  # repairing may have cut in CDATA, at an end tag that it speaks of
    if outcomes and not ends_with_list(decoded.text) and ends_within_item(shown):
        # Half an item could pass for another item than the whole one that the next poll brings.
        outcomes[-1] = Drop(stage="parse", reason="cut off", detail="the document ends within the item")
    entries = tuple(entry for entry in outcomes if isinstance(entry, Entry))
    title = _text(feed, "title", url)
    if not entries and title is None:
        raise Unparsable("nothing could be salvaged: neither an entry nor a title")
    lost = max(0, begun(text) - len(outcomes))
    drops = [drop for drop in outcomes if isinstance(drop, Drop)]
    drops += [Drop(stage="parse", reason="lost", detail="the item's markup is broken")] * min(
        lost, _MOST_DROPS
    )
    return Document(
        format=_FORMATS.get(
            parsed.get("version") or "", "rss1.0" if "<rdf:rdf" in text[:200].lower() else "rss2.0"
        ),
        tier="salvaged",
        encoding=decoded.encoding,
        id=_word(feed, "id"),
        title=title,
        link=absolute(_word(feed, "link"), url),
        description=_text(feed, "subtitle", url),
        language=_word(feed, "language"),
        published=_date(feed, "published"),
        updated=_date(feed, "updated"),
        authors=_people(feed, "authors", "author_detail", "author"),
        contributors=_people(feed, "contributors"),
        tags=_tags(feed),
        links=_links(feed, url),
        image=_image(feed, url),
        icon=absolute(_word(feed, "icon"), url),
        rights=_word(feed, "rights"),
        generator=_word(feed, "generator"),
        hints=_hints(feed),
        extensions=_extensions(feed),
        entries=entries,
        drops=tuple(drops),
        cut_off=not has_end(shown),
    )


def _feedparser(text: str) -> _Fields:
    import feedparser  # slow to import, and seldom needed

    source = io.BytesIO(b'<?xml version="1.0" encoding="utf-8"?>' + text.encode("utf-8", "replace"))
    # No content-location: feedparser would resolve guids against it, and an id must stay as it is.
    headers = {"content-type": "application/xml; charset=utf-8"}
    try:
        parsed: _Fields = feedparser.parse(
            source, sanitize_html=False, resolve_relative_uris=False, response_headers=headers
        )
    except (
        ValueError,
        LookupError,
        AttributeError,
        TypeError,
        ArithmeticError,
        AssertionError,
        RecursionError,
    ) as error:
        raise Unparsable(f"feedparser gave up: {type(error).__name__}: {error}"[:300]) from error
    return parsed


def _entry(found: _Fields, url: str | None, *, is_rss: bool) -> Entry | Drop:
    published = _date(found, "published") or _date(found, "created")
    updated = _date(found, "updated")
    if is_rss and published is None:
        published, updated = updated, None  # feedparser calls dc:date so
    link = _word(found, "link")
    if found.get("guidislink") and link == _word(found, "id") and not is_http(link):
        link = None  # feedparser lends the link of every guid that is not said to be none
    contents = [dict(one) for one in found.get("content") or ()]
    enclosures = _enclosures(found, url)
    entry = Entry(
        guid=_word(found, "id"),
        guid_is_permalink=True if found.get("guidislink") else None,
        link=absolute(link, url),
        links=_links(found, url),
        comments=absolute(_word(found, "comments"), url),
        title=_text(found, "title", url),
        summary=_text(found, "summary", url),
        content=next((text for one in contents if (text := _construct(one, url))), None),
        published=published,
        updated=updated,
        authors=_people(found, "authors", "author_detail", "author"),
        contributors=_people(found, "contributors"),
        tags=_tags(found),
        enclosures=enclosures,
        image=_image(found, url),
        source=_source(found, url),
        language=_word(found, "language"),
        rights=_word(found, "rights"),
        extensions=_extensions(found),
    )
    if not (entry.guid or entry.link or entry.title or entry.summary or entry.content or enclosures):
        return Drop(stage="parse", reason="empty", detail="neither id, link, title nor text")
    return entry


def _word(found: _Fields, key: str) -> str | None:
    value = found.get(key)
    return value.strip() or None if isinstance(value, str) else None


def _date(found: _Fields, key: str) -> FeedDate | None:
    return parse_date(_word(found, key))


def _text(found: _Fields, key: str, url: str | None) -> Text | None:
    detail = found.get(f"{key}_detail")
    return _construct(dict(detail), url) if detail else None


def _construct(detail: _Fields, url: str | None) -> Text | None:
    value = detail.get("value")
    if not isinstance(value, str) or not value.strip():
        return None
    return Text(
        value=value.strip(),
        type=_TYPES.get(str(detail.get("type")).lower(), "text"),
        base=absolute(detail.get("base") or url, url),
        language=detail.get("language") or None,
    )


def _people(found: _Fields, *keys: str) -> tuple[Person, ...]:
    """The people under the first of ``keys`` that names any."""
    for key in keys:
        value = found.get(key)
        if isinstance(value, str):
            return (Person(name=value.strip()),) if value.strip() else ()
        listed = value if isinstance(value, list) else [value] if value else []
        people = [
            Person(
                name=_word(one, "name") or "", url=_word(one, "href") or "", email=_word(one, "email") or ""
            )
            for one in map(dict, listed)
            if any(_word(one, field) for field in ("name", "href", "email"))
        ]
        if people:
            return tuple(dict.fromkeys(people))
    return ()


def _tags(found: _Fields) -> tuple[Tag, ...]:
    tags = (
        Tag(term=term, scheme=one.get("scheme") or "", label=one.get("label") or "")
        for one in map(dict, found.get("tags") or ())
        if (term := (one.get("term") or one.get("label") or "").strip())
    )
    return tuple(dict.fromkeys(tags))


def _links(found: _Fields, url: str | None) -> tuple[Link, ...]:
    """All links but the alternate that is the entry's own, and enclosures."""
    own = absolute(_word(found, "link"), url)
    links = []
    for one in map(dict, found.get("links") or ()):
        href, rel = absolute(one.get("href"), url), one.get("rel") or "alternate"
        if href and rel != "enclosure" and (rel, href) != ("alternate", own):
            links.append(
                Link(
                    rel=rel,
                    href=href,
                    media_type=one.get("type") or "",
                    title=one.get("title") or "",
                    language=one.get("hreflang") or "",
                )
            )
    return tuple(dict.fromkeys(links))


def _enclosures(found: _Fields, url: str | None) -> tuple[Enclosure, ...]:
    seen: dict[str, Enclosure] = {}
    links = [one for one in map(dict, found.get("links") or ()) if one.get("rel") == "enclosure"]
    playing = duration(_word(found, "itunes_duration"))
    for one in (*links, *map(dict, found.get("media_content") or ())):
        address = absolute(one.get("href") or one.get("url"), url)
        media_type = one.get("type") or ""
        if not address or address in seen or not (media_type or one.get("rel") or one.get("medium")):
            continue
        own = duration(one.get("duration"))
        seen[address] = Enclosure(
            url=address,
            media_type=media_type,
            length_bytes=whole(one.get("length") or one.get("filesize")),
            duration_s=playing if own is None and not seen else own,
            title=one.get("title") or "",
        )
    return tuple(seen.values())


def _image(found: _Fields, url: str | None) -> Image | None:
    image = dict(found.get("image") or {})
    address = absolute(image.get("href") or image.get("url") or _word(found, "logo"), url)
    if address:
        link = absolute(image.get("link"), url)
        return Image(url=address, title=image.get("title") or "", link=link or "")
    for thumbnail in map(dict, found.get("media_thumbnail") or ()):
        if address := absolute(thumbnail.get("url"), url):
            return Image(url=address)
    return None


def _source(found: _Fields, url: str | None) -> EntrySource | None:
    source = dict(found.get("source") or {})
    title, href = _word(source, "title") or "", absolute(_word(source, "href"), url) or ""
    link, name = absolute(_word(source, "link"), url) or "", _word(source, "id") or ""
    return EntrySource(title=title, url=href, link=link, id=name) if title or href or link or name else None


def _extensions(found: _Fields) -> tuple[Extension, ...]:
    kept = []
    for key in sorted(found):
        prefix = next((prefix for prefix in _KEPT if key.startswith(prefix)), None)
        value = _word(found, key)
        if prefix and value:
            name = key.removeprefix(prefix)
            kept.append(Extension(namespace=_KEPT[prefix], name=_CASED.get(name, name), text=value))
    return tuple(kept)


def _hints(found: _Fields) -> Hints:
    minutes = whole(_word(found, "ttl"))
    period = _PERIODS.get((_word(found, "sy_updateperiod") or "").lower(), 0.0)
    period /= max(1, whole(_word(found, "sy_updatefrequency")) or 1)
    interval = max(60.0 * (minutes or 0), period)
    return Hints(interval_s=interval or None)
