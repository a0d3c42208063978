"""Cleaning: what is kept, what goes, that it is idempotent, and that no input is expensive."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.process import measure, sanitize
from aggregator.store import plan

BASE = "https://e.org/d/page"
REL = ' rel="noopener noreferrer"'
FRAME = (
    ' sandbox="allow-scripts allow-same-origin allow-presentation allow-popups" loading="lazy"'
    ' allowfullscreen=""'
)

CASES = [
    # structure
    ("<p>a<p>b", "<p>a</p><p>b</p>"),
    ("<ul><li>a<li>b<ul><li>c</ul></ul>", "<ul><li>a</li><li>b<ul><li>c</li></ul></li></ul>"),
    ("<h1><font>a<h2>b</h2></font></h1>", "<h1>a</h1><h2>b</h2>"),
    ("<form><b>x</b></form><center>y</center>", "<b>x</b><div>y</div>"),
    (
        "<strike>a</strike><tt>b</tt><acronym title=c>d</acronym>",
        '<s>a</s><code>b</code><abbr title="c">d</abbr>',
    ),
    ("<menu><li>a</menu><dir><li>b</dir>", "<ul><li>a</li></ul><ul><li>b</li></ul>"),
    ("<fieldset><legend>a</legend>b</fieldset><nav>c</nav>d", "<div><div>a</div>b</div><div>c</div>d"),
    ("a <math alttext='x^2 &lt; 1'><msup><mi>x</mi></msup></math> b", "a x^2 &lt; 1 b"),
    (
        "<math><semantics><mi>x</mi><annotation encoding='application/x-tex'>\\pi</annotation></math>",
        "\\pi",
    ),
    ("<math><mi>x</mi><mo>=</mo><mn>2</mn><annotation-xml>no</annotation-xml></math>", "x = 2"),
    (
        "<span><math alttext=x><mi>x</mi></math></span><img src=/x.svg alt=x>",
        '<span></span><img src="https://e.org/x.svg" alt="x">',
    ),
    ("<math><mi>never closed", ""),
    ("<pre>\n\nx</pre>", "<pre>x</pre>"),
    ("fish & chips &lt;3 <3", "fish &amp; chips &lt;3 &lt;3"),
    ('say "x" > y', 'say "x" &gt; y'),
    (
        "<table><colgroup><col span=2></colgroup><tfoot><tr><td colspan=2 style=x>f</tfoot></table>",
        '<table><colgroup><col span="2"></colgroup><tfoot><tr><td colspan="2">f</td></tr></tfoot></table>',
    ),
    (
        "<figure><img src=/a.png alt=A><figcaption>c</figcaption></figure>",
        '<figure><img src="https://e.org/a.png" alt="A"><figcaption>c</figcaption></figure>',
    ),
    ("<ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp></ruby>",) * 2,
    ("<details open=''><summary>s</summary>t</details>", '<details open=""><summary>s</summary>t</details>'),
    ("<dl><dt>a</dt><dd>b</dd></dl>",) * 2,
    ('<q cite="/s">a</q>', '<q cite="https://e.org/s">a</q>'),
    ('<time datetime="2026-01-01">then</time>',) * 2,
    (
        '<pre><code class="foo language-python bar">x</code></pre>',
        '<pre><code class="language-python">x</code></pre>',
    ),
    (
        "<table><tr><th>a<td><p>b<ul><li>c</ul><table><tr><td>d</table></table>e",
        "<table><tbody><tr><th>a</th><td><p>b</p><ul><li>c</li></ul>"
        "<table><tbody><tr><td>d</td></tr></tbody></table></td></tr></tbody></table>e",
    ),
    ("<table><tr>a<td>b</td>c</tr>d</table>", "acd<table><tbody><tr><td>b</td></tr></tbody></table>"),
    ("<table><form>a</form><tr><td>b</table>", "a<table><tbody><tr><td>b</td></tr></tbody></table>"),
    (
        "<dl><dt>a<dd><p>b<dd>c</dl><pre>\n\n\nd</pre>",
        "<dl><dt>a</dt><dd><p>b</p></dd><dd>c</dd></dl><pre>d</pre>",
    ),
    # what runs, spies or styles
    ("<script>alert(1)</script><style>p{}</style>x", "x"),
    ('<p onclick="x()" style="y" class="z" id="i">t</p>', "<p>t</p>"),
    ("<svg onload=x><a href=x>q</a></svg><math><script>x</script></math>y", "xy"),
    ('<a href="javascript:alert(1)">t</a>', f"<a{REL}>t</a>"),
    ('<a href="java\tscript:alert(1)">t</a>', f"<a{REL}>t</a>"),
    ('<a href="java&#1;script:alert(1)">t</a>', f"<a{REL}>t</a>"),
    ('<a href="&#x6a;avascript&colon;alert(1)">t</a>', f"<a{REL}>t</a>"),
    ('<a href="data:text/html,x">t</a><img src="data:image/png;base64,AAAA">', f"<a{REL}>t</a>"),
    ('<img src="https://t.org/p.gif" width="1" height="1">x', "x"),
    (
        '<img src="https://t.org/p.gif" width=1 height=300>',
        '<img src="https://t.org/p.gif" width="1" height="300">',
    ),
    ("<!-- secret -->x<!--[if IE]><script>y</script><![endif]-->", "x"),
    ("&#11;a&#xFFFE;b&#0;\x00\ud800c\r\nd&#13;e", "ab\ufffdc\nd\ne"),
    # addresses
    ('<a href="/x">a</a>', f'<a href="https://e.org/x"{REL}>a</a>'),
    ('<a href="#n">a</a>', f'<a href="https://e.org/d/page#n"{REL}>a</a>'),
    ('<a href="mailto:x@y.z">a</a>', f'<a href="mailto:x@y.z"{REL}>a</a>'),
    ('<a href="tel:+1">a</a><a href="sms:1">b</a>', f'<a href="tel:+1"{REL}>a</a><a{REL}>b</a>'),
    ('<a href="https://u:p@h.org/ä b">a</a>', f'<a href="https://h.org/%C3%A4%20b"{REL}>a</a>'),
    ('<blockquote cite="javascript:x">a</blockquote>', "<blockquote>a</blockquote>"),
    (
        '<video src="/v.mp4" poster="p.jpg" controls autoplay></video>',
        '<video src="https://e.org/v.mp4" poster="https://e.org/d/p.jpg" controls=""></video>',
    ),
    (
        '<img srcset="/a.png 1x, b.png?x=1,2 2x,data:x 3x, https://h.org/c,d 4w,">',
        '<img srcset="https://e.org/a.png 1x, https://e.org/d/b.png?x=1%2C2 2x, https://h.org/c%2Cd 4w">',
    ),
    (
        '<a title=" href=" href="/x" type="y">a</a>',
        f'<a title=" href=" href="https://e.org/x" type="y"{REL}>a</a>',
    ),
    ('<a title=" href=" type="javascript:x">a</a>', f'<a title=" href=" type="javascript:x"{REL}>a</a>'),
    ('<a href="/?a&amp;lt;b&quot;&lt;">a</a>', f'<a href="https://e.org/?a&amp;lt;b%22%3C"{REL}>a</a>'),
    ('<a href="/x" href="javascript:x">a</a>', f'<a href="https://e.org/x"{REL}>a</a>'),
    ('<a href="https://h.org/?a=1&b=2">a</a>', f'<a href="https://h.org/?a=1&amp;b=2"{REL}>a</a>'),
    ('<a href="https://h.org/?a=1&quot;2">a</a>', f'<a href="https://h.org/?a=1%222"{REL}>a</a>'),
    (f'<a href="https://h.org/{"a" * 8000}">a</a>', f"<a{REL}>a</a>"),
    (
        '<a href=" mailto:x@y.z&nbsp;" title="&lt;b>&quot;">a</a>',
        f'<a href="mailto:x@y.z" title="&lt;b&gt;&quot;"{REL}>a</a>',
    ),
    # lazy pictures
    ('<img data-src="/a.jpg">', '<img src="https://e.org/a.jpg">'),
    ('<img src="data:image/gif;base64,R0" data-original="/a.jpg">', '<img src="https://e.org/a.jpg">'),
    ('<img src="/img/blank.gif" data-actualsrc="/a.jpg" alt="">', '<img src="https://e.org/a.jpg" alt="">'),
    ('<img src="/real.jpg" data-src="/large.jpg">', '<img src="https://e.org/real.jpg">'),
    (
        '<img srcset="' + "/a.png 1x, " * 3_000 + '">',
        '<img srcset="' + ", ".join(["https://e.org/a.png 1x"] * 20) + '">',
    ),
    ('<img data-srcset="/a.jpg 2x">', '<img srcset="https://e.org/a.jpg 2x">'),
    ('<img data-src="javascript:x">', ""),
    ("<noscript><img src=/a.jpg></noscript>", '<img src="https://e.org/a.jpg">'),
    ('<img data-src="/a.jpg"> <noscript><img src="/a.jpg"></noscript>', '<img src="https://e.org/a.jpg">'),
    ("<img src=/star.png><img src=/star.png>", '<img src="https://e.org/star.png">' * 2),
    (
        '<picture><source data-srcset="/x.webp 2x"><img src="/pixel.gif" data-src="/y.jpg"></picture>',
        '<picture><source srcset="https://e.org/x.webp 2x"><img src="https://e.org/y.jpg"></picture>',
    ),
    ('<video src="/v.mp4"><source src="data:x"></video>', '<video src="https://e.org/v.mp4"></video>'),
    (
        '<picture><source data-srcset="/x.webp 2x"></picture>',
        '<picture><source srcset="https://e.org/x.webp 2x"></picture>',
    ),
    # frames
    (
        '<iframe src="https://www.youtube.com/embed/x" width="560" onload="y"><p>no</p></iframe>',
        f'<iframe src="https://www.youtube.com/embed/x" width="560"{FRAME}></iframe>',
    ),
    (
        '<iframe src="//player.bilibili.com/player.html?a=1&b=2"></iframe>',
        f'<iframe src="https://player.bilibili.com/player.html?a=1&amp;b=2"{FRAME}></iframe>',
    ),
    (
        '<iframe src="http://www.youtube.com/embed/x"></iframe>',
        f'<a href="http://www.youtube.com/embed/x"{REL}>http://www.youtube.com/embed/x</a>',
    ),
    (
        '<iframe src="https://www.youtube.com.evil.org/x"></iframe>',
        f'<a href="https://www.youtube.com.evil.org/x"{REL}>https://www.youtube.com.evil.org/x</a>',
    ),
    ('<iframe srcdoc="<script>x</script>"></iframe><iframe src="javascript:x"></iframe>', ""),
]


@pytest.mark.parametrize(("given_html", "expected"), CASES)
def test_cleans(given_html: str, expected: str) -> None:
    assert sanitize.clean(given_html, BASE) == expected
    assert sanitize.clean(expected, BASE) == expected


def test_relative_addresses_without_a_base_are_dropped() -> None:
    html = '<a href="/x">a</a><img src="b.png"><img src="https://e.org/c.png">'
    assert sanitize.clean(html, None) == f'<a{REL}>a</a><img src="https://e.org/c.png">'


NAMES = """
    p div b i table tr td ul li h1 h2 font pre script style svg math mtext noscript template select option
    button textarea title form nobr dd dt dl ruby rt rp span caption details summary center marquee
    foreignObject iframe video picture plaintext xmp a
    center fieldset legend nav menu dir strike tt acronym math annotation
"""
OTHERS = """
    <a_href=/x> <a_href='javascript:x'> <font_size=1> <img_src=a.png_onerror=x> <img_src=x:y> <img_data-src=b>
    <iframe_src=https://e.com/> <video_src=v> <source_src=s> <object_data=x> <body_onload=x> <frameset> <br>
    <hr> <annotation-xml_encoding=text/html> <!-- --> <![CDATA[ ]]> text &lt; &amp;lt; &quot; " ' < > &#11;
    &#13; &nbsp; é \x00 \ufffe
"""
PIECES = st.sampled_from(
    [f"<{name}>" for name in NAMES.split()]
    + [f"</{name}>" for name in NAMES.split()]
    + [piece.replace("_", " ") for piece in OTHERS.split()]
    + ["\n", " ", "\r"]
)
MARKUP = st.one_of(st.lists(PIECES, max_size=25).map("".join), st.text(max_size=100))


class Checker(HTMLParser):
    """Fails on whatever could run."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in (
            "script",
            "style",
            "object",
            "embed",
            "base",
            "meta",
            "link",
            "form",
            "svg",
            "math",
        )
        for name, value in attrs:
            assert not name.startswith("on")
            assert name not in ("style", "srcdoc", "id")
            if name in ("href", "src", "poster", "cite"):
                assert (value or "").startswith(("http://", "https://", "mailto:", "tel:"))


@given(MARKUP, st.sampled_from([BASE, None]))
@settings(max_examples=400, deadline=None)
def test_idempotent_and_harmless(html: str, base: str | None) -> None:
    once = sanitize.clean(html, base)
    assert sanitize.clean(once, base) == once
    Checker().feed(once)
    once.encode()
    assert not any(character in once for character in "\x00\x0b\r\ufffe")


HOSTILE = {
    "nested": "<div>" * 100_000,
    "formatting": "".join(f"<font size={n}><p>" for n in range(5000)),
    "bold": "<b>" * 300_000,
    "attributes": "<a " + " ".join(f"a{n}=1" for n in range(40_000)) + ">",
    "comments": "<!--" * 250_000,
    "brackets": "<" * 500_000,
    "open": "<a" * 300_000,
    "quotes": '<a "' * 200_000,
    "commas": '<img srcset="' + "," * 300_000 + '">',
    "lists": "<li>" * 100_000,
    "tables": "<table><td>" * 5000,
    "entities": "&" * 400_000,
    "addresses": '<a href="https://e.org/' + "a" * 300_000 + "'>x",
    "references": '<a href="https://e.org/' + "&amp;" * 60_000 + ' ">x',
    "titles": '<a title=" href=">' * 20_000,
    "placeholder": '<img src="/' + "loading" * 1000 + '" data-src=x>',
    "breaks": "x<br>" * 60_000,
    "formulas": "<math>" * 100_000,
    "alternatives": "<math" + " alttext=" * 50_000 + "></math>",
    "fields": "<center>" * 100_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_markup_is_bounded(name: str) -> None:
    """Each of these takes minutes, gigabytes or a crash where it is just handed to a parser."""
    html = HOSTILE[name]
    cleaned = sanitize.cleaned(html, BASE)
    size = len(cleaned.html.encode())
    assert size <= sanitize.MAX_CLEAN_BYTES
    assert size <= max(sanitize.MAX_GROWTH * len(html.encode()), 4096)
    if len(html) > 50_000:
        assert sanitize.heavy(html)


@pytest.mark.parametrize("name", ["nested", "formatting", "bold", "attributes", "tables"])
def test_what_is_too_much_becomes_its_text(name: str) -> None:
    cleaned = sanitize.cleaned("before " + HOSTILE[name] + " after", BASE)
    assert cleaned.note == "too deep"
    assert "before" in cleaned.html
    assert "after" in cleaned.html
    assert sanitize.clean(cleaned.html, BASE) == cleaned.html


def test_too_large_is_cut_to_text_between_tags() -> None:
    cleaned = sanitize.cleaned(("<p><b>word</b> 漢字 &amp;" + " more" * 10 + "</p>") * 12_000, BASE)
    assert cleaned.note == "too large"
    assert cleaned.html.endswith("</p>")
    assert 60_000 < len(cleaned.html.encode()) <= sanitize.MAX_CLEAN_BYTES


@pytest.mark.parametrize(
    "html",
    [
        "<p>old style paragraph" * 3000,
        "<table>" + "<tr><td>a<td>b" * 2000 + "</table>",
        "<ul>" + "<li><a href=x>b</a>" * 2000 + "</ul>",
        "<p><b>x</b> <i>y</i></p>" * 1500,
        "<p>x</p><!--[if gte mso 9]><xml>"
        + '<w:LsdException Locked="false"/>' * 400
        + "</xml><![endif]--><p>y</p>",
    ],
)
def test_long_honest_markup_is_not_taken_for_deep(html: str) -> None:
    assert measure.size(html).depth < 10
    assert sanitize.cleaned(html, BASE).note == ""
    assert not sanitize.heavy(html[:12_000] if html.count("<") > 3000 else html)


@pytest.mark.parametrize(
    "html",
    [
        "<br>" * 3_001,
        "x &amp; y " * 10_001,
        "<img SRCSET='a 1x'>" * 51,
        "x" * 200_001,
        "<div>" * 251,
        "<p id=a lang=b>" * 1501,
    ],
    ids=["tags", "references", "pictures", "characters", "depth", "attributes"],
)
def test_what_takes_long_to_clean_is_heavy(html: str) -> None:
    assert sanitize.heavy(html)


def test_ordinary_markup_is_not_heavy() -> None:
    assert not sanitize.heavy("<p>text <b>bold</b></p>" * 50)


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("a<b>b</b>c<p>d</p>e<br>f", "abc d e f"),
        ("<script>x</script>a<style>y</style><!-- <z> -->b", "a b"),
        ("&lt;b&gt; &amp;amp; &nbsp; x", "<b> &amp; x"),
        ('<img alt="a > b">c', "c"),
        ("1 < 2 > 1", "1 < 2 > 1"),
        ("<script>unclosed", "unclosed"),
        ("a\x00b&#11;c", "abc"),
    ],
)
def test_visible_text(html: str, expected: str) -> None:
    assert sanitize.visible_text(html) == expected


def test_stored_items_are_marked_with_the_rules_that_cleaned_them() -> None:
    """Two constants, because the store may not know the cleaner."""
    assert plan.RULES_VERSION == sanitize.RULES_VERSION
