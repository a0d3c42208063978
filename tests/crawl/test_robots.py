"""robots.txt as operators meet it: what is asked, what is not fetched, and how they hear of it."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from tests.crawl.test_articles import CONTENT, article, owed
from tests.crawl.test_listing import items, news, page, wire
from tests.origin import Response, ThreadedOrigin
from tests.program import HEAD, Daemon, Program, rss

PLACE = "/robots.txt"
ALL = "User-agent: *\nDisallow: /\n"
ARTICLES = "User-agent: *\nDisallow: /article/\n"


def site(origin: ThreadedOrigin, *names: str) -> str:
    """A list page with articles; its address."""
    origin.serve("/news", page(*names))
    for name in names:
        origin.serve(f"/article/{name}", article(f"正文 {name}"))
    return str(origin.url("/news"))


def asked(origin: ThreadedOrigin) -> list[str]:
    return [request.path for request in origin.requests]


def test_a_list_that_robots_txt_forbids_is_not_read_and_its_source_says_why(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    url = site(threaded_origin, "a")
    threaded_origin.serve(PLACE, ALL)
    program = Program(tmp_path, news(url))
    (failure,) = program.refresh()["failures"]
    assert (failure["stage"], failure["error"]) == ("fetch", "DisallowedError")
    assert threaded_origin.url(PLACE) in failure["message"]
    assert "robots = false" in failure["message"]
    assert asked(threaded_origin) == [PLACE]
    (status,) = json.loads(program.run("status", "--json").stdout)["sources"]
    assert status["health"] == "failing"
    assert "robots.txt" in json.dumps(status)
    threaded_origin.serve(PLACE, "User-agent: other\nDisallow: /\n")
    assert program.refresh()["items"]["new"] == 1


def test_articles_that_robots_txt_forbids_are_given_up_and_their_items_published(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    url = site(threaded_origin, "a", "b", "c")
    threaded_origin.serve(PLACE, ARTICLES + "Allow: /article/c\n")
    program = Program(tmp_path, news(url, CONTENT))
    report = program.refresh()
    assert (report["exit"], report["items"]["new"]) == (0, 3)
    found = {one["title"]: one.get("content_html", "") for one in items(program)}
    assert found == {"a 标题": "", "b 标题": "", "c 标题": "<p>正文 c</p><p>Buy!</p>"}
    assert owed(program) == 0
    assert sorted(asked(threaded_origin)) == ["/article/c", "/news", PLACE], "asked once, for all of them"
    with closing(sqlite3.connect(program.database)) as database, database:
        trail = database.execute("select stage, reason, detail from trail").fetchall()
    assert [row[:2] for row in trail] == [("fetch", "robots")] * 2
    assert threaded_origin.url(PLACE) in trail[0][2]


def test_a_site_that_fails_to_say_is_asked_later(tmp_path: Path, threaded_origin: ThreadedOrigin) -> None:
    url = site(threaded_origin, "a")
    threaded_origin.serve(PLACE, status=503)
    program = Program(tmp_path, news(url))
    (failure,) = program.refresh()["failures"]
    assert (failure["error"], failure["transient"]) == ("StatusError", True)
    assert "robots.txt could not be read" in failure["message"]
    assert asked(threaded_origin) == [PLACE]
    threaded_origin.serve(PLACE, status=404)
    assert program.refresh()["items"]["new"] == 1


def test_an_article_whose_site_fails_to_say_is_owed(tmp_path: Path, threaded_origin: ThreadedOrigin) -> None:
    (tmp_path / "news.html").write_text(f"<base href='{threaded_origin.url('/')}'>" + page("a"))
    site(threaded_origin, "a")
    threaded_origin.serve(PLACE, status=500)
    program = Program(tmp_path, news("file:news.html", CONTENT))
    program.refresh()
    assert (items(program), owed(program), asked(threaded_origin)) == ([], 1, [PLACE])


def test_retry_after_of_robots_txt_holds_the_source(tmp_path: Path, threaded_origin: ThreadedOrigin) -> None:
    url = site(threaded_origin, "a")
    threaded_origin.serve(PLACE, status=429, headers={"Retry-After": "3600"})
    program = Program(tmp_path, news(url))
    program.refresh()
    assert program.refresh("--force")["sources"]["skipped"] == 1
    assert asked(threaded_origin) == [PLACE]


def test_robots_false_asks_nothing_by_source_category_or_for_all(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    url = site(threaded_origin, "a")
    threaded_origin.serve(PLACE, ALL)
    for number, text in enumerate(
        [
            news(url, CONTENT, "robots = false"),
            news(url, CONTENT, 'category = "own/wiki"', "[category.own]", "robots = false"),
            news(url, CONTENT, "[defaults]", "robots = false"),
        ]
    ):
        folder = tmp_path / str(number)
        folder.mkdir()
        program = Program(folder, text)
        assert program.refresh()["items"]["new"] == 1
        assert "正文 a" in items(program)[0]["content_html"]
    assert threaded_origin.count(PLACE) == 0


def test_feeds_and_apis_are_made_for_programs(tmp_path: Path, threaded_origin: ThreadedOrigin) -> None:
    threaded_origin.serve(PLACE, ALL)
    threaded_origin.serve("/feed", rss(("1", "One")))
    threaded_origin.serve("/list", json.dumps({"record": [{"infoCode": "1", "title": "T"}]}))
    feed = f'[[source]]\nname = "feed"\nurl = "{threaded_origin.url("/feed")}"\n'
    program = Program(tmp_path, HEAD + feed + wire(threaded_origin.url("/list")).removeprefix(HEAD))
    assert program.refresh()["exit"] == 0
    assert sorted(asked(threaded_origin)) == ["/feed", "/list"]


def test_the_articles_of_an_api_are_asked_about(tmp_path: Path, threaded_origin: ThreadedOrigin) -> None:
    record = {"infoCode": "1", "title": "T", "datetime": "2026-05-02 06:03:23"}
    threaded_origin.serve("/list", json.dumps({"record": [record]}))
    threaded_origin.serve(PLACE, "User-agent: aggregator\nDisallow: /*?id=\n")
    url = threaded_origin.url("/text?id={infoCode}")
    more = (f'article.url = "{url}"', 'article.content = "text"')
    program = Program(tmp_path, wire(threaded_origin.url("/list"), *more))
    assert program.refresh()["items"]["new"] == 1
    assert [one["title"] for one in items(program)] == ["T"]
    assert asked(threaded_origin) == ["/list", PLACE]


def test_a_next_page_that_is_forbidden_costs_itself_alone(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    threaded_origin.serve(PLACE, "User-agent: *\nDisallow: /news/\n")
    threaded_origin.serve("/news", page("a", following="/news/2"))
    program = Program(tmp_path, news(threaded_origin.url("/news"), 'pages.next = "a.next@href"'))
    assert program.refresh()["items"] == {"new": 1, "updated": 0, "unchanged": 0, "dropped": 1}
    assert asked(threaded_origin) == [PLACE, "/news"]


def test_preview_obeys_and_says_why(tmp_path: Path, threaded_origin: ThreadedOrigin) -> None:
    url = site(threaded_origin, "a")
    threaded_origin.serve(PLACE, [Response(body=ALL.encode()), Response(body=ARTICLES.encode())])
    program = Program(tmp_path, news(url, CONTENT))
    refused = program.run("preview", "news")
    assert refused.returncode == 3
    assert "robots.txt forbids" in refused.stdout + refused.stderr
    assert "robots.txt forbids" in program.run("preview", "news").stdout
    assert asked(threaded_origin) == [PLACE, PLACE, "/news"]


def test_a_daemon_asks_once_and_counts_what_is_forbidden(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    url = site(threaded_origin, "a", "b")
    threaded_origin.serve(PLACE, ARTICLES)
    program = Program(tmp_path, news(url, CONTENT, 'every = "1s"'))
    with Daemon(program) as daemon:
        daemon.wait_for("article.failed", 2)
        threaded_origin.wait_for("/news", 3)
        metrics = daemon.get("/metrics")[2].decode()
        found = [one["title"] for one in json.loads(daemon.get("/feeds/all.json")[2])["items"]]
    assert 'aggregator_articles_failed_total{error="DisallowedError",stage="fetch"} 2.0' in metrics
    assert sorted(found) == ["a 标题", "b 标题"]
    assert threaded_origin.count(PLACE) == 1
