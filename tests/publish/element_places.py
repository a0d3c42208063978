"""Where each output format says what docs/elements.md promises: a place as the page names it, and the
function that finds the values there.

A cell of the page names one place or, after "; and", two; a value must be found at each.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from lxml import etree, html

from aggregator.model.document import Hints
from aggregator.model.item import Item

NAMESPACES = {
    "atom": "http://www.w3.org/2005/Atom",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "xhtml": "http://www.w3.org/1999/xhtml",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "podcast": "https://podcastindex.org/namespace/1.0",
    "media": "http://search.yahoo.com/mrss/",
    "georss": "http://www.georss.org/georss",
    "geo": "http://www.w3.org/2003/01/geo/wgs84_pos#",
    "gml": "http://www.opengis.net/gml",
    "thr": "http://purl.org/syndication/thread/1.0",
    "slash": "http://purl.org/rss/1.0/modules/slash/",
    "wfw": "http://wellformedweb.org/CommentAPI/",
    "creativeCommons": "http://backend.userland.com/creativeCommonsRssModule",
    "cc": "http://web.resource.org/cc/",
    "psc": "http://podlove.org/simple-chapters",
    "yt": "http://www.youtube.com/xml/schemas/2015",
    "googleplay": "http://www.google.com/schemas/play-podcasts/1.0",
    "prism": "http://prismstandard.org/namespaces/basic/2.0/",
    "admin": "http://webns.net/mvcb/",
    "feedburner": "http://rssnamespace.org/feedburner/ext/1.0",
    "webfeeds": "http://webfeeds.org/rss/1.0",
    "yandex": "http://news.yandex.ru",
    "odd": "http://odd.example/ns",
}
_LANG = "{http://www.w3.org/XML/1998/namespace}lang"


@dataclass(frozen=True, slots=True, kw_only=True)
class Published:
    """One document after the whole way: its trusted items, and the three feeds made of them."""

    items: tuple[Item, ...]
    hints: Hints
    atom: etree._Element
    rss: etree._Element
    json: dict[str, Any]
    bodies: dict[str, bytes]

    def entry(self, of: str) -> etree._Element:
        """The first entry of the Atom feed, or item of the RSS feed."""
        return (
            self.atom.findall("atom:entry", NAMESPACES)[0] if of == "atom" else self.rss.findall(".//item")[0]
        )

    def head(self, of: str) -> etree._Element:
        """The Atom feed itself, or the RSS channel."""
        return self.atom if of == "atom" else self.rss.findall("channel")[0]

    def member(self, name: str) -> Any:
        """A member of the first item of the JSON Feed."""
        return self.json["items"][0].get(name)


#: What is found at a place.
Place = Callable[[Published], list[Any]]


def _texts(of: str, path: str) -> Place:
    def find(published: Published) -> list[Any]:
        return [one.text for one in published.entry(of).findall(path, NAMESPACES)]

    return find


def _feed_texts(of: str, path: str) -> Place:
    def find(published: Published) -> list[Any]:
        root = published.atom if of == "atom" else published.rss
        return [one.text for one in root.findall(path, NAMESPACES)]

    return find


def _attributes(of: str, path: str, name: str) -> Place:
    def find(published: Published) -> list[Any]:
        return [one.get(name) for one in published.entry(of).findall(path, NAMESPACES)]

    return find


def _member(*names: str) -> Place:
    def find(published: Published) -> list[Any]:
        found: Any = published.json["items"][0]
        for name in names:
            found = found.get(name, {})
        return found if isinstance(found, list) else [found]

    return find


def _feed_member(name: str) -> Place:
    return lambda published: [published.json.get(name)]


def _dates(of: str, path: str) -> Place:
    def find(published: Published) -> list[Any]:
        if of == "json":
            written = [published.member(path)]
        else:
            written = [one.text for one in published.entry(of).findall(path, NAMESPACES)]
        return [_moment(one) for one in written if one]

    return find


def _moment(written: str) -> str:
    at = parsedate_to_datetime(written) if written[0].isalpha() else datetime.fromisoformat(written)
    return at.astimezone(UTC).isoformat()


def _summary(of: str) -> Place:
    """The summary; the only text where there is one only."""
    alone = {"atom": "atom:content", "rss": "description", "json": "content_html"}[of]
    beside = {"atom": "atom:summary", "rss": "description", "json": "summary"}[of]

    def find(published: Published) -> list[Any]:
        place = beside if published.items[0].summary_html else alone
        if of == "json":
            return [_words(published.member(place))]
        return [_words(one.text) for one in published.entry(of).findall(place, NAMESPACES)]

    return find


def _content(of: str) -> Place:
    def find(published: Published) -> list[Any]:
        place = "atom:content" if of == "atom" else "content:encoded"
        if of == "rss" and not published.items[0].summary_html:
            place = "description"
        if of == "json":
            return [_words(published.member("content_html"))]
        return [_words(one.text) for one in published.entry(of).findall(place, NAMESPACES)]

    return find


def _words(markup: str | None) -> str:
    return str(html.fromstring(f"<div>{markup or ''}</div>").text_content())


def _people(path: str) -> Place:
    def find(published: Published) -> list[Any]:
        return [
            tuple(one.findtext(f"atom:{part}", "", NAMESPACES) for part in ("name", "uri", "email"))
            for one in published.entry("atom").findall(path, NAMESPACES)
        ]

    return find


def _json_people(*names: str) -> Place:
    def find(published: Published) -> list[Any]:
        return [(one.get("name", ""), one.get("url", "")) for one in _member(*names)(published)]

    return find


def _atom_tags(published: Published) -> list[Any]:
    found = published.entry("atom").findall("atom:category", NAMESPACES)
    return [(one.get("term"), one.get("scheme", ""), one.get("label", "")) for one in found]


def _rss_tags(published: Published) -> list[Any]:
    return [(one.text, one.get("domain", "")) for one in published.entry("rss").findall("category")]


def _atom_enclosures(published: Published) -> list[Any]:
    found = published.entry("atom").findall("atom:link[@rel='enclosure']", NAMESPACES)
    return [(one.get("href"), one.get("type"), one.get("length")) for one in found]


def _rss_enclosures(published: Published) -> list[Any]:
    item = published.entry("rss")
    first = [(one.get("url"), one.get("type"), one.get("length")) for one in item.findall("enclosure")]
    others = item.iter(f"{{{NAMESPACES['media']}}}content")
    assert len(first) == 1
    return first + [(one.get("url"), one.get("type"), one.get("fileSize")) for one in others]


def _attachments(published: Published) -> list[Any]:
    return [
        (one["url"], one["mime_type"], str(one["size_in_bytes"]) if "size_in_bytes" in one else None)
        for one in _member("attachments")(published)
    ]


def _atom_source(published: Published) -> list[Any]:
    found = published.entry("atom").find("atom:source", NAMESPACES)
    if found is None:
        return []
    own = found.find("atom:link[@rel='self']", NAMESPACES)
    return [(found.findtext("atom:title", "", NAMESPACES), "" if own is None else own.get("href"))]


def _rss_source(published: Published) -> list[Any]:
    item = published.entry("rss")
    found = [(one.text, one.get("url")) for one in item.findall("source")]
    return found + [(one.text, "") for one in item.findall("dc:source", NAMESPACES)]


def _origin(published: Published) -> list[Any]:
    found = (published.member("_source") or {}).get("origin", {})
    return [(found.get("title", ""), found.get("feed_url", ""))]


def _links(of: str) -> Place:
    """(relation, address) of the links that are neither alternate nor enclosure."""

    def find(published: Published) -> list[Any]:
        if of == "json":
            return [(one["rel"], one["href"]) for one in _member("_atom", "links")(published)]
        found = published.entry(of).findall("atom:link", NAMESPACES)
        return [(one.get("rel"), one.get("href")) for one in found]

    return find


def _id(of: str) -> Place:
    """The upstream guid, if the id is one of ours and the store has the guid."""

    def find(published: Published) -> list[Any]:
        path = "atom:id" if of == "atom" else "guid"
        ids = [published.member("id")] if of == "json" else _texts(of, path)(published)
        item = published.items[0]
        return [item.guid] if ids == [f"urn:uuid:{item.uid}"] else []

    return find


def _entries(of: str) -> Place:
    path = {"atom": "atom:entry/atom:title", "rss": ".//item/title"}
    if of == "json":
        return lambda published: [one["title"] for one in published.json["items"]]
    return _feed_texts(of, path[of])


def _addresses(of: str) -> Place:
    """Every address of the first entry, those in its markup as well."""

    def find(published: Published) -> list[Any]:
        item = (
            etree.tostring(published.entry(of)).decode() if of != "json" else str(published.json["items"][0])
        )
        return re.findall(r"https?://[^\s\"'<>&]+", item)

    return find


ATOM: dict[str, Place] = {
    "`title`, as text": _texts("atom", "atom:title"),
    "`title`": _texts("atom", "atom:title"),
    "`link rel=alternate`": _attributes("atom", "atom:link[@rel='alternate']", "href"),
    "`summary` as HTML; `content` where there is no other text": _summary("atom"),
    "`content` as HTML": _content("atom"),
    "`content`": _content("atom"),
    "`published`": _dates("atom", "atom:published"),
    "`updated`": _dates("atom", "atom:updated"),
    "`author`": _people("atom:author"),
    "`contributor`": _people("atom:contributor"),
    "`category`; a scheme that is no web address is left out": _atom_tags,
    "`link rel=enclosure`, every one, with type and length": _atom_enclosures,
    "`source`": _atom_source,
    "`link rel=replies`": _attributes("atom", "atom:link[@rel='replies']", "href"),
    "`id`, a `urn:uuid:` of ours that the guid leads to; the guid stays in the store": _id("atom"),
    "`media:thumbnail`": _attributes("atom", "media:thumbnail", "url"),
    "`xml:lang`": lambda published: [published.entry("atom").get(_LANG)],
    "`rights`": _texts("atom", "atom:rights"),
    "`link` of the same relation": _links("atom"),
    "`link rel=license`": _links("atom"),
    "an entry of its own": _entries("atom"),
    "absolute addresses": _addresses("atom"),
    "`title` of the source's feed": _feed_texts("atom", "atom:title"),
    "`link rel=alternate` of the source's feed": lambda published: [
        one.get("href") for one in published.atom.findall("atom:link[@rel='alternate']", NAMESPACES)
    ],
    "`subtitle` of the source's feed": _feed_texts("atom", "atom:subtitle"),
    "`xml:lang` of the source's feed": lambda published: [published.atom.get(_LANG)],
    "of entries that name none": lambda published: [published.entry("atom").get(_LANG)],
    "`rights` of the source's feed": _feed_texts("atom", "atom:rights"),
    "`logo` of the source's feed": _feed_texts("atom", "atom:logo"),
    "`icon` of the source's feed": _feed_texts("atom", "atom:icon"),
    "`author` of the source's feed": _feed_texts("atom", "atom:author/atom:name"),
}
RSS: dict[str, Place] = {
    "`title`, as text": _texts("rss", "title"),
    "`title`": _texts("rss", "title"),
    "`link`": _texts("rss", "link"),
    "`description`": _summary("rss"),
    "`content:encoded`; `description` where there is no summary": _content("rss"),
    "`pubDate`": _dates("rss", "pubDate"),
    "`atom:updated` where it differs from `pubDate`": lambda published: (
        _dates("rss", "atom:updated")(published) or _dates("rss", "pubDate")(published)
    ),
    "`dc:creator`, the name": _texts("rss", "dc:creator"),
    "`dc:creator`": _texts("rss", "dc:creator"),
    "`dc:contributor`, the name": _texts("rss", "dc:contributor"),
    "`category` with `domain`; the label is left out": _rss_tags,
    "`enclosure` for the first, `media:content` for the others": _rss_enclosures,
    "`source`; `dc:source` where it has no address": _rss_source,
    "`comments`": _texts("rss", "comments"),
    "`guid`, the same `urn:uuid:`": _id("rss"),
    "`media:thumbnail`": _attributes("rss", "media:thumbnail", "url"),
    "`dc:language`": _texts("rss", "dc:language"),
    "`dc:rights`": _texts("rss", "dc:rights"),
    "`atom:link` of the same relation": _links("rss"),
    "`atom:link rel=license`": _links("rss"),
    "an item of its own": _entries("rss"),
    "absolute addresses": _addresses("rss"),
    "`title` of the source's feed": _feed_texts("rss", "channel/title"),
    "`link` of the source's feed": _feed_texts("rss", "channel/link"),
    "`description` of the source's feed": _feed_texts("rss", "channel/description"),
    "`language` of the source's feed": _feed_texts("rss", "channel/language"),
    "`dc:language` of entries that name none": _texts("rss", "dc:language"),
    "`copyright` of the source's feed": _feed_texts("rss", "channel/copyright"),
    "`image` of the source's feed": _feed_texts("rss", "channel/image/url"),
    "`atom:icon` of the source's feed": _feed_texts("rss", "channel/atom:icon"),
    "`dc:creator` of the source's feed, the name": _feed_texts("rss", "channel/dc:creator"),
}
JSON: dict[str, Place] = {
    "`title`": _member("title"),
    "`url`": _member("url"),
    "`summary` as text; `content_html` where there is no other text": _summary("json"),
    "`content_html`": _content("json"),
    "`date_published`": _dates("json", "date_published"),
    "`date_modified`": _dates("json", "date_modified"),
    "`authors`, without e-mail address": _json_people("authors"),
    "`authors`": _json_people("authors"),
    "`_atom.contributors`": _json_people("_atom", "contributors"),
    "`tags`, the terms": _member("tags"),
    "`attachments`": _attachments,
    "`_source.origin`": _origin,
    "`_atom.comments`": _member("_atom", "comments"),
    "`id`, the same `urn:uuid:`": _id("json"),
    "`image`": _member("image"),
    "`language`": _member("language"),
    "`_atom.rights`": _member("_atom", "rights"),
    "`_atom.links`": _links("json"),
    "an item of its own": _entries("json"),
    "absolute addresses": _addresses("json"),
    "`duration_in_seconds` of the attachment": lambda published: [
        one.get("duration_in_seconds") for one in _member("attachments")(published)
    ],
    "`title` of the source's feed": _feed_member("title"),
    "`home_page_url` of the source's feed": _feed_member("home_page_url"),
    "`description` of the source's feed": _feed_member("description"),
    "`language` of the source's feed": _feed_member("language"),
    "of entries that name none": _member("language"),
    "`icon` of the source's feed": _feed_member("icon"),
    "`favicon` of the source's feed": _feed_member("favicon"),
    "`authors` of the source's feed, the name": lambda published: [
        one["name"] for one in published.json["authors"]
    ],
}
_OWN_FIELD = "as the document's own field of the source's feed"
ATOM[_OWN_FIELD] = lambda published: [
    *(
        said
        for name in ("title", "subtitle", "rights")
        for said in _feed_texts("atom", f"atom:{name}")(published)
    ),
    published.atom.get(_LANG),
]
RSS[_OWN_FIELD] = lambda published: [
    said
    for name in ("title", "description", "language", "copyright")
    for said in _feed_texts("rss", f"channel/{name}")(published)
]
JSON[f"{_OWN_FIELD}, rights excepted"] = lambda published: [
    published.json.get(name) for name in ("title", "description", "language")
]
OUR_POLLS = "our own polls obey it; our feeds say nothing of theirs"
for _places in (ATOM, RSS, JSON):
    _places[OUR_POLLS] = lambda published: [
        published.hints.interval_s,
        published.hints.skip_hours,
        published.hints.skip_days,
    ]
PLACES = {"atom": ATOM, "rss": RSS, "json": JSON}
THE_SAME_ELEMENT = "the same element"
THE_SAME_OF_THE_FEED = "the same element of the source's feed"


def same_element(of: str, name: str, *, of_feed: bool = False) -> Place:
    """The texts and attributes of an element called ``prefix:local``, and of those within it."""
    prefix, _, local = name.partition(":")

    def find(published: Published) -> list[Any]:
        parent = published.head(of) if of_feed else published.entry(of)
        found = parent.findall(f"{{{NAMESPACES[prefix]}}}{local}")
        return [said for one in found for each in one.iter() for said in (each.text, *each.attrib.values())]

    return find
