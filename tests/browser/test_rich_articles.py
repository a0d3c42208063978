"""Cleaning takes nothing from honest articles that their readers would miss: compared in Chromium.

Each article is shown before and after. What is read must be the same, and so must be every element and
attribute but those that are listed here as decided.
"""

# ruff: noqa: E501 (articles stand as they are read)
from __future__ import annotations

from collections import Counter
from html import escape

import pytest

from aggregator.process.sanitize import clean
from tests.browser.conftest import Judge

pytestmark = pytest.mark.slow

BASE = "http://pictures.example/d/"
# What goes on purpose: looks are the reader's, names would meet its own, and links get a "rel" of ours,
# frames of videos a sandbox.
GOES = ("class", "id", "style", "name", "usemap", "rel", "sandbox", "loading")
SAID_AS = {"strike": "s", "tt": "code", "acronym": "abbr", "menu": "ul", "dir": "ul"} | dict.fromkeys(
    ("center", "nav", "search", "hgroup", "fieldset", "legend"), "div"
)
# Elements that go, their text stays. Of an image map the picture is left, of a formula its words.
UNWRAPPED = {"font", "big", "nobr", "data", "meter", "progress", "output", "label", "button", "map", "area"}
MATH = {"math", "msup", "mi", "mn"}

ARTICLES = {
    "table": "<table><caption>C</caption><colgroup><col span=2><col></colgroup><thead><tr><th scope=col id=h>A"
    "<th scope=col abbr=bee colspan=2>B</thead><tbody><tr><th scope=row rowspan=2>r<td headers=h>1<td>2"
    "<tr><td colspan=2>3</tbody><tfoot><tr><td>sum<td>4<td>5</tfoot></table>",
    "figure": "<figure><img src=/a.png alt='A cat' width=30 height=20><figcaption>A <em>cat</em></figcaption></figure>",
    "code": "<p>Use <kbd>x</kbd>, <samp>y</samp>, <var>n</var>.</p>"
    "<pre><code class=language-python>if a &lt; b:\n    print('&amp;')\n\n\n  end</code></pre>",
    "pre": "<pre>\n\n  first line is blank\n\tand a tab</pre>",
    "media": "<video src=/v.mp4 poster=/p.png controls width=320 height=200><track src=/t.vtt kind=captions"
    " srclang=en label=English default>no video</video><audio controls preload=none><source src=/a.ogg type=audio/ogg>"
    "<source src=/a.mp3 type=audio/mpeg><a href=/a.mp3>the file</a></audio>",
    "ruby": "<p><ruby>漢<rp>(</rp><rt>かん</rt><rp>)</rp>字<rp>(</rp><rt>じ</rt><rp>)</rp></ruby></p>",
    "details": "<details><summary>More</summary><p>Hidden</p></details><details open><summary>s</summary>t</details>",
    "lists": "<ol start=5 reversed type=a><li>five<li value=3>three<ol type=I><li>in</ol></ol><ul><li>a<ul><li>b</ul></ul>",
    "menu": "<menu><li>one<li>two</menu><dir><li>old</dir>",
    "definitions": "<dl><div><dt>a<dt>b<dd>c</div><dt>d<dd><p>e</p></dl>",
    "inline": "<p>H<sub>2</sub>O, x<sup>2</sup>, <s>no</s> <del datetime=2026-01-01>old</del> <ins cite=/c>new</ins>"
    " <mark>m</mark> <small>s</small> <q cite=/q>q</q> <cite>C</cite> <dfn title=t>d</dfn> <u>u</u> <i>i</i><b>b</b>"
    " long<wbr>word a<br>b <abbr title='World Wide Web'>WWW</abbr> <time datetime=2026-08-01T10:00Z>then</time>"
    " <data value=7>seven</data></p>",
    "old": "<p><strike>gone</strike> <tt>mono</tt> <big>big</big> <acronym title='as such'>AS</acronym>"
    " <font color=red>red</font> <center>middle</center> <nobr>one line</nobr></p>",
    "quote": "<blockquote cite='http://pictures.example/q'><p>Words</p><footer>— <cite>Who</cite></footer></blockquote>",
    "picture": "<picture><source srcset='/a.webp 1x, /b.webp 2x' type=image/webp media='(min-width: 9px)'>"
    "<img src=/a.jpg srcset='/a.jpg 1x, /b.jpg 2x' sizes='(max-width: 9em) 100vw, 50vw' alt=a></picture>",
    "footnotes": "<p>Text<sup><a href='#fn1'>1</a></sup></p><hr><ol><li>Note <a href='#r1'>↩</a></ol>",
    "links": "<p><a href=/x hreflang=de type=text/html title=t>x</a> <a href=mailto:a@b.example>m</a>"
    " <a href='tel:+1'>t</a> <a href='../up?a=1&amp;b=2#c'>u</a></p>",
    "directions": "<p dir=rtl lang=ar>مرحبا <bdi>abc</bdi> <bdo dir=ltr>x</bdo></p><div lang=zh-Hant>漢</div><p dir=auto>x</p>",
    "headings": "<hgroup><h1>a</h1><p>b</p></hgroup><h2>c</h2><h6>d</h6><section><h3>e</h3></section><aside>f</aside>"
    "<nav><a href=/n>n</a></nav><address>g</address><main>h</main><search>i</search>",
    "accents": "<p>naïve &mdash; &ldquo;q&rdquo; &hellip; &nbsp;x&shy;y &#x1F600; 👩‍👩‍👧 e\u0301 a&lt;b</p>",
    "math": "<p>Where <math display=inline alttext='x^2'><msup><mi>x</mi><mn>2</mn></msup></math> is a square.</p>",
    "form fields": "<meter value=3 max=5>3 of 5</meter> <progress value=1 max=2>half</progress> <output>out</output>"
    " <label>label</label> <fieldset><legend>legend</legend>in</fieldset> <button>press</button>",
    "image map": "<img src=/m.png usemap=#m alt=map><map name=m><area href=/n shape=rect coords=0,0,1,1 alt=n></map>",
    "video frame": "<iframe src='https://www.youtube.com/embed/x' width=560 height=315 title=V allowfullscreen></iframe>",
}  # fmt: skip

# What is read in each frame, and its elements and attributes as [name, attribute, value].
COMPARE = """
Array.from(document.querySelectorAll('iframe.judged')).map((frame) => {
  const body = frame.contentDocument.body, found = [];
  for (const element of body.querySelectorAll('*')) {
    found.push([element.localName, '', '']);
    for (const {name, value} of Array.from(element.attributes)) {
      const said = ['href', 'src', 'poster', 'cite'].includes(name) ? element[name] : value;
      found.push([element.localName, name, said]);
    }
  }
  return [body.innerText, found];
})
"""


def elements(found: list[list[str]]) -> Counter[tuple[str, str, str]]:
    return Counter(
        (SAID_AS.get(name, name), attribute, value.replace("http://pictures.example/", "/"))
        for name, attribute, value in found
        if name not in UNWRAPPED | MATH and (attribute not in GOES or (name, attribute) == ("code", "class"))
    )


def words(text: str) -> list[str]:
    return text.split()


def test_nothing_is_missed(judge: Judge) -> None:
    frames = ""
    for article in ARTICLES.values():
        for html in (article, clean(article, BASE)):
            shown = escape(f"<!DOCTYPE html><base href={BASE}>{html}")
            frames += f'<iframe class="judged" srcdoc="{shown}"></iframe>'
    page = f"<!DOCTYPE html><meta charset=utf-8>{frames}"
    judge.origin.serve("/rich", page.encode(), content_type="text/html; charset=utf-8")
    told = judge.browser.visit("http://bare.example/rich", COMPARE).told
    for number, name in enumerate(ARTICLES):
        (text, before), (clean_text, after) = told[2 * number : 2 * number + 2]
        assert elements(after) == elements(before), name
        if name == "math":
            assert words(clean_text) == ["Where", "x^2", "is", "a", "square."]
        elif name == "form fields":  # browsers draw a meter in place of its text
            assert words(clean_text) == ["3", "of", "5", "half", *words(text)]
        else:
            assert words(clean_text) == words(text), name
