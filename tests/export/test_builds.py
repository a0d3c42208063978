"""Real Jekyll and Hexo build what was exported, whatever the items hold, and show it unharmed."""

from __future__ import annotations

import json
import shutil
import subprocess
from html import escape
from pathlib import Path

import pytest
from lxml import html

from tests.origin import ThreadedOrigin
from tests.program import HEAD, Program, configuration

pytestmark = pytest.mark.slow

BUILD_S = 240
NPM_PACKAGES = ("hexo", "hexo-renderer-marked", "hexo-renderer-ejs", "hexo-generator-index")

# Title and HTML of each item: what broke the sites of others, or could.
ITEMS = (
    ("\"quoted\" and 'quoted': a colon, a # and a \\ backslash", "<p>plain</p>"),
    (
        "--- {{ title }} {% raw %} {# x #}",
        "<p>{{ site.title }} {% nothing %} {{ 'x' | no }} {# c #}</p>",
    ),
    ("{% endraw %}{% include x %}", "<p>a {% endraw %} b {% for x in y %} c {{ unclosed</p><p>{% if %}</p>"),
    (
        "{% for x in y %}",
        "{% for x in y %} on the top level *stars* and _lines_ {%- endfor %} {{{ {%% {{% ",
    ),
    (
        "[link](x) | `code` <b>bold</b> &amp; 😀 مرحبا",
        "<pre>one\n\n\n    two\n---\n\n# three</pre> *it*",
    ),
    (
        "!!ruby/object:Gem::Installer {}",
        "<p>first</p>\n\n    <p>indented</p>\n\n---\ntitle: x\n---\n\n# no",
    ),
    ("yes", "{: .class } {::nomarkdown} $$ x $$ <table><tr><td>1 | 2</td></tr></table>{:toc}"),
    ("2022-01-01", '<p><a href="http://a.example/{{ x }}?{%y%}" title="{{ z }}">link</a></p>'),
    ("*", '<p>{{ "{% endraw %}" }}</p><blockquote>q</blockquote> tail {{ x }}\n\n    code?'),
    ("``` and ~~~", "<pre>a\n```js\nlet x = 1 &lt; 2;\n```\nb</pre><p>c</p>\n~~~\n<b>d</b>\n~~~\n<p>e</p>"),
    ("﹛{ {%% }} %}", "<!-- more --><p>{</p>{% comment %}{</p>"),
)


@pytest.fixture
def program(tmp_path: Path, threaded_origin: ThreadedOrigin) -> Program:
    entries = "".join(
        f"<item><guid isPermaLink='false'>g{n}</guid><title>{escape(escape(title, quote=False))}</title>"
        f"<link>http://site.example/{n}?{{{{x}}}}</link><description>{escape(text)}</description>"
        f"<pubDate>Sat, 0{n % 9 + 1} Aug 2020 10:00:00 GMT</pubDate></item>"
        for n, (title, text) in enumerate(ITEMS)
    )
    body = (
        f"<rss version='2.0'><channel><title>t</title><link>http://s.example/</link>{entries}</channel></rss>"
    )
    threaded_origin.serve("/f", body.encode())
    title = 'A {{ x }} {% y %} "wire": [1] *2* <3>'
    feed = {"name": "acme.wire", "url": threaded_origin.url("/f"), "category": "news/tech", "title": title}
    head = HEAD.replace("[site]", '[site]\ntimezone = "Asia/Shanghai"').replace(
        "Test wire", "W {{ x }} {% y %}"
    )
    made = Program(tmp_path, configuration([feed], head))
    report = made.refresh()
    assert report["items"]["new"] == len(ITEMS), report
    return made


def stored(program: Program) -> dict[str, tuple[str, str]]:
    """Title and text of what was stored, by guid."""
    done = program.run("preview", "acme.wire", "--json")
    return {
        each["guid"]: (each["title"], each["content_html"] or each["summary_html"])
        for each in json.loads(done.stdout)["items"]
    }


def letters(text: str) -> str:
    """Text without blanks: lines are joined differently."""
    return "".join(text.split())


def built(command: list[str], folder: Path) -> str:
    done = subprocess.run(
        command,
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=BUILD_S,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def holds(page: html.HtmlElement, program: Program, guid: str) -> None:
    title, text = stored(program)[guid]
    [shown] = page.xpath("//article")
    wanted = html.fragment_fromstring(text, create_parent="div")
    assert letters(wanted.text_content()) in letters(shown.text_content())
    for kept in wanted.iter("pre"):
        assert kept.text in [each.text for each in shown.iter("pre")]
    assert letters(title) == letters(page.xpath("//h1")[0].text_content())


def test_jekyll_builds(program: Program) -> None:
    jekyll = shutil.which("jekyll")
    if not jekyll:
        pytest.skip("jekyll is not installed")
    site = program.folder / "site"
    assert program.run("export", "site", "--format", "jekyll").returncode == 0
    (site / "_config.yml").write_text("title: T\npermalink: /p/:title.html\nstrict_front_matter: true\n")
    (site / "_layouts").mkdir()
    (site / "_layouts" / "post.html").write_text(
        "<!DOCTYPE html><meta charset=utf-8><h1>{{ page.title | escape }}</h1>"
        "<aside>{{ page.excerpt }}</aside><article>{{ content }}</article>"
    )
    said = built([jekyll, "build", "--trace", "--source", str(site), "--destination", "out"], program.folder)
    assert "Liquid" not in said, said
    assert "rror" not in said, said
    out = program.folder / "out"
    for n in range(len(ITEMS)):
        [page] = (out / "p").glob(f"g{n}-*.html")
        holds(html.fromstring(page.read_bytes()), program, f"g{n}")
    for name, count in (("index.html", 5), ("category/acme-wire-*.html", len(ITEMS))):
        [page] = out.glob(name)
        tree = html.fromstring(page.read_bytes())
        links = tree.xpath("//li/a/@href")
        assert len(links) == count
        assert all((out / link.lstrip("/")).is_file() for link in links)
        assert set(tree.xpath("//li/a/text()")) <= {title for title, _ in stored(program).values()}
    [back] = {
        link
        for page in (out / "p").glob("*.html")
        for link in html.fromstring(page.read_bytes()).xpath(
            "//article//a[starts-with(text(), '返回A')]/@href"
        )
    }
    assert (out / back.lstrip("/")).is_file()


def test_hexo_builds(program: Program) -> None:
    npm = shutil.which("npm")
    if not npm:
        pytest.skip("npm is not installed")
    site = program.folder / "site"
    site.mkdir()
    (site / "package.json").write_text('{"name": "x", "version": "1.0.0", "hexo": {"version": ""}}')
    installed = subprocess.run(
        [npm, "install", *NPM_PACKAGES, "--no-audit", "--no-fund"],
        cwd=site,
        capture_output=True,
        timeout=BUILD_S,
        check=False,
    )
    if installed.returncode:
        pytest.skip("hexo cannot be installed here")
    assert program.run("export", "site", "--format", "hexo").returncode == 0
    (site / "_config.yml").write_text("title: T\nurl: http://t.example\npermalink: p/:title/\ntheme: bare\n")
    layout = site / "themes" / "bare" / "layout"
    layout.mkdir(parents=True)
    (layout / "index.ejs").write_text("<% page.posts.each(function (p) { %><li><%= p.title %></li><% }) %>")
    (layout / "post.ejs").write_text(
        "<!DOCTYPE html><meta charset=utf-8><h1><%= page.title %></h1><article><%- page.content %></article>"
        "<% page.categories.each(function (c) { %><i><%= c.name %></i><% }) %>"
    )
    said = built([str(site / "node_modules" / ".bin" / "hexo"), "generate"], site)
    assert "ERROR" not in said, said
    for n in range(len(ITEMS)):
        [page] = (site / "public" / "p").glob(f"g{n}-*/index.html")
        tree = html.fromstring(page.read_bytes())
        holds(tree, program, f"g{n}")
        assert tree.xpath("//i/text()") == ["news", "tech"]
