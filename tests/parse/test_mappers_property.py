"""Whatever tree they are given, the mappers raise nothing and account for every item."""

# ruff: noqa: E501 (tables)
from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import etree

from aggregator.parse import atom, jsonfeed, rss
from aggregator.parse.elements import CANONICAL
from aggregator.parse.extensions import MODULES

_TEXTS = st.sampled_from(
    ["", " ", "x", "<b>x</b>", "&amp;", "1:2:3", "99999999999999999999", "-1", "nan", "//[", "http://[", "a@b (c)",
     "2026-11-01", "0000-00-00", "(", "<", "mailto:", "?@?", "\n", "https://a.example/\t1", "١٢", "x" * 3000]
)  # fmt: skip
_LOCALS = sorted(
    {name for table in (rss.ITEM, rss.CHANNEL, atom.ENTRY, atom.FEED) for name in table} | set(MODULES)
)
_TAGS = [
    *_LOCALS,
    "rss:item",
    "atom:entry",
    "rss:channel",
    "xhtml:p",
    "?:thing",
    "rss:skiphours",
    "media:player",
]
_ATTRIBUTES = ["href", "url", "rel", "type", "mode", "length", "fileSize", "src", "term", "isPermaLink", "version",
               "{http://www.w3.org/XML/1998/namespace}base", "{http://www.w3.org/XML/1998/namespace}lang"]  # fmt: skip
_VALUES = _TEXTS | st.sampled_from(
    ["enclosure", "alternate", "html", "xhtml", "base64", "text/html", "false", "de"]
)


def tag(name: str) -> str:
    prefix, _, local = name.partition(":")
    return f"{{{CANONICAL.get(prefix, 'urn:unknown')}}}{local}"


@st.composite
def trees(draw: st.DrawFn, root: str, depth: int = 4) -> etree._Element:
    element = etree.Element(tag(root))
    for name in draw(st.lists(st.sampled_from(_ATTRIBUTES), max_size=3, unique=True)):
        element.set(name, draw(_VALUES))
    element.text = draw(_TEXTS)
    if depth:
        for name in draw(st.lists(st.sampled_from(_TAGS), max_size=5)):
            child = draw(trees(name, depth - 1))
            child.tail = draw(_TEXTS)
            element.append(child)
    return element


@settings(max_examples=30, deadline=None)
@given(trees("rss:rss"), _TEXTS)
def test_rss_accounts_for_every_item(root: etree._Element, url: str) -> None:
    document = rss.read(root, url)
    assert len(document.entries) + len(document.drops) == len([*root.iter(tag("rss:item"))])


@settings(max_examples=30, deadline=None)
@given(trees("atom:feed"), _TEXTS)
def test_atom_accounts_for_every_entry(root: etree._Element, url: str) -> None:
    document = atom.read(root, url)
    assert len(document.entries) + len(document.drops) == len([*root.iter(tag("atom:entry"))])


_JSON: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | _TEXTS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["url", "name", "title"]), inner)
    ),
    max_leaves=6,
)
_MEMBERS = ["id", "url", "external_url", "title", "content_html", "content_text", "summary", "image", "authors", "author",
            "tags", "attachments", "date_published", "date_modified", "language"]  # fmt: skip


@settings(max_examples=30, deadline=None)
@given(st.lists(st.dictionaries(st.sampled_from(_MEMBERS), _JSON) | _JSON, max_size=4), _JSON, _TEXTS)
def test_json_feed_accounts_for_every_item(items: list[Any], other: Any, url: str) -> None:
    about = dict.fromkeys(("title", "authors", "hubs", "language", "icon", "home_page_url", "version"), other)
    document = jsonfeed.read(about | {"items": items}, url)
    assert len(document.entries) + len(document.drops) == len(items)
