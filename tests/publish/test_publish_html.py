"""Pages: valid, escaped, findable by readers, and without anything from elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from selectolax.lexbor import LexborHTMLParser

from aggregator.model.document import Enclosure, Person
from aggregator.model.feed import Feed, FeedKey, FeedView
from aggregator.publish import html

AT = datetime(2026, 3, 4, 5, 6, 7, 500, tzinfo=UTC)
EVIL = "\"><script>alert('x')</script>&"
Make = Callable[..., Any]


def feed(kind: str, name: str, title: str, **changes: Any) -> Feed:
    return Feed(key=FeedKey(kind=kind, name=name), title=title, revision=1, updated_at=AT, **changes)


def index(view: FeedView, *feeds: Feed) -> html.IndexView:
    return html.IndexView(
        feeds=feeds,
        items=view.items,
        base_url="https://feeds.example",
        site_title="Wire",
        site_language="zh-CN",
    )


def pages(make_item: Make, make_view: Make) -> dict[str, bytes]:
    item = make_item(
        title=EVIL,
        authors=(Person(name=EVIL),),
        enclosures=(Enclosure(url="https://e.example/a", title=EVIL),),
        language="x",
        comments="https://c.example/",
    )
    view = make_view(item, title=EVIL, description=EVIL)
    feeds = [feed(kind, "a", EVIL) for kind in ("category", "source", "publisher")]
    row = html.StatusRow(name="acme", title=EVIL, health=EVIL, category=EVIL, error=EVIL, last_ok_at=AT)
    return {
        "index": html.index_page(index(view, feed("all", "", EVIL), *feeds)),
        "feed": html.feed_page(view),
        "status": html.status_page([row], site_title=EVIL, base_url="https://feeds.example"),
        "error": html.error_page(404, EVIL, site_title=EVIL),
    }


@pytest.mark.parametrize("name", ["index", "feed", "status", "error"])
def test_every_page_is_sound(name: str, make_item: Make, make_view: Make) -> None:
    body = pages(make_item, make_view)[name]
    assert body.startswith(b"<!DOCTYPE html>")
    page = LexborHTMLParser(body.decode("utf-8"))
    assert page.css_first("html").attributes["lang"]
    assert page.css_first("head title").text()
    assert len(page.css("h1")) == 1
    assert page.css("script, style, [style], [onclick], iframe, object, img") == []
    assert "alert('x')</script>" not in body.decode()
    styles = [link.attributes["href"] for link in page.css('link[rel="stylesheet"]')]
    assert styles == ["/style.css" if name == "error" else "https://feeds.example/style.css"]


def test_index_leads_to_every_feed(make_item: Make, make_view: Make) -> None:
    body = html.index_page(
        index(
            make_view(make_item(title="مرحبا")),
            feed("source", "acme", "Acme"),
            feed("category", "finance/cs", "资讯"),
            feed("all", "", "Everything"),
            feed("category", "old", "Old", gone=True),
        )
    )
    page = LexborHTMLParser(body.decode())
    root = "https://feeds.example/feeds"
    found = [
        (link.attributes["type"], link.attributes["href"]) for link in page.css('head link[rel="alternate"]')
    ]
    kinds = (("application/atom+xml", "atom"), ("application/rss+xml", "rss"))
    for media_type, suffix in (*kinds, ("application/feed+json", "json")):
        assert (media_type, f"{root}/all.{suffix}") in found
        assert (media_type, f"{root}/category/finance/cs.{suffix}") in found
    assert len(found) == 6
    targets = {link.attributes["href"] for link in page.css("a[href]")}
    assert {f"{root}/source/acme.{suffix}" for suffix in ("atom", "rss", "json", "html")} <= targets
    assert {"https://feeds.example/opml", "https://feeds.example/status"} <= targets
    assert "https://acme.example/1" in targets
    assert not any("old" in str(target) for target in targets)
    assert page.css_first("time").attributes["datetime"] == "2026-03-04T05:06:07Z"
    assert page.css_first("html").attributes["lang"] == "zh-CN"


def test_index_says_that_there_are_more_publishers(make_item: Make, make_view: Make) -> None:
    view = index(make_view(make_item()), feed("publisher", "jingzhouribao", "荆州日报"))
    for more in (False, True):
        page = LexborHTMLParser(html.index_page(replace(view, more_publishers=more)).decode())
        assert "Publishers" in [heading.text() for heading in page.css("h2")]
        links = [link for link in page.css("li a") if link.text() == "荆州日报"]
        assert [link.attributes["href"] for link in links] == [
            "https://feeds.example/feeds/publisher/jingzhouribao.html"
        ]
        assert ("every publisher" in page.css_first("main").text()) is more
    assert b"Publishers" not in html.index_page(index(make_view(make_item())))


def test_index_of_nothing() -> None:
    body = html.index_page(html.IndexView(feeds=(), items=(), base_url="https://f.example", site_title="W"))
    assert b"Nothing yet" in body


def test_feed_page_shows_the_cleaned_html(make_item: Make, make_view: Make) -> None:
    view = make_view(make_item(content_html="<p>kept <em>as</em> it is</p>", title="a <b> & c"))
    page = LexborHTMLParser(html.feed_page(view).decode())
    assert page.css_first("article p em").text() == "as"
    assert page.css_first("article h2 a").text() == "a <b> & c"
    assert page.css_first('link[type="application/atom+xml"]').attributes["href"] == (
        "https://feeds.example/feeds/source/acme.atom"
    )


def test_status_rows() -> None:
    rows = [
        html.StatusRow(name="a", title="A", health="ok", items=3, last_ok_at=AT, next_check_at=AT),
        html.StatusRow(name="b", title="", health="failing", failures=2, error="timed out"),
    ]
    page = LexborHTMLParser(html.status_page(rows, base_url="https://f.example").decode())
    cells = [[cell.text().strip() for cell in row.css("th, td")] for row in page.css("tbody tr")]
    when = "2026-03-04 05:06 UTC"
    assert cells == [
        ["A", "", "ok", "3", when, "never", when, "0", ""],
        ["b", "", "failing", "0", "never", "never", "", "2", "timed out"],
    ]
    assert b"No sources" in html.status_page([])


def test_error_page() -> None:
    page = LexborHTMLParser(html.error_page(410, "This feed has ended.").decode())
    assert page.css_first("h1").text() == "410 Gone"
    assert page.css_first("main p").text() == "This feed has ended."
    assert b"<h1>599 Error</h1>" in html.error_page(599, "x")


def test_style_is_there() -> None:
    assert b"body {" in html.STYLE
    assert b"url(" not in html.STYLE
    assert b"@import" not in html.STYLE
