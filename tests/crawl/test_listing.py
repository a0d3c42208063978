"""Pages and APIs as users have them: list pages, further pages, what is missing and what is told of it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from aggregator.crawl.listing import MAX_BYTES, with_parameter
from tests.origin import Request, Response, ThreadedOrigin
from tests.program import HEAD, Daemon, Program


def page(*titles: str, following: str = "", container: str = "ul") -> str:
    """A list page; item N links to /article/N."""
    rows = "".join(f'<li><a href="/article/{title}">{title} 标题</a><i>财经网</i></li>' for title in titles)
    more = f'<a class="next" href="{following}">more</a>' if following else ""
    return f"<!DOCTYPE html><title>News</title><{container} class=news>{rows}</{container}>{more}"


def news(url: str, *lines: str) -> str:
    return HEAD + "\n".join(
        [
            "[[source]]",
            'name = "news"',
            'kind = "page"',
            f'url = "{url}"',
            'select.item = "ul.news > li"',
            'select.title = "a"',
            *lines,
        ]
    )


def wire(url: str, *lines: str) -> str:
    return HEAD + "\n".join(
        [
            "[[source]]",
            'name = "wire"',
            'kind = "api"',
            'timezone = "Asia/Shanghai"',
            f'url = "{url}"',
            'select.items = "record"',
            'select.id = "infoCode"',
            'select.title = "title"',
            'select.published = "datetime"',
            'select.link = "https://portal.example/share?infoCode={infoCode}"',
            *lines,
        ]
    )


def items(program: Program) -> list[dict[str, str]]:
    with Daemon(program, "serve") as daemon:
        found: list[dict[str, str]] = json.loads(daemon.get("/feeds/all.json")[2])["items"]
    return found


def test_a_list_page_comes_in_and_is_asked_for_conditionally(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    threaded_origin.serve("/news", page("a", "b"), etag='"1"', content_type="text/html")
    program = Program(tmp_path, news(threaded_origin.url("/news")))
    assert program.refresh()["items"]["new"] == 2
    assert program.refresh()["sources"]["not_modified"] == 1
    assert [(one["title"], one["url"]) for one in items(program)] == [
        ("a 标题", threaded_origin.url("/article/a")),
        ("b 标题", threaded_origin.url("/article/b")),
    ]
    assert {request.headers["accept"][:9] for request in threaded_origin.seen("/news")} == {"text/html"}


def test_the_same_page_again_is_not_read_and_a_new_item_is_one(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    threaded_origin.serve("/news", page("a", "b"))
    program = Program(tmp_path, news(threaded_origin.url("/news")))
    program.refresh()
    assert program.refresh()["sources"]["unchanged"] == 1
    threaded_origin.serve("/news", page("c", "a", "b"))
    assert program.refresh()["items"] == {"new": 1, "updated": 0, "unchanged": 2, "dropped": 0}


def test_an_empty_list_is_no_failure_and_a_list_that_is_gone_is(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    threaded_origin.serve("/news", page("a", "b"))
    program = Program(tmp_path, news(threaded_origin.url("/news")))
    program.refresh()
    threaded_origin.serve("/news", page())
    assert program.refresh()["sources"]["fetched"] == 1
    threaded_origin.serve("/news", page("c", container="ol"))
    report = program.refresh()
    (failure,) = report["failures"]
    assert (report["exit"], failure["stage"], failure["error"]) == (3, "parse", "SelectorError")
    assert "ul.news > li" in failure["message"]
    assert len(items(program)) == 2, "what was published stays"


def test_further_pages_by_their_link(tmp_path: Path, threaded_origin: ThreadedOrigin) -> None:
    threaded_origin.serve("/news", page("a", "b", following="/news/2"))
    threaded_origin.serve("/news/2", page("c", "d", following="news/3"))
    threaded_origin.serve("/news/news/3", page("e"))
    program = Program(
        tmp_path, news(threaded_origin.url("/news"), 'pages.next = "a.next@href"', "pages.limit = 2")
    )
    assert program.refresh()["items"]["new"] == 4
    assert threaded_origin.count("/news/news/3") == 0
    program.write(news(threaded_origin.url("/news"), 'pages.next = "a.next@href"'))
    threaded_origin.serve("/news/2", page("c", "d", following="/news"))  # round in a circle
    threaded_origin.serve("/news", page("z", "a", "b", following="/news/2"))
    assert program.refresh()["items"]["new"] == 1
    assert threaded_origin.count("/news") == 2


def test_a_page_that_fails_costs_its_items_only_until_the_next_poll(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    threaded_origin.serve("/news", page("a", following="/news/2"), etag='"1"')
    threaded_origin.serve("/news/2", status=500)
    program = Program(tmp_path, news(threaded_origin.url("/news"), 'pages.next = "a.next@href"'))
    assert program.refresh()["items"] == {"new": 1, "updated": 0, "unchanged": 0, "dropped": 1}
    threaded_origin.serve("/news/2", page("b"))
    report = program.refresh()
    assert (report["sources"]["fetched"], report["items"]["new"]) == (1, 1), "nothing vouched for the rest"
    assert program.refresh()["sources"]["not_modified"] == 1


def test_all_pages_share_the_time_of_one_poll(tmp_path: Path, threaded_origin: ThreadedOrigin) -> None:
    async def slowly(request: Request) -> Response:
        answer_now = asyncio.Event()  # each page alone is within the time, all of them are not
        asyncio.get_running_loop().call_later(0.2, answer_now.set)
        await answer_now.wait()
        number = int(request.path.rpartition("/")[2])
        return Response(body=page(f"item {number}", following=f"/news/{number + 1}").encode())

    for number in range(1, 12):
        threaded_origin.serve(f"/news/{number}", slowly)
    program = Program(
        tmp_path,
        news(
            threaded_origin.url("/news/1"),
            'timeout = "1500ms"',
            'pages.next = "a.next@href"',
            "pages.limit = 20",
        ),
    )
    report = program.refresh()
    assert report["items"]["dropped"] == 1, "the page that there was no time for"
    assert 1 <= report["items"]["new"] < 9, "those before it count"
    assert threaded_origin.count("/news/10") == 0


def test_a_next_page_elsewhere_is_not_asked_for(tmp_path: Path, threaded_origin: ThreadedOrigin) -> None:
    with ThreadedOrigin() as elsewhere:
        elsewhere.serve("/2", page("x"))
        threaded_origin.serve("/news", page("a", following=elsewhere.url("/2")), etag='"1"')
        program = Program(tmp_path, news(threaded_origin.url("/news"), 'pages.next = "a.next@href"'))
        assert program.refresh()["items"] == {"new": 1, "updated": 0, "unchanged": 0, "dropped": 1}
        assert program.refresh()["sources"]["not_modified"] == 1, "what we may read was read"
        assert elsewhere.count() == 0


@pytest.mark.parametrize("status", [301, 302])
def test_a_list_that_is_elsewhere_goes_on_there(
    tmp_path: Path, threaded_origin: ThreadedOrigin, status: int
) -> None:
    """Before a permanent redirect is adopted, and then; the headers stay with the configured server."""
    with ThreadedOrigin(host="127.0.0.2") as elsewhere:
        threaded_origin.serve("/news", redirect=elsewhere.url("/news"), status=status)
        elsewhere.serve("/news", page("a", following="/2"), etag='"1"')
        elsewhere.serve("/2", page("b", following="/news"))
        key = 'headers.X-Key = "s3cret"'
        program = Program(tmp_path, news(threaded_origin.url("/news"), 'pages.next = "a.next@href"', key))
        assert program.refresh()["items"] == {"new": 2, "updated": 0, "unchanged": 0, "dropped": 0}
        assert [program.refresh()["sources"]["not_modified"] for _ in range(3)] == [1, 1, 1]
        assert threaded_origin.count("/news") == (3 if status == 301 else 4)
        elsewhere.serve("/news", page("c", "a", following="/2"))
        elsewhere.serve("/2", page("d", "b"))
        assert program.refresh()["items"] == {"new": 2, "updated": 0, "unchanged": 2, "dropped": 0}
        assert {request.headers.get("x-key") for request in threaded_origin.seen("/news")} == {"s3cret"}
        assert {request.headers.get("x-key") for request in elsewhere.seen()} == {None}


def test_counted_pages_move_with_the_first(tmp_path: Path, threaded_origin: ThreadedOrigin) -> None:
    with ThreadedOrigin(host="127.0.0.2") as elsewhere:
        threaded_origin.serve(
            "/news", lambda request: Response(status=301, redirect=elsewhere.url(request.path))
        )
        elsewhere.serve("/news?p=1", page("a"), etag='"1"')
        elsewhere.serve("/news?p=2", page("b"))
        more = ('pages.parameter = "p"', "pages.limit = 2")
        program = Program(tmp_path, news(threaded_origin.url("/news"), *more))
        assert program.refresh()["items"]["new"] == 2
        assert [program.refresh()["sources"]["not_modified"] for _ in range(2)] == [1, 1]
        asked = threaded_origin.count("/news")
        elsewhere.serve("/news?p=1", page("c", "a"), etag='"2"')
        elsewhere.serve("/news?p=2", page("d", "b"))
        assert program.refresh()["items"] == {"new": 2, "updated": 0, "unchanged": 2, "dropped": 0}
        assert program.refresh()["sources"]["not_modified"] == 1
        assert threaded_origin.count("/news") == asked, "the new address was adopted"


def test_an_api_by_counted_pages_with_a_body(tmp_path: Path, threaded_origin: ThreadedOrigin) -> None:
    def answer(request: Request) -> Response:
        number = int(request.path.rpartition("=")[2])
        records = [
            {"infoCode": f"NW{number}{n}", "title": f"第{number}页 {n}", "datetime": "2026-05-02 06:03:23"}
            for n in range(2)
        ]
        return Response(body=json.dumps({"record": records if number < 3 else []}).encode())

    for number in range(5):
        threaded_origin.serve(f"/list?type=45&p={number}", answer)
    program = Program(
        tmp_path,
        wire(
            threaded_origin.url("/list?type=45"),
            'pages.parameter = "p"',
            "pages.start = 0",
            "pages.limit = 10",
            "body = '{\"size\": 2}'",
        ),
    )
    assert program.refresh()["items"]["new"] == 6
    assert [request.path[-1] for request in threaded_origin.seen()] == ["0", "1", "2", "3"]
    assert {(request.method, request.body) for request in threaded_origin.seen()} == {
        ("POST", b'{"size": 2}')
    }
    newest = items(program)[0]
    assert newest["date_published"] == "2026-05-01T22:03:23Z"
    assert newest["url"] == "https://portal.example/share?infoCode=NW00"


def test_a_record_without_title_time_or_id_is_counted_and_the_rest_go_on(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    good = {"infoCode": "1", "title": 'He said "no": 行', "datetime": "2026-05-02 06:03:23"}
    records = [
        good,
        {**good, "infoCode": "2", "title": ""},
        {**good, "infoCode": "3", "datetime": ""},
        {"title": "No id", "datetime": good["datetime"]},
        "not even a record",
        {**good, "infoCode": "5", "title": "The last"},
    ]
    threaded_origin.serve("/list", json.dumps({"record": records}))
    program = Program(tmp_path, wire(threaded_origin.url("/list")))
    assert program.refresh()["items"] == {"new": 2, "updated": 0, "unchanged": 0, "dropped": 4}


def test_preview_shows_a_page_and_the_rule_that_made_each_field(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    threaded_origin.serve("/news", page("a", "b"))
    more = ('select.publisher = "i"', 'publisher = ["attribution", "select"]', 'clean.remove = ".ad"')
    program = Program(tmp_path, news(threaded_origin.url("/news"), *more))
    done = program.run("preview", "news")
    assert done.returncode == 0
    lines = [line.strip() for line in done.stdout.splitlines()]
    assert "title: a 标题  (select.title: a)" in lines
    assert f"link: {threaded_origin.url('/article/a')}  (in ul.news > li: the first link)" in lines
    assert "publisher: 财经网 (caijingwang)  (select.publisher: i)" in lines
    shown = json.loads(program.run("preview", "news", "--json").stdout)
    assert shown["rules"]["clean"] == "clean: remove"
    assert shown["items"][0]["publisher"] == {"name": "财经网", "slug": "caijingwang"}


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://a.example/x", "https://a.example/x?p=3"),
        ("https://a.example/x?p=1&q=%E4%b8%ad+|", "https://a.example/x?p=3&q=%E4%b8%ad+|"),
        ("https://a.example/x?q&pp=1#f", "https://a.example/x?q&pp=1&p=3#f"),
    ],
)
def test_only_the_counter_of_an_address_changes(url: str, expected: str) -> None:
    assert with_parameter(url, "p", 3) == expected


@pytest.mark.parametrize("kind", ["page", "api"])
@pytest.mark.parametrize("over", [0, 1])
def test_a_listing_is_no_larger_than_five_mebibytes_whatever_documents_may_be(
    tmp_path: Path, threaded_origin: ThreadedOrigin, kind: str, over: int
) -> None:
    """At the limit, and one octet over it; packed, it is small on the wire."""
    url = threaded_origin.url("/list")
    if kind == "page":
        program, body = Program(tmp_path, news(url, 'max_body = "100MiB"')), page("a").encode()
    else:
        record = {"infoCode": "1", "title": "T", "datetime": "2026-05-02 06:03:23"}
        program = Program(tmp_path, wire(url, 'max_body = "100MiB"'))
        body = json.dumps({"record": [record]}).encode()
    threaded_origin.serve("/list", body.ljust(MAX_BYTES + over), encoding="gzip")
    report = program.refresh()
    assert MAX_BYTES == 5 * 1024 * 1024
    assert report["items"]["new"] == 1 - over
    assert [(each["error"], each["message"]) for each in report["failures"]] == [
        ("RefusedError", "the answer is larger than 5242880 bytes")
    ] * over
