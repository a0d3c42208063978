"""Subscription lists: what readers import, and what must not leave the house."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from lxml import etree

from aggregator.model.feed import Feed, FeedKey
from aggregator.model.source import Source
from aggregator.publish.opml import feeds_opml, sources_opml

AT = datetime(2026, 3, 4, 5, 6, 7, 500, tzinfo=UTC)


def feed(kind: str, name: str, title: str, **changes: Any) -> Feed:
    return Feed(key=FeedKey(kind=kind, name=name), title=title, revision=1, updated_at=AT, **changes)


def shape(element: etree._Element) -> list[Any]:
    """Nested lists: a feed is its address, a group is [title, ...]."""
    return [node.get("xmlUrl") or [node.get("text"), *shape(node)] for node in element.findall("outline")]


def body(opml: bytes) -> etree._Element:
    root = etree.fromstring(opml)
    assert root.get("version") == "2.0"
    found = root.find("body")
    assert found is not None
    return found


def test_feeds_nested_by_category() -> None:
    feeds = [
        feed("source", "acme", "Acme", link="https://acme.example/"),
        feed("category", "finance/cs/news", "资讯"),
        feed("category", "finance", "金融"),
        feed("category", "finance/cs", "cs"),
        feed("category", "news", "News"),
        feed("publisher", "p", "P"),
        feed("category", "gone", "Gone", gone=True),
        feed("all", "", "Everything"),
    ]
    root = "https://feeds.example/feeds"
    assert shape(body(feeds_opml(feeds, "https://feeds.example", "Wire & co", AT))) == [
        f"{root}/all.atom",
        [
            "金融",
            f"{root}/category/finance.atom",
            ["cs", f"{root}/category/finance/cs.atom", f"{root}/category/finance/cs/news.atom"],
        ],
        f"{root}/category/news.atom",
        ["Sources", f"{root}/source/acme.atom"],
        ["Publishers", f"{root}/publisher/p.atom"],
    ]


def test_what_a_feed_says() -> None:
    opml = feeds_opml(
        [
            feed("source", "acme", "A <&> \x00", link="https://acme.example/?a&b"),
            feed("all", "", "Everything"),
        ],
        "https://feeds.example",
        "Wire",
        AT,
    )
    root = etree.fromstring(opml)
    assert root.findtext("head/title") == "Wire"
    assert root.findtext("head/dateModified") == "Wed, 04 Mar 2026 05:06:07 GMT"
    everything, acme = (node for node in root.iter("outline") if node.get("xmlUrl"))
    assert dict(acme.attrib) == {
        "text": "A <&> ",
        "title": "A <&> ",
        "type": "rss",
        "xmlUrl": "https://feeds.example/feeds/source/acme.atom",
        "htmlUrl": "https://acme.example/?a&b",
    }
    assert everything.get("htmlUrl") == "https://feeds.example/"


def test_an_unknown_ancestor_is_a_plain_group() -> None:
    opml = feeds_opml([feed("category", "a/b", "B")], "https://feeds.example", "Wire", AT)
    assert shape(body(opml)) == [["a", "https://feeds.example/feeds/category/a/b.atom"]]


def test_sources_by_category_without_secrets() -> None:
    secret = {"Authorization": "Bearer hunter2"}
    sources = [
        (Source(name="b", url="https://me:hunter2@b.example:8443/f?x=1", category="x/y"), "B", None),
        (Source(name="a", url="https://a.example/feed", headers=secret), "A", "https://a.example/"),
        (Source(name="c", url="file:examples/news.rss"), "C", None),
        (Source(name="d", url="https://d.example/", kind="mine.mod:crawl"), "D", None),
        (Source(name="e", url="https://e.example/", category="x"), "", None),
        (Source(name="f", url="https://[broken"), "F", None),
        (Source(name="g", url="https://g.example/f?id=7&token=hunter2"), "G", None),
    ]
    opml = sources_opml(sources, "Wire")
    assert b"hunter2" not in opml
    assert b"examples" not in opml
    assert shape(body(opml)) == [
        "https://a.example/feed",
        ["x", "https://e.example/", ["y", "https://b.example:8443/f?x=1"]],
    ]
    outlines = [node for node in body(opml).iter("outline") if node.get("xmlUrl")]
    assert [node.get("text") for node in outlines] == ["A", "e", "B"]
    assert [node.get("htmlUrl") for node in outlines] == ["https://a.example/", None, None]
    assert etree.fromstring(opml).find("head/dateModified") is None


def test_equal_feeds_in_any_order_give_equal_bytes() -> None:
    feeds = [feed("category", name, name) for name in ("b", "a/c", "a")] + [feed("source", "s", "S")]
    arguments = ("https://feeds.example", "Wire", AT)
    assert feeds_opml(feeds, *arguments) == feeds_opml(feeds[::-1], *arguments)
