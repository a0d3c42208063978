"""Namespaced elements that an item brought along."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from lxml import etree

from aggregator.model.document import Enclosure, Extension, Image
from aggregator.model.feed import FeedView
from aggregator.publish.atom import atom
from aggregator.publish.rss import rss

ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd"
MEDIA = "http://search.yahoo.com/mrss/"
Make = Callable[..., Any]
Render = Callable[[FeedView], bytes]

both = pytest.mark.parametrize("render", [atom, rss])


def root_of(render: Render, view: FeedView) -> etree._Element:
    return etree.fromstring(render(view))


@both
@pytest.mark.parametrize(
    ("prefix", "namespace"),
    [
        ("itunes", ITUNES),
        ("podcast", "https://podcastindex.org/namespace/1.0"),
        ("media", MEDIA),
        ("georss", "http://www.georss.org/georss"),
        ("geo", "http://www.w3.org/2003/01/geo/wgs84_pos#"),
        ("thr", "http://purl.org/syndication/thread/1.0"),
        ("slash", "http://purl.org/rss/1.0/modules/slash/"),
        ("wfw", "http://wellformedweb.org/CommentAPI/"),
        ("creativeCommons", "http://backend.userland.com/creativeCommonsRssModule"),
        ("psc", "http://podlove.org/simple-chapters"),
        ("yt", "http://www.youtube.com/xml/schemas/2015"),
        ("dcterms", "http://purl.org/dc/terms/"),
        ("ns0", "https://unknown.example/ns"),
    ],
)
def test_passed_on_with_the_usual_prefix_declared_at_the_root(
    render: Render, prefix: str, namespace: str, make_item: Make, make_view: Make
) -> None:
    carried = Extension(
        namespace=namespace,
        name="outer",
        attributes=(("a", 'x"<&'), ("b", "2")),
        text="t",
        children=(Extension(namespace=namespace, name="inner", text="]]>"),),
    )
    view = make_view(make_item(extensions=(carried,)))
    root = root_of(render, view)
    assert root.nsmap[prefix] == namespace
    found = next(root.iter(f"{{{namespace}}}outer"))
    assert (found.prefix, found.text) == (prefix, "t")
    assert dict(found.attrib) == {"a": 'x"<&', "b": "2"}
    assert [child.text for child in found] == ["]]>"]
    assert render(view).count(f'"{namespace}"'.encode()) == 1


@both
def test_nothing_is_declared_that_is_not_used(render: Render, make_item: Make, make_view: Make) -> None:
    assert not set(root_of(render, make_view(make_item())).nsmap) - {None, "atom", "content"}


@both
@pytest.mark.parametrize(
    "bad",
    [
        Extension(namespace="not an address", name="x"),
        Extension(namespace="", name="title", text="not ours"),
        Extension(namespace="http://www.w3.org/2005/Atom", name="id", text="not ours"),
        Extension(namespace=ITUNES, name="a b"),
        Extension(namespace=ITUNES, name=""),
        Extension(namespace=ITUNES, name="x", text="\x00"),
        Extension(namespace=ITUNES, name="x", text="\ud800"),
        Extension(namespace=ITUNES, name="x", attributes=(("1", "v"),)),
        Extension(namespace=ITUNES, name="x", children=(Extension(namespace="a b", name="y"),)),
    ],
)
def test_one_that_cannot_be_written_costs_nothing_else(
    render: Render, bad: Extension, make_item: Make, make_view: Make
) -> None:
    good = Extension(namespace=ITUNES, name="episode", text="4")
    item = make_item(content_html="<p>kept</p>")
    expected = render(make_view(make_item(content_html="<p>kept</p>", extensions=(good,))))
    assert b"kept" in expected
    assert (
        render(make_view(make_item(content_html=item.content_html, extensions=(bad, good, bad)))) == expected
    )


@both
def test_an_attribute_cannot_redeclare_the_namespace(
    render: Render, make_item: Make, make_view: Make
) -> None:
    carried = Extension(namespace=ITUNES, name="x", attributes=(("xmlns", "urn:evil"),))
    assert b"urn:evil" not in render(make_view(make_item(extensions=(carried,))))


@both
def test_picture_and_playing_time_get_an_element(render: Render, make_item: Make, make_view: Make) -> None:
    enclosures = (Enclosure(url="https://e.example/a.mp3", duration_s=61.0),)
    image = Image(url="https://i.example/a.png")
    root = root_of(render, make_view(make_item(enclosures=enclosures, image=image)))
    assert [e.get("url") for e in root.iter(f"{{{MEDIA}}}thumbnail")] == ["https://i.example/a.png"]
    assert [e.text for e in root.iter(f"{{{ITUNES}}}duration")] == ["61"]
    carried = (
        Extension(namespace=MEDIA, name="thumbnail", attributes=(("url", image.url), ("width", "9"))),
        Extension(namespace=ITUNES, name="duration", text="1:01"),
    )
    root = root_of(render, make_view(make_item(enclosures=enclosures, image=image, extensions=carried)))
    assert [e.get("width") for e in root.iter(f"{{{MEDIA}}}thumbnail")] == ["9"]
    assert [e.text for e in root.iter(f"{{{ITUNES}}}duration")] == ["1:01"]
