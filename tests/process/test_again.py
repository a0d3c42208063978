"""Cleaning stored items again: what stays exactly as it is, what goes, and what is left alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from aggregator.model.document import (
    Enclosure,
    Entry,
    EntrySource,
    Extension,
    FeedDate,
    Image,
    Link,
    Person,
    Tag,
    Text,
)
from aggregator.model.item import Item, Publisher
from aggregator.process.admit import AdmitContext, admit
from aggregator.process.again import as_plain_text, cleaned_again, is_heavy
from aggregator.process.digest import item_digest
from tests.browser.payloads import PAYLOADS

NOW = datetime(2026, 8, 8, tzinfo=UTC)
CONTEXT = AdmitContext(
    document_url="https://x.example/feed", home_url=None, timezone=None, language="de", now=NOW
)
RICH = (
    "<h2>Head</h2><p>Text &amp; <b>bold <i>both</i></b> <a href='/l?utm_source=x'>link</a> &lt;b&gt;</p>"
    "<figure><img src='a.png' srcset='b.png 2x' alt='x'><figcaption>c</figcaption></figure>"
    "<table><tr><td colspan=2>1</table><pre class='language-py'>\n\na\n</pre><ruby>a<rt>b</rt></ruby>"
    "<video src=v.mp4 controls></video><iframe src='https://www.youtube.com/embed/x'></iframe>"
    "<math><mi>x</mi></math><ul><li>1<li>2</ul>"
)


def admitted(**fields) -> Item:
    fields = {"title": Text(type="text", value="A <b> & title"), "link": "https://x.example/1"} | fields
    found = admit(Entry(**fields), uid="6e8bc430-9c3a-5d9d-8e8e-2d9a9e0d5a4b", context=CONTEXT)
    assert isinstance(found, Item)
    return found


def html(value: str) -> Text:
    return Text(type="html", value=value)


FULL = admitted(
    guid="g" * 2000,
    guid_is_permalink=True,
    content=html(RICH),
    summary=html("<p>A <em>summary</em> &amp; more</p>"),
    published=FeedDate(at=datetime(2026, 8, 1, 12, 30, 15, 5, tzinfo=UTC), zone_known=True),
    updated=FeedDate(at=datetime(2026, 8, 2, tzinfo=UTC), zone_known=True),
    comments="https://x.example/1#c",
    links=(Link(rel="via", href="https://y.example/", media_type="text/html", title="t <x>"),),
    authors=(Person(name="A & B", url="https://a.example/", email="a@x.example"),),
    contributors=(Person(name="C"),),
    tags=(Tag(term="t", scheme="https://t.example/", label="T <t>"),),
    enclosures=(Enclosure(url="https://x.example/a.mp3", media_type="audio/mpeg", length_bytes=5),),
    image=Image(url="https://x.example/i.png", title="i"),
    source=EntrySource(title="S", url="https://s.example/feed", link="https://s.example/", id="urn:s"),
    rights="(c) <x>",
    extensions=(
        Extension(
            namespace="http://a.example/ns",
            name="box",
            attributes=(("url", "https://x.example/"),),
            children=(Extension(namespace="http://a.example/ns", name="t", attributes=(), text="a & b"),),
        ),
    ),
)


def test_what_today_s_rules_have_cleaned_stays_as_it_is_to_the_last_field() -> None:
    assert cleaned_again(FULL) == FULL
    named = replace(FULL, publisher=Publisher(name="Somebody", slug="somebody-5a3c21"), digest=b"")
    named = replace(named, digest=item_digest(named))
    assert cleaned_again(named) == named, "the store's slug, too"
    undated = replace(FULL, published_at=None, updated_at=None, sorted_at=datetime(2031, 1, 1, tzinfo=UTC))
    assert cleaned_again(undated) == undated, "where it stands is not judged again"


@pytest.mark.parametrize("payload", PAYLOADS, ids=range(len(PAYLOADS)))
def test_so_does_what_became_of_hostile_markup(payload: str) -> None:
    item = admitted(content=html(payload), summary=html(payload + "<p>more</p>"))
    assert cleaned_again(item) == item


def with_digest(item: Item, **fields) -> Item:
    item = replace(item, **fields)
    return replace(item, digest=item_digest(item))


@pytest.mark.parametrize(
    ("field", "stored", "expected"),
    [
        ("content_html", "<p onclick='x()'>a</p><script>x()</script>", "<p>a</p>"),
        ("summary_html", "<a href='javascript:x()'>a</a>", '<a rel="noopener noreferrer">a</a>'),
        ("link", "javascript:x()", None),
        ("comments", "data:text/html,x", None),
        ("authors", (Person(name="A", url="file:///etc"),), (Person(name="A"),)),
        ("enclosures", (Enclosure(url="ftp://x.example/a"),), ()),
        ("image", Image(url="javascript:x"), None),
        ("links", (Link(rel="via", href="vbscript:x"),), ()),
        ("title", "a\x0bb", "a b"),
        ("title", "\x0b", "text"),
    ],
)
def test_what_is_refused_now_goes(field: str, stored: object, expected: object) -> None:
    item = with_digest(admitted(content=html("<p>text</p>"), summary=html("<p>more</p>")), **{field: stored})
    found = cleaned_again(item)
    assert getattr(found, field) == expected
    assert found == replace(item, **{field: expected}, digest=found.digest), "and nothing else"
    assert found.digest == item_digest(found), "so that the next poll finds it unchanged"


def test_one_text_alone_is_the_content() -> None:
    item = with_digest(FULL, content_html="<script>x()</script>")
    found = cleaned_again(item)
    assert (found.content_html, found.summary_html) == (FULL.summary_html, "")


def test_an_item_of_which_nothing_is_left_keeps_its_place() -> None:
    item = with_digest(admitted(), title="\x00", link="javascript:x", content_html="<script>x</script>")
    found = cleaned_again(item)
    assert (found.title, found.link, found.content_html) == ("Untitled", None, "")
    assert (found.uid, found.sorted_at) == (item.uid, item.sorted_at)


def test_a_digest_that_is_not_of_the_text_is_left_alone() -> None:
    """Where an article's text was kept, the digest is that of the entry's item."""
    item = replace(FULL, content_html="<p>The article</p><script>x()</script>", digest=b"of the entry")
    assert cleaned_again(item).content_html == "<p>The article</p>"
    assert cleaned_again(item).digest == b"of the entry"


def test_what_cannot_be_cleaned_becomes_its_words() -> None:
    deep = "<div>" * 100_000 + "a &lt;b&gt; c" + "<script>x()</script>"
    item = with_digest(FULL, content_html=deep)
    assert is_heavy(item)
    assert not is_heavy(FULL)
    found = as_plain_text(item)
    assert found.content_html == "<p>a &lt;b&gt; c</p>"
    assert found.summary_html == "<p>A summary &amp; more</p>"
    assert found.digest == item_digest(found)
    assert cleaned_again(found) == found
