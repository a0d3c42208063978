"""What is left of feeds that no strict reader takes."""

from __future__ import annotations

import pickle
from datetime import UTC, datetime

import pytest

from aggregator.errors import NotAFeed, Unparsable
from aggregator.model.document import Drop, Enclosure, FeedDate, Image, Link, Person, Tag
from aggregator.parse import feed, salvage

BROKEN = """<?xml version="1.0" encoding="windows-1251"?>
<rss version="2.0" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/">
<channel><title>Новости & дела</title><link>http://site.example/</link><description>О нас</description>
<language>ru</language><ttl>30</ttl><image><url>/logo.png</url><title>L</title></image>
<item><title>Один</title><link>/1</link><guid isPermaLink="false">id-1</guid>
 <description>Текст<br>ещё</description><content:encoded><![CDATA[<p>Весь</p>]]></content:encoded>
 <pubDate>Mon, 30 May 2022 08:00:00 +0300</pubDate><dc:creator>Анна</dc:creator>
 <category domain="http://tags.example/">дом</category><comments>/1#c</comments>
 <enclosure url="/a.mp3" type="audio/mpeg" length="123"/><itunes:duration>1:05</itunes:duration></item>
<item><title>Два</title><dc:date>2022-05-31T00:00:00Z</dc:date><guid>id-2</guid></item>
<item></item>
</channel></rss>"""


def test_a_broken_feed_keeps_its_items_and_their_fields() -> None:
    data = BROKEN.encode("cp1251")
    with pytest.raises(Unparsable):
        feed.parse(data)

    document = salvage.salvage(data, None, "http://site.example/feed.xml")

    assert (document.format, document.tier, document.encoding) == ("rss2.0", "salvaged", "cp1251")
    assert document.title is not None
    assert document.title.value == "Новости & дела"
    assert (document.link, document.language, document.hints.interval_s) == (
        "http://site.example/",
        "ru",
        1800,
    )
    assert document.image == Image(url="http://site.example/logo.png", title="L")
    assert document.drops == (Drop(stage="parse", reason="empty", detail="neither id, link, title nor text"),)
    first, second = document.entries
    assert (first.guid, first.link, first.comments) == (
        "id-1",
        "http://site.example/1",
        "http://site.example/1#c",
    )
    assert first.summary is not None
    assert first.content is not None
    assert (first.summary.type, first.content.value) == ("html", "<p>Весь</p>")
    assert first.published == FeedDate(at=datetime(2022, 5, 30, 5, tzinfo=UTC))
    assert (first.authors, first.tags) == (
        (Person(name="Анна"),),
        (Tag(term="дом", scheme="http://tags.example/"),),
    )
    assert first.enclosures == (
        Enclosure(
            url="http://site.example/a.mp3", media_type="audio/mpeg", length_bytes=123, duration_s=65.0
        ),
    )
    assert (second.guid, second.link, second.updated) == ("id-2", None, None)
    assert second.published == FeedDate(at=datetime(2022, 5, 31, tzinfo=UTC))


def test_atom_keeps_both_dates_and_its_other_links() -> None:
    data = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>T<br></title><id>urn:f</id>
    <entry><id>urn:1</id><title>A</title><published>2022-05-30T00:00:00Z</published>
    <updated>2022-05-31T00:00:00Z</updated><link href="/a"/><link rel="via" href="http://v.example/"/></entry></feed>"""

    (entry,) = salvage.salvage(data, None, "http://site.example/f").entries

    assert (entry.guid, entry.link) == ("urn:1", "http://site.example/a")
    assert entry.links == (Link(rel="via", href="http://v.example/", media_type="text/html"),)
    assert entry.published == FeedDate(at=datetime(2022, 5, 30, tzinfo=UTC))
    assert entry.updated == FeedDate(at=datetime(2022, 5, 31, tzinfo=UTC))


RDF = "<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#' xmlns='http://purl.org/rss/1.0/'>"


def test_an_item_that_is_cut_off_is_a_drop_and_no_item() -> None:
    data = "<rss><channel><title>T</title><item><title>A</title></item><item><title>B</title><description>"
    document = salvage.salvage(f"{data}<![CDATA[x <p".encode(), None, None)
    assert [entry.title.value for entry in document.entries if entry.title] == ["A"]
    assert [drop.reason for drop in document.drops] == ["cut off"]
    document = salvage.salvage(f"{RDF}<channel><title>T</title></channel><item><title>A".encode(), None, None)
    assert (document.entries, [drop.reason for drop in document.drops]) == ((), ["cut off"])


ITEM = "<item><title>A<br></title></item>"


@pytest.mark.parametrize(
    ("data", "cut_off"),
    [
        (f"<rss><channel><title>T</title>{ITEM}</channel></rss>", False),
        (f"<rss><channel><title>T</title>{ITEM}</channel></RSS ><!-- cached -->", False),
        (f"<rss><channel><title>T</title>{ITEM}", True),
        (f"<rss><channel><title>T</title>{ITEM}</channel>", True),
        (f"<rss><channel><title>T</title>{ITEM}<!-- </rss> -->", True),
        (f"{RDF}<channel><title>T</title></channel>{ITEM}</rdf:RDF>", False),
        (f"{RDF}<channel><title>T</title></channel>", True),
        ("<feed><title>T</title><entry><title>A<br></title></entry>", True),
        ("<rss><channel><title>T</title><item><title>A</title><description><![CDATA[</rss>", True),
    ],
)
def test_a_document_without_its_end_says_so(data: str, cut_off: bool) -> None:
    document = salvage.salvage(data.encode(), None, None)
    assert (document.cut_off, document.title is not None) == (cut_off, True)


def test_an_end_that_is_only_spoken_of_ends_no_item() -> None:
    data = "<rss><channel><title>T</title><item><title>A</title><description><![CDATA[end with </rss>, and"
    document = salvage.salvage(f"{data}{' more' * 50}".encode(), None, None)
    assert (document.entries, [drop.reason for drop in document.drops]) == ((), ["cut off"])


def test_cdata_without_its_end_costs_no_item() -> None:
    data = "<rss><channel><title>T</title><item><title>A</title><description><![CDATA[x</description></item>"
    document = salvage.salvage(f"{data}</channel></rss>".encode(), None, None)
    assert [entry.title.value for entry in document.entries if entry.title] == ["A"]


def test_no_address_is_opened_and_no_entity_expanded() -> None:
    data = b"""<!DOCTYPE rss [<!ENTITY x SYSTEM "file:///etc/hostname"><!ENTITY y "boom">]>
    <rss><channel><title>T<br>&x;&y;</title></channel></rss>"""
    document = salvage.salvage(data, None, None)
    assert document.title is not None
    assert "&x;&y;" in document.title.value.replace("&amp;", "&")


@pytest.mark.parametrize(
    "data", [b"<rss><channel><item>", b'{"version": "https://jsonfeed.org/version/1", }']
)
def test_nothing_to_be_saved_is_refused(data: bytes) -> None:
    with pytest.raises(Unparsable):
        salvage.salvage(data, None, None)


def test_a_page_is_never_salvaged() -> None:
    with pytest.raises(NotAFeed, match="an HTML page"):
        salvage.salvage(b"<!DOCTYPE html><html><body><item><title>x</title></item>", None, None)


def test_it_can_be_sent_to_another_process() -> None:
    assert pickle.loads(pickle.dumps(salvage.salvage)) is salvage.salvage
    document = salvage.salvage(BROKEN.encode("cp1251"), None, None)
    assert pickle.loads(pickle.dumps(document)) == document


@pytest.mark.parametrize("unit", ["<!--", "<![CDATA[", "&", "<"])
def test_what_makes_feedparser_quadratic_does_not_reach_it(unit: str) -> None:
    body = unit * (100_000 // len(unit))
    data = f"<rss><channel><title>T</title><item><title>A<b></title><description>{body}</description></item>"
    assert salvage.salvage(f"{data}</channel></rss>".encode(), None, None).title is not None
