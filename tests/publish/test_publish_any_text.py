"""Any text in any field goes out and comes back as it was; poisoned items take nothing else with them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree
from selectolax.lexbor import LexborHTMLParser

from aggregator.model.document import Enclosure, EntrySource, Extension, Link, Person, Tag
from aggregator.model.feed import FeedView
from aggregator.publish import render

NS = {"a": "http://www.w3.org/2005/Atom", "dc": "http://purl.org/dc/elements/1.1/"}
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"
Make = Callable[..., Any]

# The characters of XML 1.0, section 2.2.
XML_TEXT = st.text(
    st.one_of(
        st.characters(exclude_categories=("Cs", "Cc"), exclude_characters="\ufffe\uffff"),
        st.sampled_from("\t\n\r<>&\"' ]\x85\u2028"),
    ),
    max_size=40,
)
SOME = XML_TEXT.filter(bool)
URLS = XML_TEXT.map(lambda text: f"https://a.example/{text}")
quick = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@quick
@given(title=SOME, content=SOME, summary=SOME, name=SOME, tag=SOME, url=URLS, feed_title=SOME)
def test_any_text_parses_back_equal(
    make_item: Make,
    make_view: Make,
    title: str,
    content: str,
    summary: str,
    name: str,
    tag: str,
    url: str,
    feed_title: str,
) -> None:
    item = make_item(
        title=title,
        content_html=content,
        summary_html=summary,
        authors=(Person(name=name, url=url, email=name),),
        contributors=(Person(name=name),),
        tags=(Tag(term=tag, scheme=url, label=name),),
        link=url,
        comments=url,
        links=(Link(rel="via", href=url, title=name, media_type=name, language=name),),
        enclosures=(Enclosure(url=url, title=name), Enclosure(url=url, title=name, media_type=tag)),
        rights=name,
        language=tag,
        source=EntrySource(title=title, url=url, link=url, id=name),
        extensions=(Extension(namespace="urn:x", name="x", attributes=(("v", name),), text=title),),
    )
    view = make_view(item, title=feed_title, description=feed_title, rights=feed_title, language=tag)

    atom = etree.fromstring(render.render("atom", view).body)
    entry = atom.find("a:entry", NS)
    assert entry is not None
    assert atom.findtext("a:title", namespaces=NS) == feed_title
    for path, text in (
        ("title", title),
        ("content", content),
        ("summary", summary),
        ("author/a:name", name),
        ("author/a:uri", url),
        ("rights", name),
        ("source/a:title", title),
    ):
        assert entry.findtext(f"a:{path}", namespaces=NS) == text
    category = entry.find("a:category", NS)
    assert category is not None
    assert dict(category.attrib) == {"term": tag, "scheme": url, "label": name}
    assert {link.get("href") for link in entry.findall("a:link", NS)} == {url}
    extension = entry.find("{urn:x}x")
    assert extension is not None
    assert (extension.text, extension.get("v")) == (title, name)

    rss = etree.fromstring(render.render("rss", view).body)
    assert rss.findtext("channel/title") == feed_title
    for path, text in (
        ("title", title),
        ("description", summary),
        (CONTENT, content),
        ("category", tag),
        ("link", url),
        ("comments", url),
        ("source", title),
        ("{http://purl.org/dc/elements/1.1/}creator", name),
    ):
        assert rss.findtext(f"channel/item/{path}") == text

    feed = json.loads(render.render("json", view).body)
    found = feed["items"][0]
    assert feed["title"] == feed_title
    assert (found["title"], found["content_html"], found["url"]) == (title, content, url)
    assert (found["tags"], found["authors"][0]["name"]) == ([tag], name)


@quick
@given(title=SOME, name=SOME, url=URLS)
def test_any_text_is_text_on_a_page(
    make_item: Make, make_view: Make, title: str, name: str, url: str
) -> None:
    item = make_item(title=title, link=url, authors=(Person(name=name),), enclosures=(Enclosure(url=url),))
    page = LexborHTMLParser(render.render("html", make_view(item, title=name)).body.decode())
    heading = page.css_first("article h2 a")
    assert heading.text() == title.replace("\r\n", "\n").replace("\r", "\n")
    assert heading.attributes["href"] == url.replace("\r\n", "\n").replace("\r", "\n")
    assert len(page.css("script")) == 0


NASTY = [
    {"title": "bell \x07 null \x00"},
    {"title": "lone \ud800 surrogate"},
    {"title": "nonchar \ufffe"},
    {"title": ""},
    {"content_html": "\x0b"},
    {"summary_html": "\udfff"},
    {"link": "https://a.example/\x01"},
    {"published_at": datetime(2026, 1, 1)},  # noqa: DTZ001
    {"updated_at": datetime.max.replace(tzinfo=timezone(timedelta(hours=-8)))},
    {"first_seen_at": datetime.min.replace(tzinfo=timezone(timedelta(hours=8))), "published_at": None},
    {"first_seen_at": datetime(2026, 1, 1), "published_at": None},  # noqa: DTZ001
    {"uid": "\x00 no uuid"},
    {"authors": (Person(name="\x02"),)},
    {"tags": (Tag(term="\ud800", scheme="\x00"),)},
    {"enclosures": (Enclosure(url="https://a.example/\x00", length_bytes=10**30, duration_s=float("inf")),)},
    {"language": "\x00"},
    {"extensions": (Extension(namespace="\x00", name="x"),)},
]


@pytest.mark.parametrize("changes", NASTY, ids=repr)
@pytest.mark.parametrize("name", list(render.FORMATS))
def test_a_poisoned_item_takes_no_other_with_it(
    name: str, changes: dict[str, Any], make_item: Make, make_view: Make
) -> None:
    view = make_view(make_item(1), make_item(2, **changes), make_item(3))
    rendered = render.render(name, view)
    assert rendered == render.render(name, view)
    ids, titles = _read(name, rendered.body)
    assert len(ids) == len(titles) == 3
    assert titles[0].strip() == "Item 1"
    assert titles[2].strip() == "Item 3"
    # A title may be missing but in Atom.
    assert titles[1] or name != "atom"
    if "uid" not in changes and name != "html":
        assert ids == [f"urn:uuid:00000000-0000-4000-8000-{n:012x}" for n in (1, 2, 3)]


def test_a_scrubbed_item_keeps_what_is_sound(make_item: Make, make_view: Make) -> None:
    bad = make_item(2, title="a\x00b", content_html="<p>\ud800text</p>", authors=(Person(name="A\x01"),))
    entry = etree.fromstring(render.render("atom", make_view(bad)).body).find("a:entry", NS)
    assert entry is not None
    assert entry.findtext("a:title", namespaces=NS) == "ab"
    assert entry.findtext("a:content", namespaces=NS) == "<p>text</p>"
    assert entry.findtext("a:author/a:name", namespaces=NS) == "A"


@pytest.mark.parametrize("name", list(render.FORMATS))
def test_a_poisoned_head_is_scrubbed(name: str, make_item: Make, make_view: Make) -> None:
    view = make_view(make_item(), title="\ud800", description="\x00\ud800x", language="\x00\ud800")
    view = replace(view, site_title="Wire\x01\ud800")
    ids, _ = _read(name, render.render(name, view).body)
    assert len(ids) == 1


def _read(name: str, body: bytes) -> tuple[list[str], list[str]]:
    """The ids and the titles of the items; a page shows no ids, so there it is the titles twice."""
    if name == "json":
        items = json.loads(body)["items"]
        return [item["id"] for item in items], [item.get("title", "") for item in items]
    if name == "html":
        titles = [node.text() for node in LexborHTMLParser(body.decode()).css("article h2")]
        return titles, titles
    root = etree.fromstring(body)
    entries = root.findall("a:entry", NS) if name == "atom" else root.findall("channel/item")
    paths = ("a:id", "a:title") if name == "atom" else ("guid", "title")
    ids, titles = ([e.findtext(path, "", namespaces=NS) for e in entries] for path in paths)
    return ids, titles


def test_views_of_nothing(make_view: Make) -> None:
    for name in render.FORMATS:
        view: FeedView = make_view()
        assert _read(name, render.render(name, view).body) == ([], [])
