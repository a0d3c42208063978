"""Full text: pages of new items are asked for once, and the better text is published."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.crawl.test_articles import owed
from tests.crawl.test_listing import items, news, page
from tests.origin import ThreadedOrigin
from tests.program import HEAD, Daemon, Program

pytestmark = pytest.mark.skipif(find_spec("trafilatura") is None, reason="needs the extra fulltext")

PARAGRAPH = "The council of the town decided on Monday to build a bridge over the river, and said why."


def article(word: str, times: int = 6) -> str:
    paragraphs = "".join(f"<p>{word} {n}: {PARAGRAPH}</p>" for n in range(times))
    return (
        "<!DOCTYPE html><title>x</title><nav><a href='/'>Menu</a></nav>"
        f"<article><h1>News</h1>{paragraphs}</article><footer>Imprint</footer>"
    )


def rss(origin: ThreadedOrigin, **texts: str) -> str:
    """A feed whose item NAME links to /article/NAME and has this text, newest first."""
    body = "".join(
        f"<item><guid isPermaLink='false'>{name}</guid><title>Title {name}</title>"
        f"<link>{origin.url(f'/article/{name}')}</link><description>{text}</description></item>"
        for name, text in texts.items()
    )
    return f"<rss version='2.0'><channel><title>A feed</title><link>http://a.example/</link>{body}</channel></rss>"


def feed(origin: ThreadedOrigin, *lines: str) -> str:
    return HEAD + "\n".join(
        ["[[source]]", 'name = "acme"', f'url = "{origin.url("/feed")}"', "full_text = true", *lines]
    )


def texts(program: Program) -> dict[str, str]:
    return {one["title"][-1]: one.get("content_html", "") for one in items(program)}


def test_teasers_become_articles_and_each_page_is_asked_for_once(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    threaded_origin.serve("/feed", rss(threaded_origin, a="A teaser.", b="Another."))
    for name in "abc":
        threaded_origin.serve(f"/article/{name}", article(name.upper()), content_type="text/html")
    program = Program(tmp_path, feed(threaded_origin))
    assert program.refresh()["items"]["new"] == 2
    found = items(program)
    assert [one["content_html"].count(PARAGRAPH) for one in found] == [6, 6]
    assert "A teaser." in {one.get("summary") for one in found}
    assert "Imprint" not in found[0]["content_html"]
    threaded_origin.serve("/feed", rss(threaded_origin, c="New.", a="A teaser.", b="Another."))
    program.refresh()
    program.refresh("--force")
    assert [threaded_origin.count(f"/article/{name}") for name in "abc"] == [1, 1, 1]
    assert owed(program) == 0


def test_a_feed_that_is_complete_keeps_its_text(tmp_path: Path, threaded_origin: ThreadedOrigin) -> None:
    threaded_origin.serve("/feed", rss(threaded_origin, a=f"Own text. {PARAGRAPH} " * 6))
    threaded_origin.serve("/article/a", article("A", 2), content_type="text/html")
    program = Program(tmp_path, feed(threaded_origin))
    program.refresh()
    (text,) = texts(program).values()
    assert (text.count("Own text."), "A 1:" in text, owed(program)) == (6, False, 0)
    program.refresh("--force")
    assert threaded_origin.count("/article/a") == 1


def test_pages_that_fail_give_the_feeds_text_and_are_counted(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    threaded_origin.serve("/feed", rss(threaded_origin, a="Feed a.", b="Feed b.", c="Feed c.", d="Feed d."))
    threaded_origin.serve("/article/a", status=404)
    threaded_origin.serve("/article/b", "<!DOCTYPE html><html><body></body></html>", content_type="text/html")
    threaded_origin.serve("/article/c", b"%PDF-1.7 words", content_type="application/pdf")
    threaded_origin.serve("/article/d", article("D"), content_type="text/html")
    program = Program(tmp_path, feed(threaded_origin))
    assert program.refresh()["exit"] == 0
    found = texts(program)
    assert [found[name] for name in "abc"] == ["Feed a.", "Feed b.", "Feed c."]
    assert PARAGRAPH in found["d"]
    with closing(sqlite3.connect(program.database)) as database, database:
        trail = database.execute("select stage, reason from trail order by id").fetchall()
    assert trail == [("fetch", "article"), ("parse", "article"), ("parse", "article")]
    assert owed(program) == 0


def test_what_is_over_the_limit_is_asked_for_later_and_a_restart_asks_nothing_again(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    threaded_origin.serve("/feed", rss(threaded_origin, a="A.", b="B.", c="C."), etag='"1"')
    for name in "abc":
        threaded_origin.serve(f"/article/{name}", article(name), content_type="text/html")
    program = Program(tmp_path, feed(threaded_origin, "article.limit = 2"))
    program.refresh()
    assert (len(items(program)), owed(program)) == (2, 1)
    assert program.refresh()["sources"]["not_modified"] == 1
    assert all(PARAGRAPH in text for text in texts(program).values())
    assert owed(program) == 0
    program.write(feed(threaded_origin, 'every = "1s"'))
    polls = threaded_origin.count("/feed")
    with Daemon(program) as daemon:
        threaded_origin.wait_for("/feed", polls + 1)
        assert len(json.loads(daemon.get("/feeds/all.json")[2])["items"]) == 3
    program.refresh("--force")
    assert [threaded_origin.count(f"/article/{name}") for name in "abc"] == [1, 1, 1]


def test_a_correction_in_the_feed_keeps_an_article_and_changes_the_feeds_own_text(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    own = f"Own text. {PARAGRAPH} " * 6
    threaded_origin.serve("/feed", rss(threaded_origin, a="A teaser.", b=own))
    threaded_origin.serve("/article/a", article("A"), content_type="text/html")
    threaded_origin.serve("/article/b", article("B", 1), content_type="text/html")
    program = Program(tmp_path, feed(threaded_origin))
    program.refresh()
    changed = own.replace("Own text.", "Corrected text.")
    threaded_origin.serve("/feed", rss(threaded_origin, a="A corrected teaser.", b=changed))
    assert program.refresh()["items"]["updated"] == 2
    found = texts(program)
    assert found["a"].count(PARAGRAPH) == 6
    assert found["b"].count("Corrected text.") == 6
    assert {one.get("summary") for one in items(program)} == {"A corrected teaser.", None}
    assert [threaded_origin.count(f"/article/{name}") for name in "ab"] == [1, 1]


def test_a_list_page_has_full_text_too(tmp_path: Path, threaded_origin: ThreadedOrigin) -> None:
    threaded_origin.serve("/news", page("a"))
    advert = '<p class="advert">Buy the new bicycle of the firm that pays for this, it is the best.</p>'
    threaded_origin.serve("/article/a", article("A").replace("</article>", advert + "</article>"))
    lines = ["full_text = true", 'article.remove = [".advert"]']
    program = Program(tmp_path, news(threaded_origin.url("/news"), *lines))
    program.refresh()
    (one,) = items(program)
    assert one["content_html"].count(PARAGRAPH) == 6
    assert "bicycle" not in one["content_html"]
