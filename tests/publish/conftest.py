"""Items and views to render: a plain maker, and one view that uses everything at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from aggregator.model.document import Enclosure, EntrySource, Extension, Image, Link, Person, Tag
from aggregator.model.feed import Feed, FeedKey, FeedView, PublishedItem
from aggregator.model.item import Item

AT = datetime(2026, 3, 4, 5, 6, 7, 891000, tzinfo=UTC)
ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd"
MEDIA = "http://search.yahoo.com/mrss/"
PODCAST = "https://podcastindex.org/namespace/1.0"


def item(n: int = 1, **changes: Any) -> Item:
    made = Item(
        uid=f"00000000-0000-4000-8000-{n:012x}",
        guid=f"upstream-{n}",
        guid_is_permalink=False,
        link=f"https://acme.example/{n}",
        title=f"Item {n}",
        summary_html="",
        content_html=f"<p>Text {n}</p>",
        published_at=AT,
        updated_at=None,
        first_seen_at=AT + timedelta(hours=2),
        sorted_at=AT,
    )
    return replace(made, **changes)


def view(*items: Item, kind: str = "source", name: str = "acme", **changes: Any) -> FeedView:
    """A view of these items, all from the source "acme"; `changes` are the feed's."""
    feed = Feed(key=FeedKey(kind=kind, name=name), title="Acme wire", revision=7, updated_at=AT)
    return FeedView(
        feed=replace(feed, **changes),
        items=tuple(
            PublishedItem(
                item=one, source_name="acme", source_title="Acme", source_link="https://acme.example/"
            )
            for one in items
        ),
        base_url="https://feeds.example",
        site_title="My wire",
        site_language="en",
        generator="aggregator 0.1.0",
    )


def rich() -> FeedView:
    """A combined feed with every field in use."""
    podcast = item(
        2,
        title="播客第二集：<b>不是标签</b> & مرحبا 😀",
        link=None,
        summary_html="<p>Short &amp; <em>sweet</em></p>",
        content_html='<p>Long <a href="https://acme.example/a?x=1&amp;y=2">text</a> ]]&gt; end</p>',
        updated_at=AT + timedelta(minutes=5),
        authors=(
            Person(name="An Na", url="https://acme.example/anna", email="anna@acme.example"),
            Person(email="desk@acme.example", avatar="https://acme.example/desk.png"),
        ),
        contributors=(Person(name="Editor", url="https://acme.example/ed"),),
        tags=(Tag(term="audio"), Tag(term="fin", scheme="https://acme.example/tags", label="Finance")),
        links=(
            Link(rel="related", href="https://other.example/r", media_type="text/html", title="More"),
            Link(rel="via", href="https://other.example/v", language="fr"),
            Link(rel="license", href="https://licence.example/by"),
            Link(rel="next", href="https://acme.example/page/2"),
        ),
        comments="https://acme.example/2/comments",
        enclosures=(
            Enclosure(
                url="https://cdn.example/2.mp3",
                media_type="audio/mpeg",
                length_bytes=123456,
                duration_s=1801.0,
                title="Episode",
            ),
            Enclosure(url="https://cdn.example/2.epub?dl=1", duration_s=0.5, title="Transcript"),
            Enclosure(url="https://cdn.example/unknown"),
        ),
        image=Image(url="https://acme.example/2.jpg"),
        source=EntrySource(
            title="Origin",
            url="https://origin.example/feed",
            link="https://origin.example/",
            id="tag:origin.example,2020:1",
        ),
        language="zh-CN",
        rights="© Acme",
        extensions=(
            Extension(namespace=ITUNES, name="episode", text="2"),
            Extension(
                namespace=PODCAST,
                name="person",
                attributes=(("href", "https://acme.example/anna"), ("role", "host")),
                text="An Na",
            ),
            Extension(
                namespace=MEDIA,
                name="group",
                children=(
                    Extension(
                        namespace=MEDIA, name="content", attributes=(("url", "https://cdn.example/2.mp3"),)
                    ),
                    Extension(namespace="http://unknown.example/b", name="deep", text="x"),
                ),
            ),
            Extension(namespace="http://unknown.example/a", name="rating", text="5"),
        ),
    )
    undated = item(3, published_at=None, content_html="", summary_html="<p>Only a summary</p>")
    silent = item(4, content_html="", language="ar", title="مرحبا بالعالم")
    return view(
        item(1),
        podcast,
        undated,
        silent,
        kind="category",
        name="finance/资讯",
        title="资讯 & more",
        description="All of the news",
        language="zh-CN",
        image=Image(url="https://feeds.example/logo.png"),
        rights="See each item",
    )


def show() -> FeedView:
    """A podcast's own feed, with all that it says of itself."""
    return view(
        item(1, enclosures=(Enclosure(url="https://cdn.example/1.mp3"),)),
        name="show",
        title="The Show",
        link="https://show.example/",
        description="Talk",
        language="en",
        image=Image(url="https://show.example/cover.jpg"),
        icon="https://show.example/icon.png",
        authors=("An Na", "desk@show.example"),
        extensions=(
            Extension(namespace=ITUNES, name="author", text="An Na"),
            Extension(
                namespace=ITUNES,
                name="category",
                attributes=(("text", "News"),),
                children=(Extension(namespace=ITUNES, name="category", attributes=(("text", "Tech"),)),),
            ),
            Extension(namespace=ITUNES, name="explicit", text="yes"),
            Extension(namespace=PODCAST, name="funding", attributes=(("url", "https://show.example/give"),)),
            Extension(namespace="http://unknown.example/a", name="rating", text="5 <of> 5"),
        ),
    )


GOLDEN = {"rich": rich, "show": show}


@pytest.fixture
def golden_views() -> dict[str, FeedView]:
    return {name: make() for name, make in GOLDEN.items()}


@pytest.fixture
def show_view() -> FeedView:
    return show()


@pytest.fixture
def make_item() -> Callable[..., Item]:
    return item


@pytest.fixture
def make_view() -> Callable[..., FeedView]:
    return view


@pytest.fixture
def rich_view() -> FeedView:
    return rich()
