"""JSON Feed 1 and 1.1: small objects, and what they must come to."""

# ruff: noqa: E501 (documents stand as they are read)
from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from aggregator.errors import NotAFeed
from aggregator.model.document import Enclosure, Entry, Image, Link, Person, Tag, Text
from aggregator.parse import feed, jsonfeed
from aggregator.process import raw

URL = "https://news.example/feed.json"
V1, V11 = "https://jsonfeed.org/version/1", "https://jsonfeed.org/version/1.1"


def item(fields: dict[str, Any]) -> Entry:
    document = jsonfeed.read({"version": V11, "items": [fields]}, URL)
    assert len(document.entries) == 1, document.drops
    return document.entries[0]


def test_whole_item() -> None:
    found = item(
        {
            "id": "tag:1", "url": "/1", "external_url": "https://else.example/", "title": " A < B ",
            "content_html": "<p>Long</p>", "content_text": "Long", "summary": "Short", "image": "i.png",
            "banner_image": "b.png", "date_published": "2026-11-01T10:00:00+08:00",
            "date_modified": "2026-11-01T11:00:00Z", "language": "fr", "tags": ["sail", "wind", "sail", 3],
            "authors": [{"name": "Ada", "url": "/ada", "avatar": "a.png"}, {"name": "Ben"}], "_mine": {"x": 1},
            "attachments": [{"url": "a.mp3", "mime_type": "audio/mpeg", "size_in_bytes": 5,
                             "duration_in_seconds": 61.5, "title": "Sound"}],
        }
    )  # fmt: skip
    assert found == Entry(
        guid="tag:1",
        link="https://news.example/1",
        links=(Link(rel="related", href="https://else.example/"),),
        title=Text(value="A < B", base=URL, language="fr"),
        summary=Text(value="Short", base=URL, language="fr"),
        content=Text(value="<p>Long</p>", type="html", base=URL, language="fr"),
        published=found.published,
        updated=found.updated,
        authors=(
            Person(name="Ada", url="https://news.example/ada", avatar="https://news.example/a.png"),
            Person(name="Ben"),
        ),
        tags=(Tag(term="sail"), Tag(term="wind")),
        enclosures=(
            Enclosure(
                url="https://news.example/a.mp3",
                media_type="audio/mpeg",
                length_bytes=5,
                duration_s=61.5,
                title="Sound",
            ),
        ),
        image=Image(url="https://news.example/i.png"),
        language="fr",
    )
    assert found.published is not None
    assert found.published.at == datetime(2026, 11, 1, 2, tzinfo=UTC)
    assert found.updated is not None
    assert found.updated.at == datetime(2026, 11, 1, 11, tzinfo=UTC)


def test_whole_feed() -> None:
    document = jsonfeed.read(
        {
            "version": V1, "title": "H", "description": "D", "home_page_url": "https://h.example/",
            "feed_url": "https://h.example/feed.json", "next_url": "?p=2", "icon": "i.png",
            "favicon": "f.ico", "language": "de", "author": {"name": "Edna"},
            "hubs": [{"type": "WebSub", "url": "https://hub.example/"}], "items": [],
        },
        URL,
    )  # fmt: skip
    assert (document.format, document.link, document.language) == ("json1.0", "https://h.example/", "de")
    assert document.title == Text(value="H", base=URL, language="de")
    assert document.description == Text(value="D", base=URL, language="de")
    assert document.image == Image(url="https://news.example/i.png")
    assert document.icon == "https://news.example/f.ico"
    assert document.authors == (Person(name="Edna"),)
    assert {link.rel: link.href for link in document.links} == {
        "self": "https://h.example/feed.json",
        "next": "https://news.example/feed.json?p=2",
        "hub": "https://hub.example/",
    }


@pytest.mark.parametrize(
    ("value", "guid"),
    [(7, "7"), ("x", "x"), (1.5, "1.5"), (True, None), (None, None), ([], None), (10**41, None), (float("nan"), None)],
)  # fmt: skip
def test_ids(value: object, guid: str | None) -> None:
    assert item({"id": value, "title": "t"}).guid == guid


def test_text_only_content_is_text() -> None:
    assert item({"content_text": "a < b\nc"}).content == Text(value="a < b\nc", base=URL)


def test_an_external_address_stands_in_for_the_link() -> None:
    found = item({"external_url": "https://else.example/"})
    assert (found.link, found.links) == ("https://else.example/", ())


def test_fields_of_wrong_types_are_left_out() -> None:
    found = item(
        {
            "id": "1", "url": 5, "title": ["t"], "content_html": {}, "tags": "sail", "authors": "Ada",
            "date_published": 5, "image": False,
            "attachments": [5, {"url": "a", "size_in_bytes": "5", "duration_in_seconds": -1}, {"mime_type": "x/y"}],
        }
    )  # fmt: skip
    assert found == Entry(
        guid="1", authors=(Person(name="Ada"),), enclosures=(Enclosure(url="https://news.example/a"),)
    )


def test_items_that_hold_nothing_are_counted_drops() -> None:
    document = jsonfeed.read({"version": V11, "items": [{}, "x", None, {"id": "1"}]}, URL)
    assert (len(document.entries), [drop.reason for drop in document.drops]) == (1, ["empty"] * 3)


@pytest.mark.parametrize("obj", [{}, {"items": {}}, [], {"version": "2"}])
def test_other_json_is_no_feed(obj: Any) -> None:
    with pytest.raises(NotAFeed):
        jsonfeed.read(obj, URL)


def test_a_number_of_thousands_of_digits_costs_its_field_alone() -> None:
    huge = "9" * 10_000
    text = (
        f'{{"version": "{V11}", "items": [{{"id": {huge}, "title": "A"}}, {{"id": 7, "title": "B", '
        f'"attachments": [{{"url": "/b.mp3", "size_in_bytes": {huge}, "duration_in_seconds": -{huge}}}]}}]}}'
    )
    found = feed.parse(text.encode(), None, URL).entries
    assert [(one.guid, one.title and one.title.value) for one in found] == [(None, "A"), ("7", "B")]
    assert [(one.length_bytes, one.duration_s) for one in found[1].enclosures] == [(None, None)]


def test_half_characters_cost_themselves_alone() -> None:
    text = (
        f'{{"version": "{V11}", "title": "\\ud83d", "items": [{{"id": "\\ud800a", "title": "A\\udc00", "url": "/\\udfff",'
        f'"tags": ["\\ud83d"], "authors": [{{"name": "\\ud83d"}}], "content_html": "\\ud83d\\ude00 \\ud83d"}}]}}'
    )
    document = feed.parse(text.encode(), None, URL)
    [found] = document.entries
    assert (found.guid, found.title and found.title.value) == ("\ufffda", "A\ufffd")
    assert found.content is not None
    assert found.content.value == "\U0001f600 \ufffd"
    assert raw.entry(raw.packed(found)) == found, "it can be stored"
