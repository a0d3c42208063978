"""Channel Definition Format: one whole document, and what it must come to."""

# ruff: noqa: E501 (documents stand as they are read)
from __future__ import annotations

from datetime import UTC, datetime

import pytest
from lxml import etree

from aggregator.errors import NotAFeed
from aggregator.model.document import Image, Person, Tag
from aggregator.parse import cdf

WHOLE = """<CHANNEL BASE="https://c.example/sub/" HREF="home.html" LASTMOD="2026-11-02T10:00+0000">
<TITLE>Old</TITLE><ABSTRACT>Very old</ABSTRACT><LOGO HREF="i.ico" STYLE="ICON"/><LOGO HREF="l.gif" STYLE="IMAGE"/>
<ITEM HREF="1.html" LASTMOD="2026-11-01T10:00:00Z"><TITLE>One</TITLE><ABSTRACT>First</ABSTRACT>
 <AUTHOR VALUE="Ada"/><KEYWORD VALUE="law"/></ITEM>
<CHANNEL BASE="deeper/"><TITLE>Inner</TITLE><ITEM><A HREF="2.html"/><TITLE>Two</TITLE></ITEM></CHANNEL>
<ITEM/></CHANNEL>"""


def test_whole_document() -> None:
    document = cdf.read(etree.fromstring(WHOLE), None)
    assert document.format == "cdf"
    assert document.title is not None
    assert document.title.value == "Old"
    assert document.description is not None
    assert document.description.value == "Very old"
    assert document.link == "https://c.example/sub/home.html"
    assert document.image == Image(url="https://c.example/sub/l.gif")
    assert document.icon == "https://c.example/sub/i.ico"
    first, second = document.entries
    assert first.link == "https://c.example/sub/1.html"
    assert first.summary is not None
    assert first.summary.value == "First"
    assert first.updated is not None
    assert first.updated.at == datetime(2026, 11, 1, 10, tzinfo=UTC)
    assert first.authors == (Person(name="Ada"),)
    assert first.tags == (Tag(term="law"),)
    assert second.link == "https://c.example/sub/deeper/2.html"
    assert [drop.detail for drop in document.drops] == ["item 3 holds nothing"]


def test_another_root_is_no_feed() -> None:
    with pytest.raises(NotAFeed):
        cdf.read(etree.fromstring("<rss/>"), None)
