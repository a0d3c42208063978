"""What a document is, told by its content alone; and the corpus of real feeds, where it is at hand."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from aggregator.errors import NotAFeed, Unparsable
from aggregator.parse import feed

CORPUS = Path(__file__).parents[2].parent / "shared" / "corpus"
RDF = "xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<rss version='2.0'><channel><item><title>t</title></item></channel></rss>", "rss2.0"),
        ("<RSS version='0.91'><channel><item><title>t</title></item></channel></RSS>", "rss0.91"),
        (
            f"<rdf:RDF {RDF} xmlns='http://purl.org/rss/1.0/'><item><title>t</title></item></rdf:RDF>",
            "rss1.0",
        ),
        (f"<rdf:RDF {RDF} xmlns='http://purl.org/rss/1.0'><item><title>t</title></item></rdf:RDF>", "rss1.0"),
        ("<channel><item><title>t</title><link>/1</link></item></channel>", "rss2.0"),
        ("<feed xmlns='http://www.w3.org/2005/Atom'><entry><title>t</title></entry></feed>", "atom1.0"),
        (
            "<a:feed xmlns:a='http://www.w3.org/2005/Atom'><a:entry><a:title>t</a:title></a:entry></a:feed>",
            "atom1.0",
        ),
        ("<entry xmlns='http://www.w3.org/2005/Atom'><title>t</title></entry>", "atom1.0"),
        (
            "<feed xmlns='http://purl.org/atom/ns#' version='0.3'><entry><title>t</title></entry></feed>",
            "atom0.3",
        ),
        ("<CHANNEL HREF='http://x.example/'><ITEM HREF='/1'><TITLE>t</TITLE></ITEM></CHANNEL>", "cdf"),
        (
            '{"version": "https://jsonfeed.org/version/1.1", "items": [{"id": 1, "content_text": "t"}]}',
            "json1.1",
        ),
        (
            '\ufeff\n {"version": "https://jsonfeed.org/version/1", "items": [{"id": 1, "title": "t"}]}',
            "json1.0",
        ),
        ('{"title": "T", "items": [{"id": 1, "content_html": "a\nb\\ud800"}]}', "json1.1"),
    ],
)
@pytest.mark.parametrize("content_type", [None, "text/html", "application/octet-stream", "application/json"])
def test_formats_are_known_by_content(text: str, expected: str, content_type: str | None) -> None:
    document = feed.parse(text.encode(), content_type, "http://x.example/page.html")
    assert (document.format, document.tier, document.encoding) == (expected, "strict", "utf-8")
    assert len(document.entries) == 1


def test_json_in_utf16() -> None:
    text = '{"version": "https://jsonfeed.org/version/1", "title": "中", "items": []}'
    document = feed.parse(text.encode("utf-16"), None, None)
    assert document.encoding in ("utf-16-le", "utf-16-be")
    assert document.title is not None
    assert document.title.value == "中"


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf \r\n", "empty"),
        (b"\0\0\0\0", "empty"),
        (b"<!DOCTYPE html><html><head><title>x</title></head><body>rss</body></html>", "an HTML page"),
        (b"<html xmlns='http://www.w3.org/1999/xhtml'><body/></html>", "an HTML page"),
        (b"<html><body><rss><channel><title>x</title></channel></rss></body></html>", "an HTML page"),
        (b"<opml version='2.0'><body/></opml>", "an OPML list"),
        (b"<urlset xmlns='http://www.sitemaps.org/schemas/sitemap/0.9'/>", "a sitemap"),
        (b"<Error><Code>NoSuchKey</Code></Error>", "an error message in XML"),
        (b"<catalogue/>", "an XML document <catalogue>"),
        (b"Service unavailable", "plain text"),
        (b"[]", "a JSON list"),
        (b'{"error": "no"}', "other JSON"),
        (b'{"title": "a", "items": [{"sku": 1}]}', "other JSON"),
        (b"{oops", "broken JSON or plain text"),
        (b"[" * 200_000, "broken JSON or plain text"),
        (b"\x1f\x8b\x08\x00", "gzip data"),
        (b"%PDF-1.7", "a PDF document"),
    ],
)
def test_what_is_no_feed_is_refused_by_name(data: bytes, what: str) -> None:
    with pytest.raises(NotAFeed, match=f"^not a feed but {what}$"):
        feed.parse(data, "application/rss+xml", "http://x.example/feed.xml")


@pytest.mark.parametrize(
    "data",
    [
        b'{"version": "https://jsonfeed.org/version/1", "items": [}',
        b'{"version": "https://jsonfeed.org/version/1", "items": ' + b"[" * 200_000,
        b"<rss><channel><title>x</channel></rss>",
    ],
)
def test_a_broken_feed_is_unparsable(data: bytes) -> None:
    with pytest.raises(Unparsable):
        feed.parse(data)


def _indexed() -> list[dict[str, Any]]:
    index = CORPUS / "INDEX.toml"
    return tomllib.loads(index.read_text())["feed"] if index.exists() else []


@pytest.mark.skipif(not CORPUS.exists(), reason="the corpus of real feeds is not here")
@pytest.mark.parametrize("about", _indexed(), ids=lambda about: about["file"])
def test_real_feeds_come_out_whole(about: dict[str, Any]) -> None:
    data = (CORPUS / about["file"]).read_bytes()
    if about["format"] in ("OPML", "HTML"):
        with pytest.raises(NotAFeed, match=f"a[n] {about['format']}"):
            feed.parse(data)
        return
    document = feed.parse(data, None, "http://site.example/")
    assert len(document.entries) + len(document.drops) == about["items"]
    titles = "".join(entry.title.value for entry in document.entries if entry.title)
    assert "\ufffd" not in titles
