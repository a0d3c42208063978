"""Atom 1.0 and 0.3: small documents, and beside them what they must come to."""

# ruff: noqa: E501 (documents stand as they are read)
from __future__ import annotations

from datetime import UTC, datetime

import pytest
from lxml import etree

from aggregator.errors import NotAFeed
from aggregator.model.document import (
    Document,
    Enclosure,
    Entry,
    EntrySource,
    Image,
    Link,
    Person,
    Tag,
    Text,
)
from aggregator.parse import atom

URL = "https://news.example/feed.atom"
NS = 'xmlns="http://www.w3.org/2005/Atom"'


def read(text: str, url: str | None = URL) -> Document:
    parser = etree.XMLParser(remove_comments=True, remove_pis=True, resolve_entities=False)
    return atom.read(etree.fromstring(text.encode(), parser), url)


def entry(inside: str, attributes: str = NS) -> Entry:
    document = read(f"<feed {attributes}><entry>{inside}</entry></feed>")
    assert len(document.entries) == 1, document.drops
    return document.entries[0]


WHOLE = f"""<feed {NS} xml:lang="en">
 <id>urn:feed</id><title>Harbour</title><subtitle type="html">&lt;b&gt;Ships&lt;/b&gt;</subtitle>
 <link href="/"/><link rel="self" href="feed.atom"/><link rel="hub" href="https://hub.example/"/>
 <link rel="next" href="?page=2"/><updated>2026-11-02T10:00:00Z</updated>
 <author><name>Edna</name><uri>/edna</uri><email>edna@h.example</email></author>
 <category term="ships"/><generator uri="https://q.example" version="2">Quill</generator>
 <icon>favicon.ico</icon><logo>logo.png</logo><rights type="html">&amp;copy; Harbour</rights>
 <entry>
  <id> tag:1 </id><title type="html">A &amp;amp; B</title>
  <link rel="alternate" type="application/pdf" href="1.pdf"/><link rel="alternate" type="text/html" href="1.html"/>
  <link rel="enclosure" type="audio/mpeg" length="99" href="1.mp3" title="Sound"/>
  <link rel="enclosure" type="video/mp4" href="1.mp4"/>
  <link rel="via" href="https://via.example/"/><link rel="replies" type="text/html" href="1.html#talk"/>
  <published>2026-11-01T10:00:00Z</published><updated>2026-11-01T12:00:00+02:00</updated>
  <author><name>Ada</name></author><author><name>Ben</name><email>ben@h.example</email></author>
  <contributor><name>Cy</name></contributor>
  <category term="sail" scheme="https://voc.example/" label="Sailing"/><category term="sail" scheme="https://voc.example/"/>
  <summary>Short</summary><content type="html">&lt;p&gt;Long&lt;/p&gt;</content><rights>CC BY</rights>
  <source><id>urn:other</id><title>Other</title><link rel="self" href="https://o.example/feed"/><link href="https://o.example/"/></source>
 </entry></feed>"""


def test_whole_entry() -> None:
    (found,) = read(WHOLE).entries
    assert found == Entry(
        guid="tag:1",
        link="https://news.example/1.html",
        links=(
            Link(rel="alternate", href="https://news.example/1.pdf", media_type="application/pdf"),
            Link(rel="via", href="https://via.example/"),
        ),
        comments="https://news.example/1.html#talk",
        title=Text(value="A &amp; B", type="html", base=URL, language="en"),
        summary=Text(value="Short", base=URL, language="en"),
        content=Text(value="<p>Long</p>", type="html", base=URL, language="en"),
        published=found.published,
        updated=found.updated,
        authors=(Person(name="Ada"), Person(name="Ben", email="ben@h.example")),
        contributors=(Person(name="Cy"),),
        tags=(Tag(term="sail", scheme="https://voc.example/", label="Sailing"),),
        enclosures=(
            Enclosure(
                url="https://news.example/1.mp3", media_type="audio/mpeg", length_bytes=99, title="Sound"
            ),
            Enclosure(url="https://news.example/1.mp4", media_type="video/mp4"),
        ),
        source=EntrySource(
            title="Other", url="https://o.example/feed", link="https://o.example/", id="urn:other"
        ),
        language="en",
        rights="CC BY",
    )
    assert found.published is not None
    assert found.published.at == datetime(2026, 11, 1, 10, tzinfo=UTC)
    assert found.updated is not None
    assert found.updated.at == datetime(2026, 11, 1, 10, tzinfo=UTC)


def test_whole_feed() -> None:
    document = read(WHOLE)
    assert (document.format, document.id, document.link) == ("atom1.0", "urn:feed", "https://news.example/")
    assert document.title == Text(value="Harbour", base=URL, language="en")
    assert document.description == Text(value="<b>Ships</b>", type="html", base=URL, language="en")
    assert document.authors == (Person(name="Edna", url="https://news.example/edna", email="edna@h.example"),)
    assert {link.rel: link.href for link in document.links} == {
        "self": "https://news.example/feed.atom",
        "hub": "https://hub.example/",
        "next": "https://news.example/feed.atom?page=2",
    }
    assert document.image == Image(url="https://news.example/logo.png")
    assert document.icon == "https://news.example/favicon.ico"
    assert document.rights == "© Harbour"
    assert document.generator == "Quill 2"
    assert document.language == "en"
    assert document.tags == (Tag(term="ships"),)


@pytest.mark.parametrize(
    ("content", "value", "kind"),
    [
        ("<content>1 &lt; 2 &amp;amp;</content>", "1 < 2 &amp;", "text"),
        ('<content type="html">&lt;p&gt;x</content>', "<p>x", "html"),
        ('<content type="text/html">&lt;p&gt;x</content>', "<p>x", "html"),
        (
            '<content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>a<br/>b</p><i/></div></content>',
            "<p>a<br>b</p><i></i>",
            "xhtml",
        ),
        (
            '<content type="xhtml"><x:div xmlns:x="http://www.w3.org/1999/xhtml">1 &lt; 2 <x:a title=\'"\'>q</x:a></x:div></content>',
            '1 &lt; 2 <a title="&quot;">q</a>',
            "xhtml",
        ),
        ('<content type="application/xml"><data><x/></data></content>', "<data><x></x></data>", "xhtml"),
        ('<content type="text/plain">a\nb</content>', "a\nb", "text"),
        ('<content type="text/plain" mode="base64">aGVsbG8=</content>', "hello", "text"),
        ('<content type="text/html" mode="base64">PGI+aGk8L2I+</content>', "<b>hi</b>", "html"),
        ('<content type="text/html" mode="escaped">&lt;b&gt;</content>', "<b>", "html"),
        ('<content type="text/plain" mode="escaped">&lt;b&gt;</content>', "<b>", "text"),
        (
            '<content type="application/xhtml+xml" mode="xml"><div xmlns="http://www.w3.org/1999/xhtml">x</div></content>',
            "x",
            "xhtml",
        ),
        ('<content type="text/html" mode="xml"><p>x</p></content>', "<p>x</p>", "xhtml"),
        (
            '<content type="multipart/alternative"><content type="text/plain">p</content>'
            '<content type="text/html" mode="escaped">&lt;i&gt;h&lt;/i&gt;</content></content>',
            "<i>h</i>",
            "html",
        ),
    ],
)
def test_content_types(content: str, value: str, kind: str) -> None:
    found = entry(f"<title>t</title>{content}").content
    assert found is not None
    assert (found.value, found.type) == (value, kind)


@pytest.mark.parametrize("kind", ["image/png", "text/plain"])
def test_base64_that_is_no_text_is_left_out(kind: str) -> None:
    assert entry(f'<title>t</title><content type="{kind}" mode="base64">/////w==</content>').content is None


def test_content_elsewhere() -> None:
    sound = entry('<id>1</id><content src="a.mp3" type="audio/mpeg"/>')
    assert sound.enclosures == (Enclosure(url="https://news.example/a.mp3", media_type="audio/mpeg"),)
    assert sound.links == (Link(rel="content", href="https://news.example/a.mp3", media_type="audio/mpeg"),)
    assert sound.link is None
    page = entry('<id>1</id><content src="a.html" type="text/html"/>')
    assert page.link == "https://news.example/a.html"


@pytest.mark.parametrize(
    ("links", "expected"),
    [
        ('<link href="a"/>', "https://news.example/a"),
        ('<link rel="self" href="a"/>', None),
        ('<link rel="alternate" type="application/atom+xml" href="a"/>', None),
        ('<link rel="http://www.iana.org/assignments/relation/alternate" href="a"/>', "https://news.example/a"),
        ('<link rel="alternate" type="text/plain" href="a"/><link type="text/html" href="b"/>', "https://news.example/b"),
        ('<link rel="ALTERNATE" href="a"/><link rel="alternate" href="b"/>', "https://news.example/a"),
        ("<link>https://rss.example/</link>", "https://rss.example/"),
    ],
)  # fmt: skip
def test_alternate(links: str, expected: str | None) -> None:
    assert entry(f"<id>1</id>{links}").link == expected


def test_nested_xml_base_inside_xhtml() -> None:
    document = read(
        f'<feed {NS} xml:base="https://b.example/"><entry xml:base="e/"><link href="1"/>'
        '<content type="xhtml" xml:base="c/"><div xmlns="http://www.w3.org/1999/xhtml" xml:base="d/" xml:lang="fr">'
        '<a href="x">x</a><p xml:base="https://p.example/"><img src="y" alt="z"/></p></div></content></entry></feed>'
    )
    (found,) = document.entries
    assert found.link == "https://b.example/e/1"
    assert found.content == Text(
        value='<a href="x">x</a><p><img src="https://p.example/y" alt="z"></p>',
        type="xhtml",
        base="https://b.example/e/c/d/",
        language="fr",
    )


def test_the_sources_author_counts_only_where_the_entry_has_none() -> None:
    source = "<source><title>S</title><author><name>Sue</name></author></source>"
    assert entry(f"<id>1</id>{source}").authors == (Person(name="Sue"),)
    assert entry(f"<id>1</id>{source}<author><name>Ada</name></author>").authors == (Person(name="Ada"),)


def test_the_feeds_author_stays_with_the_feed() -> None:
    document = read(f"<feed {NS}><author><name>Edna</name></author><entry><id>1</id></entry></feed>")
    assert document.authors == (Person(name="Edna"),)
    assert document.entries[0].authors == ()


OLD = """<feed version="0.3" xmlns="http://purl.org/atom/ns#" xml:lang="ja"><title mode="escaped" type="text/html">A &amp;amp; B</title>
<tagline>T</tagline><modified>2026-11-02T10:00:00Z</modified><copyright>C</copyright>
<link rel="alternate" type="text/html" href="https://o.example/"/>
<entry><id>1</id><title>x</title><link rel="alternate" type="text/html" href="https://o.example/1"/>
<issued>2026-11-01T10:00:00</issued><created>2026-10-30T10:00:00Z</created><modified>2026-11-01T11:00:00Z</modified>
<author><name>Ada</name><url>https://ada.example/</url></author></entry></feed>"""


def test_atom_0_3() -> None:
    document = read(OLD)
    assert document.format == "atom0.3"
    assert document.title == Text(value="A &amp; B", type="html", base=URL, language="ja")
    assert document.description is not None
    assert document.description.value == "T"
    assert document.rights == "C"
    assert document.updated is not None
    (found,) = document.entries
    assert found.published is not None
    assert found.published.at == datetime(2026, 11, 1, 10, tzinfo=UTC)
    assert not found.published.zone_known
    assert found.updated is not None
    assert found.updated.at == datetime(2026, 11, 1, 11, tzinfo=UTC)
    assert found.authors == (Person(name="Ada", url="https://ada.example/"),)


@pytest.mark.parametrize(
    "attributes",
    [
        "",
        'xmlns="http://www.w3.org/2005/ATOM"',
        'xmlns="https://www.w3.org/2005/Atom/"',
        'xmlns="http://unheard.example/of"',
        'xmlns="http://purl.org/atom/ns#draft-ietf-atompub-format-04"',
    ],
)
def test_odd_namespaces(attributes: str) -> None:
    found = entry('<id>1</id><title>t</title><link href="https://a.example/1"/>', attributes)
    assert (found.guid, found.link) == ("1", "https://a.example/1")


def test_an_entry_may_be_the_document() -> None:
    document = read(f'<entry {NS} xml:lang="fr"><id>1</id><title>t</title></entry>')
    assert document.title is None
    assert [(one.guid, one.language) for one in document.entries] == [("1", "fr")]


def test_entries_in_entries_and_empty_entries_are_accounted_for() -> None:
    document = read(f"<feed {NS}><entry><id>1</id><entry><id>2</id></entry></entry><entry/></feed>")
    assert [one.guid for one in document.entries] == ["1", "2"]
    assert [drop.reason for drop in document.drops] == ["empty"]


def test_published_and_updated_are_never_copied() -> None:
    only_updated = entry("<id>1</id><updated>2026-11-01T10:00:00Z</updated>")
    assert only_updated.published is None
    only_published = entry("<id>1</id><published>2026-11-01T10:00:00Z</published>")
    assert only_published.updated is None


def test_another_root_is_no_feed() -> None:
    with pytest.raises(NotAFeed):
        read(f"<service {NS}/>")
