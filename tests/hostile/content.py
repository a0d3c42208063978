"""Items that would do something to whoever reads them: scripts, addresses, sheer size."""

# ruff: noqa: E501 (a table reads better with a case a line)
from __future__ import annotations

from html import escape

from tests.hostile.case import Case, feed, item, reads

EVIL = "<script>alert(1)</script><img src=x onerror=alert(1)>"
DC = "http://purl.org/dc/elements/1.1/"
ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd"
MEDIA = "http://search.yahoo.com/mrss/"


def html(markup: str) -> str:
    return f"<description>{escape(markup)}</description>"


def shows(name: str, markup: str, *, turned: bool = True) -> Case:
    """An item with this HTML beside one that is well."""
    items = (item(html(markup), title="Hostile", guid="h"), item(html("<p>fine</p>"), title="Fine", guid="f"))
    return Case(name=name, answer=feed(*items), expect=reads(2), turned=turned)


EVERYWHERE = f"""
<dc:creator xmlns:dc='{DC}'>{escape(EVIL)}</dc:creator><author>{escape(EVIL)} (x@y.example)</author>
<category domain='javascript:alert(1)'>{escape(EVIL)}</category><comments>javascript:alert(1)</comments>
<enclosure url='javascript:alert(1)' type='{escape(EVIL)}' length='1'/>
<enclosure url='http://site.example/a.mp3?"&gt;&lt;script&gt;' type='audio/mpeg' length='99999999999999999999999'/>
<source url='javascript:alert(1)'>{escape(EVIL)}</source>
<itunes:summary xmlns:itunes='{ITUNES}'>{escape(EVIL)}</itunes:summary>
<itunes:image xmlns:itunes='{ITUNES}' href='javascript:alert(1)'/>
<media:content xmlns:media='{MEDIA}' url='data:text/html,{escape(EVIL)}' onload='alert(1)'/>
<media:thumbnail xmlns:media='{MEDIA}' url='javascript:alert(1)'/>
<media:description xmlns:media='{MEDIA}' type='html'>{escape(EVIL)}</media:description>
"""
HEAD = f"""
<title>{escape(EVIL)}</title><description>{escape(EVIL)}</description><copyright>{escape(EVIL)}</copyright>
<language>"&gt;&lt;script&gt;</language><generator>{escape(EVIL)}</generator>
<image><url>javascript:alert(1)</url><title>{escape(EVIL)}</title><link>data:text/html,x</link></image>
<itunes:owner xmlns:itunes='{ITUNES}'><itunes:name>{escape(EVIL)}</itunes:name></itunes:owner>
"""
MIB = 1_000_000

CASES = (
    Case(
        name="script-in-every-field",
        answer=feed(
            item(EVERYWHERE + html(EVIL), title=escape(EVIL), guid=escape(EVIL), link="javascript:alert(1)"),
            item(title="Fine", guid="f"),
            head=HEAD,
        ),
        expect=reads(2),
    ),
    Case(
        name="script-in-atom",
        answer=f"""<feed xmlns='http://www.w3.org/2005/Atom' xml:base='javascript:alert(1)//'>
            <title type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><script>alert(1)</script></div></title>
            <icon>javascript:alert(1)</icon><logo>data:image/svg+xml,x</logo><id>javascript:alert(1)</id>
            <entry><id>"&gt;&lt;script&gt;</id><title type='html'>{escape(EVIL)}</title>
            <link href='javascript:alert(1)'/><link rel='enclosure' href='vbscript:x'/>
            <link rel='"&gt;&lt;script&gt;' href='http://site.example/x' type='{escape(EVIL)}'/>
            <author><name>{escape(EVIL)}</name><uri>javascript:alert(1)</uri><email>{escape(EVIL)}</email></author>
            <content type='xhtml'><div xmlns='http://www.w3.org/1999/xhtml'><p onclick='alert(1)'>words</p>
            <svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'><script>alert(1)</script></svg></div></content>
            </entry></feed>""",
        expect=reads(1),
    ),
    shows("handlers", "<p onclick=alert(1) onmouseover='alert(1)' style='x:expression(alert(1))'>a</p>" + EVIL),
    shows("links-that-run", "".join(f"<a href='{scheme}alert(1)'>a</a>" for scheme in (
        "javascript:", "JaVaScRiPt:", "java\tscript:", "java&#10;script:", "&#106;avascript:", " \x01javascript:",
        "vbscript:", "data:text/html,", "feed:javascript:", "blob:", "file:///"))),
    shows("foreign-markup", "<svg><style><img src='</style><img src=x onerror=alert(1)>'></svg><math><mtext>"
          "<table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>"),
    shows("forms-and-frames", "<form action=javascript:alert(1)><input><button formaction=javascript:alert(1)>x</form>"
          "<iframe srcdoc='<script>alert(1)</script>'></iframe><object data=x></object><embed src=x><base href=//e/>"
          "<meta http-equiv=refresh content='0;url=javascript:alert(1)'><link rel=stylesheet href=//e/>"),
    shows("tags-left-open", "<a href='http://e.example/'><b><table><div style='position:fixed'><!-- <plaintext>"),
    shows("end-of-our-own-markup", "]]>]]&gt;</description></item></channel></rss></article></body></html><p>after"),
    shows("templates", "{{ 7*7 }} {% include '/etc/passwd' %} ${7*7} <%= 7*7 %> #{7*7} {% endraw %}"),
    Case(name="controls-in-everything", answer=feed(
        item(html("a\x0bb&#11;c&#xFFFE;d"), title="a\x1b[31mb\x07c", guid="\x01g"), item(title="b&#7;&#xD800;", guid="2"),
        item(title="c\ufffe\uffff\U0001fffe", guid="3")), expect=reads(3)),
    Case(name="steers-terminals", answer=feed(item(title="&#x1b;]0;owned&#7;\u202egnp.exe", guid="t"),
         head="<title>\u009b31m\nforged: line</title>"), expect=reads(1)),
    # Sheer size
    Case(name="title-of-a-megabyte", turned=False, answer=feed(item(title="word " * 200_000, guid="t")), expect=reads(1)),
    Case(name="guid-of-a-megabyte", turned=False, answer=feed(item(guid="g" * MIB)), expect=reads(1)),
    Case(name="link-of-a-megabyte", turned=False, answer=feed(item(link="http://e.example/" + "x" * MIB, guid="l")), expect=reads(1)),
    Case(name="category-of-a-megabyte", turned=False, answer=feed(item(f"<category>{'c' * MIB}</category>", guid="c")),
         expect=reads(1)),
    Case(name="tens-of-thousands-of-categories",turned=False,
         answer=feed(item("".join(f"<category>c{n}</category>" for n in range(30_000)), guid="c")),
         expect=reads(1, {"too-many-tags": 1}, notes={"too-many-tags": 1})),
    Case(name="tens-of-thousands-of-enclosures",turned=False,
         answer=feed(item("".join(f"<enclosure url='http://e.example/{n}.mp3'/>" for n in range(20_000)), guid="c")),
         expect=reads(1, {"too-many-enclosures": 1}, notes={"too-many-enclosures": 1})),
    Case(name="tens-of-thousands-of-authors",turned=False,
         answer=feed(item("".join(f"<author>a{n}@e.example</author>" for n in range(20_000)), guid="c")),
         expect=reads(1, {"too-many-authors": 1})),
    Case(name="tens-of-thousands-of-modules",turned=False,
         answer=feed(item("".join(f"<m:rating xmlns:m='{MEDIA}'>{n}</m:rating>" for n in range(12_000)), guid="c")),
         expect=reads(1, {"too-many-extensions": 1})),
    Case(name="tens-of-thousands-of-nothings", turned=False, answer=b'{"version": "https://jsonfeed.org/version/1", "items": [' + b"{}," * 80_000 + b'{"id": "a", "title": "A"}]}',
         expect=reads(1, {"empty": 80_000})),
    Case(name="many-dates-in-words", turned=False,
         answer=feed(*(item(f"<pubDate>in the summer of 2005, No. {n}</pubDate>", title=f"T{n}", guid=f"g{n}") for n in range(150))),
         expect=reads(150)),
    Case(name="pictures-of-many-sizes", turned=False,
         answer=feed(*(item(html(f"<p>{n}" + "<img srcset='a 1x, b 2x, c 3x'>" * 450), title=f"T{n}", guid=f"g{n}") for n in range(12))),
         expect=reads(12)),
    shows("nested-html", "<div>" * 100_000 + "deep", turned=False),
    shows("html-that-multiplies", "".join(f"<font size={n}><p>" for n in range(5000)) + "words", turned=False),
    shows("html-of-comments", "<!--" * 200_000 + "words", turned=False),
    shows("html-of-brackets", "<a" * 250_000 + " words", turned=False),
    shows("html-of-one-tag", "<a " + " ".join(f"a{n}=1" for n in range(60_000)) + ">words", turned=False),
    shows("html-of-breaks", "words<br>" * 50_000, turned=False),
    shows("html-of-entities", "&amp;" * 150_000 + "words", turned=False),
    shows("text-of-two-megabytes", "<p>word " * 250_000, turned=False),
    shows("srcset-without-end", "words <img srcset='" + "," * 300_000 + "'>", turned=False),
)  # fmt: skip
