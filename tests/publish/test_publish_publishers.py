"""What feeds say of an item's publisher, and a publisher's own feed in every format."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import feedparser
import pytest
from lxml import etree

from aggregator.model.document import Extension
from aggregator.model.item import Publisher
from aggregator.publish.extensions import DC
from aggregator.publish.render import render

Make = Callable[..., Any]
JINGZHOU = Publisher(name="荆州日报 & <b>", slug="jingzhouribao")


@pytest.mark.parametrize("format_name", ["atom", "rss"])
def test_atom_and_rss_name_the_publisher(format_name: str, make_item: Make, make_view: Make) -> None:
    body = render(format_name, make_view(make_item(publisher=JINGZHOU), make_item(2))).body
    named = etree.fromstring(body).iter(f"{{{DC}}}publisher")
    assert [node.text for node in named] == ["荆州日报 & <b>"]
    assert feedparser.parse(body).entries[0].publisher == "荆州日报 & <b>"
    assert not feedparser.parse(body).bozo


@pytest.mark.parametrize("format_name", ["atom", "rss"])
def test_one_that_the_entry_brought_is_not_repeated(
    format_name: str, make_item: Make, make_view: Make
) -> None:
    own = Extension(namespace=DC, name="publisher", text="Its own")
    body = render(format_name, make_view(make_item(publisher=JINGZHOU, extensions=(own,)))).body
    assert [node.text for node in etree.fromstring(body).iter(f"{{{DC}}}publisher")] == ["Its own"]


@pytest.mark.parametrize("format_name", ["atom", "rss", "json", "html"])
def test_an_item_without_publisher_is_rendered_as_ever(
    format_name: str, make_item: Make, make_view: Make
) -> None:
    assert b"publisher" not in render(format_name, make_view(make_item())).body


@pytest.mark.parametrize("format_name", ["atom", "rss", "json", "html"])
def test_a_publisher_s_feed(format_name: str, make_item: Make, make_view: Make) -> None:
    view = make_view(make_item(publisher=JINGZHOU), kind="publisher", name="jingzhouribao", title="荆州日报")
    body = render(format_name, view).body
    assert "荆州日报" in body.decode()
    address = f"https://feeds.example/feeds/publisher/jingzhouribao.{format_name}"
    if format_name == "json":
        assert (json.loads(body)["title"], json.loads(body)["feed_url"]) == ("荆州日报", address)
    elif format_name != "html":
        read = feedparser.parse(body)
        assert read.feed.title == "荆州日报"
        assert address in [link.href for link in read.feed.links]
        assert read.entries[0].source.title == "Acme", "the source that it came through is credited"
