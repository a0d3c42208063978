"""Articles: asked for once, published with their item, owed until they have come."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path

from aggregator.crawl.articles import MAX_BYTES
from tests.crawl.test_listing import items, news, page, wire
from tests.origin import Request, Response, ThreadedOrigin
from tests.program import Daemon, Program

CONTENT = 'article.content = "div.article"'


def article(text: str) -> str:
    return (
        "<!DOCTYPE html><title>x</title><nav>Menu</nav>"
        f'<div class="article"><p>{text}</p><p class="advert">Buy!</p><script>x()</script></div>'
    )


def owed(program: Program) -> int:
    with closing(sqlite3.connect(program.database)) as database, database:
        found: int = database.execute("select count(*) from article_request").fetchone()[0]
    return found


def unanswered(folder: Path, origin: ThreadedOrigin) -> tuple[Program, str]:
    """The program after a refresh, with an item that waits for its article, and the address of its list."""
    origin.serve("/news", page("a"))
    origin.serve("/article/a", status=503)
    url = origin.url("/news")
    program = Program(folder, news(url, CONTENT))
    program.refresh()
    assert (items(program), owed(program)) == ([], 1)
    return program, url


def test_an_item_comes_with_its_article_which_is_asked_for_once(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    threaded_origin.serve("/news", page("a", "b"))
    for name in "ab":
        threaded_origin.serve(f"/article/{name}", article(f"正文 {name}"))
    program = Program(tmp_path, news(threaded_origin.url("/news"), CONTENT, 'article.remove = [".advert"]'))
    assert program.refresh()["items"]["new"] == 2
    assert [one["content_html"] for one in items(program)] == ["<p>正文 a</p>", "<p>正文 b</p>"]
    threaded_origin.serve("/news", page("c", "a", "b"))
    threaded_origin.serve("/article/c", article("正文 c"))
    assert program.refresh()["items"]["new"] == 1
    program.refresh("--force")
    assert [threaded_origin.count(f"/article/{name}") for name in "abc"] == [1, 1, 1]
    assert owed(program) == 0


def test_a_corrected_title_keeps_the_article(tmp_path: Path, threaded_origin: ThreadedOrigin) -> None:
    threaded_origin.serve("/news", page("a"))
    threaded_origin.serve("/article/a", article("正文"))
    program = Program(tmp_path, news(threaded_origin.url("/news"), CONTENT))
    program.refresh()
    threaded_origin.serve("/news", page("a").replace("a 标题", "a 更正"))
    assert program.refresh()["items"]["updated"] == 1
    (one,) = items(program)
    assert one["title"] == "a 更正"
    assert "正文" in one["content_html"]
    assert threaded_origin.count("/article/a") == 1


def test_a_publisher_that_only_the_article_names_has_the_item_in_its_feed(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    threaded_origin.serve("/news", page("a"))
    threaded_origin.serve("/article/a", article("正文</p><p>（文章来源：荆州日报社）"))
    aliases = '[publisher.aliases]\n"荆州日报社" = "荆州日报"\n'
    rule = 'publisher = ["attribution"]'
    program = Program(tmp_path, news(threaded_origin.url("/news"), CONTENT, rule, aliases))
    program.refresh()
    feed = "/feeds/publisher/jingzhouribao.json"
    with Daemon(program, "serve") as daemon:
        assert [one["title"] for one in json.loads(daemon.get(feed)[2])["items"]] == ["a 标题"]
    threaded_origin.serve("/news", page("a").replace("a 标题", "a 更正"))
    assert program.refresh()["items"]["updated"] == 1
    with Daemon(program, "serve") as daemon:
        assert [one["title"] for one in json.loads(daemon.get(feed)[2])["items"]] == ["a 更正"]


def test_what_is_over_the_limit_is_asked_for_by_later_polls_also_unchanged_ones(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    threaded_origin.serve("/news", page(*"abcde"), etag='"1"')
    for name in "abcde":
        threaded_origin.serve(f"/article/{name}", article(name))
    program = Program(tmp_path, news(threaded_origin.url("/news"), CONTENT, "article.limit = 2"))
    assert program.refresh()["items"]["new"] == 5
    assert (len(items(program)), owed(program)) == (2, 3)
    assert program.refresh()["sources"]["not_modified"] == 1
    assert (len(items(program)), owed(program)) == (4, 1)
    program.refresh()
    assert (len(items(program)), owed(program)) == (5, 0)
    assert sum(threaded_origin.count(f"/article/{name}") for name in "abcde") == 5


def test_a_page_that_is_gone_or_has_no_article_gives_the_item_without(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    threaded_origin.serve("/news", page("a", "b", "c"))
    threaded_origin.serve("/article/a", status=404)
    threaded_origin.serve("/article/b", "<p>Another page</p>")
    threaded_origin.serve("/article/c", article("c"))
    program = Program(tmp_path, news(threaded_origin.url("/news"), CONTENT))
    assert program.refresh()["exit"] == 0
    assert [one["title"] for one in items(program)] == ["a 标题", "b 标题", "c 标题"]
    with closing(sqlite3.connect(program.database)) as database, database:
        trail = database.execute("select stage, reason, detail from trail order by id").fetchall()
    assert [(stage, reason) for stage, reason, _ in trail] == [("fetch", "article"), ("parse", "article")]
    assert "404" in trail[0][2]
    assert "div.article" in trail[1][2]


def test_an_article_that_does_not_come_keeps_its_item_for_so_long_and_no_longer(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    program, url = unanswered(tmp_path, threaded_origin)
    program.write(news(url, CONTENT, 'article.wait = "0s"'))
    program.refresh()
    assert [one["title"] for one in items(program)] == ["a 标题"]
    assert owed(program) == 1, "it may still come"
    assert threaded_origin.count("/article/a") == 1, "and is not asked for again at once"


def test_items_wait_no_longer_when_their_source_asks_for_no_articles_any_more(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    program, url = unanswered(tmp_path, threaded_origin)
    program.write(news(url))
    program.refresh()
    assert [one["title"] for one in items(program)] == ["a 标题"]


def test_a_daemon_whose_sources_ask_for_no_articles_any_more_publishes_what_waits(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    program, url = unanswered(tmp_path, threaded_origin)
    program.write(news(url))
    with Daemon(program) as daemon:
        daemon.wait_for("articles.overdue")
        assert [one["title"] for one in json.loads(daemon.get("/feeds/all.json")[2])["items"]] == ["a 标题"]


def test_a_request_that_never_came_to_an_end_is_given_up(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    program, _ = unanswered(tmp_path, threaded_origin)
    with closing(sqlite3.connect(program.database)) as database, database:  # as if we were killed each time
        database.execute("update article_request set next_try_at = 0, tries = 4")
    program.refresh("--force")
    assert [one["title"] for one in items(program)] == ["a 标题"]
    assert (owed(program), threaded_origin.count("/article/a")) == (0, 1)


def test_the_daemon_publishes_what_has_waited_long_enough_between_polls(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    threaded_origin.serve("/news", page("a"))
    threaded_origin.serve("/article/a", status=503)
    program = Program(tmp_path, news(threaded_origin.url("/news"), CONTENT, 'article.wait = "1s"'))
    with Daemon(program) as daemon:
        daemon.wait_for("articles.overdue")
        assert [one["title"] for one in json.loads(daemon.get("/feeds/all.json")[2])["items"]] == ["a 标题"]
        assert threaded_origin.count("/news") == 1


def test_a_refresh_killed_in_the_midst_of_articles_loses_none(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    threaded_origin.serve("/news", page("a", "b", "c"), etag='"1"')
    never = threaded_origin.event()
    threaded_origin.serve("/article/a", article("a"))
    threaded_origin.serve("/article/b", article("b"), hold=never)
    threaded_origin.serve("/article/c", article("c"))
    program = Program(tmp_path, news(threaded_origin.url("/news"), CONTENT))
    process = program.start("refresh")
    threaded_origin.wait_for("/article/b")
    process.kill()
    process.communicate()
    assert (len(items(program)), owed(program)) == (1, 2)
    with closing(sqlite3.connect(program.database)) as database, database:  # as if the lease had run out
        database.execute("update article_request set next_try_at = 0")
    threaded_origin.serve("/article/b", article("b"))
    program.refresh()
    assert (len(items(program)), owed(program)) == (3, 0)
    assert [threaded_origin.count(f"/article/{name}") for name in "abc"] == [1, 2, 1]


def test_an_api_s_articles_are_json_or_pages(tmp_path: Path, threaded_origin: ThreadedOrigin) -> None:
    def text(request: Request) -> Response:
        number = request.path.rpartition("=")[2]
        if number == "2":
            return Response(body=b"<p id=text>page 2</p>", headers={"Content-Type": "text/html"})
        return Response(body=json.dumps({"text": f"<p>　　正文 {number}</p>", "id": number}).encode())

    records = [{"infoCode": n, "title": f"T{n}", "datetime": "2026-05-02 06:03:23"} for n in (1, 2)]
    threaded_origin.serve("/list", json.dumps({"record": records}))
    for number in (1, 2):
        threaded_origin.serve(f"/text?id={number}", text)
    url = threaded_origin.url("/text?id={infoCode}")
    program = Program(
        tmp_path,
        wire(threaded_origin.url("/list"), f'article.url = "{url}"', 'article.content = "text"'),
    )
    assert program.refresh()["items"]["new"] == 2
    assert {one["title"]: one.get("content_html", "") for one in items(program)} == {
        "T1": "<p>　　正文 1</p>",
        "T2": "",
    }


def local(
    folder: Path, records: list[dict[str, object]], *, template: str = "file:texts/{infoCode}.json"
) -> str:
    """A configuration whose listing and articles are files; beside them one that is none of the items'."""
    (folder / "list.json").write_text(json.dumps({"record": records}))
    (folder / "texts").mkdir(exist_ok=True)
    (folder / "texts" / "1.json").write_text('{"text": "<p>Article one</p>"}')
    for place in (folder / "secret.json", folder / "texts" / ".hidden.json"):
        place.write_text('{"text": "<p>SECRET</p>"}')
    return wire("file:list.json", f'article.url = "{template}"', 'article.content = "text"')


def record(code: object, **more: object) -> dict[str, object]:
    return {"infoCode": code, "title": f"T{code}", "datetime": "2026-05-02 06:03:23", **more}


def test_articles_in_files_are_read_where_the_configuration_says_so(tmp_path: Path) -> None:
    wrong = [
        "../secret",
        "texts/../../secret",
        "%2e%2e%2fsecret",
        ".hidden",
        "none",
        str(tmp_path / "secret"),
    ]
    program = Program(tmp_path, local(tmp_path, [record(1), *map(record, wrong)]))
    report = program.refresh()
    assert (report["exit"], report["items"]["new"]) == (0, 7)
    texts = {one["title"]: one.get("content_html", "") for one in items(program)}
    assert texts.pop("T1") == "<p>Article one</p>"
    assert len(texts) == 5, "the one that names no file that there is waits"
    assert set(texts.values()) == {""}


def test_no_item_names_a_file_to_be_read(tmp_path: Path, threaded_origin: ThreadedOrigin) -> None:
    addresses = [
        "file:secret.json",
        (tmp_path / "secret.json").as_uri(),
        "FILE:secret.json",
        "../secret.json",
    ]
    local(tmp_path, [])
    records = [record(n, u=address) for n, address in enumerate(addresses)]
    rows = "".join(f'<li><a href="{address}">{n}</a></li>' for n, address in enumerate(addresses))
    listing = json.dumps({"record": records})
    (tmp_path / "data.json").write_text(listing)
    (tmp_path / "data.html").write_text(f"<ul class=news>{rows}</ul>")
    threaded_origin.serve("/data.json", listing)
    threaded_origin.serve("/data.html", f"<ul class=news>{rows}</ul>")
    for where in ("file:", threaded_origin.url("/")):
        for n, text in enumerate(
            [
                wire(f"{where}data.json", 'article.url = "u"', 'article.content = "text"'),
                wire(f"{where}data.json", 'article.url = "{u}"', 'article.content = "text"'),
                wire(f"{where}data.json", 'article.content = "text"').replace(
                    "https://portal.example/share?infoCode={infoCode}", "{u}"
                ),
                news(f"{where}data.html", 'article.content = "body"', 'select.id = "a"'),
            ]
        ):
            folder = tmp_path / f"{len(where)}-{n}"
            folder.mkdir()
            for name in ("data.json", "data.html", "secret.json"):
                (folder / name).write_bytes((tmp_path / name).read_bytes())
            program = Program(folder, text.replace("https://portal.example", threaded_origin.base))
            assert program.refresh()["items"]["new"] == 4
            with closing(sqlite3.connect(program.database)) as database, database:
                assert b"SECRET" not in "\n".join(database.iterdump()).encode()
                urls = [url for (url,) in database.execute("select url from article_request")]
            assert not [url for url in urls if url.lower().startswith("file")]


def test_a_request_for_a_file_that_the_configuration_names_no_longer_is_refused(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    local(tmp_path, [])
    program, _ = unanswered(tmp_path, threaded_origin)
    with closing(sqlite3.connect(program.database)) as database, database:
        database.execute("update article_request set next_try_at = 0, url = 'file:secret.json'")
    program.refresh("--force")
    (one,) = items(program)
    assert "SECRET" not in json.dumps(one)
    with closing(sqlite3.connect(program.database)) as database, database:
        (detail,) = database.execute("select detail from trail order by id desc limit 1").fetchone()
    assert "files are read only where" in detail


def test_a_listing_in_a_file_may_have_its_articles_on_the_web(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    threaded_origin.serve("/article/a", article("正文"))
    (tmp_path / "news.html").write_text(f"<base href='{threaded_origin.url('/')}'>" + page("a"))
    program = Program(tmp_path, news("file:news.html", CONTENT, 'headers.X-Key = "k"'))
    assert program.refresh()["exit"] == 0
    assert "正文" in items(program)[0]["content_html"]
    assert "x-key" not in threaded_origin.seen("/article/a")[0].headers


def test_the_daemon_publishes_articles_too(tmp_path: Path, threaded_origin: ThreadedOrigin) -> None:
    threaded_origin.serve("/news", page("a"))
    threaded_origin.serve("/article/a", article("正文"))
    program = Program(tmp_path, news(threaded_origin.url("/news"), CONTENT))
    with Daemon(program) as daemon:
        threaded_origin.wait_for("/article/a")
        daemon.wait_for("article.done")
        assert "正文" in json.loads(daemon.get("/feeds/all.json")[2])["items"][0]["content_html"]


def test_an_article_is_no_larger_than_five_mebibytes(tmp_path: Path, threaded_origin: ThreadedOrigin) -> None:
    threaded_origin.serve("/news", page("a", "b"))
    for name, over in (("a", 0), ("b", 1)):
        body = article(name).encode().ljust(MAX_BYTES + over)
        threaded_origin.serve(f"/article/{name}", body, encoding="gzip")
    program = Program(tmp_path, news(threaded_origin.url("/news"), CONTENT, 'max_body = "100MiB"'))
    assert program.refresh()["exit"] == 0
    assert MAX_BYTES == 5 * 1024 * 1024
    assert {one["title"]: one.get("content_html", "") for one in items(program)} == {
        "a 标题": "<p>a</p><p>Buy!</p>",
        "b 标题": "",
    }
    with closing(sqlite3.connect(program.database)) as database, database:
        trail = database.execute("select stage, reason, detail from trail").fetchall()
    assert trail == [("fetch", "article", "the answer is larger than 5242880 bytes")]


def test_a_correction_that_comes_while_the_article_is_awaited_is_kept(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    hold = threaded_origin.event()
    threaded_origin.serve("/news", page("a"))
    threaded_origin.serve("/article/a", article("正文"), hold=hold)
    program = Program(tmp_path, news(threaded_origin.url("/news"), CONTENT, 'every = "1s"'))
    with Daemon(program) as daemon:
        threaded_origin.wait_for("/article/a")
        threaded_origin.serve("/news", page("a").replace("a 标题", "a 更正"))
        daemon.wait_for('"updated": 1')
        threaded_origin.serve("/article/a", article("正文更正"))
        threaded_origin.set(hold)
        daemon.wait_for("article.outdated")
        daemon.wait_for("article.done")
    (one,) = items(program)
    assert (one["title"], one["content_html"]) == ("a 更正", "<p>正文更正</p><p>Buy!</p>")
    assert (threaded_origin.count("/article/a"), owed(program)) == (2, 0)
