"""JSON Feed 1.1: required members, empty ones left out, and our own extensions."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from aggregator.model.document import Enclosure, EntrySource, Image, Link, Person, Tag
from aggregator.model.feed import FeedView
from aggregator.publish.jsonfeed import jsonfeed

Make = Callable[..., Any]


def read(view: FeedView) -> dict[str, Any]:
    body = jsonfeed(view)
    assert body.endswith(b"}\n")
    document: dict[str, Any] = json.loads(body)
    return document


def first(view: FeedView) -> dict[str, Any]:
    found: dict[str, Any] = read(view)["items"][0]
    return found


def test_head_of_a_source_s_own_feed(show_view: FeedView) -> None:
    head = read(show_view)
    assert head["icon"] == "https://show.example/cover.jpg"
    assert head["favicon"] == "https://show.example/icon.png"
    assert head["authors"] == [{"name": "An Na"}, {"name": "desk@show.example"}]


def test_head(make_view: Make) -> None:
    assert read(make_view()) == {
        "version": "https://jsonfeed.org/version/1.1",
        "title": "Acme wire",
        "home_page_url": "https://feeds.example/",
        "feed_url": "https://feeds.example/feeds/source/acme.json",
        "language": "en",
        "authors": [{"name": "Acme wire"}],
        "items": [],
    }
    full = read(
        make_view(
            kind="all",
            name="",
            description="About",
            language="de",
            image=Image(url="https://i.example/"),
        )
    )
    assert (full["description"], full["language"], full["icon"]) == ("About", "de", "https://i.example/")
    assert full["authors"] == [{"name": "My wire"}]


def test_a_bare_item_still_has_id_and_content(make_item: Make, make_view: Make) -> None:
    found = first(make_view(make_item(content_html="", link=None, published_at=None)))
    assert found == {
        "id": "urn:uuid:00000000-0000-4000-8000-000000000001",
        "content_html": "",
        "title": "Item 1",
        "date_modified": "2026-03-04T07:06:07Z",
        "_source": {
            "name": "acme",
            "title": "Acme",
            "url": "https://acme.example/",
            "feed_url": "https://feeds.example/feeds/source/acme.json",
        },
    }


def test_texts_and_dates(make_item: Make, make_view: Make) -> None:
    item = make_item(
        summary_html='<p>Short<br>&amp; <img alt="a > b" src="https://i.example/">sweet</p>',
        content_html="<p>Long</p>",
    )
    found = first(make_view(replace(item, updated_at=item.published_at + timedelta(days=1))))
    assert found["summary"] == "Short & sweet"
    assert found["content_html"] == "<p>Long</p>"
    assert found["date_published"] == "2026-03-04T05:06:07Z"
    assert found["date_modified"] == "2026-03-05T05:06:07Z"
    assert "summary" not in first(make_view(make_item(summary_html="<p>s</p>", content_html="")))


def test_people_tags_attachments_and_the_rest(make_item: Make, make_view: Make) -> None:
    item = make_item(
        authors=(Person(name="A", url="https://a.example/", avatar="https://a.example/a.png"),),
        contributors=(Person(email="b@b.example"),),
        tags=(Tag(term="t", label="T"),),
        image=Image(url="https://i.example/"),
        language="fr",
        rights="R",
        comments="https://c.example/",
        links=(Link(rel="via", href="https://v.example/"), Link(rel="self", href="https://s.example/")),
        enclosures=(
            Enclosure(url="https://e.example/a.ogg", length_bytes=0, duration_s=60.0, title="E"),
            Enclosure(url="https://e.example/b", duration_s=1.5),
        ),
        source=EntrySource(title="Origin", url="https://o.example/feed"),
    )
    found = first(make_view(item))
    assert found["authors"] == [
        {"name": "A", "url": "https://a.example/", "avatar": "https://a.example/a.png"}
    ]
    assert found["tags"] == ["t"]
    assert found["image"] == "https://i.example/"
    assert found["language"] == "fr"
    assert found["attachments"] == [
        {
            "url": "https://e.example/a.ogg",
            "mime_type": "audio/ogg",
            "title": "E",
            "size_in_bytes": 0,
            "duration_in_seconds": 60,
        },
        {
            "url": "https://e.example/b",
            "mime_type": "application/octet-stream",
            "duration_in_seconds": 1.5,
        },
    ]
    assert found["_source"]["origin"] == {"title": "Origin", "feed_url": "https://o.example/feed"}
    assert found["_atom"] == {
        "rights": "R",
        "contributors": [{"name": "b@b.example"}],
        "comments": "https://c.example/",
        "links": [{"rel": "via", "href": "https://v.example/"}],
    }
