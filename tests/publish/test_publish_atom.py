"""Atom: what RFC 4287 asks for, and each thing that feedgen alone gets wrong."""

from __future__ import annotations

import locale
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import feedparser
import pytest
import time_machine
from lxml import etree

from aggregator.model.document import Enclosure, EntrySource, Image, Link, Person, Tag
from aggregator.model.feed import FeedView
from aggregator.publish.atom import atom
from aggregator.publish.rss import rss

NS = {"a": "http://www.w3.org/2005/Atom"}
AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
Make = Callable[..., Any]


def tree(view: FeedView) -> etree._Element:
    return etree.fromstring(atom(view))


def first(view: FeedView) -> etree._Element:
    found = tree(view).find("a:entry", NS)
    assert found is not None
    return found


def links(element: etree._Element) -> list[dict[str, str]]:
    return [{str(k): str(v) for k, v in link.attrib.items()} for link in element.findall("a:link", NS)]


def test_ids_are_ours_and_do_not_depend_on_the_address(make_item: Make, make_view: Make) -> None:
    view = make_view(make_item())
    moved = replace(view, base_url="https://elsewhere.example/x")
    ids = [tree(v).findtext("a:id", namespaces=NS) for v in (view, moved)]
    assert ids[0] == ids[1]
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", ids[0] or "")
    other = make_view(make_item(), kind="category", name="acme")
    assert tree(other).findtext("a:id", namespaces=NS) != ids[0]
    assert first(view).findtext("a:id", namespaces=NS) == "urn:uuid:00000000-0000-4000-8000-000000000001"
    assert b"upstream-1" not in atom(view)


def test_what_a_source_says_of_itself_stands_before_the_entries(show_view: FeedView) -> None:
    root = tree(show_view)
    people = root.findall("a:author", NS)
    assert [[(part.tag, part.text) for part in one] for one in people] == [
        [("{http://www.w3.org/2005/Atom}name", "An Na")],
        [("{http://www.w3.org/2005/Atom}name", "desk@show.example")],
    ]
    assert [one.text for one in root.findall("a:icon", NS)] == ["https://show.example/icon.png"]
    assert [one.text for one in root.findall("a:logo", NS)] == ["https://show.example/cover.jpg"]
    itunes = "{http://www.itunes.com/dtds/podcast-1.0.dtd}"
    assert root.findtext(f"{itunes}author") == "An Na"
    assert root.nsmap["itunes"] == itunes[1:-1]
    tags = [element.tag for element in root]
    assert tags.index("{http://www.w3.org/2005/Atom}entry") == len(tags) - 1
    read = feedparser.parse(atom(show_view))
    assert not read.bozo
    assert (read.feed.icon, read.feed.itunes_explicit) == ("https://show.example/icon.png", True)


def test_a_feed_always_has_an_author(make_view: Make) -> None:
    def names(**changes: Any) -> list[str | None]:
        found = tree(make_view(**changes)).findall("a:author/a:name", NS)
        return [one.text for one in found]

    assert names() == ["Acme wire"]
    assert names(authors=("A", "B")) == ["A", "B"]
    assert names(authors=("\x01",)) == ["Acme wire"]
    assert names(kind="all", name="") == ["My wire"]


def test_items_keep_their_order(make_item: Make, make_view: Make) -> None:
    root = tree(make_view(*(make_item(n) for n in (3, 1, 2))))
    assert [e.findtext("a:title", namespaces=NS) for e in root.findall("a:entry", NS)] == [
        "Item 3",
        "Item 1",
        "Item 2",
    ]


@pytest.mark.parametrize("render", [atom, rss])
def test_the_clock_is_never_read(
    render: Callable[[FeedView], bytes], make_item: Make, make_view: Make
) -> None:
    view = make_view(make_item(published_at=None), make_item(2))
    with time_machine.travel(datetime(2031, 1, 1, tzinfo=UTC), tick=False):
        then = render(view)
    assert then == render(view)
    assert b"2031" not in then


def test_dates(make_item: Make, make_view: Make) -> None:
    def dates(**changes: Any) -> tuple[str | None, str | None]:
        entry = first(make_view(make_item(**changes)))
        return entry.findtext("a:published", namespaces=NS), entry.findtext("a:updated", namespaces=NS)

    hour = timedelta(hours=1)
    at, later, seen = (f"2026-03-04T0{h}:06:07+00:00" for h in (5, 6, 7))
    assert dates() == (at, at)
    assert dates(updated_at=AT + hour) == (at, later)
    assert dates(updated_at=AT - hour) == (at, at)
    assert dates(published_at=None, updated_at=AT + hour) == (None, later)
    assert dates(published_at=None) == (None, seen)
    elsewhere = (AT + timedelta(milliseconds=999)).astimezone(timezone(timedelta(hours=8)))
    assert dates(published_at=elsewhere) == (at, at)


def test_links_keep_relation_type_and_length(make_item: Make, make_view: Make) -> None:
    item = make_item(
        links=(
            Link(rel="related", href="https://r.example/", media_type="text/html", title="R", language="fr"),
            Link(rel="via", href="https://v.example/"),
            Link(rel="replies", href="https://c.example/"),
            Link(rel="license", href="https://l.example/"),
            Link(rel="self", href="https://upstream.example/self"),
            Link(rel="hub", href="https://hub.example/"),
        ),
        comments="https://acme.example/comments",
        enclosures=(
            Enclosure(url="https://e.example/a.mp3", media_type="audio/x", length_bytes=12, title="A"),
            Enclosure(url="https://e.example/b.MP4"),
        ),
    )
    assert links(first(make_view(item))) == [
        {"rel": "alternate", "href": "https://acme.example/1"},
        {
            "rel": "enclosure",
            "href": "https://e.example/a.mp3",
            "type": "audio/x",
            "length": "12",
            "title": "A",
        },
        {"rel": "enclosure", "href": "https://e.example/b.MP4", "type": "video/mp4"},
        {
            "rel": "related",
            "href": "https://r.example/",
            "type": "text/html",
            "title": "R",
            "hreflang": "fr",
        },
        {"rel": "via", "href": "https://v.example/"},
        {"rel": "replies", "href": "https://c.example/"},
        {"rel": "license", "href": "https://l.example/"},
        {"rel": "replies", "href": "https://acme.example/comments", "type": "text/html"},
    ]


def test_comments_that_are_replies_already_are_said_once(make_item: Make, make_view: Make) -> None:
    item = make_item(links=(Link(rel="replies", href="https://c.example/"),), comments="https://c.example/")
    assert [link["href"] for link in links(first(make_view(item))) if link["rel"] == "replies"] == [
        "https://c.example/"
    ]


def test_an_item_without_link_or_text_is_valid(make_item: Make, make_view: Make) -> None:
    entry = first(make_view(make_item(link=None, content_html="")))
    content = entry.find("a:content", NS)
    assert content is not None
    assert (content.get("type"), content.text) == ("html", None)
    assert links(entry) == []


def test_one_text_is_content_and_two_stay_apart(make_item: Make, make_view: Make) -> None:
    one = first(make_view(make_item(summary_html="<p>s</p>", content_html="")))
    assert one.findtext("a:content", namespaces=NS) == "<p>s</p>"
    assert one.find("a:summary", NS) is None
    two = first(make_view(make_item(summary_html="<p>s</p>", content_html="<p>c</p>")))
    for name, text in (("summary", "<p>s</p>"), ("content", "<p>c</p>")):
        element = two.find(f"a:{name}", NS)
        assert element is not None
        assert (element.get("type"), element.text) == ("html", text)


def test_people_tags_rights_and_language(make_item: Make, make_view: Make) -> None:
    item = make_item(
        authors=(Person(name="A", url="https://a.example/"), Person(email="b@b.example"), Person(name="C")),
        contributors=(Person(url="https://d.example/"),),
        tags=(Tag(term="t", scheme="https://s.example/", label="T"), Tag(term="u")),
        rights="R",
        language="zh-TW",
    )
    entry = first(make_view(item))
    assert [a.findtext("a:name", namespaces=NS) for a in entry.findall("a:author", NS)] == [
        "A",
        "b@b.example",
        "C",
    ]
    assert entry.findtext("a:contributor/a:name", namespaces=NS) == "https://d.example/"
    assert [dict(c.attrib) for c in entry.findall("a:category", NS)] == [
        {"term": "t", "scheme": "https://s.example/", "label": "T"},
        {"term": "u"},
    ]
    assert entry.findtext("a:rights", namespaces=NS) == "R"
    assert entry.get("{http://www.w3.org/XML/1998/namespace}lang") == "zh-TW"


def test_every_feed_has_an_author(make_item: Make, make_view: Make) -> None:
    assert tree(make_view()).findtext("a:author/a:name", namespaces=NS) == "Acme wire"
    combined = make_view(make_item(), kind="all", name="")
    assert tree(combined).findtext("a:author/a:name", namespaces=NS) == "My wire"
    # The entry's author is its source, not the combined feed.
    assert first(combined).findtext("a:source/a:author/a:name", namespaces=NS) == "Acme"
    signed = make_view(make_item(authors=(Person(name="A"),)), kind="all", name="")
    assert first(signed).find("a:source/a:author", NS) is None


def test_source_of_a_combined_feed(make_item: Make, make_view: Make) -> None:
    own = tree(make_view(make_item()))
    assert own.find("a:entry/a:source", NS) is None
    source = first(make_view(make_item(), kind="category", name="x")).find("a:source", NS)
    assert source is not None
    assert source.findtext("a:id", namespaces=NS) == own.findtext("a:id", namespaces=NS)
    assert source.findtext("a:title", namespaces=NS) == "Acme"
    assert source.findtext("a:updated", namespaces=NS) == "2026-03-04T05:06:07+00:00"
    assert links(source) == [
        {"rel": "self", "href": "https://feeds.example/feeds/source/acme.atom"},
        {"rel": "alternate", "href": "https://acme.example/"},
    ]


def test_a_source_that_upstream_named_is_kept_everywhere(make_item: Make, make_view: Make) -> None:
    item = make_item(source=EntrySource(title="Origin", url="https://o.example/feed"))
    for view in (make_view(item), make_view(item, kind="all", name="")):
        source = first(view).find("a:source", NS)
        assert source is not None
        assert source.findtext("a:title", namespaces=NS) == "Origin"
        assert source.findtext("a:id", namespaces=NS) == "https://o.example/feed"


def test_head_of_the_feed(make_view: Make) -> None:
    view = make_view(
        description="About",
        link="https://acme.example/",
        language="de",
        image=Image(url="https://acme.example/logo.png"),
        rights="R",
    )
    root = tree(view)
    assert root.findtext("a:subtitle", namespaces=NS) == "About"
    assert root.findtext("a:logo", namespaces=NS) == "https://acme.example/logo.png"
    assert root.findtext("a:rights", namespaces=NS) == "R"
    assert root.findtext("a:generator", namespaces=NS) == "aggregator 0.1.0"
    assert root.findtext("a:updated", namespaces=NS) == "2026-03-04T05:06:07+00:00"
    assert root.get("{http://www.w3.org/XML/1998/namespace}lang") == "de"
    assert links(root) == [
        {
            "rel": "self",
            "href": "https://feeds.example/feeds/source/acme.atom",
            "type": "application/atom+xml",
        },
        {"rel": "alternate", "href": "https://acme.example/", "type": "text/html"},
    ]
    bare = tree(make_view())
    assert bare.find("a:subtitle", NS) is None
    assert links(bare)[1]["href"] == "https://feeds.example/"
    assert atom(view).startswith(b"<?xml version='1.0' encoding='UTF-8'?>")


def test_feedparser_reads_it(rich_view: FeedView) -> None:
    read = feedparser.parse(atom(rich_view))
    assert not read.bozo
    assert read.version == "atom10"
    assert [entry.id[-1] for entry in read.entries] == ["1", "2", "3", "4"]
    episode = read.entries[1]
    assert "不是标签" in episode.title
    assert [(e.href, e.type) for e in episode.enclosures] == [
        ("https://cdn.example/2.mp3", "audio/mpeg"),
        ("https://cdn.example/2.epub?dl=1", "application/epub+zip"),
        ("https://cdn.example/unknown", "application/octet-stream"),
    ]
    assert [a.get("name") for a in episode.authors] == ["An Na", "desk@acme.example"]
    assert episode.source.title == "Origin"


@pytest.mark.parametrize("render", [atom, rss])
def test_the_locale_neither_shows_nor_changes(
    render: Callable[[FeedView], bytes], make_item: Make, make_view: Make
) -> None:
    view = make_view(make_item())
    expected = render(view)
    before = locale.setlocale(locale.LC_ALL)
    try:
        for name in ("de_DE.UTF-8", "zh_CN.UTF-8", "fr_FR.UTF-8", "C.utf8"):
            try:
                foreign = locale.setlocale(locale.LC_ALL, name)
            except locale.Error:
                continue  # not installed here; C.utf8 nearly always is
            assert render(view) == expected
            assert locale.setlocale(locale.LC_ALL) == foreign
    finally:
        locale.setlocale(locale.LC_ALL, before)


def test_markup_in_a_title_is_text(make_item: Make, make_view: Make) -> None:
    title = "<script>alert(1)</script> & ]]> \u202e 😀 \U0002a6a5"
    entry = first(make_view(make_item(title=title)))
    assert entry.findtext("a:title", namespaces=NS) == title
