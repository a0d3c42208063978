"""Strict where possible; where not, repairs that leave everything else as it was."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from aggregator.errors import NotAFeed, Unparsable
from aggregator.parse import xml
from aggregator.parse.repair import repair

HEAD = "<rss version='2.0'><channel>"
TAIL = "</channel></rss>"


def title(body: str, head: str = "", tail: str = "") -> str | None:
    """The title of a feed around ``body``, after it was found to need repair."""
    root, tier, _ = xml.root((head + HEAD + body + TAIL + tail).encode(), None)
    assert tier == "repaired"
    return root.findtext("channel/title")


@pytest.mark.parametrize("declared", [None, "utf-8", "gb2312", "utf-16"])
def test_utf8_is_strict_whatever_it_declares(declared: str | None) -> None:
    declaration = f'<?xml version="1.0" encoding="{declared}"?>' if declared else ""
    root, tier, encoding = xml.root(f"{declaration}{HEAD}<title>中é</title>{TAIL}".encode(), None)
    assert (root.findtext("channel/title"), tier, encoding) == ("中é", "strict", "utf-8")


def test_other_encodings_are_strict_too() -> None:
    data = f'<?xml version="1.0" encoding="big5"?>{HEAD}<title>臺灣</title>{TAIL}'.encode("big5")
    root, tier, encoding = xml.root(data, None)
    assert (root.findtext("channel/title"), tier, encoding) == ("臺灣", "strict", "big5hkscs")


def test_a_comment_does_not_split_text() -> None:
    root, _, _ = xml.root(f"{HEAD}<title>a<!-- x -->b<?y z?>c</title>{TAIL}".encode(), None)
    assert root.findtext("channel/title") == "abc"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("<title>a\x08b\x00c\ufffed</title>", "abcd"),
        ("<title>a&#11;b&#x0;c&#xFFFE;d&#xD800;e&#1114112;f&#99999999999;</title>", "abcdef"),
        ("<title>A &amp; B & C&D &; &#; &#x; &</title>", "A & B & C&D &; &#; &#x; &"),
        ("<title>caf&eacute;&nbsp;&hellip; &NotEqualTilde; &#169;</title>", "café\xa0… ≂̸ ©"),
        ("<title>&LT;b&GT; &AMP;amp; &QUOT;&nope;</title>", '<b> &amp; "&nope;'),
        ("<title>&#X41;&nbsp;</title>", "A\xa0"),
        (
            "<title>1 < 2 <3 << a<=b <somebody@example.org> <-</title>",
            "1 < 2 <3 << a<=b <somebody@example.org> <-",
        ),
        ("<title>a]]>b</title>", "a]]>b"),
        ("<title><![CDATA[a & b &nbsp; < &#11; <!-- c]]></title><x>&</x>", "a & b &nbsp; < &#11; <!-- c"),
        ("<title><![CDATA[a\x08b]]></title>", "ab"),
        ("<title>a <!-- open & for ever</title>", "a <!-- open & for ever"),
        ("<title a=1 b='x\"y' c=\"2\" a='3' checked>t</title>", "t"),
        ("<title a='1'b='2'>t</title x='1'>", "t"),
        ("<title xml:lang=de>t</title>", "t"),
        ("<title>t</title><media:thumbnail url='u'/><odd:x odd2:y='1'/>", "t"),
    ],
)
def test_what_is_ill_formed_is_put_right(body: str, expected: str) -> None:
    assert title(body) == expected


def test_attributes_survive_their_repair() -> None:
    data = HEAD + "<a href=http://x.example/?a=1&b=2/ q='say \"hi\" & go' n N n=2>&nbsp;</a>" + TAIL
    root, _, _ = xml.root(data.encode(), None)
    link = root.find("channel/a")
    assert link is not None
    assert dict(link.attrib) == {
        "href": "http://x.example/?a=1&b=2/",
        "q": 'say "hi" & go',
        "n": "n",
        "N": "N",
    }


def test_undeclared_prefixes_get_their_usual_namespace() -> None:
    root, _, _ = xml.root(f"{HEAD}<dc:creator>x</dc:creator><odd:y/>{TAIL}".encode(), None)
    assert [child.tag for child in root[0]] == [
        "{http://purl.org/dc/elements/1.1/}creator",
        "{urn:undeclared:odd}y",
    ]


@pytest.mark.parametrize(
    "head",
    [
        "\n\n  <?xml version='1.0'?>\n",
        "<!-- hello --><?xml version='1.0' encoding='utf-8'?>",
        "<!-- hello -->\n<?xml?xml version='1.0' encoding='UTF-8' ??>",
        "<?xml version='1.0' encoding='utf-8'>",
        "<br />\n<b>Warning</b>: thing() failed on line <b>3</b><br />\n<?xml version='1.0'?>",
        "garbage before <?xml version='1.0'?>",
        "<!DOCTYPE rss SYSTEM 'http://x.example/rss.dtd'>",
        "<!DOCTYPE rss PUBLIC '-//X//DTD > RSS//EN' \"http://x.example/\" [<!-- ]> --><!ENTITY a '<rss>'> ]>",
        "<!doctype rss>",
        "\x00\x00",
    ],
)
def test_what_stands_before_the_root_is_cut(head: str) -> None:
    assert title("<title>t</title>", head=head) == "t"


@pytest.mark.parametrize("tail", ["trailing", "<script>x</script>", "\x00\x00", "<!-- page made in 3 s", "&"])
def test_what_stands_after_the_root_is_cut(tail: str) -> None:
    assert title("<title>t</title>", tail=tail) == "t"


def test_no_entity_of_a_dtd_is_expanded_and_nothing_is_opened() -> None:
    head = (
        "<!DOCTYPE rss [<!ENTITY a 'aaaaaaaaaa'><!ENTITY b '&a;&a;&a;&a;'>"
        "<!ENTITY file SYSTEM 'file:///etc/passwd'><!ENTITY nbsp 'changed'>]>"
    )
    assert title("<title>&b;&file;&nbsp;</title>", head=head) == "&b;&file;\xa0"


@pytest.mark.parametrize(
    ("page", "what"),
    [
        ("<!DOCTYPE html><html><head><title>Login</title><body><p>a & b<br></html>", "an HTML page"),
        ("<HTML><BODY><pre><rss version='2.0'><channel></pre>", "an HTML page"),
        ("<div><p>blocked<br>", "an HTML page"),
        ("<!DOCTYPE html>\n<script>challenge()</script><rss>", "an HTML page"),
        ("<opml version=2.0><body></opml>", "an OPML list"),
        ("<urlset><url>&</urlset>", "a sitemap"),
        ("just words", "plain text"),
        ("1 < 2 & 3", "plain text"),
        (" \n", "empty"),
        ("\x01\x02\x00\x7f", "binary data"),
    ],
)
def test_what_is_no_feed_is_named(page: str, what: str) -> None:
    with pytest.raises(NotAFeed, match=what):
        xml.root(page.encode(), None)


@pytest.mark.parametrize(
    "data",
    [
        HEAD + "<item><title>a</b></item>" + TAIL,
        HEAD + "<title>cut",
        HEAD + "<a>" * 300 + "</a>" * 300 + TAIL,
        (HEAD + TAIL) * 2,
    ],
)
def test_what_stays_ill_formed_is_refused_with_a_line(data: str) -> None:
    with pytest.raises(Unparsable) as refusal:
        xml.root(data.encode(), None)
    assert refusal.value.offset == 1


@pytest.mark.parametrize(
    "unit",
    [
        "<!--",
        "<![CDATA[",
        "<?",
        "&",
        "<",
        "<a '",
        "<a b=",
        "<a:b ",
        "]]>",
        "<!DOCTYPE x [",
        "'\"",
        "&#0",
        "<b>",
        "-->",
    ],
)
def test_hostile_repetition_stays_linear(unit: str) -> None:
    """A quadratic step would take minutes at this size, and so be seen in the run as a hang."""
    for head in ("<rss>", "<!DOCTYPE x [", ""):
        with pytest.raises((NotAFeed, Unparsable)):
            xml.root((head + unit * (300_000 // len(unit))).encode(), None)


NAMES = st.sampled_from(["rss", "a", "b-c", "_d", "é", "中文", "e.f", "g1"])
TEXTS = st.text(alphabet=st.sampled_from("ab<>&;'\"]= \t\n#xé中/!-?[\U0001f600"), max_size=12)


@st.composite
def elements(draw: st.DrawFn, depth: int = 0) -> etree._Element:
    element = etree.Element(draw(NAMES))
    for key in draw(st.lists(NAMES, max_size=3, unique=True)):
        element.set(key, draw(TEXTS))
    element.text = etree.CDATA(text) if "]]>" not in (text := draw(TEXTS)) and draw(st.booleans()) else text
    for _ in range(draw(st.integers(0, 2 if depth < 3 else 0))):
        child = etree.Comment("x") if draw(st.integers(0, 5)) == 0 else draw(elements(depth + 1))
        child.tail = draw(TEXTS)
        element.append(child)
    return element


@given(elements(), st.booleans())
def test_repair_never_changes_what_was_well_formed(element: etree._Element, declared: bool) -> None:
    written = etree.tostring(element, encoding="utf-8", xml_declaration=declared).decode()
    before = etree.fromstring(written.encode(), xml._parser())
    after = etree.fromstring(repair(written).encode(), xml._parser())
    assert etree.tostring(after, method="c14n") == etree.tostring(before, method="c14n")


@given(st.text(alphabet=st.sampled_from("<>&;!-[]?'\"= /abrsxCDAT#:\0\n"), max_size=60))
def test_only_our_errors_come_out(text: str) -> None:
    with contextlib.suppress(NotAFeed, Unparsable):
        xml.root(f"<rss>{text}</rss>".encode(), None)


@pytest.mark.parametrize("head", ["", "<!DOCTYPE rss>"])
@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("It&#146;s &#x93;so&#x0094;", "It’s “so”"),
        ("caf&#233; &#128512; &#127;", "café 😀 \x7f"),
        ("<![CDATA[It&#146;s]]> &#8217;", "It&#146;s ’"),
        ("undefined &#129;", "undefined \x81"),
    ],
)
def test_references_to_c1_controls_are_windows_1252(head: str, written: str, read: str) -> None:
    root, _, _ = xml.root(f"{head}<rss><title>{written}</title></rss>".encode(), None)
    assert root[0].text == read


def test_line_breaks_of_word_processors_keep_words_apart() -> None:
    root, _, _ = xml.root(b"<rss><title>one\x0btwo\x0cthree\x01</title></rss>", None)
    assert root[0].text == "one two three"
