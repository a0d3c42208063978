"""The table of formats, entity tags, negotiation and the golden documents."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aggregator.model.document import Enclosure
from aggregator.model.feed import FeedView
from aggregator.publish import media_types, render

GOLDEN = Path(__file__).parent / "golden"
Make = Callable[..., Any]


@pytest.mark.parametrize("name", list(render.FORMATS))
@pytest.mark.parametrize("view", ["rich", "show"])
def test_golden(name: str, view: str, golden_views: dict[str, FeedView]) -> None:
    rendered = render.render(name, golden_views[view])
    assert rendered.body == (GOLDEN / f"{view}.{name}").read_bytes()


def test_every_golden_document_is_looked_at(golden_views: dict[str, FeedView]) -> None:
    wanted = {f"{view}.{name}" for view in golden_views for name in render.FORMATS}
    assert {one.name for one in GOLDEN.iterdir()} == wanted


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("atom", "application/atom+xml; charset=utf-8"),
        ("rss", "application/rss+xml; charset=utf-8"),
        ("json", "application/feed+json; charset=utf-8"),
        ("html", "text/html; charset=utf-8"),
    ],
)
def test_what_http_needs(name: str, media_type: str, make_item: Make, make_view: Make) -> None:
    view = make_view(make_item())
    rendered = render.render(name, view)
    assert rendered.media_type == media_type
    assert rendered.etag == f'"{hashlib.sha256(rendered.body).hexdigest()[:32]}"'
    assert rendered.last_modified_at == view.feed.updated_at
    assert render.render(name, view) == rendered
    assert render.render(name, make_view(make_item(2))).etag != rendered.etag


def test_unknown_format(make_view: Make) -> None:
    with pytest.raises(KeyError):
        render.render("rdf", make_view())


@pytest.mark.parametrize(
    ("accept", "name"),
    [
        (None, "atom"),
        ("", "atom"),
        ("*/*", "atom"),
        ("application/*", "atom"),
        ("application/rss+xml", "rss"),
        ("application/rss+xml, application/atom+xml;q=0.9", "rss"),
        ("application/rss+xml;q=0.5, application/atom+xml;q=0.9", "atom"),
        ("application/rss+xml;q=0.8, application/feed+json ; Q=1.0", "json"),
        ("application/json", "json"),
        ("application/xml", "atom"),
        ("text/xml;charset=utf-8;q=0.3, application/rss+xml;q=0.2", "atom"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8", "html"),
        ("text/html, */*", "html"),
        ("*/*, application/rss+xml;q=1", "rss"),
        ("application/atom+xml;q=0, */*", "rss"),
        ("application/atom+xml;q=0, application/*", "rss"),
        ("image/png", "atom"),
        ("application/rss+xml;q=nonsense, application/feed+json;q=0.1", "json"),
        ("application/rss+xml;q=nan, application/feed+json;q=0.1", "json"),
        (",;,q=1", "atom"),
    ],
)
def test_negotiation(accept: str | None, name: str) -> None:
    assert render.negotiate(accept) == name


@pytest.mark.parametrize(
    ("url", "stated", "media_type"),
    [
        ("https://e.example/a.mp3", "", "audio/mpeg"),
        ("https://e.example/a.MP3?x=1.pdf#y.zip", "", "audio/mpeg"),
        ("https://e.example/a.mp3", "audio/x-own", "audio/x-own"),
        ("https://e.example/a.mp3", "audio", "audio/mpeg"),
        ("https://e.example/a.mp3", "/", "audio/mpeg"),
        ("https://e.example/a.unheard", "", "application/octet-stream"),
        ("https://e.example/mp3", "", "application/octet-stream"),
        ("https://e.example/.mp3", "", "application/octet-stream"),
        ("https://e.mp3", "", "application/octet-stream"),
        ("https://[broken/a.mp3", "", "application/octet-stream"),
    ],
)
def test_media_types(url: str, stated: str, media_type: str) -> None:
    assert media_types.media_type(Enclosure(url=url, media_type=stated)) == media_type
