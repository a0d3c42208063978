"""Publishers: one spelling of each name, slugs, and where names are found."""

from __future__ import annotations

import pickle
import re
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aggregator.model.document import Entry, EntrySource, Person, Text
from aggregator.model.item import Item, Publisher
from aggregator.process.admit import AdmitContext, admit
from aggregator.process.digest import entry_digest
from aggregator.process.publisher import (
    attribution,
    merges,
    name_of,
    normal_name,
    normal_slugs,
    publisher,
    slug,
)

CONTEXT = AdmitContext(
    document_url=None, home_url=None, timezone=None, language=None, now=datetime(2026, 11, 1, tzinfo=UTC)
)
UID = "8a3f1d3e-6d0c-5d4c-9b73-3a4f0a1c2b3d"


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        (" 荆州日报\n", "荆州日报"),
        ("21世纪经济报道  南财理财通", "21世纪经济报道 南财理财通"),
        ("21世纪经济报道\u3000\u3000南财理财通", "21世纪经济报道 南财理财通"),
        ("安信国际证券（香港）", "安信国际证券(香港)"),
        ("ＢＢＣ Ｎｅｗｓ １２", "BBC News 12"),
        ("《新京报》", "新京报"),
        ("（来源", "来源"),
        ("【上观】新闻", "[上观]新闻"),
        ("：解放日报：", "解放日报"),
        ("中新网 |", "中新网"),
        ("上海证券报·中国证券网", "上海证券报·中国证券网"),
        ("(a) and (b)", "(a) and (b)"),
        ("\x00\ufeff新\u200b华社\ufffe", "新华社"),
        ("Yahoo!", "Yahoo!"),
        ("——", ""),
        ("（）", ""),
        (" ", ""),
        ("", ""),
    ],
)
def test_one_spelling(raw: str, name: str) -> None:
    assert normal_name(raw) == name


@given(st.text(st.characters(), max_size=300))
def test_any_text_gives_a_normal_name_and_a_slug(raw: str) -> None:
    name = normal_name(raw)
    assert normal_name(name) == name
    assert len(name) <= 200
    assert name == " ".join(name.split())
    for one in (raw, name):
        assert re.fullmatch("[a-z0-9]+(-[a-z0-9]+)*", slug(one))
        assert len(slug(one)) <= 80


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("中国网财经", "zhongguowangcaijing"),
        ("荆州日报", "jingzhouribao"),
        ("解放日报", "jiefangribao"),
        ("上海证券报·中国证券网", "shanghaizhengquanbao-zhongguozhengquanwang"),
        ("21世纪经济报道 南财理财通", "21shijijingjibaodao-nancailicaitong"),
        ("安信国际证券(香港)", "anxinguojizhengquan-xianggang"),
        ("Career In 投行PEVC", "career-in-touxingpevc"),
        ("The New York Times", "the-new-york-times"),
        ("O'Reilly", "oreilly"),
        ("Süddeutsche Straße", "suddeutsche-strasse"),
        ("Łódź Æther", "lodz-aether"),
        ("Новая газета", "novaya-gazeta"),
        ("Ναυτεμπορική", "naytemporiki"),
        ("新" * 100, "xin" * 26 + "xi"),
    ],
)
def test_slugs(name: str, expected: str) -> None:
    assert slug(name) == expected


def test_what_cannot_be_written_in_latin_letters_gets_a_short_hash() -> None:
    assert re.fullmatch("p-[0-9a-f]{8}", slug("हिन्दुस्तान"))
    assert slug("हिन्दुस्तान") != slug("조선일보")


def test_pinyin_is_loaded_with_the_first_chinese_name() -> None:
    code = (
        "import sys, aggregator.process.admit; from aggregator.process.publisher import slug;"
        "slug('Reuters'); before = 'pypinyin' in sys.modules; slug('新华社');"
        "print(before, 'pypinyin' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False True\n"


@pytest.mark.parametrize(
    ("markup", "name"),
    [
        ("<p>正文。</p><p>（文章来源：荆州日报）</p>", "荆州日报"),
        ("正文（来源：<a href='x'>解放日报</a> ）", "解放日报"),
        ("<p>正文</p><p>(文章来源：安信国际证券（香港）)</p>", "安信国际证券(香港)"),
        ("<p>正文</p><p>文章来源: 中国网财经</p><p>责任编辑：张三</p>", "中国网财经"),
        ("正文\n来源：新华社 作者：李四", "新华社"),
        ("<p>Text.</p><p>Source: The New York Times</p>", "The New York Times"),
        ("<p>Text. [Source: Reuters]</p>", "Reuters"),
        ("<p>（来源：甲）</p><p>（来源：乙）</p>", "乙"),
        ("<p>Text &amp; (Source: A &amp; B)</p>", "A & B"),
        ("<p>其主要能量来源：太阳</p>", ""),
        ("<p>an open-source: thing</p>", ""),
        ("<p>Source: https://example.org/</p>", ""),
        ("<p>Source: " + "a long sentence " * 6 + "</p>", ""),
        ("<p>（文章来源：荆州日报）</p>" + "<p>字</p>" * 500, ""),
        ("<p>（文章来源：）</p>", ""),
        ("", ""),
    ],
)
def test_attribution(markup: str, name: str) -> None:
    assert attribution(markup) == name


@pytest.mark.parametrize(
    "piece", ["(来源:", "(", "来源:x ", "<a", "Source: (", "(来源:a(b", "&#", "【来源:【"]
)
def test_attribution_is_linear(piece: str) -> None:
    """No timing: what is searched is short however long the text is, and nothing here may explode."""
    assert len(attribution(piece * 200_000)) <= 60


def test_the_rule_is_tried_in_order() -> None:
    entry = Entry(
        publisher=" ： ",
        source=EntrySource(title="Ｗｉｒｅ"),
        authors=(Person(name="Ann"), Person(name="Bob")),
        content=Text(value="No name"),
        summary=Text(value="<p>（来源：荆州日报）</p>", type="html"),
    )
    assert name_of(entry, ("select", "source", "author")) == "Wire"
    assert name_of(entry, ("author", "source")) == "Ann"
    assert name_of(entry, ("attribution", "author")) == "荆州日报"
    assert name_of(entry, ("select",)) == ""
    assert name_of(replace(entry, publisher="P"), ("select", "source")) == "P"
    assert [name_of(Entry(), (kind,)) for kind in ("select", "source", "author", "attribution")] == [""] * 4


def test_aliases_rename_and_merge() -> None:
    aliases = {"荆州日报社": "荆州日报", "荆州晚报": "荆州日报社", "a": "b", "b": "a", "c": "a", "x": " "}
    expected = Publisher(name="荆州日报", slug="jingzhouribao")
    assert publisher("荆州日报社 ", aliases=aliases) == publisher("荆州晚报", aliases=aliases) == expected
    assert publisher("荆州日报", aliases=aliases) == expected
    assert publisher("a", aliases=aliases) == Publisher(name="a", slug="a"), "a circle leads nowhere"
    assert publisher("c", aliases=aliases) == Publisher(name="c", slug="c")
    assert publisher("：", aliases=aliases) is None
    assert merges(aliases) == {"荆州日报社": expected, "荆州晚报": expected}
    assert merges({"ＢＢＣ": "Ｂ B C", "same": "same", "": "x"}) == {
        "BBC": Publisher(name="B B C", slug="b-b-c")
    }


def admitted(entry: Entry, context: AdmitContext = CONTEXT) -> Item:
    found = admit(entry, uid=UID, context=context)
    assert isinstance(found, Item)
    return found


def test_an_item_has_the_publisher_that_the_rule_finds() -> None:
    entry = Entry(title=Text(value="T"), publisher="荆州日报（网）", authors=(Person(name="Ann"),))
    assert admitted(entry).publisher == Publisher(name="荆州日报(网)", slug="jingzhouribao-wang")
    assert admitted(replace(entry, publisher=None)).publisher is None
    by_author = replace(CONTEXT, publishers=("author",), publisher_aliases={"Ann": "Anna"})
    assert admitted(entry, by_author).publisher == Publisher(name="Anna", slug="anna")
    assert pickle.loads(pickle.dumps(by_author)) == by_author
    assert pickle.loads(pickle.dumps(CONTEXT)) == CONTEXT


def test_digests_see_a_publisher_and_stay_what_they_were_without() -> None:
    entry = Entry(title=Text(value="T"), link="https://e.org/", content=Text(value="<p>C</p>", type="html"))
    # As computed before there were publishers.
    assert entry_digest(entry).hex() == "ca0959401dd3abda3877faf4ebf3a5ec"
    assert admitted(entry).digest.hex() == "f4be5a7fcf284aeda4571d245e521f75"
    named, other = (replace(entry, publisher=name) for name in ("P", "Q"))
    assert len({entry_digest(one) for one in (entry, named, other)}) == 3
    assert len({admitted(one).digest for one in (entry, named, other)}) == 3


def test_a_slug_may_be_given() -> None:
    slugs = normal_slugs({"东财滚动 ": "emnews"})
    given = Publisher(name="东财滚动", slug="emnews")
    assert publisher("东财滚动", aliases={}, slugs=slugs) == given
    assert publisher("other", aliases={"other": "东财滚动"}, slugs=slugs) == given
    assert merges({"other": "东财滚动"}, {"东财滚动": "emnews"}) == {"other": given}
    entry = Entry(title=Text(value="T"), publisher=" 东财滚动")
    assert admitted(entry, replace(CONTEXT, publisher_slugs=slugs)).publisher == given
