"""List and article pages: small ones of every shape, and what must come of them."""

# ruff: noqa: E501 (documents stand as they are read)
from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.errors import NotAFeed, ParseError, SelectorError, Unparsable
from aggregator.model.document import Drop, Entry, FeedDate, Image, Person, Tag, Text
from aggregator.model.source import Select
from aggregator.parse import page
from aggregator.parse.listing import Listing


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)


URL = "https://acme.example/news/"
NOW = utc(2022, 5, 30, 17)  # one in the morning of the 31st in Shanghai
ITEMS = Select(items="ul.news > li")


def read(
    html: str | bytes, select: Select = ITEMS, *, timezone: str | None = None, next: str | None = None,
    content_type: str | None = None, url: str = URL, language: str | None = None,
) -> Listing:  # fmt: skip
    data = html if isinstance(html, bytes) else html.encode()
    return page.listing(
        data, content_type, url, select, now=NOW, timezone=timezone, language=language, next=next
    )


def one(inner: str, **select: str) -> Entry:
    entries = read(f"<ul class=news><li>{inner}</li></ul>", Select(items="ul.news > li", **select))
    assert len(entries.document.entries) == 1, entries.document.drops
    return entries.document.entries[0]


def test_a_whole_record() -> None:
    found = read(
        """<html lang="en"><title> Acme
           news </title><ul class="news"><li data-id="7"><a href="7.html">A &lt; B</a>
           <time datetime="2022-05-30T10:00:00+08:00">today</time><span class="agency">Wire</span>
           <b class="by">Ada</b><p>Short <i>text</i><script>no()</script></p><div><p>Long</p></div>
           <u>x</u><u>y</u><u>x</u><img src="/i.png"></li></ul>""",
        Select(
            items="ul.news > li", id="@data-id", title="a", link="a@href", published="time@datetime",
            updated="time@title", summary="p", content="div", author=".by", publisher="span.agency",
            tags="u", image="img@src",
        ),
    )  # fmt: skip
    assert found.document.entries == (
        Entry(
            guid="7",
            guid_is_permalink=False,
            link="https://acme.example/news/7.html",
            title=Text(value="A < B", base=URL, language="en"),
            summary=Text(value="Short text", base=URL, language="en"),
            content=Text(value="<p>Long</p>", type="html", base=URL, language="en"),
            published=FeedDate(at=utc(2022, 5, 30, 2)),
            authors=(Person(name="Ada"),),
            tags=(Tag(term="x"), Tag(term="y")),
            image=Image(url="https://acme.example/i.png"),
            publisher="Wire",
        ),
    )
    document = found.document
    assert (document.format, document.tier, document.link, document.language) == ("page", "strict", URL, "en")
    assert document.title == Text(value="Acme news", base=URL, language="en")
    assert (document.drops, found.next_url) == ((), None)


def test_link_and_title_are_found_without_selectors() -> None:
    found = one(
        '<a href="#">top</a><a href="/1"><img src=i></a> <a href="/1">Words</a><a href="/2">Other</a>'
    )
    assert found.link == "https://acme.example/1"
    assert found.title == Text(value="Words", base=URL)


def test_an_item_may_be_its_own_link() -> None:
    entries = read('<div><a class=i href="/1">A</a><a class=i href="/2">B</a></div>', Select(items="a.i"))
    assert [entry.link for entry in entries.document.entries] == [
        "https://acme.example/1",
        "https://acme.example/2",
    ]
    explicit = Select(items="a.i", link="@href", title="")
    assert read('<a class=i href="/1">A</a>', explicit).document.entries[0].title == Text(value="A", base=URL)


def test_an_attribute_may_be_left_out_where_one_is_meant() -> None:
    found = one('<a href="/1">A</a><img src="/i.png">', link="a", image="img")
    assert (found.link, found.image) == ("https://acme.example/1", Image(url="https://acme.example/i.png"))


def test_base_href_counts() -> None:
    found = read(
        '<base href="/other/"><ul class=news><li><a href=1>A</a></ul><a class=n href="?p=2">', next="a.n"
    )
    assert found.document.entries[0].link == "https://acme.example/other/1"
    assert found.next_url == "https://acme.example/other/?p=2"


@pytest.mark.parametrize("href", ["#top", "javascript:go(2)", "mailto:x@y", URL])
def test_no_next_page(href: str) -> None:
    found = read(f'<ul class=news></ul><a class=n href="{href}">', next="a.n@href")
    assert found.next_url is None


@pytest.mark.parametrize("label", ["gb2312", "gbk"])
@pytest.mark.parametrize(
    "meta", ['<meta charset="{}">', '<meta http-equiv="Content-Type" content="text/html; charset={}">']
)
def test_chinese_page_that_names_its_encoding_itself(meta: str, label: str) -> None:
    html = meta.format(label) + "<title>新闻中心</title><ul class=news><li><a href=1>朱镕基谈改革</a></ul>"
    document = read(html.encode("gbk"), content_type="text/html").document
    assert document.entries[0].title == Text(value="朱镕基谈改革", base=URL)
    assert document.title == Text(value="新闻中心", base=URL)


def test_the_header_goes_before_the_page() -> None:
    html = "<meta charset=utf-8><ul class=news><li><a href=1>台灣新聞網站</a></ul>".encode("big5")
    document = read(html, content_type="text/html; charset=Big5").document
    assert document.entries[0].title == Text(value="台灣新聞網站", base=URL)


@pytest.mark.parametrize(
    ("written", "timezone", "at", "zone_known"),
    [
        ("3小时前", "Asia/Shanghai", utc(2022, 5, 30, 14), True),
        ("2 hours ago", None, utc(2022, 5, 30, 15), True),
        ("昨天 08:30", "Asia/Shanghai", utc(2022, 5, 30, 8, 30), False),
        ("昨天 08:30", None, utc(2022, 5, 29, 8, 30), False),
        ("昨天 08:30", "Mars/Nowhere", utc(2022, 5, 29, 8, 30), False),
        ("5月30日", "Asia/Shanghai", utc(2022, 5, 30), False),
        ("05-31 23:59", "Asia/Shanghai", utc(2022, 5, 31, 23, 59), False),
        ("05-31 23:59", None, utc(2021, 5, 31, 23, 59), False),
        ("00:05", "Asia/Shanghai", utc(2022, 5, 31, 0, 5), False),
        ("00:05", None, utc(2022, 5, 30, 0, 5), False),
        ("发布时间：2022-05-30 08:00:00", "Asia/Shanghai", utc(2022, 5, 30, 8), False),
        ("2022-05-30T08:00:00+08:00", None, utc(2022, 5, 30, 0), True),
    ],
)
def test_dates(written: str, timezone: str | None, at: datetime, zone_known: bool) -> None:
    html = f"<ul class=news><li><a href=1>A</a><em>{written}</em></ul>"
    found = read(html, Select(items="ul.news > li", published="em"), timezone=timezone).document.entries[0]
    assert found.published == FeedDate(at=at, zone_known=zone_known)


def test_the_pages_language_helps_to_read_dates() -> None:
    html = '<html lang="de-DE"><ul class=news><li><a href=1>A</a><em>vor 3 Stunden</em></ul>'
    found = read(html, Select(items="ul.news > li", published="em")).document.entries[0]
    assert found.published == FeedDate(at=utc(2022, 5, 30, 14))


@pytest.mark.parametrize(
    ("lang", "month"), [("", 5), ("zh-CN", 5), ("ko", 5), ("en-GB", None), ("nl", None), ("sr", None)]
)
def test_the_pages_language_tells_the_month_from_the_day(lang: str, month: int | None) -> None:
    html = f'<html lang="{lang}"><ul class=news><li><a href=1>A</a><em>05-06 08:30</em></ul>'
    found = read(html, Select(items="ul.news > li", published="em")).document.entries[0].published
    assert (found and found.at.month) == month


def test_an_unreadable_date_costs_no_record() -> None:
    assert one("<a href=1>A</a><em>soon</em>", published="em").published is None


def test_words_have_gaps_where_readers_see_them() -> None:
    found = one("<a href=1>\u3000One<br>two <p>three</p>four<style>x</style> fi<b>ve</b></a>")
    assert found.title == Text(value="One two three four five", base=URL)


def test_bad_records_cost_the_others_nothing() -> None:
    found = read(
        "<ul class=news><li></li><li><a href=/1></a></li><li id=x></li><li>Only a title</li><li><a href=/2>B</a></ul>",
        Select(items="ul.news > li", id="@id", title=""),
    ).document
    assert [entry.title and entry.title.value for entry in found.entries] == ["Only a title", "B"]
    assert found.entries[0].link is None
    assert found.drops == (
        Drop(stage="parse", reason="empty", detail="record 1: neither title nor link nor id"),
        Drop(stage="parse", reason="no-title", ref="https://acme.example/1", detail="record 2: no title"),
        Drop(stage="parse", reason="no-title", ref="x", detail="record 3: no title"),
    )


@pytest.mark.parametrize(
    ("html", "items"),
    [
        ("<ul class=news></ul>", "ul.news > li"),
        ("<ul class=news></ul>", "ul.news li"),
        ("<ol></ol>", "ul.news > li, ol > li"),
        ('<div id="a>b"></div>', '[id="a>b"]  >  li'),
    ],
)
def test_a_list_may_be_empty(html: str, items: str) -> None:
    document = read(html, Select(items=items)).document
    assert (document.entries, document.drops) == ((), ())


@pytest.mark.parametrize("items", ["ul.news > li", "li.item", "body > li", "li:not(ul > li)", "li.a, li.b"])
def test_a_list_that_is_gone_is_an_error(items: str) -> None:
    with pytest.raises(SelectorError) as raised:
        read("<title>Moved</title><div>We have a new site</div>", Select(items=items))
    assert str(raised.value) == f'nothing matches "{items}"'
    assert (raised.value.transient, raised.value.format) == (False, "page")


@pytest.mark.parametrize("html", ["", " \n", "\0"])
def test_nothing_at_all_is_no_page(html: str) -> None:
    with pytest.raises(NotAFeed, match="empty"):
        read(html)


@pytest.mark.parametrize(
    "html",
    [
        "<div>" * 40_000,
        "<a><b>" * 200,
        "<br>" * 50_001,
        "<p>" + "".join(f"<font color={n}>" for n in range(200)) + "</p>" + "<p>x</p>" * 20_000,
        "<a " + " ".join(f"a{n}=1" for n in range(100_000)) + ">",
        *(
            "<p>" + "".join(hidden.format(n) for n in range(4000)) + "</p>" + "<p>x</p>" * 15_000
            for hidden in (
                "<font color={}><!--</font>-->",
                "<font color={}><i title='</font></i>'>",
                "<font color={}><script></font></script>",
                "<font color={}><![CDATA[</font>]]>",
                "<font color={}><?</font>>",
                "<table><td><font color={}><table><td></font>",
                "<div><table><tr><td></div>",
                "<div><!-- --!></div><div>",
                "<span><h1></span>",
                "<svg><style><g></style>",
            )
        ),
    ],
)
def test_costly_pages_are_refused_at_once(html: str) -> None:
    started = time.perf_counter()
    with pytest.raises(Unparsable):
        read(html)
    assert time.perf_counter() - started < 2


@pytest.mark.parametrize(
    "html", ["<a " + "a" * 3_000_000 + '"' * 1000 + "<a '" * 1000, "<a x='\"" * 40_000, "<!--" * 50_000]
)
def test_costly_to_look_through(html: str) -> None:
    started = time.perf_counter()
    with pytest.raises(ParseError):
        read(html)
    assert time.perf_counter() - started < 2


def test_honest_pages_are_not_refused() -> None:
    record = '<li><div><p>Text<a href="/{0}">T <b>{0}</b></a><br><img src=x><script>"<a>"+x+"<\\/a>"</script></div>'
    json = '<div data-page="' + "{a = 1 / 2} " * 2000 + '"></div>'
    html = "<ul class=news>" + "".join(record.format(n) for n in range(3000)) + "</ul>" + json + "<p>x" * 500
    assert len(read(html).document.entries) == 3000


def test_an_article() -> None:
    html = """<base href="/x/"><div class="article"><h1>T</h1><div class="advert"><p class="advert">Buy</p></div>
              <p>Text <script>x()</script><img src="i.png"></p></div><div class="article">second</div>"""
    found = page.article(html.encode(), None, URL, "div.article", ["script", ".advert", "h1", "div.article"])
    assert found is not None
    assert found.value.split() == ["<p>Text", "<img", 'src="i.png"></p>']
    assert (found.type, found.base) == ("html", "https://acme.example/x/")
    with pytest.raises(SelectorError, match=r'nothing matches "div\.gone"'):
        page.article(html.encode(), None, URL, "div.gone")
    assert page.article(b"<div class=article> </div>", None, URL, "div.article") is None


@pytest.mark.parametrize(
    "text", ["", "@href", "a", "a@href", "ul > li:has(a) @data-id", 'a[href*="@"]', 'a[href*="@"]@href']
)
def test_selectors_that_can_be_used(text: str) -> None:
    page.check_selector(text)


@pytest.mark.parametrize(
    "text", ["a@", "a@b c", "a@1", "a[", "a::text", ">", "a,", "> a", "a:contains(x)", "a@b@"]
)
def test_selectors_that_cannot_be_used(text: str) -> None:
    with pytest.raises(ValueError, match=r"^no |unusable"):
        page.check_selector(text)


@pytest.mark.parametrize("text", ["", "@href", "a@href"])
def test_elements_are_wanted(text: str) -> None:
    page.check_selector("ul > li", element=True)
    with pytest.raises(ValueError, match="without @attribute"):
        page.check_selector(text, element=True)


@pytest.mark.parametrize(
    "select", [Select(items="a["), Select(items="li", id="a@"), Select(items="li", title="a[")]
)
def test_unusable_selectors_are_errors_of_ours(select: Select) -> None:
    with pytest.raises(SelectorError):
        read("<li>x</li>", select)


EVERYTHING = Select(
    items="ul.news > li, td a, div", id="@id", title="a", published="time", summary="p", content="div",
    author="b", publisher="i", tags="u", image="img@src",
)  # fmt: skip
PIECES = st.sampled_from(
    ["<ul class=news>", "<li>", "<a href='//[x'>", "</a>", "<table>", "<td>", "<time>昨天", "<b>", "<svg>", "<p>",
     "<template>", "<select>", "<!--", "-->", "<base href='http://['>", "&#xD800;", "\0", "<script>", "<html lang=xx>",
     "<div id=''>", "</ul>", "<u>\ufffe", "<img src=' '>", "<title>", "<plaintext>", "<frameset>", "]]>", "<math>"]
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.binary(max_size=300), st.lists(PIECES | st.text(max_size=5), max_size=30).map("".join)))
def test_no_bytes_raise_anything_else(html: bytes | str) -> None:
    data = html if isinstance(html, bytes) else html.encode("utf-8", "surrogatepass")
    try:
        found = read(data, EVERYTHING, next="a@href").document
        page.article(data, None, URL, "div", ["p", "div div", "a"])
    except ParseError:
        return
    for entry in found.entries:
        assert entry.title is not None
        assert entry.title.value.encode()
