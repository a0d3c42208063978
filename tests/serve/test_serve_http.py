"""What feed readers get over HTTP: status, headers, encodings, redirects."""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path

import brotli
import pytest

from tests.origin import WAIT_S, ThreadedOrigin
from tests.program import HEAD, Daemon, Program, configuration, fetch, rss

ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd"
OF_THE_CHANNEL = (
    f"<itunes:author xmlns:itunes='{ITUNES}'>Ann</itunes:author>"
    f"<itunes:category xmlns:itunes='{ITUNES}' text='News'/>"
    f"<itunes:new-feed-url xmlns:itunes='{ITUNES}'>http://moved.example/</itunes:new-feed-url>"
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Daemon]:
    """One server over one refreshed source, for every test here: none of them changes it."""
    with ThreadedOrigin() as origin:
        items = ((f"g{n}", f"Title {n}") for n in range(9))
        origin.serve("/acme", rss(*items, extra=OF_THE_CHANNEL))
        source = {"name": "acme", "url": origin.url("/acme"), "category": "新闻/tech"}
        program = Program(tmp_path_factory.mktemp("served"), configuration([source]))
        assert program.refresh()["items"]["new"] == 9
        with Daemon(program, "serve") as daemon:
            yield daemon


def test_equal_content_gives_equal_bytes(served: Daemon) -> None:
    for suffix in ("atom", "rss", "json", "html"):
        first, second = (served.get(f"/feeds/all.{suffix}") for _ in range(2))
        assert first == second or first[2] == second[2]
        assert first[1]["etag"].startswith('"')
        assert first[1]["cache-control"]
        assert first[1]["last-modified"].endswith("GMT")


def test_each_encoding_has_its_own_tag_and_the_same_text(served: Daemon) -> None:
    plain = served.get("/feeds/all.atom")
    packed = served.get("/feeds/all.atom", Accept_Encoding="gzip")
    brotlied = served.get("/feeds/all.atom", Accept_Encoding="br, gzip")
    assert packed[1]["content-encoding"] == "gzip"
    assert gzip.decompress(packed[2]) == plain[2]
    assert brotli.decompress(brotlied[2]) == plain[2]
    assert len({plain[1]["etag"], packed[1]["etag"], brotlied[1]["etag"]}) == 3
    assert "accept-encoding" in packed[1]["vary"].lower()
    tag = packed[1]["etag"]
    status, headers, body = served.get("/feeds/all.atom", Accept_Encoding="gzip", If_None_Match=tag)
    assert (status, body, headers["etag"]) == (304, b"", tag)


def test_head_is_get_without_the_body(served: Daemon) -> None:
    for path in ("/", "/feeds/all.rss", "/opml", "/status", "/feeds/none.atom"):
        got, head = served.get(path), fetch(served.base + path, {}, "HEAD")
        assert head[0] == got[0]
        assert head[2] == b""
        without_date = {name: value for name, value in got[1].items() if name != "date"}
        assert {name: value for name, value in head[1].items() if name != "date"} == without_date


def test_what_a_source_says_of_itself_is_in_its_own_feed_alone(served: Daemon) -> None:
    for suffix in ("atom", "rss"):
        own, whole = (served.get(f"/feeds/{feed}.{suffix}")[2] for feed in ("source/acme", "all"))
        assert b'<itunes:category text="News"/>' in own
        assert b"itunes" not in whole
        assert b"moved.example" not in own
    assert json.loads(served.get("/feeds/source/acme.json")[2])["authors"] == [{"name": "Ann"}]


def test_subscription_lists_are_conditional_and_compressed_like_feeds(served: Daemon) -> None:
    for path in ("/opml", "/opml/sources"):
        status, headers, body = served.get(path)
        assert (status, headers["content-type"].partition(";")[0]) == (200, "text/x-opml")
        again = served.get(path, If_None_Match=headers["etag"])
        assert (again[0], again[2], again[1]["etag"]) == (304, b"", headers["etag"])
        assert served.get(path, If_None_Match='"other"')[2] == body
        packed = served.get(path, Accept_Encoding="gzip")[2]
        assert (gzip.decompress(packed) if len(body) >= 512 else packed) == body


def test_pages_of_the_moment_are_asked_for_anew(served: Daemon) -> None:
    assert {served.get(path)[1]["cache-control"] for path in ("/", "/status", "/nothing")} == {"no-cache"}


def test_no_answer_tells_what_it_is_made_with(served: Daemon) -> None:
    paths = ("/", "/feeds/all.atom", "/feeds/all", "/nothing", "/metrics", "/opml/sources", "/healthz")
    assert {served.get(path)[1]["server"] for path in paths} == {"aggregator"}


@pytest.mark.parametrize(
    ("accept", "suffix"),
    [
        ("application/rss+xml", "rss"),
        ("application/feed+json, */*;q=0.1", "json"),
        ("*/*", "atom"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "html"),
    ],
)
def test_a_path_without_suffix_leads_to_the_preferred_format(
    served: Daemon, accept: str, suffix: str
) -> None:
    status, headers, _body = served.get("/feeds/source/acme", Accept=accept)
    assert status == 303
    assert headers["location"] == f"/feeds/source/acme.{suffix}"
    assert headers["vary"] == "Accept"


def test_below_a_path_redirects_and_links_stay_below_it(tmp_path: Path) -> None:
    head = HEAD.replace("http://wire.example", "http://wire.example/news")
    program = Program(tmp_path, configuration([], head))
    program.refresh()
    with Daemon(program, "serve") as daemon:
        status, headers, _body = daemon.get("/feeds/all?x=1")
        assert (status, headers["location"]) == (303, "/news/feeds/all.atom")
        assert b'"http://wire.example/news/feeds/all.atom"' in daemon.get("/feeds/all.atom")[2]


def test_a_list_in_several_lines_is_one_list(served: Daemon) -> None:
    tag = served.get("/feeds/all.atom")[1]["etag"]
    with closing(HTTPConnection(served.base.removeprefix("http://"), timeout=WAIT_S)) as connection:
        for path, name, lines, expected in (
            ("/feeds/all.atom", "If-None-Match", ('"x"', tag, '"y"'), (304, None)),
            ("/feeds/all", "Accept", ("text/plain", "application/rss+xml"), (303, "/feeds/all.rss")),
        ):
            connection.putrequest("GET", path)
            for line in lines:
                connection.putheader(name, line)
            connection.endheaders()
            with connection.getresponse() as answer:
                assert (answer.status, answer.headers["Location"]) == expected
                answer.read()


def test_a_category_of_any_script_has_its_feeds(served: Daemon) -> None:
    for path in ("/feeds/category/%E6%96%B0%E9%97%BB.atom", "/feeds/category/%E6%96%B0%E9%97%BB/tech.rss"):
        assert served.get(path)[0] == 200


@pytest.mark.parametrize(
    "path", ["/feeds/nothing.atom", "/feeds/", "/feeds/source/..%2f..%2fetc.atom", "/x", "/feeds/all.exe"]
)
def test_what_is_not_there_is_a_plain_404(served: Daemon, path: str) -> None:
    status, headers, body = served.get(path)
    assert status == 404
    assert "default-src 'none'" in headers["content-security-policy"]
    assert b"<script" not in body


def test_no_header_of_a_request_gets_into_an_answer(served: Daemon) -> None:
    forged = {
        "Host": "evil.example",
        "X_Forwarded_Host": "evil.example",
        "X_Forwarded_Proto": "gopher",
        "X_Forwarded_For": "6.6.6.6",
        "Forwarded": "host=evil.example",
        "X_Original_URL": "/status",
        "Origin": "http://evil.example",
        "Referer": "http://evil.example/",
    }
    for path in (
        "/",
        "/feeds/all.atom",
        "/feeds/all.rss",
        "/feeds/all.json",
        "/feeds/all.html",
        "/opml",
        "/x",
    ):
        status, headers, body = served.get(path, **forged)
        assert (status, body) == (served.get(path)[0], served.get(path)[2])
        assert "evil" not in str(headers) + body.decode()
        assert headers.get("vary", "accept-encoding").lower() == "accept-encoding"
    assert served.get("/feeds/source/acme", **forged)[1]["location"] == "/feeds/source/acme.atom"


def test_other_methods_are_refused(served: Daemon) -> None:
    assert fetch(served.base + "/feeds/all.atom", {}, "POST")[0] == 405


def test_pages_name_their_feeds(served: Daemon) -> None:
    page = served.get("/")[2].decode()
    assert 'rel="alternate"' in page
    assert "http://wire.example/feeds/all.atom" in page
    assert "Title 0" in page
    assert b"acme" in served.get("/status")[2]
    assert b"xmlUrl" in served.get("/opml")[2]
    assert b"/acme" in served.get("/opml/sources")[2]
    assert served.get("/style.css")[1]["content-type"].startswith("text/css")
