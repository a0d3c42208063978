"""`preview`: what a source's items would be, what made each of their fields, and what of their articles."""

from __future__ import annotations

import json
import shutil
import tomllib
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from tests.crawl.test_fulltext import PARAGRAPH, feed, rss
from tests.crawl.test_fulltext import article as full_page
from tests.crawl.test_listing import news, page
from tests.origin import ThreadedOrigin
from tests.program import HEAD, ROOT, Program

FEEDS = (ROOT / "feeds.toml").read_text(encoding="utf-8")
SOURCES: dict[str, dict[str, Any]] = {each["name"]: each for each in tomllib.loads(FEEDS)["source"]}
# What the public samples are given instead of what is behind their addresses.
PUBLIC = {
    "python-blog": "notes.atom",
    "ietf-blog": "news.rss",
    "daring-fireball": "links.json",
    "xkcd": "notes.atom",
    "bbc-world": "news.rss",
    "bbc-zhongwen": "finance-gbk.rss",
}
ARTICLE = '<!DOCTYPE html><title>x</title><nav>Menu</nav><div class="article">{}</div>'
CONTENT = 'article.content = "div.article"'


def shown(program: Program, *arguments: str) -> tuple[list[str], dict[str, Any]]:
    """What preview prints for people, blanks around lines taken off, and as JSON."""
    done = program.run("preview", *arguments)
    assert done.returncode == 0, done.stderr
    lines = [line.strip() for line in done.stdout.splitlines()]
    return lines, json.loads(program.run("preview", "--json", *arguments).stdout)


@pytest.mark.parametrize("name", SOURCES)
def test_every_shipped_source_shows_its_items_with_the_rule_that_made_each_field(
    tmp_path: Path, threaded_origin: ThreadedOrigin, name: str
) -> None:
    source, text = SOURCES[name], FEEDS
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    if name in PUBLIC:
        threaded_origin.serve("/", (ROOT / "examples" / PUBLIC[name]).read_bytes(), content_type=None)
        text = text.replace(f'"{source["url"]}"', f'"{threaded_origin.url("/")}"')
        text = text.replace("[fetch]\n", '[fetch]\nallow_private = ["127.0.0.0/8"]\n')
    lines, found = shown(Program(tmp_path, text), name, "--limit", "3")
    assert len(found["items"]) == 3
    for item in found["items"]:
        rules = item["rules"]
        assert {"title", "link", "published", "content"} <= set(rules), item["title"]
        for field, rule in rules.items():
            assert any(line.startswith(f"{field}: ") and line.endswith(f"  ({rule})") for line in lines)
            own = "select." if "select" in source else "the feed's "
            assert rule.startswith(
                "article.content: " if (field, "article" in source) == ("content", True) else own
            )
        if "article" in source:
            assert item["article"] == {
                "url": item["article"]["url"],
                "asked": True,
                "stage": "",
                "reason": "",
            }
            assert f"article: {item['article']['url']}" in lines
            assert "文章来源" in item["content_html"]
            assert any(line.startswith("content: ") and "文章来源" in line for line in lines)
        else:
            assert item["article"] is None
    assert not (tmp_path / "data").exists()


def test_articles_are_shown_and_each_that_fails_with_its_reason(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    threaded_origin.serve("/news", page(*"abcdefg"))
    threaded_origin.serve("/article/a", ARTICLE.format("<p>Text of <b>a</b>, at length.</p>"))
    threaded_origin.serve("/article/b", status=404)
    threaded_origin.serve("/article/c", "<p>Another page</p>")
    for name in "defg":
        threaded_origin.serve(f"/article/{name}", ARTICLE.format(name))
    program = Program(tmp_path, news(threaded_origin.url("/news"), CONTENT))
    lines, found = shown(program, "news")
    url = threaded_origin.url("/article/")
    assert "content: 35 characters, Text of a, at length.  (article.content: div.article)" in lines
    assert f"article: {url}a" in lines
    assert any(line.startswith(f"article: {url}b failed: fetch: ") and "404" in line for line in lines)
    assert f'article: {url}c failed: parse: nothing matches "div.article"' in lines
    assert f"article: {url}f was not asked for (see --articles)" in lines
    assert [item["article"]["asked"] for item in found["items"]] == [True] * 5 + [False] * 2
    assert [item["content_html"] for item in found["items"]][3:] == ["d", "e", "", ""]
    assert found["items"][1]["article"]["stage"] == "fetch"
    assert [threaded_origin.count(f"/article/{name}") for name in "abcdefg"] == [2] * 5 + [0] * 2
    assert not program.database.exists()


@pytest.mark.parametrize(
    ("arguments", "asked"),
    [
        (("--articles", "0"), ""),
        (("--articles", "2"), "ab"),
        (("--limit", "1"), "a"),
        (("--articles", "7"), "abcdefg"),
    ],
)
def test_no_more_articles_are_asked_for_than_wanted_and_than_items_are_shown(
    tmp_path: Path, threaded_origin: ThreadedOrigin, arguments: tuple[str, ...], asked: str
) -> None:
    threaded_origin.serve("/news", page(*"abcdefg"))
    for name in "abcdefg":
        threaded_origin.serve(f"/article/{name}", ARTICLE.format(name))
    program = Program(tmp_path, news(threaded_origin.url("/news"), CONTENT, "article.limit = 1"))
    assert program.run("preview", "news", *arguments).returncode == 0
    assert "".join(name for name in "abcdefg" if threaded_origin.count(f"/article/{name}")) == asked


def test_articles_of_a_private_address_are_refused_like_any(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    (tmp_path / "list.html").write_text(page("a").replace("/article", threaded_origin.url("/article")))
    text = news("file:list.html", CONTENT).replace(HEAD, HEAD.replace("allow_private", "# allow_private"))
    lines, found = shown(Program(tmp_path, text), "news")
    assert any(line.startswith("article: ") and " failed: fetch: " in line for line in lines)
    assert found["items"][0]["article"]["stage"] == "fetch"
    assert threaded_origin.seen() == []


@pytest.mark.skipif(find_spec("trafilatura") is None, reason="needs the extra fulltext")
def test_full_text_says_which_of_two_texts_was_taken(tmp_path: Path, threaded_origin: ThreadedOrigin) -> None:
    complete = f"{PARAGRAPH} " * 6
    threaded_origin.serve("/feed", rss(threaded_origin, a="A teaser.", b=complete))
    for name in "ab":
        threaded_origin.serve(f"/article/{name}", full_page(name), content_type="text/html")
    lines, found = shown(Program(tmp_path, feed(threaded_origin, 'article.remove = ["nav"]')), "acme")
    first, second = found["items"]
    assert first["rules"]["content"] == "full text, article.remove: nav"
    assert first["rules"]["summary"] == "the feed's summary"
    assert second["rules"]["content"] == "the feed's summary, for the page says no more"
    assert any(line.startswith("content: ") and PARAGRAPH in line for line in lines)
