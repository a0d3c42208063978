"""JSON listings and articles: the shapes that portals really answer with, and what must come of them."""

# ruff: noqa: E501 (documents stand as they are read)
from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.errors import NotAFeed, ParseError, SelectorError, Unparsable
from aggregator.model.document import Drop, Entry, FeedDate, Image, Person, Tag, Text
from aggregator.model.source import Select
from aggregator.parse import api, expressions
from aggregator.parse.listing import Listing


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


URL = "https://portal.example/webapi?type=37"
NOW = utc(2022, 5, 30, 16)
WIRE = Select(
    items="record",
    id="infoCode",
    title="title",
    published="datetime",
    publisher="medianame",
    link="https://portal.example/share?infoCode={infoCode}",
)
RECORD = {
    "infoCode": "202205262391921712", "title": "前4月出口增长", "medianame": "中国网财经", "datetime": "2022-05-26 08:01:02",
}  # fmt: skip


def read(answer: object, select: Select = WIRE, **more: Any) -> Listing:
    data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
    more = {"now": NOW, "timezone": "Asia/Shanghai", "language": None, **more}
    return api.listing(data, None, URL, select, **more)


def one(record: dict[str, Any], **select: str) -> Entry:
    document = read(
        [{"id": "1", "title": "T"} | record], Select(**{"items": "@", "id": "id", "title": "title"} | select)
    ).document
    assert len(document.entries) == 1, document.drops
    return document.entries[0]


def test_a_wire() -> None:
    select = replace(WIRE, article="https://portal.example/text?id={infoCode}")
    found = read({"record": [RECORD]}, select, language="zh")
    assert found.document.entries == (
        Entry(
            guid="202205262391921712",
            guid_is_permalink=False,
            link="https://portal.example/share?infoCode=202205262391921712",
            title=Text(value="前4月出口增长", base=URL, language="zh"),
            published=FeedDate(at=utc(2022, 5, 26, 8, 1, 2), zone_known=False),
            publisher="中国网财经",
            article="https://portal.example/text?id=202205262391921712",
        ),
    )
    assert (found.document.format, found.document.tier, found.document.encoding) == ("api", "strict", "utf-8")
    assert (found.document.link, found.document.language) == (URL, "zh")


LOCAL = "file:examples/text-{id}.json"


def test_articles_are_files_where_the_template_says_so() -> None:
    assert one({"id": "NW2022_05.a-1"}, article=LOCAL).article == "file:examples/text-NW2022_05.a-1.json"
    assert one({"id": 17}, article="file:/srv/{id}{id}").article == "file:/srv/1717"


OUTSIDE = (
    *("../x", "..", ".", ".x", "a/../../x", "/etc/passwd", "a/b", "a\\b", "%2e%2e%2fx", "..%2fx", "a%2Fb"),
    *(
        "a\0b",
        "a\nb",
        "file:///etc/passwd",
        "//host/x",
        "a?b",
        "a#b",
        "~root",
        "a b",
        "新闻",
        "．．／x",
        "x" * 101,
    ),
)


@pytest.mark.parametrize("value", OUTSIDE)
def test_no_value_leads_out_of_the_folder(value: str) -> None:
    for template in (LOCAL, "file:{id}", "file:examples/{id}", "file:a/.{id}", "file:a/{id}/x"):
        assert one({"guid": "1", "id": value}, id="guid", article=template).article is None


@pytest.mark.parametrize(
    "value", ["file:///etc/passwd", "FILE:examples/x.json", "file:x", " file:x", "fi\nle:x"]
)
@pytest.mark.parametrize("template", ["u", "{u}", "[u][0]", "FILE:{id}", "{u}{id}"])
def test_no_record_says_that_its_article_is_a_file(value: str, template: str) -> None:
    found = one({"u": value}, article=template).article
    assert found is None or found.startswith("https://portal.example/")
    found = api.listing(
        json.dumps([{"id": "1", "title": "T", "u": value}]).encode(), None, "file:examples/list.json",
        Select(items="@", id="id", title="title", article=template), now=NOW,
    ).document.entries[0].article  # fmt: skip
    assert found is None


def test_a_record_with_everything() -> None:
    found = one(
        {"u": "/a b", "s": "x &lt; <b>y</b>", "c": " <p>z</p> ", "a": ["Ada", " ", "Ben"], "t": ["x", 3, True, "x"], "i": "i.png",
         "m": "2022-05-30T10:00:00Z"},
        link="u", summary="s", content="c", author="a", tags="t", image="i", updated="m",
    )  # fmt: skip
    assert found == Entry(
        guid="1",
        guid_is_permalink=False,
        link="https://portal.example/a b",
        title=Text(value="T", base=URL),
        summary=Text(value="x &lt; <b>y</b>", type="html", base=URL),
        content=Text(value="<p>z</p>", type="html", base=URL),
        updated=FeedDate(at=utc(2022, 5, 30, 10)),
        authors=(Person(name="Ada"), Person(name="Ben")),
        tags=(Tag(term="x"), Tag(term="3")),
        image=Image(url="https://portal.example/i.png"),
    )


def test_bad_records_cost_the_others_nothing() -> None:
    nothing = {"infoCode": "202205262391921712", "title": " ", "datetime": ""}
    document = read(
        {"record": [nothing, {**RECORD, "infoCode": None}, {**RECORD, "datetime": "-"}, "text", None, 5,
                    {"title": "\u3000"}, {**RECORD, "title": "x" * 300, "infoCode": ""}, RECORD]}
    ).document  # fmt: skip
    assert [entry.guid for entry in document.entries] == ["202205262391921712"]
    assert [(drop.reason, drop.ref) for drop in document.drops] == [
        ("no-title", "202205262391921712"),
        ("no-id", "前4月出口增长"),
        ("no-date", "202205262391921712"),
        ("no-title", "text"),
        ("no-title", ""),
        ("no-title", "5"),
        ("no-title", ""),
        ("no-id", "x" * 200),
    ]
    assert document.drops[0] == Drop(
        stage="parse", reason="no-title", ref="202205262391921712", detail="record 1: no title"
    )


@pytest.mark.parametrize(
    ("title", "words"),
    [
        ('He said "no": a\nb', 'He said "no": a\nb'),
        ("A &amp; B <em>C</em>", "A & B C"),
        ("A < B & C", "A < B & C"),
        (5, "5"),
        ("Career In 投行PEVC（香港）", "Career In 投行PEVC（香港）"),
        ("half \ud83d of it", "half \ufffd of it"),
    ],
)
def test_titles(title: object, words: str) -> None:
    assert one({"title": title}).title == Text(value=words, base=URL)


@pytest.mark.parametrize(
    ("written", "guid"),
    [(7, "7"), (7.0, "7"), (7.5, "7.5"), (" x ", "x"), (10**20, "1" + "0" * 20), (["a", "b"], "a")],
)
def test_ids(written: object, guid: str) -> None:
    assert one({"id": written}).guid == guid


@pytest.mark.parametrize("written", [True, None, {}, [], "", 10**41, float("nan"), float("inf")])
def test_no_ids(written: object) -> None:
    document = read([{"title": "T", "id": written}], Select(items="@", id="id", title="title")).document
    assert [drop.reason for drop in document.drops] == ["no-id"]


@pytest.mark.parametrize(
    ("written", "at", "zone_known"),
    [
        (1653868800, utc(2022, 5, 30), True),
        (1653868800.5, utc(2022, 5, 30, 0, 0, 0, 500_000), True),
        (1653868800000, utc(2022, 5, 30), True),
        ("1653868800", utc(2022, 5, 30), True),
        ("1653868800000", utc(2022, 5, 30), True),
        ("2022-05-30 08:00:00", utc(2022, 5, 30, 8), False),
        ("昨天 08:30", utc(2022, 5, 30, 8, 30), False),
        ("3小时前", utc(2022, 5, 30, 13), True),
        ("05-29 08:30", utc(2022, 5, 29, 8, 30), False),
        ("23:30", utc(2022, 5, 30, 23, 30), False),
    ],
)
def test_dates(written: object, at: datetime, zone_known: bool) -> None:
    assert one({"d": written}, published="d").published == FeedDate(at=at, zone_known=zone_known)


@pytest.mark.parametrize(
    "written", [0, -5, True, 20220530, "2022053008", 10**300, 1e300, float("nan"), float("inf"), {}, "?"]
)
def test_no_dates(written: object) -> None:
    assert one({"d": written}, updated="d").updated is None


@pytest.mark.parametrize("answer", [{"record": []}, b'{"record": [ ]}'])
def test_a_list_may_be_empty(answer: object) -> None:
    document = read(answer).document
    assert (document.entries, document.drops) == ((), ())


@pytest.mark.parametrize(
    "answer", [{}, {"record": None}, {"records": [RECORD]}, {"record": "none"}, [], 5, None]
)
def test_a_list_that_is_gone_is_an_error(answer: object) -> None:
    with pytest.raises(SelectorError, match='at "record"'):
        read(answer)


def test_an_object_is_a_list_of_one() -> None:
    assert len(read({"record": RECORD}).document.entries) == 1


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("callback(", ");"),
        ("jQuery123_456.cb (", ")"),
        ("var newest=", ""),
        ("window.data = ", ";\n"),
        ("/**/cb(", ");"),
        ("try{feedCard(", ");}catch(e){};"),
        ("\ufeff \n", "\n"),
    ],
)
def test_scripts_are_read_as_well(before: str, after: str) -> None:
    data = f"{before}{json.dumps({'record': [RECORD]})}{after}".encode()
    assert len(read(data).document.entries) == 1


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        (b"", NotAFeed, "empty"),
        (b"<html>", NotAFeed, "a page"),
        (b"{", NotAFeed, "no JSON"),
        (b"{}{}", NotAFeed, "follows"),
        (b"cb({}); alert(1)", NotAFeed, "follows"),
        (b"[" * 200_000, Unparsable, "deeply"),
        (b"\xff\xfe\xff", NotAFeed, "no JSON"),
    ],
)
def test_what_is_no_json(data: bytes, error: type[ParseError], words: str) -> None:
    with pytest.raises(error, match=words):
        read(data)


def test_a_number_of_thousands_of_digits_costs_its_record_alone() -> None:
    records = [RECORD | {"infoCode": "HUGE"}, RECORD]
    data = json.dumps({"record": records}).replace('"HUGE"', "9" * 10_000)
    document = read(data.encode()).document
    assert [one.guid for one in document.entries] == [RECORD["infoCode"]]
    assert len(document.drops) == 1


def test_chinese_without_a_label() -> None:
    data = json.dumps({"record": [RECORD]}, ensure_ascii=False).encode("gb18030")
    assert read(data).document.entries[0].publisher == "中国网财经"


def test_templates() -> None:
    record = {"id": "a/b c", "n": 5, "none": None, "o": {"p": "&"}}
    assert (
        expressions.link(record, "/x?id={id}&n={n}", "https://h.example/y")
        == "https://h.example/x?id=a%2Fb%20c&n=5"
    )
    assert expressions.link(record, "https://h.example/{o.p}", None) == "https://h.example/%26"
    assert expressions.link(record, "/x/{none}", URL) is None
    assert expressions.link(record, "/x/{missing}", URL) is None
    assert expressions.link({"id": "\ud800"}, "/x/{id}", URL) == "https://portal.example/x/%EF%BF%BD"
    assert one({"p": "新华", "q": "社"}, publisher="{p}-{q} wire").publisher == "新华-社 wire"
    assert expressions.searched("a[].{c: b}", {"a": [{"b": 1}]}) == [{"c": 1}]


def test_the_next_page() -> None:
    select = Select(items="l", id="id", title="title")
    assert read({"l": [], "n": "?p=2"}, select, next="n").next_url == "https://portal.example/webapi?p=2"
    assert read({"l": [], "c": "a="}, select, next="/l?c={c}").next_url == "https://portal.example/l?c=a%3D"
    assert read({"l": []}, select, next="n").next_url is None
    assert read({"l": [], "n": URL}, select, next="n").next_url is None


def test_articles_of_kept_records_only() -> None:
    found = read(
        [{"title": "A", "id": 1}, {"id": 2}, {"title": "C", "id": 3, "x": 1}],
        Select(items="@", id="id", title="title", article="/text/{x}"),
    )
    assert [entry.article for entry in found.document.entries] == [None, "https://portal.example/text/1"]


def test_an_article() -> None:
    data = json.dumps({"text": "<p>　　正文</p>", "parts": ["<p>1</p>", "<p>2</p>"], "blank": " "}).encode()
    assert api.article(data, None, "text", URL) == Text(value="<p>　　正文</p>", type="html", base=URL)
    assert api.article(data, None, "parts", URL) == Text(value="<p>1</p>\n<p>2</p>", type="html", base=URL)
    assert api.article(data, None, "blank", URL) is None
    with pytest.raises(SelectorError, match='nothing at "content"'):
        api.article(data, None, "content", URL)


def test_what_is_to_go_from_an_article_goes() -> None:
    data = json.dumps(
        {"text": "<div class=ad>1<div class=ad>2</div></div><p>Text</p><p class=ad>3</p>"}
    ).encode()
    assert api.article(data, None, "text", URL, [".ad", "div div"]) == Text(
        value="<p>Text</p>", type="html", base=URL
    )
    with pytest.raises(SelectorError, match="no JMESPath"):
        api.article(data, None, "a b", URL)


@pytest.mark.parametrize(
    "text",
    [
        "a",
        "a.b[0]",
        "@",
        "a[].{b: c}",
        "{b: c}",
        "{id}",
        "https://h.example/{a.b}",
        "/{id}",
        "a[?b=='{']",
        "length(a)",
    ],
)
def test_expressions_that_can_be_used(text: str) -> None:
    expressions.check(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a b",
        "a[",
        "https://h.example/",
        "/{}",
        "/{id",
        "/{a}}",
        "{a b}",
        "a[].nofn(@)",
        "/{nofn(a)}",
        "(" * 9999,
    ],
)
def test_expressions_that_cannot_be_used(text: str) -> None:
    with pytest.raises(ValueError, match=r"JMESPath|braces"):
        expressions.check(text)


def test_a_list_is_no_template() -> None:
    with pytest.raises(ValueError, match="JMESPath"):
        expressions.check("/x/{id}", template=False)
    with pytest.raises(SelectorError):
        read({}, Select(items="/x/{id}"))


@pytest.mark.parametrize(
    "path", ["contains('abc', t)", "floor(t)", "a[::0]", "sort_by(@, &t)", "join('', t)", "nofn(@)"]
)
def test_expressions_that_fail_on_a_record_give_nothing(path: str) -> None:
    assert one({"t": 1e999, "a": [1]}, publisher=path).publisher is None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=5)
    | st.sampled_from(["2022-05-30", "昨天", "\ud800", "<b>x</b>", "http://["]),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.sampled_from(["infoCode", "title", "datetime", "medianame"]), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip
ALL = Select(
    items="record", id="infoCode", title="title", link="medianame", published="datetime", updated="title", summary="title",
    content="title", author="medianame", publisher="datetime", tags="infoCode", image="medianame",
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=100), st.lists(JSON, max_size=4)))
def test_no_bytes_raise_anything_else(found: bytes | list[object]) -> None:
    data = found if isinstance(found, bytes) else json.dumps({"record": found}).encode()
    for select in (WIRE, ALL):
        try:
            document = read(data, replace(select, article="/{title}"), next="record[0].title").document
        except ParseError:
            continue
        for entry in document.entries:
            assert entry.title is not None
            assert entry.title.value.encode()
