"""What every request says of us, whatever it is for: polls, further pages, articles, redirects, posts."""

from __future__ import annotations

import json
from pathlib import Path

from aggregator import __version__
from aggregator.crawl import articles, feed, listing
from tests.crawl.test_articles import article
from tests.crawl.test_listing import page
from tests.origin import Request, Response, ThreadedOrigin
from tests.program import HEAD, Program, rss

CONTACT = "https://wire.example/bot"
FEED_TYPES = ("application/atom+xml", "application/rss+xml", "application/feed+json", "application/rdf+xml")
SETS_COOKIES = {"Set-Cookie": "id=1; Path=/; Max-Age=9999", "Content-Type": "text/html"}


def configuration(origin: ThreadedOrigin) -> str:
    return (
        HEAD.replace("[fetch]", f'[fetch]\nuser_agent_contact = "{CONTACT}"')
        + f"""
[[source]]
name = "feed"
url = "{origin.url("/feed")}"
[[source]]
name = "moved"
url = "{origin.url("/moved")}"
[[source]]
name = "page"
kind = "page"
url = "{origin.url("/news")}"
select.item = "ul.news > li"
select.title = "a"
pages.next = "a.next@href"
article.content = "div.article"
[[source]]
name = "api"
kind = "api"
url = "{origin.url("/list")}"
body = "page=1"
select.items = "record"
select.title = "title"
"""
    )


def test_every_request_names_us_and_carries_nothing_of_others(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    def serve(path: str, body: bytes | str) -> None:
        data = body.encode() if isinstance(body, str) else body
        threaded_origin.serve(path, Response(body=data, headers=SETS_COOKIES, content_type=None))

    serve("/feed", rss(("a", "A")))
    serve("/new", rss(("b", "B")))
    threaded_origin.serve(
        "/moved", Response(status=301, redirect=threaded_origin.url("/new"), headers=SETS_COOKIES)
    )
    serve("/news", page("a", following="/news/2"))
    serve("/news/2", page("b"))
    serve("/list", json.dumps({"record": [{"title": "T"}]}))
    for name in "abc":
        serve(f"/article/{name}", article(name))
    program = Program(tmp_path, configuration(threaded_origin))
    assert program.refresh()["sources"]["fetched"] == 4
    serve("/news", page("c", "a", following="/news/2"))
    assert program.refresh()["sources"]["failed"] == 0
    requests: list[Request] = threaded_origin.requests
    asked = {request.path for request in requests}
    assert asked == {
        "/feed",
        "/moved",
        "/new",
        "/news",
        "/news/2",
        "/list",
        "/robots.txt",
        *(f"/article/{n}" for n in "abc"),
    }
    for request in requests:
        assert request.headers["user-agent"] == f"aggregator/{__version__} (+{CONTACT})"
        assert request.headers["accept-encoding"]
        assert not request.headers.keys() & {"referer", "cookie", "from", "origin", "authorization"}
        assert request.method == ("POST" if request.path == "/list" else "GET")
    accepted = {request.path: request.headers["accept"] for request in requests}
    assert accepted["/feed"] == accepted["/moved"] == accepted["/new"] == feed.ACCEPT
    assert accepted["/news"] == accepted["/news/2"] == listing.ACCEPT_PAGE
    assert accepted["/list"] == listing.ACCEPT_API
    assert accepted["/article/a"] == articles.ACCEPT
    assert accepted["/robots.txt"].startswith("text/plain")


def test_a_feed_is_asked_for_by_the_names_of_its_types() -> None:
    """Those of feeds go before XML and JSON of any kind, and these before all else."""
    weights = dict(part.strip().partition(";q=")[::2] for part in feed.ACCEPT.split(","))
    order = [
        float(weights[name] or 1) for name in (*FEED_TYPES, "application/xml", "application/json", "*/*")
    ]
    assert order == sorted(order, reverse=True)
    assert order[3] > order[4] > order[5] > order[6]
    for kind, accept in (("text/html", listing.ACCEPT_PAGE), ("application/json", listing.ACCEPT_API)):
        assert accept.startswith(kind)
