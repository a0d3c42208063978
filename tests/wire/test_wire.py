"""The two republishers that this replaces, rebuilt: a finance wire and the mirror of a feed, up to the posts.

The wire has three shapes of listing, an article for each item, publishers in the data, and every fault that
its records had. What its posts looked like is not part of this repository; tests that need it skip without.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import feedparser
import pytest
import yaml
from lxml import html

from aggregator.publish.posts import Post
from tests.origin import Request, Response, ThreadedOrigin
from tests.program import HEAD, Daemon, Program, configuration
from tests.publish.test_posts import JEKYLL_SEEDS, flat, parts, seed

ROLLING = "/web/webapi?type=102&count=100&newsid=1"
PAPERS = "/web/webapi?type=45&count=100&newsid=1"
MARKET = "/information/newmarket/web/webapi?marketType=37&count=100"
OTHER_MARKET = "/information/newmarket/web/webapi?marketType=38&count=100"
ARTICLE = "/NewsData/GetNewsText.do"
SHARE = "http://finews.zning.xyz/html_News/NewsShare.html?infoCode="

# Each listing: where its records are, and what its fields are called.
SHAPES = {
    ROLLING: (
        "records",
        {"id": "infoCode", "published": "showtime", "publisher": "'东财滚动'", "summary": "digest"},
        "content",
    ),
    PAPERS: ("nodeList", {"id": "infocode", "published": "showtime", "publisher": "from"}, "text"),
    MARKET: ("record", {"id": "infoCode", "published": "datetime", "publisher": "medianame"}, "text"),
    OTHER_MARKET: ("record", {"id": "infoCode", "published": "datetime", "publisher": "medianame"}, "text"),
}

CATEGORY = """
[publisher.slugs]
"东财滚动" = "emnews"

[category.wire]
timezone = "Asia/Shanghai"
clean.remove = ["span[id^='quote_']", "[style*='display:none']", "[style*='display: none']"]
clean.unwrap = ["span[id^='stock_']", "a.keytip"]
"""

TEXT = "<p>江畔银行今天公布年报。</p><p>净利润<b>增长</b>。</p>"
AT = "2022-05-26 08:01:02"


class Portal:
    """The portal: its listings hold what is in ``records``, its articles what is in ``articles``."""

    def __init__(self, origin: ThreadedOrigin) -> None:
        self.origin = origin
        self.articles: dict[str, str] = {}
        self.records: dict[str, list[dict[str, str]]] = {path: [] for path in SHAPES}
        origin.serve(ARTICLE, self._article)

    def add(
        self, listing: str, code: str, title: str, publisher: str, at: str = AT, text: str = TEXT
    ) -> None:
        _, fields, content = SHAPES[listing]
        record = {fields["id"]: code, "title": title, fields["published"]: at}
        if listing == ROLLING:
            record |= {"digest": f"【{title}】{title}的摘要", "url_w": SHARE + code, "id": code[2:]}
        else:
            record[fields["publisher"]] = publisher
        self.records[listing].append(record)
        self.articles[code] = json.dumps({"id": code, content: text})

    def open(self) -> None:
        """Serve what was added so far."""
        for path, records in self.records.items():
            body = json.dumps({"rc": 1, SHAPES[path][0]: records}, ensure_ascii=False)
            self.origin.serve(path, body, content_type="text/html", etag=f'"{hash(body)}"')

    def asked(self) -> list[str]:
        """The articles that were asked for, in order."""
        return [code(request) for request in self.origin.seen(ARTICLE)]

    def program(self, folder: Path) -> Program:
        blocks = [self._source(n, path) for n, path in enumerate(SHAPES)]
        head = HEAD.replace("[site]", '[site]\ntimezone = "Asia/Shanghai"')
        return Program(folder, "\n".join([head, CATEGORY, *blocks]))

    def _source(self, number: int, path: str) -> str:
        items, fields, content = SHAPES[path]
        keys = {
            "name": f"wire-{number}",
            "category": "wire",
            "kind": "api",
            "url": self.origin.url(path),
            "select.items": items,
            "select.title": "title",
            "select.link": f"{SHARE}{{{fields['id']}}}",
            "article.url": self.origin.url(f"{ARTICLE}?id={{{fields['id']}}}"),
            "article.content": content,
            **{f"select.{name}": value for name, value in fields.items()},
        }
        return "[[source]]\n" + "".join(f"{key} = {json.dumps(value)}\n" for key, value in keys.items())

    def _article(self, request: Request) -> Response:
        text = self.articles.get(code(request))
        if text is None:
            return Response(status=500)
        return Response(body=text.encode(), content_type="text/plain")


def code(request: Request) -> str:
    return parse_qs(urlsplit(request.path).query)["id"][0]


def with_furniture(article: str) -> str:
    """``article`` as the portal sends it: an indent, and widgets, hidden paragraphs and comments around and
    inside of its text."""
    indented = article.replace("<p>", "<p>　　")
    quoted = re.sub(
        r"<p>　　(\w{2})",
        r'<p>　　<span id="stock_1.600000"><a class="keytip" href="http://quote.example/1">\1</a></span>'
        r'<span id="quote_1.600000"></span>',
        indented,
    )
    assert quoted.count("keytip") >= 2
    first, rest = quoted.split("</p>", 1)
    return (
        f'<!--EM_StockImg_Start--><p style="display:none">行情图</p><!--EM_StockImg_End-->{first}</p>'
        f'<p style="color: red; display: none;">行情<b>图</b></p>{rest}<!-- end -->'
    )


def without_looks(text: str) -> str:
    """HTML without classes and styles: those are the theme's, and are not passed on."""
    root = html.fragment_fromstring(text, create_parent="div")
    for node in root.iter():
        for name in ("class", "style"):
            node.attrib.pop(name, None)
    return html.tostring(root, encoding="unicode")


def post(folder: Path, name: str) -> tuple[dict[str, Any], str]:
    """Front matter and body of the only post whose file's name holds ``name``."""
    (path,) = [path for path in folder.glob("*.md") if name in path.name]
    return parts(Post(path="", body=path.read_bytes()))


# The wire's own posts


@pytest.fixture
def portal(threaded_origin: ThreadedOrigin) -> Portal:
    """Two listings with the articles that the old posts hold, furniture included."""
    made = Portal(threaded_origin)
    for n, name in enumerate(JEKYLL_SEEDS):
        values, body = seed(name)
        article, link, _ = body.strip().split("\n\n")
        made.add(
            PAPERS if n < 2 else MARKET,
            link.strip("<>").removeprefix(SHARE),
            values["title"],
            values["tags"].removesuffix("新闻"),
            values["date"].removesuffix(" +0800"),
            with_furniture(article),
        )
    made.open()
    return made


def test_one_crawl_gives_each_publisher_its_feed(portal: Portal, tmp_path: Path) -> None:
    program = portal.program(tmp_path)
    report = program.refresh()
    assert (report["exit"], report["items"]["new"], report["items"]["dropped"]) == (0, 4, 0)
    with Daemon(program, "serve") as daemon:
        for name in JEKYLL_SEEDS:
            values, body = seed(name)
            slug = values["categories"].replace("·", "-")
            status, _, answer = daemon.get(f"/feeds/publisher/{slug}.atom")
            parsed = feedparser.parse(answer)
            assert (status, parsed.bozo) == (200, False)
            (entry,) = parsed.entries
            assert values["tags"].removesuffix("新闻") in parsed.feed.title
            assert entry.title == values["title"]
            assert f"<{entry.link}>" in body
            assert len(html.fromstring(entry.content[0].value).text_content()) > 1000


def test_posts_are_those_of_the_old_site(portal: Portal, tmp_path: Path) -> None:
    program = portal.program(tmp_path)
    program.refresh()
    assert program.run("export", "site", "--format", "jekyll").returncode == 0
    for name in JEKYLL_SEEDS:
        values, body = seed(name)
        article, link, back = body.strip().split("\n\n")
        slug = values["categories"].replace("·", "-")
        ours, our_body = post(tmp_path / "site" / "_posts", link.strip("<>").rpartition("=")[2].lower())
        assert ours == {**values, "categories": slug}
        assert list(ours) == list(values)
        our_article, our_link, our_back = our_body.strip().split("\n\n")
        assert flat(our_article) == flat(without_looks(article)), name
        assert our_link == link
        assert f"/category/{slug}.html" in our_back
        assert re.sub(r"\(.*?\)", "", our_back) == re.sub(r"\(.*?\)", "", back)
        assert (tmp_path / "site" / "category" / f"{slug}.html").is_file()


def test_no_article_is_asked_for_twice(portal: Portal, tmp_path: Path) -> None:
    program = portal.program(tmp_path)
    program.refresh()
    program.run("export", "site", "--format", "jekyll")
    assert len(portal.asked()) == len(set(portal.asked())) == 4
    assert program.refresh()["sources"]["not_modified"] == 4
    portal.add(PAPERS, "NW5", "新的一条", "江畔日报")
    portal.open()
    report = program.refresh()
    assert (report["items"]["new"], report["items"]["unchanged"]) == (1, 2)
    program.refresh("--force")
    assert portal.asked()[4:] == ["NW5"]
    done = program.run("export", "site", "--format", "jekyll")
    assert done.stdout.startswith("3 files written"), "the post, its publisher's page, and the home page"


# What broke it

ODD_PUBLISHERS = {
    "Career In 投行PEVC": "career-in-touxingpevc",
    "安信国际证券(香港)": "anxinguojizhengquan-xianggang",
    "21世纪经济报道  南财财讯": "21shijijingjibaodao-nancaicaixun",
    "上海证券报·中国证券网": "shanghaizhengquanbao-zhongguozhengquanwang",
}
ODD_TITLES = ('He said "no": 行', "{{ site.title }} {% raw %}", "it's: # not [a] - list", "--- \\n")


@pytest.fixture
def faulty(threaded_origin: ThreadedOrigin) -> Portal:
    """Every fault that the wire's records and servers had, and good records beside them."""
    made = Portal(threaded_origin)
    for n, (title, publisher) in enumerate(zip(ODD_TITLES, ODD_PUBLISHERS, strict=True)):
        made.add((PAPERS, MARKET)[n % 2], f"NW{n}", title, publisher, text=with_furniture(TEXT))
    made.add(ROLLING, "NW10", "【快讯】一小时", "", text=TEXT)
    made.add(ROLLING, "202205262391921712", "", "", at="")
    made.add(PAPERS, "202205262391921713", " ", "荆州日报", at="")
    made.add(MARKET, "NW11", "没有时间", "荆州日报", at="")
    made.add(MARKET, "NW12", "最后一条", "安信国际证券（香港）")
    made.open()
    threaded_origin.serve(OTHER_MARKET, b"<html>busy</html>", status=500)
    return made


def test_a_bad_record_and_a_failing_listing_harm_no_other(faulty: Portal, tmp_path: Path) -> None:
    program = faulty.program(tmp_path)
    report = program.refresh()
    assert report["exit"] == 1
    assert report["sources"]["failed"] == 1
    assert report["items"] == {"new": 6, "updated": 0, "unchanged": 0, "dropped": 3}
    (failure,) = report["failures"]
    assert (failure["source"], failure["stage"], failure["transient"]) == ("wire-3", "fetch", True)
    assert sorted(faulty.asked()) == ["NW0", "NW1", "NW10", "NW12", "NW2", "NW3"]
    with Daemon(program, "serve") as daemon:
        entries: list[Mapping[str, Any]] = json.loads(daemon.get("/feeds/all.json")[2])["items"]
        counts = {slug: published(daemon, slug) for slug in (*ODD_PUBLISHERS.values(), "emnews")}
    assert {entry["title"] for entry in entries} == {*ODD_TITLES, "【快讯】一小时", "最后一条"}
    assert {entry["date_published"] for entry in entries} == {"2022-05-26T00:01:02Z"}
    assert set(counts.values()) == {1, 2}
    assert counts["anxinguojizhengquan-xianggang"] == 2, "written with full-width brackets, it is the same"


def published(daemon: Daemon, slug: str) -> int:
    status, _, body = daemon.get(f"/feeds/publisher/{slug}.atom")
    assert status == 200, slug
    return len(feedparser.parse(body).entries)


def test_an_article_that_fails_keeps_its_own_item_only(faulty: Portal, tmp_path: Path) -> None:
    del faulty.articles["NW12"]
    program = faulty.program(tmp_path)
    assert program.refresh()["items"]["new"] == 6
    with Daemon(program, "serve") as daemon:
        shown = json.loads(daemon.get("/feeds/all.json")[2])["items"]
    assert len(shown) == 5, "the sixth waits for its article"
    assert "最后一条" not in {entry["title"] for entry in shown}


def test_posts_with_odd_titles_and_publishers_are_read_back(faulty: Portal, tmp_path: Path) -> None:
    program = faulty.program(tmp_path)
    program.refresh()
    assert program.run("export", "site", "--format", "jekyll").returncode == 0
    posts = tmp_path / "site" / "_posts"
    assert all(re.fullmatch(r"2022-05-26-nw\d+-[0-9a-f]{10}\.md", path.name) for path in posts.iterdir())
    for n, (title, publisher) in enumerate(zip(ODD_TITLES, ODD_PUBLISHERS, strict=True)):
        values, body = post(posts, f"-nw{n}-")
        tag = " ".join(publisher.split()) + "新闻"
        assert values["title"] == title
        assert values["categories"] == ODD_PUBLISHERS[publisher]
        assert values["tags"] == ([tag] if " " in tag else tag)  # Jekyll takes texts apart at blanks
        assert flat(body.strip().split("\n\n")[0]) == flat(TEXT), "no widget, comment or hidden paragraph"
    values, body = post(posts, "-nw10-")
    assert (values["categories"], values["tags"]) == ("emnews", "东财滚动新闻")
    quoted, text = body.strip().split("\n\n")[0].split("\n", 1)
    assert quoted == "<blockquote>一小时的摘要</blockquote>"
    assert flat(text) == flat(TEXT)
    names = [path.name for path in (tmp_path / "site" / "category").iterdir()]
    assert sorted(names) == sorted(f"{slug}.html" for slug in {*ODD_PUBLISHERS.values(), "emnews"})


def test_the_home_page_has_every_publisher(faulty: Portal, tmp_path: Path) -> None:
    program = faulty.program(tmp_path)
    program.refresh()
    program.run("export", "site", "--format", "jekyll")
    head = (tmp_path / "site" / "index.html").read_text(encoding="utf-8").split("---\n")[1]
    titles = {each["title"] for each in yaml.safe_load(head)["publishers"]}
    assert titles == {" ".join(name.split()) for name in ODD_PUBLISHERS} | {"东财滚动"}


# The mirror


def feed_of(values: Mapping[str, Any], text: str) -> bytes:
    return (
        "<rss version='2.0' xmlns:media='http://search.yahoo.com/mrss/'><channel>"
        f"<title>{values['author']}</title><link>http://cs.example/</link><description>d</description>"
        f"<item><guid isPermaLink='false'>cs-1</guid><title>{escape(escape(values['title']))}</title>"
        f"<link>http://cs.example/1</link><pubDate>{values['date']}</pubDate>"
        f"<media:thumbnail url='{escape(values['headimg'])}'/>"
        f"<description>{escape(text)}</description></item>"
        # One without a readable date, and with what breaks front matter and templates.
        "<item><guid isPermaLink='false'>cs-2</guid><title>It's {{ odd }}: 'x'</title>"
        "<link>http://cs.example/2</link><pubDate>soon</pubDate>"
        "<description>&lt;p&gt;{{ a }} {% b %}&lt;/p&gt;</description></item>"
        "</channel></rss>"
    ).encode()


def test_the_mirror_s_posts_are_those_of_the_old_site(
    threaded_origin: ThreadedOrigin, tmp_path: Path
) -> None:
    values, body = seed("002_67f0381bd51900c4")
    article = re.sub(r"\A\s*<div>(.*)</div>\s*\Z", r"\1", body, flags=re.DOTALL).strip()
    threaded_origin.serve("/feed.xml", feed_of(values, article))
    source = {"name": "cs", "category": "金融/中证网/资讯", "url": threaded_origin.url("/feed.xml")}
    program = Program(tmp_path, configuration([source]))
    assert program.refresh()["items"]["new"] == 2
    assert program.run("export", "site", "--format", "hexo").returncode == 0
    posts = tmp_path / "site" / "source" / "_posts"
    ours, our_body = post(posts, "cs-1-")
    assert ours == values
    assert list(ours) == list(values)
    assert flat(our_body) == flat(without_looks(article))
    undated, _ = post(posts, "cs-2-")
    assert undated["title"] == "It's {{ odd }}: 'x'"
    assert re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT", undated["date"])
    before = {path.name: path.read_bytes() for path in posts.iterdir()}
    threaded_origin.serve("/feed.xml", feed_of(values, article) + b"\n")
    program.refresh("--force")
    assert program.run("export", "site", "--format", "hexo").stdout.startswith("0 files written")
    assert {path.name: path.read_bytes() for path in posts.iterdir()} == before
