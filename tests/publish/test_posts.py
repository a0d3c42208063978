"""Posts: whatever a title or a text holds, it comes back as it was, and nothing else happens."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from lxml import html as lxml_html

from aggregator.model.document import Image
from aggregator.model.feed import PublishedItem
from aggregator.model.item import Item, Publisher
from aggregator.publish import embed, pages, posts
from aggregator.publish.mend import scrub_text
from tests.publish.conftest import item

SHANGHAI = ZoneInfo("Asia/Shanghai")
SEEDS = Path(__file__).parents[2].parent / "shared" / "seeds"
NASTY = st.text(
    st.one_of(st.sampled_from("{}%#-'\":\\\n\r\t<>&[]`*_ 　\u2028\u0085\U0001f600é|>!@"), st.characters())
)
PLAIN_NAME = re.compile(r"(_posts/\d{4}-\d\d-\d\d-|source/_posts/)[a-z0-9-]{1,100}\.md")


def published(one: Item, source_title: str = "Acme") -> PublishedItem:
    return PublishedItem(item=one, source_name="acme", source_title=source_title)


def parts(post: posts.Post) -> tuple[dict[str, Any], str]:
    """The front matter as data, and what follows it, taken apart as site generators do."""
    found = re.match(r"\A---\s*\n(.*?\n?)^---\s*$\n?(.*)", post.body.decode(), re.DOTALL | re.MULTILINE)
    assert found
    return yaml.safe_load(found.group(1)), found.group(2)


@given(NASTY, NASTY, NASTY)
def test_front_matter_reads_back(title: str, name: str, text: str) -> None:
    one = item(title=title, content_html=text, publisher=Publisher(name=name, slug="slug"))
    values, _ = parts(posts.jekyll_post(published(one), timezone=SHANGHAI))
    line = " ".join(scrub_text(name).split()) + "新闻"
    assert values == {
        "layout": "post",
        "title": scrub_text(title),
        "date": "2026-03-04 13:06:07 +0800",
        "categories": "slug",
        "tags": [line] if " " in line else line,
    }
    values, _ = parts(posts.hexo_post(published(one, name), category=["金融", title]))
    assert values["title"] == scrub_text(title)
    assert values.get("author", "") == scrub_text(name)
    assert values["comments"] is False
    assert values["categories"][0] == "金融"


@given(NASTY, NASTY)
def test_no_brace_is_left_to_a_template_language(text: str, name: str) -> None:
    one = item(
        content_html=text, publisher=Publisher(name=name, slug="s"), link="https://a.example/{{x}}{%y%}"
    )
    for post in (posts.jekyll_post(published(one)), posts.hexo_post(published(one))):
        _, body = parts(post)
        inner = body.replace("{% raw %}", "", 1).replace("{% endraw %}", "", 1)
        assert not re.search(r"\{[{%#]", inner)
        assert body.count("{% raw %}") == body.count("{% endraw %}") <= 1


@given(NASTY, NASTY, NASTY, NASTY)
def test_paths_stay_inside(guid: str, link: str, slug: str, uid: str) -> None:
    one = item(guid=guid, link=f"https://a.example/{link}", publisher=Publisher(name="n", slug=slug))
    one = item(uid=uid.encode("utf-8", "replace").decode(), guid=one.guid, publisher=one.publisher)
    for post in (posts.jekyll_post(published(one)), posts.hexo_post(published(one))):
        assert PLAIN_NAME.fullmatch(post.path), post.path
    page = pages.category_page(posts.heading(published(one)), site_title="W")
    assert re.fullmatch(r"category/[a-z0-9-]{1,100}\.html", page.path)


@pytest.mark.parametrize("guid", ["../../etc/passwd", "http://a.example/..", "..", "", "x" * 500, "a/b\\c"])
def test_hostile_ids_are_names(guid: str) -> None:
    assert PLAIN_NAME.fullmatch(posts.jekyll_post(published(item(guid=guid))).path)


TEXTS = (
    "<p>One.</p>\n\n    <p>Two, indented.</p>",
    "text on the top level with *stars* and <b>bold</b>",
    "<pre>a\n\n\n    b\n \n</pre><p>after _it_</p>",
    "<p>a</p> tail <p>b</p>",
    '<p title="a\n\n    b > c">x</p>',
    "<ul>\n\n<li>1</li>\n\n</ul>\n\n---\n\n# no heading",
    "<p>{{ a }} {% b %} {# c #} {% endraw %} {{% d</p>",
    '<pre title="```">a\n```js\nx &lt; 2\n```\nb</pre><p>c</p>\n~~~~\n<i>d</i>\n~~~~\n',
)


@pytest.mark.parametrize("text", TEXTS)
def test_the_article_is_the_same_html_without_blank_or_indented_lines(text: str) -> None:
    ours = embed.article(text)
    assert not re.search(r"\n[ \t]*\n", ours)
    assert ours.startswith(("<p", "<div", "<ul"))
    kept = re.search(r"<pre>.*</pre>", ours, re.DOTALL)
    assert not re.search(r"\n[ \t]", ours.replace(kept.group(), "") if kept else ours)
    assert flat(ours) == flat(text)
    neutral = embed.neutral(ours)
    assert flat(neutral.removeprefix("{% raw %}").removesuffix("{% endraw %}")) == flat(text)
    assert "```" not in neutral
    assert "~~~" not in neutral


def flat(text: str) -> list[object]:
    """The words, elements and attributes of HTML in order, without a wrapping div; <pre> to the letter."""
    root = lxml_html.fragment_fromstring(text, create_parent="div")
    if len(root) == 1 and root[0].tag == "div" and not root[0].attrib:
        root = root[0]
    found: list[object] = (root.text or "").split()
    for node in root.iterdescendants():
        exact = node.tag == "pre"
        found += [node.tag, sorted(node.attrib.items())]
        found += [node.text] if exact else (node.text or "").split()
        found += (node.tail or "").split()
    return found


def test_an_undated_item_has_the_time_it_was_first_seen() -> None:
    one = item(published_at=None)
    assert parts(posts.jekyll_post(published(one)))[0]["date"] == "2026-03-04 07:06:07 +0000"
    assert parts(posts.hexo_post(published(one)))[0]["date"] == "Wed, 04 Mar 2026 07:06:07 GMT"


def test_pictures_are_the_items_own_or_none() -> None:
    one = item(image=Image(url="https://a.example/p.png"))
    values, _ = parts(posts.hexo_post(published(one)))
    assert (values["headimg"], values["thumbnail"]) == ("https://a.example/p.png",) * 2
    assert not {"headimg", "thumbnail", "tags"} & set(parts(posts.hexo_post(published(item())))[0])


def test_templates_file_posts_otherwise() -> None:
    templates = posts.Templates(categories="{{ category | join('\n') }}\n{{ slug }}", tags="")
    values, _ = parts(posts.jekyll_post(published(item()), category=["A", "B c"], templates=templates))
    assert values["categories"] == ["A", "B c", "acme"]
    assert "tags" not in values
    for bad in ("{{ nothing }}", "{{ title.__class__.__mro__ }}", "{% if"):
        with pytest.raises(posts.PostError):
            posts.jekyll_post(published(item()), templates=posts.Templates(categories=bad, tags=""))


@pytest.mark.parametrize(
    ("summary", "quoted"),
    [
        ("【快讯】江畔港<b>三月</b>吞吐量【新高】增长一成。", "增长一成。"),
        ("", None),
        ("<p>The text &amp; more", None),  # the text begins with it
        ("{{ site }} &lt;i&gt;", "{{ site }} <i>"),
    ],
)
def test_a_digest_is_quoted_before_the_text(summary: str, quoted: str | None) -> None:
    entry = published(item(summary_html=summary, content_html="<p>The text &amp; more of it</p>"))
    _, body = parts(posts.jekyll_post(entry))
    raw = body.split("\n\n")[0].replace("{% raw %}", "").replace("{% endraw %}", "")
    found = lxml_html.fragment_fromstring(raw, create_parent="div").find("blockquote")
    assert (found.text_content() if found is not None else None) == quoted
    assert "{{" not in body
    assert "<blockquote>" not in parts(posts.hexo_post(entry))[1]
    own = posts.HEXO.but(quote="{{ title }}", tags=None)
    assert f"<blockquote>{escape(entry.item.title)}" in parts(posts.hexo_post(entry, templates=own))[1]


@given(st.lists(NASTY, max_size=3))
def test_pages_hold_names_as_data_only(names: list[str]) -> None:
    headings = [posts.Heading(slug=f"s{n}", name=name, category=name) for n, name in enumerate(names)]
    values, body = parts(pages.home_page(headings, site_title="W"))
    assert {each["title"] for each in values["publishers"]} == {scrub_text(name) for name in names}
    assert body == parts(pages.home_page([], site_title="W"))[1]


# The posts of the two republishers that this replaces.

JEKYLL_SEEDS = (
    "000_9ef93b6d39065526",
    "001_9f1179857482d92b",
    "003_694b47c0f79d78e0",
    "004_115a54e5f9c4b57d",
)


def seed(name: str) -> tuple[dict[str, Any], str]:
    file = SEEDS / f"{name}.txt"
    if not file.is_file():
        pytest.skip("the posts of the republishers are not here")
    return parts(posts.Post(path="", body=file.read_bytes().lstrip()))


@pytest.mark.parametrize("name", JEKYLL_SEEDS)
def test_a_jekyll_seed_is_matched(name: str) -> None:
    values, body = seed(name)
    article, link, back = body.strip().split("\n\n")
    slug = values["categories"].replace("·", "")
    one = item(
        title=values["title"],
        content_html=article.replace("<p>", "<p>　　"),
        link=link.strip("<>"),
        published_at=datetime.strptime(values["date"], "%Y-%m-%d %H:%M:%S %z"),
        publisher=Publisher(name=values["tags"].removesuffix("新闻"), slug=slug),
    )
    ours, our_body = parts(posts.jekyll_post(published(one), timezone=SHANGHAI))
    assert ours == {**values, "categories": slug}
    assert list(ours) == list(values)
    our_article, our_link, our_back = our_body.strip().split("\n\n")
    assert flat(our_article) == flat(article)
    assert our_link == link
    assert re.sub(r"\(.*?\)", "", our_back) == re.sub(r"\(.*?\)", "", back)


def test_the_hexo_seed_is_matched() -> None:
    values, body = seed("002_67f0381bd51900c4")
    article = re.sub(r"\A\s*<div>(.*)</div>\s*\Z", r"\1", body, flags=re.DOTALL)
    one = item(
        title=values["title"],
        content_html=article.strip(),
        published_at=datetime(2022, 6, 27, 13, 5, tzinfo=UTC),
        image=Image(url=values["headimg"]),
    )
    post = posts.hexo_post(published(one, "中证网"), category=["金融", "中证网", "资讯"])
    ours, our_body = parts(post)
    assert ours == values
    assert list(ours) == list(values)
    assert flat(our_body) == flat(body)
