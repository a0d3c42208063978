"""Admitting: what an item promises, field by field, and for whatever a stranger may send."""

from __future__ import annotations

import re
from dataclasses import fields as fields_of
from dataclasses import is_dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.model.document import (
    Document,
    Drop,
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
from aggregator.model.item import Item, KnownItem
from aggregator.process.admit import AdmitContext, admit
from aggregator.process.meta import source_meta

NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
CONTEXT = AdmitContext(
    document_url="https://e.org/feed.xml", home_url="https://e.org/", timezone=None, language=None, now=NOW
)
UID = "8a3f1d3e-6d0c-5d4c-9b73-3a4f0a1c2b3d"
ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd"


def item(entry: Entry, context: AdmitContext = CONTEXT, known: KnownItem | None = None) -> Item:
    found = admit(entry, uid=UID, context=context, known=known)
    assert isinstance(found, Item)
    return found


def html(value: str) -> Text:
    return Text(value=value, type="html", base="https://e.org/a/")


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (Entry(title=Text(value=" A \n <b> & c ")), "A <b> & c"),
        (Entry(title=html("A &amp;amp; <b>b</b>old<script>x</script>")), "A &amp; bold"),
        (Entry(title=Text(value="x " * 300)), "x " * 249 + "x…"),
        (
            Entry(title=html(" "), content=html("<p>First words</p><p>of the text</p>")),
            "First words of the text",
        ),
        (Entry(summary=Text(value="word " * 30)), "word " * 15 + "word…"),
        (Entry(enclosures=(Enclosure(url="/m/episode%201.mp3?x=y"),)), "episode 1.mp3"),
        (Entry(link="https://e.org/2026/some-story/"), "some-story"),
        (Entry(link="https://e.org/"), "e.org"),
        (Entry(content=html("<img src=a.png>")), "Untitled"),
        (Entry(title=Text(value="\x00\ufffe"), link="https://e.org/x"), "x"),
    ],
)
def test_title(entry: Entry, expected: str) -> None:
    assert item(entry).title == expected
    assert len(item(entry).title) <= 500


@pytest.mark.parametrize(
    "entry",
    [
        Entry(),
        Entry(guid="g", published=FeedDate(at=NOW), tags=(Tag(term="t"),)),
        Entry(title=html("<b></b>"), content=html("<p> &nbsp;</p>"), link="javascript:alert(1)"),
        Entry(enclosures=(Enclosure(url="file:///etc/passwd"),)),
    ],
)
def test_nothing_to_read_is_dropped(entry: Entry) -> None:
    found = admit(entry, uid=UID, context=CONTEXT, rank=4)
    assert isinstance(found, Drop)
    assert (found.stage, found.reason, found.detail) == ("admit", "empty", "entry 5")


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (Entry(link="/a?utm_source=rss&b=1"), "https://e.org/a?b=1"),
        (Entry(guid="https://e.org/g", guid_is_permalink=True), "https://e.org/g"),
        (Entry(guid="https://e.org/g", guid_is_permalink=False), None),
        (Entry(guid="https://e.org/g"), None),
        (Entry(guid="g", guid_is_permalink=True, comments="/c"), "https://e.org/c"),
        (Entry(link="javascript:x", guid="https://e.org/g", guid_is_permalink=True), "https://e.org/g"),
    ],
)
def test_link(entry: Entry, expected: str | None) -> None:
    assert item(replace(entry, title=Text(value="T"))).link == expected


def test_texts() -> None:
    both = item(Entry(content=html("<p>long</p>"), summary=Text(value="a < b\n\nc\nd")))
    assert (both.content_html, both.summary_html) == ("<p>long</p>", "<p>a &lt; b</p><p>c<br>d</p>")
    only_summary = item(Entry(summary=html("<i>s</i>")))
    assert (only_summary.content_html, only_summary.summary_html) == ("<i>s</i>", "")
    same = item(Entry(content=html("<p>same <b>text</b></p>"), summary=Text(value="same text")))
    assert (same.content_html, same.summary_html) == ("<p>same <b>text</b></p>", "")
    empty_content = item(Entry(content=html("<p></p>"), summary=html("s")))
    assert (empty_content.content_html, empty_content.summary_html) == ("s", "")


def test_markup_resolves_against_its_own_base_else_the_link() -> None:
    entry = Entry(link="https://e.org/b/c", content=Text(value="<img src=x.png>", type="html"))
    assert item(entry).content_html == '<img src="https://e.org/b/x.png">'
    entry = replace(entry, content=html("<img src=x.png>"))
    assert item(entry).content_html == '<img src="https://e.org/a/x.png">'


def date(text: str, zone_known: bool = True) -> FeedDate:
    return FeedDate(at=datetime.fromisoformat(text).replace(tzinfo=UTC), zone_known=zone_known)


@pytest.mark.parametrize(
    ("timezone", "given_date", "expected"),
    [
        (None, date("2026-07-01T12:00", False), "2026-07-01T12:00"),
        ("Asia/Shanghai", date("2026-07-01T12:00", False), "2026-07-01T04:00"),
        ("Europe/Berlin", date("2026-07-01T12:00", False), "2026-07-01T10:00"),
        ("Europe/Berlin", date("2026-01-01T12:00", False), "2026-01-01T11:00"),
        ("Europe/Berlin", date("2026-07-01T12:00", True), "2026-07-01T12:00"),
        ("No/Such", date("2026-07-01T12:00", False), "2026-07-01T12:00"),
        ("../../etc/passwd", date("2026-07-01T12:00", False), "2026-07-01T12:00"),
        ("Asia/Shanghai", FeedDate(at=datetime.min.replace(tzinfo=UTC), zone_known=False), None),
        (None, date("1970-01-01T00:00"), None),
        (None, date("2026-11-02T11:59"), "2026-11-02T11:59"),
        (None, date("2026-11-02T12:01"), None),
        (None, date("9999-12-31T23:59"), None),
    ],
)
def test_dates(timezone: str | None, given_date: FeedDate, expected: str | None) -> None:
    entry = Entry(title=Text(value="T"), published=given_date)
    found = item(entry, replace(CONTEXT, timezone=timezone))
    wanted = datetime.fromisoformat(expected).replace(tzinfo=UTC) if expected else None
    assert found.published_at == wanted
    assert found.sorted_at == (wanted or NOW)
    assert found.first_seen_at == NOW


def test_an_item_stays_where_it_was() -> None:
    earlier = NOW - timedelta(days=9)
    known = KnownItem(
        item_id=1,
        uid=UID,
        guid_hash=None,
        title_hash=None,
        entry_digest=b"",
        digest=b"",
        first_seen_at=earlier,
        sorted_at=earlier - timedelta(days=1),
        updated_at=None,
        silent_edits=0,
        pruned=False,
    )
    found = item(Entry(title=Text(value="T"), published=FeedDate(at=NOW)), known=known)
    assert (found.first_seen_at, found.sorted_at) == (known.first_seen_at, known.sorted_at)
    assert found.published_at == NOW
    only_updated = item(Entry(title=Text(value="T"), updated=FeedDate(at=earlier)))
    assert (only_updated.sorted_at, only_updated.published_at) == (earlier, None)
    seen = item(Entry(title=Text(value="T")), replace(CONTEXT, first_seen_at=earlier))
    assert seen.sorted_at == seen.first_seen_at == earlier


def test_limits_and_what_was_left_out() -> None:
    entry = Entry(
        guid="g" * 2000,
        title=Text(value="T"),
        content=html("<div>" * 400 + "deep"),
        published=FeedDate(at=NOW + timedelta(days=3)),
        authors=(Person(name="n" * 300, url="javascript:x", email="not an address"),),
        tags=tuple(Tag(term=f"t{number}") for number in range(60)),
        enclosures=tuple(Enclosure(url=f"https://e.org/{number}") for number in range(25)),
    )
    left_out: list[Drop] = []
    found = admit(entry, uid=UID, context=CONTEXT, left_out=left_out)
    assert isinstance(found, Item)
    assert found.guid is not None
    assert len(found.guid) < 50
    assert found.content_html == "<p>deep</p>"
    assert found.authors == (Person(name="n" * 199 + "…"),)
    assert (len(found.tags), len(found.enclosures)) == (50, 20)
    assert [(drop.reason, drop.detail) for drop in left_out] == [
        ("markup-too-deep", ""),
        ("date", "2026-11-04T12:00:00+00:00"),
        ("too-many-tags", "10"),
        ("too-many-enclosures", "5"),
    ]


def test_addresses_of_every_field() -> None:
    bad = "javascript:alert(1)"
    entry = Entry(
        title=Text(value="T"),
        comments=bad,
        authors=(Person(name="A", url="/me", avatar=bad),),
        tags=(Tag(term="t", scheme=bad), Tag(term="", label="L")),
        links=(Link(rel="related", href=bad), Link(rel="via", href="/v", media_type="Text/HTML; charset=x")),
        enclosures=(Enclosure(url=bad), Enclosure(url="/a.mp3", length_bytes=-1), Enclosure(url="/a.mp3")),
        image=Image(url="/i.png", link=bad),
        source=EntrySource(title="S", url=bad, link="https://s.org/", id="urn:x"),
        language="de_DE",
    )
    found = item(entry)
    assert found.comments is None
    assert found.authors == (Person(name="A", url="https://e.org/me"),)
    assert found.tags == (Tag(term="t"), Tag(term="L", label="L"))
    assert found.links == (Link(rel="via", href="https://e.org/v", media_type="text/html"),)
    assert found.enclosures == (Enclosure(url="https://e.org/a.mp3"),)
    assert found.image == Image(url="https://e.org/i.png")
    assert found.source == EntrySource(title="S", link="https://s.org/", id="urn:x")
    assert found.language == "de-DE"


def extension(name: str, text: str = "", **attributes: str) -> Extension:
    return Extension(namespace=ITUNES, name=name, attributes=tuple(sorted(attributes.items())), text=text)


@pytest.mark.parametrize(
    ("given_extension", "expected"),
    [
        (extension("image", href="https://e.org/i.png"), extension("image", href="https://e.org/i.png")),
        (extension("image", href="javascript:x"), None),
        (extension("image", href="DATA:text/html,x", alt="a"), extension("image", alt="a")),
        (extension("player", url="urn:x", width="3"), extension("player", width="3")),
        (extension("reply", ref="tag:e.org,2026:1"), extension("reply", ref="tag:e.org,2026:1")),
        (extension("reply", ref="java\tscript:x"), None),
        (extension("feed", "file:///etc/passwd"), None),
        (extension("feed", " vbscript:x"), None),
        (extension("feed", "gopher://x"), None),
        (extension("subtitle", "Data: what we learned"), extension("subtitle", "Data: what we learned")),
        (extension("duration", "1:02:03"), extension("duration", "1:02:03")),
        (extension("summary", "a <b onclick=x>b</b>"), extension("summary", "a b")),
        (extension("text", "<b onclick=x>b</b>", type="html"), extension("text", "<b>b</b>", type="html")),
        (extension("block"), extension("block")),
        (extension("not a name", "x"), None),
        (extension("x", "a\x00b\ufffe"), extension("x", "ab")),
    ],
)
def test_extensions(given_extension: Extension, expected: Extension | None) -> None:
    found = item(Entry(title=Text(value="T"), extensions=(given_extension,))).extensions
    assert found == ((expected,) if expected else ())


def test_extensions_are_bounded() -> None:
    deep = extension("leaf", "x")
    for _ in range(2000):
        deep = Extension(namespace=ITUNES, name="e", text="t", children=(deep,))
    found = item(Entry(title=Text(value="T"), extensions=(deep, *(extension("e", "x") for _ in range(500)))))
    assert len(found.extensions) == 200 - 8 + 1
    depth, at = 0, found.extensions
    while at:
        depth, at = depth + 1, at[0].children
    assert depth == 8


def test_digest_is_of_what_is_published() -> None:
    entry = Entry(guid="g", title=Text(value="T"), published=FeedDate(at=NOW))
    first = item(entry)
    assert first.digest == item(replace(entry, guid="h", published=None)).digest
    assert first.digest != item(replace(entry, title=Text(value="U"))).digest
    assert first.digest != item(replace(entry, summary=Text(value="s"))).digest
    assert len(first.digest) == 16


WORDS = st.one_of(
    st.text(st.characters(), max_size=30),
    st.sampled_from(
        ["javascript:x", "data:text/html,x", "https://e.org/ä", "//h", "<script>x</script>", "\ud800\x00"]
    ),
)
PEOPLE = st.lists(st.builds(Person, name=WORDS, url=WORDS, email=WORDS, avatar=WORDS), max_size=2).map(tuple)
TEXTS = st.none() | st.builds(
    Text, value=WORDS, type=st.sampled_from(["text", "html", "xhtml"]), base=st.none() | WORDS, language=WORDS
)
DATES = st.none() | st.builds(FeedDate, at=st.datetimes(timezones=st.just(UTC)), zone_known=st.booleans())
EXTENSIONS = st.lists(
    st.builds(
        Extension,
        namespace=WORDS,
        name=st.sampled_from(["a", "url", "b c", ""]),
        attributes=st.lists(st.tuples(st.sampled_from(["url", "x", "on x"]), WORDS), max_size=2).map(tuple),
        text=WORDS,
    ),
    max_size=2,
).map(tuple)
ENTRIES = st.builds(
    Entry,
    guid=st.none() | WORDS,
    guid_is_permalink=st.sampled_from([None, True, False]),
    link=st.none() | WORDS,
    links=st.lists(st.builds(Link, rel=WORDS, href=WORDS, media_type=WORDS), max_size=2).map(tuple),
    comments=st.none() | WORDS,
    title=TEXTS,
    summary=TEXTS,
    content=TEXTS,
    published=DATES,
    updated=DATES,
    authors=PEOPLE,
    tags=st.lists(st.builds(Tag, term=WORDS, scheme=WORDS, label=WORDS), max_size=2).map(tuple),
    enclosures=st.lists(
        st.builds(
            Enclosure,
            url=WORDS,
            media_type=WORDS,
            length_bytes=st.none() | st.integers(),
            duration_s=st.none() | st.floats(),
        ),
        max_size=2,
    ).map(tuple),
    image=st.none() | st.builds(Image, url=WORDS, title=WORDS, link=WORDS),
    source=st.none() | st.builds(EntrySource, title=WORDS, url=WORDS, link=WORDS, id=WORDS),
    language=st.none() | WORDS,
    rights=st.none() | WORDS,
    extensions=EXTENSIONS,
)
FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
ADDRESSES = {"link", "url", "href", "comments", "avatar", "scheme"}


def strings(value: Any, name: str = "") -> list[tuple[str, str]]:
    """Every (field name, string) within an item."""
    if isinstance(value, str):
        return [(name, value)]
    if is_dataclass(value):
        return [found for one in fields_of(value) for found in strings(getattr(value, one.name), one.name)]
    if isinstance(value, tuple):
        return [found for one in value for found in strings(one, name)]
    return []


@given(ENTRIES)
@settings(max_examples=300, deadline=None)
def test_whatever_comes_an_item_keeps_its_promises(entry: Entry) -> None:
    found = admit(entry, uid=UID, context=CONTEXT)
    if isinstance(found, Drop):
        found.ref.encode()
        return
    assert found.title.strip()
    for name, value in strings(found):
        value.encode()
        assert not FORBIDDEN.search(value)
        if name in ADDRESSES and value:
            assert value.startswith(("http://", "https://"))
    for _, value in strings(found.extensions):
        assert not re.match(r"\s*(javascript|vbscript):|data:\S*,|file:/", value)
    for at in (found.published_at, found.updated_at):
        assert at is None or 1990 <= at.year <= 2026
    for file in found.enclosures:
        assert file.length_bytes is None or 0 <= file.length_bytes <= 2**53
        assert file.duration_s is None or file.duration_s >= 0


def test_source_meta() -> None:
    document = Document(
        format="rss2.0",
        title=html(" The <b>Wire</b> &amp; more "),
        link="/",
        description=html("<p>About</p>"),
        language="en_US",
        image=Image(url="logo.png", title="Logo", link="javascript:x"),
        icon="data:image/png;base64,xx",
        rights="© \x00us",
        authors=(Person(name="A"), Person(email="b@e.org"), Person(name="A")),
    )
    meta = source_meta(document, "https://e.org/feed.xml")
    assert (meta.title, meta.link, meta.description) == ("The Wire & more", "https://e.org/", "About")
    assert (meta.language, meta.icon, meta.rights) == ("en-US", None, "© us")
    assert meta.image == Image(url="https://e.org/logo.png", title="Logo")
    assert meta.authors == ("A", "b@e.org")
    assert meta.extensions == ()
    empty = source_meta(Document(format="atom1.0"), None)
    assert (empty.title, empty.link, empty.image, empty.authors) == ("", None, None, ())


def test_source_meta_passes_on_what_a_copy_may_say() -> None:
    itunes, podcast = "http://www.itunes.com/dtds/podcast-1.0.dtd", "https://podcastindex.org/namespace/1.0"

    def element(namespace: str, name: str, said: str, **attributes: str) -> Extension:
        return Extension(
            namespace=namespace, name=name, text=said, attributes=tuple(sorted(attributes.items()))
        )

    document = Document(
        format="rss2.0",
        extensions=(
            element(itunes, "explicit", "false"),
            element(itunes, "explicit", "true"),
            element(itunes, "category", "", text="News"),
            element(itunes, "category", "", text="Arts"),
            element(itunes, "new-feed-url", "https://elsewhere.example/"),
            element(podcast, "locked", "yes"),
            element(podcast, "GUID", "917393e3-1b1e-5cef-ace4-edaa54e1f810"),
            element(podcast, "funding", "Help us\x00", url="https://e.org/give"),
            element(podcast, "funding", "And us", url="javascript:alert(1)"),
        ),
    )
    assert source_meta(document, None).extensions == (
        element(itunes, "explicit", "false"),
        element(itunes, "category", "", text="News"),
        element(itunes, "category", "", text="Arts"),
        element(podcast, "funding", "Help us", url="https://e.org/give"),
        element(podcast, "funding", "And us"),
    )
