"""RSS of every version: small documents, and beside them what they must come to."""

# ruff: noqa: E501 (documents stand as they are read)
from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from lxml import etree

from aggregator.errors import NotAFeed
from aggregator.model.document import (
    Document,
    Enclosure,
    Entry,
    EntrySource,
    Hints,
    Image,
    Link,
    Person,
    Tag,
    Text,
)
from aggregator.parse import rss, xml

URL = "https://news.example/feed.xml"


def read(text: str, url: str | None = URL) -> Document:
    parser = etree.XMLParser(remove_comments=True, remove_pis=True, resolve_entities=False)
    return rss.read(etree.fromstring(text.encode(), parser), url)


def item(inside: str, namespaces: str = "", url: str | None = URL) -> Entry:
    document = read(f'<rss version="2.0" {namespaces}><channel><item>{inside}</item></channel></rss>', url)
    assert len(document.entries) == 1, document.drops
    return document.entries[0]


def at(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type]


WHOLE = """<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"
  xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/">
<channel>
  <title>Harbour &amp;amp; Sea</title><link>/home</link><description>Ships &lt;i&gt;daily&lt;/i&gt;</description>
  <language>en-GB</language><copyright>(c) Harbour</copyright><generator>Quill 2</generator>
  <managingEditor>ed@harbour.example (Edna Editor)</managingEditor><webMaster>root@harbour.example</webMaster>
  <pubDate>Mon, 02 Nov 2026 10:00:00 GMT</pubDate><lastBuildDate>Mon, 02 Nov 2026 11:00:00 GMT</lastBuildDate>
  <category domain="https://voc.example/">ships</category><ttl>90</ttl>
  <image><url>logo.png</url><title>Logo</title><link>/home</link></image>
  <skipHours><hour>24</hour><hour>7</hour><hour>x</hour></skipHours>
  <skipDays><day>Sunday</day><day>monday</day></skipDays>
  <atom:link rel="self" href="https://news.example/feed.xml" type="application/rss+xml"/>
  <atom:link rel="hub" href="https://hub.example/"/>
  <item>
    <title>First</title><link>first.html</link><guid isPermaLink="false"> tag:1 </guid>
    <description>&lt;p&gt;Short&lt;/p&gt;</description><content:encoded><![CDATA[<p>Long & wide</p>]]></content:encoded>
    <pubDate>Sun, 01 Nov 2026 09:30:00 +0100</pubDate><atom:updated>2026-11-01T10:00:00Z</atom:updated>
    <author>ada@harbour.example (Ada)</author><dc:creator>Ben</dc:creator><dc:creator>Cy</dc:creator>
    <category domain="https://voc.example/">sail</category><category>wind</category><category>wind</category>
    <enclosure url="/a.mp3" type="audio/mpeg" length="1000"/><enclosure url="b.pdf" type="application/pdf" length="12 MB"/>
    <source url="https://other.example/feed">Other</source><comments>first.html#talk</comments>
    <atom:link rel="related" href="more.html" title="More" hreflang="fr" type="text/html"/>
    <dc:rights>CC BY</dc:rights><dc:language>en</dc:language>
  </item>
</channel></rss>"""


def test_whole_item() -> None:
    (entry,) = read(WHOLE).entries
    assert entry == Entry(
        guid="tag:1",
        guid_is_permalink=False,
        link="https://news.example/first.html",
        links=(
            Link(
                rel="related",
                href="https://news.example/more.html",
                media_type="text/html",
                title="More",
                language="fr",
            ),
        ),
        comments="https://news.example/first.html#talk",
        title=Text(value="First", base=URL),
        summary=Text(value="<p>Short</p>", type="html", base=URL),
        content=Text(value="<p>Long & wide</p>", type="html", base=URL),
        published=entry.published,
        updated=entry.updated,
        authors=(Person(name="Ada", email="ada@harbour.example"), Person(name="Ben"), Person(name="Cy")),
        tags=(Tag(term="sail", scheme="https://voc.example/"), Tag(term="wind")),
        enclosures=(
            Enclosure(url="https://news.example/a.mp3", media_type="audio/mpeg", length_bytes=1000),
            Enclosure(url="https://news.example/b.pdf", media_type="application/pdf"),
        ),
        source=EntrySource(title="Other", url="https://other.example/feed"),
        language="en",
        rights="CC BY",
    )
    assert entry.published is not None
    assert entry.published.at == at(2026, 11, 1, 8, 30)
    assert entry.updated is not None
    assert entry.updated.at == at(2026, 11, 1, 10, 0)


def test_whole_channel() -> None:
    document = read(WHOLE)
    assert document.format == "rss2.0"
    assert document.title == Text(value="Harbour &amp; Sea", type="html", base=URL)
    assert document.description == Text(value="Ships <i>daily</i>", type="html", base=URL)
    assert document.link == "https://news.example/home"
    assert document.language == "en-GB"
    assert document.rights == "(c) Harbour"
    assert document.generator == "Quill 2"
    assert document.authors == (Person(name="Edna Editor", email="ed@harbour.example"),)
    assert document.published is not None
    assert document.published.at == at(2026, 11, 2, 10)
    assert document.updated is not None
    assert document.updated.at == at(2026, 11, 2, 11)
    assert document.tags == (Tag(term="ships", scheme="https://voc.example/"),)
    assert document.image == Image(
        url="https://news.example/logo.png", title="Logo", link="https://news.example/home"
    )
    assert document.hints == Hints(interval_s=5400.0, skip_hours=(0, 7), skip_days=(0, 6))
    assert [link.rel for link in document.links] == ["self", "hub"]


@pytest.mark.parametrize(
    ("title", "kind"),
    [
        ("A &lt; B", "text"),
        ("AT&amp;T", "text"),
        ("AT&amp;amp;T", "html"),
        ("&amp;nosuch; thing", "text"),
        ("vector&lt;int&gt; and List&lt;String&gt;", "text"),
        ("the &lt;b&gt; tag", "text"),
        ("&lt;b&gt;bold&lt;/b&gt;", "html"),
        ("one&lt;br/&gt;two", "html"),
        ("caf&amp;eacute;", "html"),
        ("&amp;#8217;s", "html"),
        ("plain", "text"),
    ],
)
def test_title_is_html_only_if_it_looks_like_it(title: str, kind: str) -> None:
    read_title = item(f"<title>{title}</title>").title
    assert read_title is not None
    assert read_title.type == kind


@pytest.mark.parametrize(
    ("guid", "link", "flag"),
    [
        ("<guid>https://a.example/1</guid>", "https://a.example/1", True),
        ('<guid isPermaLink="true">https://a.example/1</guid>', "https://a.example/1", True),
        ('<guid ispermalink="FALSE">https://a.example/1</guid>', None, False),
        ("<guid>17</guid>", None, True),
        ("<guid>https://a.example/1</guid><link>https://a.example/2</link>", "https://a.example/2", True),
        ("<link>https://a.example/2</link>", "https://a.example/2", None),
    ],
)
def test_guid_stands_in_for_a_missing_link(guid: str, link: str | None, flag: bool | None) -> None:
    entry = item(f"<title>x</title>{guid}")
    assert (entry.link, entry.guid_is_permalink) == (link, flag)


@pytest.mark.parametrize(
    ("author", "person"),
    [
        ("ada@a.example (Ada L)", Person(name="Ada L", email="ada@a.example")),
        ("Ada L &lt;ada@a.example&gt;", Person(name="Ada L", email="ada@a.example")),
        ('"Ada L" &lt;mailto:ada@a.example&gt;', Person(name="Ada L", email="ada@a.example")),
        ("Ada L (ada@a.example)", Person(name="Ada L", email="ada@a.example")),
        ("ada@a.example", Person(email="ada@a.example")),
        ("mailto:ada@a.example?subject=Feed", Person(email="ada@a.example")),
        ("Ada L (Reuters)", Person(name="Ada L (Reuters)")),
        ("@ada", Person(name="@ada")),
        ("Brian@Stone", Person(name="Brian@Stone")),
        ("张三", Person(name="张三")),
    ],
)
def test_author_forms(author: str, person: Person) -> None:
    assert item(f"<title>x</title><author>{author}</author>").authors == (person,)


def test_the_same_author_in_two_vocabularies_is_one() -> None:
    namespaces = 'xmlns:dc="http://purl.org/dc/elements/1.1/"'
    entry = item("<title>x</title><author>a@a.example (Ada)</author><dc:creator>Ada</dc:creator>", namespaces)
    assert entry.authors == (Person(name="Ada", email="a@a.example"),)


@pytest.mark.parametrize(
    ("length", "expected"),
    [("", None), ("12 MB", None), ("-1", None), ("9007199254740993", None), ("9007199254740992", 2**53),
     ("0", 0), (" 17 ", 17), ("１２", None), ("9" * 5000, None)],
)  # fmt: skip
def test_enclosure_length(length: str, expected: int | None) -> None:
    entry = item(f'<enclosure url="https://a.example/x.mp3" length="{length}" type="audio/mpeg"/>')
    assert entry.enclosures[0].length_bytes == expected


def test_the_same_enclosure_twice_is_one_with_the_details_of_both() -> None:
    entry = item(
        '<enclosure url="x.mp3"/><m:content url="https://news.example/x.mp3" type="audio/mpeg" fileSize="5" duration="60"/>',
        'xmlns:m="http://search.yahoo.com/mrss/"',
    )
    assert entry.enclosures == (
        Enclosure(url="https://news.example/x.mp3", media_type="audio/mpeg", length_bytes=5, duration_s=60.0),
    )


def test_items_inside_items_are_entries_of_their_own() -> None:
    document = read(
        "<rss><channel><item><title>outer</title><item><title>inner</title><link>https://a.example/i</link></item>"
        "<pubDate>Mon, 02 Nov 2026 10:00:00 GMT</pubDate></item>"
        "<item><description>text <item><title>deep</title></item></description></item></channel></rss>"
    )
    titles = [entry.title and entry.title.value for entry in document.entries]
    assert titles == ["outer", "inner", None, "deep"]
    outer, inner, wrapper, _ = document.entries
    assert outer.link is None
    assert outer.published is not None
    assert inner.published is None
    assert wrapper.summary is not None
    assert wrapper.summary.value == "text"


def test_an_empty_item_is_a_counted_drop() -> None:
    document = read(
        "<rss><channel><item/><item><title>x</title></item><item><pubDate>x</pubDate></item></channel></rss>"
    )
    assert len(document.entries) == 1
    assert [(drop.stage, drop.reason, drop.detail) for drop in document.drops] == [
        ("parse", "empty", "item 1 holds nothing"),
        ("parse", "empty", "item 3 holds nothing"),
    ]


def test_an_empty_channel_is_a_document() -> None:
    document = read("<rss version='2.0'><channel><title>Quiet</title></channel></rss>")
    assert document.entries == document.drops == ()


RDF = """<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="{ns}"
 xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:sy="http://purl.org/rss/1.0/modules/syndication/">
<channel rdf:about="https://a.example/about"><title>R</title><link>https://a.example/</link>
 <description>D</description><dc:date>2026-11-02T10:00:00+08:00</dc:date><dc:rights>R</dc:rights>
 <sy:updatePeriod>daily</sy:updatePeriod><sy:updateFrequency>4</sy:updateFrequency>
 <image rdf:resource="https://a.example/i.gif"/></channel>
<image rdf:about="https://a.example/i.gif"><title>I</title><url>https://a.example/i.gif</url></image>
<item rdf:about="https://a.example/1"><title>One</title><dc:subject>law</dc:subject><dc:creator>Ada</dc:creator>
 <dc:date>2026-11-01</dc:date></item>
<textinput><title>Search</title><link>https://a.example/search</link></textinput>
</rdf:RDF>"""


@pytest.mark.parametrize(
    ("namespace", "name"),
    [
        ("http://purl.org/rss/1.0/", "rss1.0"),
        ("http://purl.org/rss/1.0", "rss1.0"),
        ("HTTP://purl.org/rss/1.0/", "rss1.0"),
        ("http://my.netscape.com/rdf/simple/0.9/", "rss0.90"),
        ("http://unheard.example/of", "rss1.0"),
    ],
)
def test_rdf(namespace: str, name: str) -> None:
    document = read(RDF.replace("{ns}", namespace))
    assert document.format == name
    assert document.id == "https://a.example/about"
    assert document.title is not None
    assert document.title.value == "R"
    assert document.link == "https://a.example/"
    assert document.rights == "R"
    assert document.hints.interval_s == 21600.0
    assert document.image == Image(url="https://a.example/i.gif", title="I")
    (entry,) = document.entries
    assert (entry.guid, entry.guid_is_permalink, entry.link) == (
        "https://a.example/1", None, "https://a.example/1",
    )  # fmt: skip
    assert entry.authors == (Person(name="Ada"),)
    assert entry.tags == (Tag(term="law"),)
    assert entry.published is not None
    assert entry.published.at == at(2026, 11, 1)
    assert entry.updated is None


@pytest.mark.parametrize(
    "text",
    [
        "<RSS><Channel><Title>T</Title><ITEM><TITLE>t</TITLE><PubDate>Mon, 02 Nov 2026 10:00:00 GMT</PubDate></ITEM></Channel></RSS>",
        "<r:rss xmlns:r='http://purl.org/rss/1.0/'><r:channel><r:title>T</r:title><r:item><r:title>t</r:title>"
        "<r:pubdate>Mon, 02 Nov 2026 10:00:00 GMT</r:pubdate></r:item></r:channel></r:rss>",
        "<rss xmlns='http://www.w3.org/2005/Atom'><channel><title>T</title><item><title>t</title>"
        "<pubDate>Mon, 02 Nov 2026 10:00:00 GMT</pubDate></item></channel></rss>",
        "<rss><channel><title>T</title></channel><item><title>t</title><pubDate>Mon, 02 Nov 2026 10:00:00 GMT</pubDate></item></rss>",
        "<channel><title>T</title><item><title>t</title><pubDate>Mon, 02 Nov 2026 10:00:00 GMT</pubDate></item></channel>",
        "<rss><title>T</title><item><title>t</title><pubDate>Mon, 02 Nov 2026 10:00:00 GMT</pubDate></item></rss>",
    ],
    ids=["case", "prefix", "wrong default namespace", "item beside channel", "no rss", "no channel"],
)
def test_misshapen_documents(text: str) -> None:
    document = read(text)
    assert document.title is not None
    assert document.title.value == "T"
    (entry,) = document.entries
    assert entry.title is not None
    assert entry.title.value == "t"
    assert entry.published is not None
    assert entry.published.at == at(2026, 11, 2, 10)


def test_media_rss_as_default_namespace_keeps_its_own_elements() -> None:
    document = read(
        '<rss xmlns="http://search.yahoo.com/mrss/"><channel><item><title>t</title>'
        '<content url="https://a.example/v.mp4" type="video/mp4"/></item></channel></rss>'
    )
    assert document.entries[0].enclosures == (
        Enclosure(url="https://a.example/v.mp4", media_type="video/mp4"),
    )


@pytest.mark.parametrize(
    ("version", "name"),
    [("0.91", "rss0.91"), ("0.92", "rss0.92"), ("0.94", "rss0.92"), ("2.0", "rss2.0"), ("2.0.1", "rss2.0"),
     ("0.90", "rss0.90"), ("", "rss2.0")],
)  # fmt: skip
def test_versions(version: str, name: str) -> None:
    assert read(f'<rss version="{version}"><channel/></rss>').format == name


def test_nested_xml_base_and_language() -> None:
    document = read(
        '<rss xml:base="https://b.example/x/" xml:lang="de"><channel><link>home</link>'
        '<item xml:base="y/" xml:lang="fr"><link>1</link><description xml:lang="es">d</description></item>'
        "<item><link>2</link></item></channel></rss>"
    )
    first, second = document.entries
    assert document.link == "https://b.example/x/home"
    assert (first.link, first.language) == ("https://b.example/x/y/1", "fr")
    assert first.summary == Text(value="d", type="html", base="https://b.example/x/y/", language="es")
    assert (second.link, second.language) == ("https://b.example/x/2", "de")


@pytest.mark.parametrize("url", [None, "file:///srv/feed.xml"])
def test_without_a_web_address_the_site_is_the_base(url: str | None) -> None:
    document = read(
        "<rss><channel><link>https://s.example/a/</link><item><link>1</link></item></channel></rss>", url
    )
    assert document.entries[0].link == "https://s.example/a/1"


def test_hopeless_addresses_are_none() -> None:
    entry = item('<title>x</title><link>//[</link><comments> </comments><enclosure url=""/>')
    assert (entry.link, entry.comments, entry.enclosures) == (None, None, ())


@pytest.mark.parametrize(
    ("inside", "value"),
    [
        ('<description><p xmlns="http://www.w3.org/1999/xhtml">a<br/>b &amp; c</p></description>', "<p>a<br>b &amp; c</p>"),
        ('<description><h:div xmlns:h="http://www.w3.org/1999/xhtml"/></description>', "<div></div>"),
        ('<description><img src="/x"/>&lt;p&gt;escaped&lt;/p&gt;</description>', '<img src="/x"><p>escaped</p>'),
        ("<description><p>1 &lt; 2</p> 3 &lt; 4</description>", "<p>1 &lt; 2</p> 3 &lt; 4"),
    ],
)  # fmt: skip
def test_unescaped_elements_in_description(inside: str, value: str) -> None:
    summary = item(inside).summary
    assert summary is not None
    assert (summary.value, summary.type) == (value, "xhtml")


@pytest.mark.parametrize(
    "inside",
    [
        "<c:encoded>full</c:encoded>",
        '<body xmlns="http://www.w3.org/1999/xhtml">full</body>',
        "<fullitem>full</fullitem>",
        '<y:full-text xmlns:y="http://news.yandex.ru">full</y:full-text>',
    ],
)
def test_full_content_in_several_spellings(inside: str) -> None:
    entry = item(
        f"<description>d</description>{inside}", 'xmlns:c="http://purl.org/rss/1.0/modules/content/"'
    )
    assert entry.content is not None
    assert entry.content.value == "full"
    assert entry.summary is not None
    assert entry.summary.value == "d"


def test_the_first_readable_spelling_of_a_date_wins() -> None:
    entry = item(
        "<title>x</title><dc:date>2026-11-02T10:00:00Z</dc:date><pubDate>soon</pubDate>"
        "<t:modified>2026-11-03T10:00:00Z</t:modified>",
        'xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:t="http://purl.org/dc/terms/"',
    )
    assert entry.published is not None
    assert entry.published.at == at(2026, 11, 2, 10)
    assert entry.updated is not None
    assert entry.updated.at == at(2026, 11, 3, 10)


def test_the_longer_of_two_waits_counts() -> None:
    document = read(
        '<rss xmlns:sy="http://purl.org/rss/1.0/modules/syndication/"><channel><ttl>30</ttl>'
        "<sy:updatePeriod>hourly</sy:updatePeriod><sy:updateFrequency>1</sy:updateFrequency></channel></rss>"
    )
    assert document.hints.interval_s == 3600.0


@pytest.mark.parametrize("ttl", ["", "0", "-5", "soon", "9" * 400])
def test_a_bad_ttl_is_no_ttl(ttl: str) -> None:
    assert read(f"<rss><channel><ttl>{ttl}</ttl></channel></rss>").hints.interval_s is None


def test_another_root_is_no_feed() -> None:
    with pytest.raises(NotAFeed):
        read("<opml/>")


CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus"


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the corpus of real feeds is not beside the repository")
@pytest.mark.parametrize(
    ("name", "count"),
    [("items-nested-in-items.xml", 20), ("rss10-many.rdf", 182), ("podcast-cre-de.xml", 30),
     ("rss-prefixed-elements-broken.xml", 35)],
)  # fmt: skip
def test_every_item_of_real_feeds_is_accounted_for(name: str, count: int) -> None:
    root, _, _ = xml.root((CORPUS / name).read_bytes(), None)
    document = rss.read(root, URL)
    assert len(document.entries) + len(document.drops) == count
    assert all(entry.title or entry.summary for entry in document.entries)
