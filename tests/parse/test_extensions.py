"""Modules inside RSS and Atom: what is mapped, what is kept to be passed on, and how."""

# ruff: noqa: E501 (documents stand as they are read)
from __future__ import annotations

import pytest
from lxml import etree

from aggregator.model.document import Document, Enclosure, Entry, Extension, Image, Link, Person, Text
from aggregator.parse import atom, rss
from aggregator.parse.elements import Names

URL = "https://news.example/feed.xml"
ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd"
MEDIA = "http://search.yahoo.com/mrss/"
PODCAST = "https://podcastindex.org/namespace/1.0"


def channel(inside: str) -> Document:
    return rss.read(etree.fromstring(f"<rss><channel>{inside}</channel></rss>"), URL)


def item(inside: str) -> Entry:
    return channel(f"<item><guid>1</guid>{inside}</item>").entries[0]


def kept(entry: Entry) -> list[tuple[str, str]]:
    return [(one.namespace, one.name) for one in entry.extensions]


@pytest.mark.parametrize(
    ("uri", "local", "canonical"),
    [
        ("http://www.itunes.com/DTDs/PodCast-1.0.dtd", "episode", ITUNES),
        ("https://www.itunes.com/dtds/podcast-1.0.dtd/", "episode", ITUNES),
        ("http://search.yahoo.com/mrss", "rating", MEDIA),
        (
            "https://github.com/Podcastindex-org/podcast-namespace/blob/main/docs/1.0.md",
            "season",
            PODCAST,
        ),
        ("urn:undeclared:podcast", "season", PODCAST),
        ("http://www.georss.org/georss", "point", "http://www.georss.org/georss"),
        ("http://www.w3.org/2003/01/geo/wgs84_pos#", "lat", "http://www.w3.org/2003/01/geo/wgs84_pos#"),
        ("http://purl.org/rss/1.0/modules/slash/", "comments", "http://purl.org/rss/1.0/modules/slash/"),
        ("http://wellformedweb.org/CommentAPI/", "commentRss", "http://wellformedweb.org/CommentAPI/"),
        (
            "http://backend.userland.com/creativeCommonsRssModule",
            "license",
            "http://backend.userland.com/creativeCommonsRssModule",
        ),
        ("http://podlove.org/simple-chapters/", "chapters", "http://podlove.org/simple-chapters"),
        ("http://purl.org/dc/terms/", "extent", "http://purl.org/dc/terms/"),
        ("http://purl.org/dc/elements/1.1/", "publisher", "http://purl.org/dc/elements/1.1/"),
    ],
)
def test_kept_under_one_canonical_uri(uri: str, local: str, canonical: str) -> None:
    assert kept(item(f'<q:{local} xmlns:q="{uri}">1</q:{local}>')) == [(canonical, local)]


def test_the_tree_is_kept_with_sorted_attributes_and_absolute_addresses() -> None:
    entry = item(
        f'<p:value xmlns:p="{PODCAST}" type="lightning" method="keysend" xml:base="https://b.example/"> '
        '<p:valueRecipient split="9" href="x" name="Ada"/></p:value>'
    )
    assert entry.extensions == (
        Extension(
            namespace=PODCAST,
            name="value",
            attributes=(("method", "keysend"), ("type", "lightning")),
            children=(
                Extension(
                    namespace=PODCAST,
                    name="valueRecipient",
                    attributes=(("href", "https://b.example/x"), ("name", "Ada"), ("split", "9")),
                ),
            ),
        ),
    )


def test_unknown_modules_and_the_upstreams_moving_notice_are_not_passed_on() -> None:
    document = channel(
        f'<i:new-feed-url xmlns:i="{ITUNES}">https://new.example/</i:new-feed-url>'
        '<x:y xmlns:x="https://unknown.example/">z</x:y><i:type xmlns:i="' + ITUNES + '">serial</i:type>'
    )
    assert [one.name for one in document.extensions] == ["type"]


def test_threading_in_atom_keeps_its_attributes() -> None:
    document = atom.read(
        etree.fromstring(
            '<feed xmlns="http://www.w3.org/2005/Atom" xmlns:thr="http://purl.org/syndication/thread/1.0"><entry>'
            '<id>1</id><thr:in-reply-to ref="urn:0" href="zero"/><thr:total>4</thr:total></entry></feed>'
        ),
        URL,
    )
    assert document.entries[0].extensions == (
        Extension(
            namespace="http://purl.org/syndication/thread/1.0",
            name="in-reply-to",
            attributes=(("href", "https://news.example/zero"), ("ref", "urn:0")),
        ),
        Extension(namespace="http://purl.org/syndication/thread/1.0", name="total", text="4"),
    )


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("3723", 3723.0), ("1:02:03", 3723.0), ("62:03", 3723.0), ("12.5", 12.5), ("", None), ("an hour", None),
     ("-5", None), ("nan", None), ("1:2:3:4", None)],
)  # fmt: skip
def test_itunes_duration_belongs_to_the_first_sound_or_film(text: str, seconds: float | None) -> None:
    entry = item(
        f'<i:duration xmlns:i="{ITUNES}">{text}</i:duration><enclosure url="https://a.example/p.jpg" type="image/jpeg"/>'
        '<enclosure url="https://a.example/s.mp3" type="audio/mpeg"/><enclosure url="https://a.example/v.mp4" type="video/mp4"/>'
    )
    assert [one.duration_s for one in entry.enclosures] == [None, seconds, None]


def test_itunes_author_image_and_words_stand_in_only() -> None:
    itunes = (
        f'<i:author xmlns:i="{ITUNES}">Show</i:author><i:title xmlns:i="{ITUNES}">Other</i:title>'
        f'<i:image xmlns:i="{ITUNES}" href="c.jpg"/><i:summary xmlns:i="{ITUNES}">a\nb</i:summary>'
    )
    alone = item(itunes)
    assert alone.authors == (Person(name="Show"),)
    assert alone.title == Text(value="Other", base=URL)
    assert alone.summary == Text(value="a\nb", base=URL)
    assert alone.image == Image(url="https://news.example/c.jpg")
    beside = item(f"{itunes}<author>Ada</author><title>T</title><description>d</description>")
    assert beside.authors == (Person(name="Ada"),)
    assert beside.title == Text(value="T", base=URL)
    assert beside.summary == Text(value="d", type="html", base=URL)
    assert len(beside.extensions) == 4


def test_media_group_of_a_video_site() -> None:
    entry = item(
        f'<m:group xmlns:m="{MEDIA}"><m:title>Film</m:title>'
        '<m:content url="https://v.example/v/1" type="application/x-shockwave-flash"/>'
        '<m:content url="https://v.example/1.mp4" type="video/mp4" fileSize="10" duration="2"><m:title>HD</m:title></m:content>'
        '<m:thumbnail url="https://v.example/1.jpg"/><m:description>one\ntwo &lt;3</m:description></m:group>'
    )
    assert entry.title == Text(value="Film", base=URL)
    assert entry.summary == Text(value="one\ntwo <3", base=URL)
    assert entry.image == Image(url="https://v.example/1.jpg")
    assert entry.enclosures == (
        Enclosure(
            url="https://v.example/1.mp4", media_type="video/mp4", length_bytes=10, duration_s=2.0, title="HD"
        ),
    )
    assert kept(entry) == [(MEDIA, "group")]


@pytest.mark.parametrize(
    ("attributes", "media_type"),
    [
        ('url="https://a.example/x" medium="image"', ""),
        ('url="https://a.example/x.PNG?s=1"', "image/png"),
        ('url="https://a.example/x" type="audio/ogg"', "audio/ogg"),
        ('url="https://a.example/x.html"', None),
        ('url="https://a.example/x" type="text/html"', None),
        ('medium="image"', None),
    ],
)
def test_media_content_is_an_enclosure_only_if_it_is_a_file_of_media(
    attributes: str, media_type: str | None
) -> None:
    entry = item(f'<m:content xmlns:m="{MEDIA}" {attributes}/>')
    assert [one.media_type for one in entry.enclosures] == ([] if media_type is None else [media_type])


def test_the_caption_of_a_picture_is_not_the_title() -> None:
    entry = item(
        f'<m:content xmlns:m="{MEDIA}" url="https://a.example/a.jpg"><m:title>Portrait</m:title></m:content>'
    )
    assert entry.title is None
    assert entry.enclosures[0].title == "Portrait"


def test_licences_and_original_links_become_links() -> None:
    entry = item(
        '<l:license xmlns:l="http://web.resource.org/cc/" xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        'rdf:resource="https://cc.example/by"/>'
        '<f:origLink xmlns:f="http://rssnamespace.org/feedburner/ext/1.0">https://o.example/1</f:origLink>'
        "<link>https://proxy.example/1</link>"
    )
    assert entry.link == "https://proxy.example/1"
    assert entry.links == (
        Link(rel="license", href="https://cc.example/by"),
        Link(rel="canonical", href="https://o.example/1"),
    )


def test_the_icon_of_webfeeds() -> None:
    document = channel('<w:icon xmlns:w="http://webfeeds.org/rss/1.0">/i.svg</w:icon>')
    assert document.icon == "https://news.example/i.svg"


def test_the_table_of_names_does_not_grow_for_ever() -> None:
    names = Names("rss")
    for number in range(10_000):
        assert names[f"x{number}"] == f"rss:x{number}"
    assert len(names) <= 4096
