"""Articles found in pages that nobody wrote a selector for."""

from __future__ import annotations

from importlib.util import find_spec

import pytest

from aggregator.errors import NotAFeed, SelectorError, Unparsable
from aggregator.parse import fulltext
from aggregator.process.sanitize import clean

pytestmark = pytest.mark.skipif(find_spec("trafilatura") is None, reason="needs the extra fulltext")

URL = "https://acme.example/news/1.html"
SENTENCE = "The council decided to build a bridge over the river in the east, and said why it should."


def paragraphs(first: int, last: int) -> str:
    return "".join(f"<p>Paragraph {n}: {SENTENCE}</p>" for n in range(first, last + 1))


LONG = paragraphs(1, 6)


def page(inner: str, head: str = "") -> str:
    return (
        f"<!DOCTYPE html><html><head><title>Acme</title>{head}</head><body><nav><a href=/>Home</a> "
        f"<a href=/all>All news</a></nav><article><h1>A bridge</h1>{inner}</article>"
        "<footer>Imprint, privacy</footer></body></html>"
    )


def found(html: str | bytes, content_type: str | None = "text/html", remove: tuple[str, ...] = ()) -> str:
    data = html.encode() if isinstance(html, str) else html
    text = fulltext.extract(data, content_type, URL, remove)
    assert text is not None
    assert text.type == "html"
    return text.value


def test_the_article_without_what_is_around_it() -> None:
    value = found(page(LONG))
    assert value.count("The council") == 6
    for around in ("All news", "Imprint", "<body", "<html"):
        assert around not in value


def test_pictures_links_tables_and_emphasis_stay() -> None:
    inner = '<p>See <a href="b.html">the plan</a>, <b>now</b>.</p><p><img src="a.png" alt="A"></p>'
    value = found(page(LONG + inner + "<table><tr><td>1</td><td>2</td></tr></table>" + paragraphs(7, 8)))
    for piece in ('<a href="b.html">the plan</a>', "<strong>now</strong>", 'src="a.png"', "<td>1</td>"):
        assert piece in value


@pytest.mark.parametrize(
    ("head", "leads_to"),
    [("", "https://acme.example/news/b.html"), ('<base href="/else/">', "https://acme.example/else/b.html")],
)
def test_relative_addresses_are_those_of_the_page(head: str, leads_to: str) -> None:
    text = fulltext.extract(
        page(LONG + '<p>Read <a href="b.html">the plan</a> of it.</p>', head).encode(), None, URL
    )
    assert text is not None
    assert f'href="{leads_to}"' in clean(text.value, text.base)


def test_code_within_a_line_does_not_break_it() -> None:
    value = clean(found(page(LONG + "<p>Call <code>go()</code> first.</p>")), URL)
    assert "<p>Call <code>go()</code> first.</p>" in value


def test_what_is_to_be_removed_goes_before_the_article_is_looked_for() -> None:
    advert = (
        '<p class="advert">Buy the new bicycle of the firm that pays for this, it is the best of all.</p>'
    )
    html = page(paragraphs(1, 3) + advert + paragraphs(4, 6))
    assert "bicycle" in found(html)
    value = found(html, remove=(".advert", ".missing"))
    assert "bicycle" not in value
    assert value.count("The council") == 6
    with pytest.raises(SelectorError):
        found(html, remove=("[[",))


def test_chinese_in_its_own_encoding() -> None:
    sentence = "市政府星期一决定在江上修建一座新的大桥，并说明了修建的理由和所需要的费用。"
    html = page("".join(f"<p>其{n}，{sentence}</p>" for n in "一二三四五六")).replace(
        "<title>", "<meta charset=gb2312><title>"
    )
    assert found(html.encode("gb18030")).count("市政府") == 6
    assert found(html.encode("gb18030"), "text/html; charset=gbk").count("修建") == 12


def test_a_declared_encoding_in_a_page_that_is_xml() -> None:
    html = '<?xml version="1.0" encoding="iso-8859-1"?>' + page(LONG + "<p>Brücke, fünf Meter.</p>")
    assert "Brücke" in found(html.encode("latin-1"), "application/xhtml+xml")


def test_nothing_is_none() -> None:
    assert fulltext.extract(b"<!DOCTYPE html><html><body></body></html>", None, URL) is None


@pytest.mark.parametrize(
    ("data", "content_type"),
    [
        (b"", "text/html"),
        (b'{"text": "<p>words</p>"}', "application/json"),
        (b'["<p>words</p>"]', None),
        (b"%PDF-1.7\n<html>", None),
        (page(LONG).encode(), "application/pdf"),
        (b"Just words, one after the other.", "text/html"),
    ],
)
def test_what_is_no_page_is_refused(data: bytes, content_type: str | None) -> None:
    with pytest.raises(NotAFeed):
        fulltext.extract(data, content_type, URL)


def test_what_would_keep_a_parser_busy_is_refused_unread() -> None:
    with pytest.raises(Unparsable):
        fulltext.extract(page("<div>" * 3000).encode(), None, URL)


def test_a_defect_of_the_library_costs_one_page(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise AttributeError("no tag")

    monkeypatch.setattr("trafilatura.extract", fails)
    with pytest.raises(Unparsable, match="AttributeError"):
        fulltext.extract(page(LONG).encode(), None, URL)


def test_caches_are_emptied_now_and_then(monkeypatch: pytest.MonkeyPatch) -> None:
    resets: list[int] = []
    monkeypatch.setattr("trafilatura.meta.reset_caches", lambda: resets.append(1))
    monkeypatch.setattr("trafilatura.extract", lambda *_, **__: None)
    for _ in range(2 * fulltext.RESET_EVERY):
        fulltext.extract(page("").encode(), None, URL)
    assert len(resets) == 2
