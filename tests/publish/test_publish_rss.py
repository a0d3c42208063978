"""RSS 2.0: what the specification asks for, and each thing that feedgen alone gets wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import feedparser
from lxml import etree

from aggregator.model.document import Enclosure, EntrySource, Extension, Image, Link, Person, Tag
from aggregator.model.feed import FeedView
from aggregator.publish.rss import rss

ATOM = "{http://www.w3.org/2005/Atom}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}"
DC = "{http://purl.org/dc/elements/1.1/}"
MEDIA_NS = "http://search.yahoo.com/mrss/"
MEDIA = f"{{{MEDIA_NS}}}"
AT = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
Make = Callable[..., Any]


def channel(view: FeedView) -> etree._Element:
    found = etree.fromstring(rss(view)).find("channel")
    assert found is not None
    return found


def first(view: FeedView) -> etree._Element:
    found = channel(view).find("item")
    assert found is not None
    return found


def test_the_guid_is_ours_and_no_permalink(make_item: Make, make_view: Make) -> None:
    guid = first(make_view(make_item())).find("guid")
    assert guid is not None
    assert guid.text == "urn:uuid:00000000-0000-4000-8000-000000000001"
    assert guid.get("isPermaLink") == "false"


def test_head_of_the_channel(make_view: Make) -> None:
    view = make_view(
        description="About",
        link="https://acme.example/",
        language="de",
        image=Image(url="https://acme.example/logo.png"),
        rights="R",
    )
    head = channel(view)
    assert head.findtext("title") == "Acme wire"
    assert head.findtext("link") == "https://acme.example/"
    assert head.findtext("description") == "About"
    assert head.findtext("language") == "de"
    assert head.findtext("copyright") == "R"
    assert head.findtext("generator") == "aggregator 0.1.0"
    assert head.findtext("lastBuildDate") == "Wed, 04 Mar 2026 05:06:07 GMT"
    assert [(e.tag, e.text) for e in head.findall("image/*")] == [
        ("url", "https://acme.example/logo.png"),
        ("title", "Acme wire"),
        ("link", "https://acme.example/"),
    ]
    own = head.find(f"{ATOM}link")
    assert own is not None
    assert dict(own.attrib) == {
        "rel": "self",
        "href": "https://feeds.example/feeds/source/acme.rss",
        "type": "application/rss+xml",
    }


def test_a_channel_without_description_has_one(make_view: Make) -> None:
    head = channel(make_view())
    assert head.findtext("description") == "Acme wire"
    assert head.findtext("link") == "https://feeds.example/"


def test_one_text_is_the_description_and_two_stay_apart(make_item: Make, make_view: Make) -> None:
    for changes in ({"content_html": "<p>c</p>"}, {"content_html": "", "summary_html": "<p>c</p>"}):
        one = first(make_view(make_item(**changes)))
        assert one.findtext("description") == "<p>c</p>"
        assert one.find(f"{CONTENT}encoded") is None
    two = first(make_view(make_item(summary_html="<p>s</p>", content_html="<p>c ]]&gt;</p>")))
    assert two.findtext("description") == "<p>s</p>"
    assert two.findtext(f"{CONTENT}encoded") == "<p>c ]]&gt;</p>"
    none = first(make_view(make_item(content_html="", link=None)))
    assert none.findtext("description") == ""
    assert none.find("link") is None


def test_dates(make_item: Make, make_view: Make) -> None:
    def dates(**changes: Any) -> tuple[str | None, str | None]:
        found = first(make_view(make_item(**changes)))
        return found.findtext("pubDate"), found.findtext(f"{ATOM}updated")

    hour = timedelta(hours=1)
    assert dates() == ("Wed, 04 Mar 2026 05:06:07 GMT", None)
    assert dates(updated_at=AT + hour) == ("Wed, 04 Mar 2026 05:06:07 GMT", "2026-03-04T06:06:07+00:00")
    assert dates(published_at=None, updated_at=AT + hour) == ("Wed, 04 Mar 2026 06:06:07 GMT", None)
    assert dates(published_at=None) == ("Wed, 04 Mar 2026 07:06:07 GMT", None)


def test_no_enclosure_is_lost(make_item: Make, make_view: Make) -> None:
    item = make_item(
        enclosures=(
            Enclosure(url="https://e.example/a.mp3"),
            Enclosure(url="https://e.example/b.pdf", length_bytes=9, title="Notes", duration_s=61.4),
            Enclosure(url="https://e.example/c", media_type="audio"),
        )
    )
    found = first(make_view(item))
    assert [dict(e.attrib) for e in found.findall("enclosure")] == [
        {"url": "https://e.example/a.mp3", "length": "0", "type": "audio/mpeg"}
    ]
    further = found.findall(f"{MEDIA}content")
    assert [dict(e.attrib) for e in further] == [
        {"duration": "61", "fileSize": "9", "type": "application/pdf", "url": "https://e.example/b.pdf"},
        {"type": "application/octet-stream", "url": "https://e.example/c"},
    ]
    assert further[0].findtext(f"{MEDIA}title") == "Notes"


def test_media_that_the_item_brought_is_not_repeated(make_item: Make, make_view: Make) -> None:
    url = "https://e.example/b.mp4"
    carried = Extension(
        namespace=MEDIA_NS,
        name="group",
        children=(Extension(namespace=MEDIA_NS, name="content", attributes=(("url", url),)),),
    )
    item = make_item(
        enclosures=(Enclosure(url="https://e.example/a.mp4"), Enclosure(url=url)), extensions=(carried,)
    )
    assert len(list(first(make_view(item)).iter(f"{MEDIA}content"))) == 1


def test_authors_without_address_and_tags_by_term(make_item: Make, make_view: Make) -> None:
    item = make_item(
        authors=(Person(name="A"), Person(name="B", email="b@b.example"), Person(email="c@c.example")),
        contributors=(Person(name="D"),),
        tags=(Tag(term="t", scheme="https://s.example/", label="Label"), Tag(term="u")),
    )
    found = first(make_view(item))
    assert [e.text for e in found.findall(f"{DC}creator")] == ["A", "B", "c@c.example"]
    assert [e.text for e in found.findall(f"{DC}contributor")] == ["D"]
    assert [(e.text, e.get("domain")) for e in found.findall("category")] == [
        ("t", "https://s.example/"),
        ("u", None),
    ]


def test_source(make_item: Make, make_view: Make) -> None:
    def source(item: Any, **changes: str) -> tuple[str | None, str | None, str | None]:
        found = first(make_view(item, **changes))
        element = found.find("source")
        url = element.get("url") if element is not None else None
        return found.findtext("source"), url, found.findtext(f"{DC}source")

    everything = {"kind": "all", "name": ""}
    named = make_item(source=EntrySource(title="Origin", link="https://o.example/"))
    nowhere = make_item(source=EntrySource(title="Origin"))
    assert source(make_item()) == (None, None, None)
    assert source(make_item(), **everything) == (
        "Acme",
        "https://feeds.example/feeds/source/acme.rss",
        None,
    )
    assert source(named) == source(named, **everything) == ("Origin", "https://o.example/", None)
    assert source(nowhere, **everything) == (None, None, "Origin")


def test_what_rss_lacks_goes_out_under_other_names(make_item: Make, make_view: Make) -> None:
    item = make_item(
        comments="https://acme.example/c",
        rights="R",
        language="fr",
        links=(
            Link(rel="via", href="https://v.example/", media_type="text/html", title="V"),
            Link(rel="next", href="https://n.example/"),
        ),
    )
    found = first(make_view(item))
    assert found.findtext("comments") == "https://acme.example/c"
    assert found.findtext(f"{DC}rights") == "R"
    assert found.findtext(f"{DC}language") == "fr"
    assert [dict(e.attrib) for e in found.findall(f"{ATOM}link")] == [
        {"rel": "via", "href": "https://v.example/", "type": "text/html", "title": "V"}
    ]


def test_what_a_source_says_of_itself_stands_before_the_items(show_view: FeedView) -> None:
    head = channel(show_view)
    assert [e.text for e in head.findall(f"{DC}creator")] == ["An Na", "desk@show.example"]
    assert head.find("managingEditor") is None
    assert head.findtext(f"{ATOM}icon") == "https://show.example/icon.png"
    tags = [element.tag for element in head]
    assert tags[-1] == "item"
    assert tags.count("item") == 1
    assert len(tags) == len(set(tags)) + 1, "nothing but dc:creator twice"
    read = feedparser.parse(rss(show_view))
    assert not read.bozo
    assert read.feed.author == "An Na"
    assert read.feed.icon == "https://show.example/icon.png"
    assert {tag.term for tag in read.feed.tags} == {"News", "Tech"}
    assert read.feed.itunes_explicit is True


def test_an_element_of_a_channel_that_cannot_be_written_costs_itself_alone(make_view: Make) -> None:
    wrong = (
        Extension(namespace="http://[x", name="x", text="1"),
        Extension(namespace="urn:x", name="not a name", text="2"),
        Extension(namespace="urn:x", name="x", text="\x01"),
        Extension(namespace="", name="link", text="https://elsewhere.example/"),
        Extension(namespace="http://www.w3.org/2005/Atom", name="link"),
        Extension(namespace="urn:x", name="fine", text="3"),
    )
    head = channel(make_view(extensions=wrong))
    assert [one.tag for one in head if one.tag.startswith("{")] == [f"{ATOM}link", "{urn:x}fine"]
    assert head.findtext("link") == "https://feeds.example/"


def test_feedparser_reads_it(rich_view: FeedView) -> None:
    read = feedparser.parse(rss(rich_view))
    assert not read.bozo
    assert read.version == "rss20"
    assert [entry.id[-1] for entry in read.entries] == ["1", "2", "3", "4"]
    assert all(entry.published_parsed for entry in read.entries)
    episode = read.entries[1]
    assert "link" not in episode or not episode.link.startswith("urn:")
    assert [e.href for e in episode.enclosures] == ["https://cdn.example/2.mp3"]
    assert episode.itunes_duration == "1801"
    assert episode.source.title == "Origin"
