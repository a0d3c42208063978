"""What the client sends, follows, keeps and refuses, against a real server."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from aggregator.errors import HeldError, NetworkError, RefusedError, StatusError
from aggregator.fetch.headers import retry_after_s
from aggregator.model.http import FetchRequest
from aggregator.model.source import Validators
from aggregator.process.cadence import freshness_s
from tests.fetch.conftest import NOW, Get, MakeClient
from tests.origin import Origin, RawHandler, Request, Response

DATE = "Sun, 01 Mar 2026 10:00:00 GMT"


async def test_an_ordinary_poll(origin: Origin, make_client: MakeClient) -> None:
    origin.serve("/feed?a=%2f+|", b"<rss/>", headers={"X-Two": "1", "Cache-Control": "max-age=60"})
    client = await make_client(user_agent_contact="https://example.org/bot")
    result = await client.fetch(FetchRequest(url=origin.url("/feed?a=%2f+|#top"), accept="text/xml"))
    assert (result.status, result.body, result.not_modified) == (200, b"<rss/>", False)
    assert result.url == origin.url("/feed?a=%2f+|")
    assert result.headers["cache-control"] == "max-age=60"
    assert (result.permanent_url, result.validators) == (None, None)
    assert result.wire_bytes == 6
    assert result.elapsed_s > 0
    (request,) = origin.requests
    assert (request.method, request.path) == ("GET", "/feed?a=%2f+|")
    assert request.headers == {
        "host": f"127.0.0.1:{origin.port}",
        "user-agent": "aggregator/1.2 (+https://example.org/bot)",
        "accept": "text/xml",
        "accept-encoding": "gzip, deflate, br, zstd",
    }


async def test_connections_are_kept(origin: Origin, get: Get) -> None:
    origin.serve("/", b"<rss/>", etag='"1"')
    first = await get("/")
    for _ in range(5):
        assert (await get("/", validators=first.validators)).not_modified
    assert origin.connections == 1


async def test_no_cookie_is_sent_back(origin: Origin, get: Get) -> None:
    origin.serve("/", b"x", headers={"Set-Cookie": "id=1; Path=/"})
    await get("/")
    await get("/")
    assert all("cookie" not in request.headers for request in origin.requests)


async def test_203_is_a_success_too(origin: Origin, get: Get) -> None:
    origin.serve("/", b"x", status=203, etag='"1"')
    result = await get("/")
    assert (result.status, result.body) == (203, b"x")


# Validators


@pytest.mark.parametrize("etag", ['"a"', 'W/"b,c"', "unquoted", f'"{"x" * 1000}"', '"a b"'])
async def test_validators_go_back_exactly(origin: Origin, get: Get, etag: str) -> None:
    origin.serve("/", b"x", etag=etag, last_modified="yesterday-ish")
    first = await get("/")
    assert first.validators == Validators(url=origin.url("/"), etag=etag, last_modified="yesterday-ish")
    second = await get("/", validators=first.validators)
    assert (second.status, second.not_modified, second.body) == (304, True, b"")
    assert second.validators == first.validators
    assert origin.requests[1].headers["if-none-match"] == etag
    assert origin.requests[1].headers["if-modified-since"] == "yesterday-ish"


async def test_validators_are_renewed_and_withdrawn(origin: Origin, get: Get) -> None:
    old = Validators(url=origin.url("/"), etag='"1"', last_modified=DATE)
    origin.serve(
        "/",
        [
            Response(status=304, etag='"2"'),
            Response(status=304, last_modified="later"),
            Response(status=304),
            Response(body=b"x", etag='"3"', conditional=False),
            Response(body=b"x", conditional=False),
        ],
    )
    expected = [('"2"', DATE), ('"1"', "later"), ('"1"', DATE), ('"3"', None)]
    for etag, modified in expected:
        result = await get("/", validators=old)
        assert result.validators == Validators(url=old.url, etag=etag, last_modified=modified)
    assert (await get("/", validators=old)).validators is None


@pytest.mark.parametrize(
    "headers",
    [{"ETag": '"' + "x" * 1024 + '"'}, {"ETag": '"é"'}, {"ETag": ""}, {"Last-Modified": "x" * 101}],
)
async def test_validators_out_of_bounds_are_not_kept(
    origin: Origin, get: Get, headers: dict[str, str]
) -> None:
    origin.serve("/", b"x", headers=headers)
    assert (await get("/")).validators is None


async def test_validators_belong_to_one_address(origin: Origin, get: Get) -> None:
    origin.serve("/feed", b"x", etag='"1"')
    origin.serve("/old", redirect="/feed")
    mine = Validators(url=origin.url("/feed"), etag='"1"')
    assert (await get("/old", validators=mine)).not_modified
    assert "if-none-match" not in origin.seen("/old")[0].headers
    other = Validators(url=origin.url("/feed?x"), etag='"1"')
    assert not (await get("/feed", validators=other)).not_modified


async def test_304_to_an_unconditional_request_is_an_error(origin: Origin, get: Get) -> None:
    origin.serve("/", status=304)
    for validators in (None, Validators(url=origin.url("/")), Validators(url="http://x/", etag='"1"')):
        with pytest.raises(StatusError, match="304"):
            await get("/", validators=validators)


# Redirects


async def test_permanent_and_temporary_redirects(origin: Origin, get: Get) -> None:
    origin.serve("/end", b"x", etag='"1"')
    origin.serve("/a", redirect="/b", status=301)
    origin.serve("/b", redirect="/c", status=308)
    origin.serve("/c", redirect="/end#top", status=302)
    origin.serve("/t", redirect="/a", status=307)
    origin.serve("/s", redirect="end", status=303)
    result = await get("/a")
    assert (result.url, result.permanent_url) == (origin.url("/end"), origin.url("/c"))
    assert result.validators is not None
    assert result.validators.url == origin.url("/end")
    assert (await get("/b")).permanent_url == origin.url("/c")
    assert (await get("/t")).permanent_url is None
    assert (await get("/s")).permanent_url is None
    origin.serve("/c", redirect="/end", status=301)
    assert (await get("/a")).permanent_url == origin.url("/end")


@pytest.mark.parametrize(
    ("hops", "detour"),
    [((), False), ((301, 308), False), ((302,), True), ((301, 307), True), ((303, 301), True)],
)
async def test_a_failure_tells_whether_it_speaks_for_the_address_that_was_asked_for(
    origin: Origin, get: Get, hops: tuple[int, ...], detour: bool
) -> None:
    for number, status in enumerate(hops):
        origin.serve(f"/{number}", redirect=f"/{number + 1}", status=status)
    origin.serve(f"/{len(hops)}", status=410)
    with pytest.raises(StatusError) as caught:
        await get("/0")
    assert (caught.value.status, caught.value.detour) == (410, detour)


async def test_redirects_are_limited(origin: Origin, get: Get, make_client: MakeClient) -> None:
    for number in range(6):
        origin.serve(f"/{number}", redirect=f"/{number + 1}", status=301)
    origin.serve("/6", b"x")
    assert (await get("/1")).body == b"x"
    with pytest.raises(RefusedError, match="more than 5"):
        await get("/0")
    origin.serve("/loop", redirect="/back")
    origin.serve("/back", redirect="/loop")
    for path in ("/loop", "/back"):
        with pytest.raises(RefusedError, match="loop"):
            await get(path)
    none = await make_client(max_redirects=0)
    with pytest.raises(RefusedError, match="more than 0"):
        await none.fetch(FetchRequest(url=origin.url("/5")))


async def test_redirects_without_place_are_errors(origin: Origin, get: Get) -> None:
    for status in (300, 301, 302, 305):
        origin.serve("/", status=status)
        with pytest.raises(StatusError, match=str(status)):
            await get("/")


async def test_secrets_stay_with_their_origin(origin: Origin, make_client: MakeClient) -> None:
    async with Origin() as other:
        client = await make_client(allow_private=("127.0.0.1",))
        other.serve("/away", b"x", etag='"1"')
        other.serve("/home", redirect=origin.url("/end"))
        origin.serve("/end", b"x")
        origin.serve("/near", redirect="/end")
        origin.serve("/far", redirect=other.url("/away"))
        origin.serve("/round", redirect=other.url("/home"))
        headers = {"Authorization": "Bearer t", "X-Key": "k", "accept": "mine"}
        mine = Validators(url=origin.url("/far"), etag='"1"', last_modified=DATE)
        for path in ("/near", "/far", "/round"):
            await client.fetch(FetchRequest(url=origin.url(path), headers=headers, validators=mine))
        for request in origin.requests:
            assert {k: request.headers.get(k) for k in ("authorization", "x-key", "accept")} == {
                "authorization": "Bearer t",
                "x-key": "k",
                "accept": "mine",
            }
        for request in other.requests:
            assert set(request.headers) == {"host", "user-agent", "accept", "accept-encoding"}
        assert other.count() == 2


async def test_credentials_in_the_address(origin: Origin, get: Get) -> None:
    origin.serve("/a", redirect="/b")
    origin.serve("/b", b"x", etag='"1"')
    result = await get(f"http://me:p%40ss@127.0.0.1:{origin.port}/a")
    assert result.url == origin.url("/b")
    assert [r.headers["authorization"] for r in origin.requests] == ["Basic bWU6cEBzcw=="] * 2
    with pytest.raises(StatusError) as caught:
        await get(f"http://me:p%40ss@127.0.0.1:{origin.port}/none")
    assert "ss@" not in str(caught.value)


@pytest.mark.parametrize("headers", [{"X": "a\r\nY: b"}, {"X\n": "a"}, {"": "a"}, {"X": "\0"}, {"a b": "c"}])
async def test_headers_cannot_smuggle(origin: Origin, get: Get, headers: dict[str, str]) -> None:
    with pytest.raises(RefusedError, match="header"):
        await get("/", headers=headers)
    assert origin.connections == 0


# Statuses


@pytest.mark.parametrize("status", [201, 204, 206, 400, 401, 403, 404, 410, 418, 429, 451, 500, 503, 599])
async def test_other_statuses_are_errors(origin: Origin, get: Get, status: int) -> None:
    origin.serve("/", b"<rss/>", status=status)
    with pytest.raises(StatusError, match=f"answered {status}") as caught:
        await get("/")
    assert caught.value.status == status
    assert caught.value.retry_after_s is None


@pytest.mark.parametrize("status", [429, 503])
async def test_retry_after_holds_the_host(origin: Origin, get: Get, status: int) -> None:
    origin.serve("/", status=status, headers={"Retry-After": "120"})
    origin.serve("/other", b"x")
    with pytest.raises(StatusError) as caught:
        await get("/")
    assert caught.value.retry_after_s == 120
    for path in ("/", "/other"):
        with pytest.raises(HeldError, match="asked to wait") as held:
            await get(path)
        assert held.value.retry_after_s == pytest.approx(120, abs=60)
    assert origin.count() == 1  # nothing was sent in the meantime


async def test_what_a_host_told_an_earlier_process_holds(origin: Origin, make_client: MakeClient) -> None:
    async with Origin() as other:
        other.serve("/", b"x")
        origin.serve("/", b"x")
        client = await make_client(allow_private=("127.0.0.1",))
        client.hold(f"127.0.0.1:{origin.port}", NOW + timedelta(hours=1))
        client.hold(f"127.0.0.1:{other.port}", NOW - timedelta(hours=1))
        with pytest.raises(HeldError) as held:
            await client.fetch(FetchRequest(url=origin.url("/")))
        assert held.value.retry_after_s == pytest.approx(3600, abs=60)
        assert (await client.fetch(FetchRequest(url=other.url("/")))).body == b"x"
        assert origin.connections == 0


async def test_a_domain_that_counts_as_one_host_is_held_whole(make_client: MakeClient) -> None:
    client = await make_client(one_host=("blogs.example",))
    client.hold("a.blogs.example:443", NOW + timedelta(hours=1))
    for url in ("http://a.blogs.example:81/", "https://BLOGS.example./", "http://c.b.blogs.example/"):
        with pytest.raises(HeldError, match=r"^blogs\.example asked to wait"):
            await client.fetch(FetchRequest(url=url))


async def test_retry_after_may_hold_nobody_but_who_was_told(origin: Origin, get: Get) -> None:
    origin.serve("/", status=429, headers={"Retry-After": "120"})
    origin.serve("/other", b"x")
    with pytest.raises(StatusError) as caught:
        await get("/", retry_after_scope="url")
    assert caught.value.retry_after_s == 120
    assert (await get("/other")).body == b"x"


async def test_retry_after_counts_with_the_statuses_that_are_asked_for(origin: Origin, get: Get) -> None:
    origin.serve("/", status=403, headers={"Retry-After": "120"})
    with pytest.raises(StatusError) as caught:
        await get("/")
    assert (caught.value.retry_after_s, caught.value.transient) == (None, False)
    with pytest.raises(StatusError) as caught:
        await get("/", retry_after_on=(403, 429, 503))
    assert (caught.value.retry_after_s, caught.value.transient) == (120, True)
    with pytest.raises(HeldError, match="asked to wait"):
        await get("/other")


async def test_retry_after_of_other_statuses_is_nothing(origin: Origin, get: Get) -> None:
    origin.serve("/", status=404, headers={"Retry-After": "120"})
    origin.serve("/other", b"x")
    with pytest.raises(StatusError):
        await get("/")
    assert (await get("/other")).body == b"x"


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0),
        ("120", 120.0),
        (" 7.5 ", 7.5),
        ("9" * 6000, 30 * 86400.0),
        ("Sun, 01 Mar 2026 12:01:00 GMT", 60.0),
        ("Sunday, 01-Mar-26 12:01:00 GMT", 60.0),
        ("Sun, 01 Mar 2026 12:01:00 -0000", 60.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 30 * 86400.0),
        ("-5", None),
        ("", None),
        ("soon", None),
        ("٣", None),
        ("1e400", None),
        ("Sun, 99 Mar 2026 12:01:00 GMT", None),
        ("Sun, 01 Mar 99999999999999999999 12:01:00 GMT", None),
        ("Sun, 01 Mar 2026 12:01:00 +99999999999999999999", None),
        ("Mon, 01 Jan 0001 00:00:00 +2359", 0.0),
    ],
)
def test_retry_after_in_both_forms(value: str, seconds: float | None) -> None:
    assert retry_after_s(value, NOW) == seconds


# Time


async def test_one_deadline_over_all_hops(origin: Origin, get: Get) -> None:
    never = asyncio.Event()
    origin.serve("/a", redirect="/b")
    origin.serve("/b", b"x", hold=never)
    with pytest.raises(NetworkError, match=r"no whole answer within 0\.05 s"):
        await get("/a", timeout_s=0.05)
    origin.serve("/slow-body", b"x" * 1000, hold_body=never)
    with pytest.raises(NetworkError, match="no whole answer"):
        await get("/slow-body", timeout_s=0.05)


async def test_the_deadline_is_shared_by_slow_redirects(origin: Origin, get: Get) -> None:
    async def slowly(request: Request) -> Response:
        answer_now = asyncio.Event()  # each hop alone is within the time, all of them are not
        asyncio.get_running_loop().call_later(0.1, answer_now.set)
        await answer_now.wait()
        return Response(status=302, redirect=f"/{int(request.path[1:]) + 1}")

    for number in range(5):
        origin.serve(f"/{number}", slowly)
    origin.serve("/5", b"x")
    with pytest.raises(NetworkError, match="no whole answer"):
        await get("/0", timeout_s=0.3)
    assert origin.count("/5") == 0


async def test_silence_ends_the_poll(origin: Origin, make_client: MakeClient) -> None:
    never = asyncio.Event()
    client = await make_client(idle_timeout_s=0.05)
    origin.serve("/head", b"x", hold=never)
    origin.serve("/body", b"x" * 1000, hold_body=never)
    for path in ("/head", "/body"):
        with pytest.raises(NetworkError, match="silent"):
            await client.fetch(FetchRequest(url=origin.url(path)))


async def test_waiting_for_politeness_is_not_counted(origin: Origin, make_client: MakeClient) -> None:
    client = await make_client(per_host=1)
    gate = asyncio.Event()
    origin.serve("/first", b"x", hold=gate)
    origin.serve("/second", b"y")
    first = asyncio.create_task(client.fetch(FetchRequest(url=origin.url("/first"), timeout_s=20)))
    await origin.wait_for("/first")
    second = asyncio.create_task(client.fetch(FetchRequest(url=origin.url("/second"), timeout_s=0.2)))
    # The second's whole time passes, by the loop's own clock, while it waits for its host.
    passed = asyncio.Event()
    asyncio.get_running_loop().call_later(0.3, passed.set)
    await passed.wait()
    assert not second.done()
    gate.set()
    assert (await first).body == b"x"
    assert (await second).body == b"y"


async def test_cancelling_frees_the_place(origin: Origin, make_client: MakeClient) -> None:
    client = await make_client(per_host=1, concurrency=1)
    origin.serve("/slow", b"x", hold=asyncio.Event())
    origin.serve("/", b"x")
    task = asyncio.create_task(client.fetch(FetchRequest(url=origin.url("/slow"))))
    await origin.wait_for("/slow")
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (await client.fetch(FetchRequest(url=origin.url("/")))).body == b"x"


async def test_no_more_at_once_than_allowed(origin: Origin, make_client: MakeClient) -> None:
    client = await make_client(per_host=2)
    gate = asyncio.Event()
    origin.serve("/", b"x", hold=gate)
    tasks = [asyncio.create_task(client.fetch(FetchRequest(url=origin.url("/")))) for _ in range(10)]
    await origin.wait_for("/", 2)
    gate.set()
    await asyncio.gather(*tasks)
    assert origin.max_in_flight == 2


# Headers


async def test_long_headers_are_accepted_and_too_many_refused(origin: Origin, get: Get) -> None:
    policy = "default-src 'self' " + " ".join(f"https://cdn{number}.example" for number in range(1000))
    origin.serve("/", b"x", headers={"Content-Security-Policy": policy})
    assert (await get("/")).headers["content-security-policy"] == policy
    assert len(policy) > 20_000
    origin.serve("/", b"x", headers={f"X-{number}": "y" * 1000 for number in range(70)})
    with pytest.raises(RefusedError, match="headers"):
        await get("/")
    origin.serve("/", b"x", headers={"X-Long": "y" * 70_000})
    with pytest.raises(NetworkError, match="not valid HTTP"):
        await get("/")
    origin.serve("/", b"x", headers={f"X-{number}": "y" for number in range(1000)})
    with pytest.raises(NetworkError, match="not valid HTTP"):
        await get("/")


def lines(*headers: str, status: str = "200 OK") -> RawHandler:
    """Answers with these header lines, repeated ones too."""

    async def answer(request: Request, writer: asyncio.StreamWriter) -> None:
        head = "\r\n".join([f"HTTP/1.1 {status}", *headers, "Content-Length: 1", "", ""])
        writer.write(head.encode() + b"x")

    return answer


async def test_lines_of_cache_control_are_one_list(origin: Origin, get: Get) -> None:
    origin.raw("/", lines("Cache-Control: public", "cache-control: max-age=60", "X-Two: 1", "X-Two: 2"))
    headers = (await get("/")).headers
    assert (headers["cache-control"], headers["x-two"]) == ("public, max-age=60", "2")
    assert freshness_s(headers, NOW) == 60
    origin.raw("/", lines("Cache-Control: no-store", "Cache-Control: max-age=60"))
    assert freshness_s((await get("/")).headers, NOW) is None


async def test_validators_that_contradict_each_other_are_none(origin: Origin, get: Get) -> None:
    """To send back the wrong one of two could be answered with 304 for ever."""
    origin.raw("/", lines('ETag: "1"', 'ETag: "2"', 'ETag: "2"', f"Last-Modified: {DATE}"))
    assert (await get("/")).validators == Validators(url=origin.url("/"), last_modified=DATE)
    origin.raw("/", lines('ETag: "1"', f"Last-Modified: {DATE}", 'ETag: "1"', "Last-Modified: later"))
    first = await get("/")
    assert first.validators == Validators(url=origin.url("/"), etag='"1"')


async def test_headers_are_text_whatever_was_sent(origin: Origin, get: Get) -> None:
    origin.serve("/", b"x", headers={"X-Odd": "caf\xe9", "Content-Type": "text/xml; charset=\xff"})
    headers = (await get("/")).headers
    assert headers["x-odd"] == "caf\ufffd"
    "".join(headers.values()).encode("utf-8")


async def test_long_addresses_arrive_whole(origin: Origin, get: Get) -> None:
    path = "/" + "x" * (8000 - len(origin.url("/")))
    origin.serve(path, b"x")
    assert (await get(path)).url == origin.url(path)
    with pytest.raises(RefusedError, match="8000"):
        await get(path + "x")


# Posting


@pytest.mark.parametrize(
    ("body", "media_type"),
    [('{"page": 1}', "application/json"), ("page=1&q=中", "application/x-www-form-urlencoded")],
)
async def test_a_body_is_posted(origin: Origin, get: Get, body: str, media_type: str) -> None:
    origin.serve("/list", b"[]", etag='"1"')
    first = await get("/list", body=body)
    again = await get("/list", body=body, validators=first.validators)
    assert (again.status, again.not_modified) == (200, False)
    for request in origin.requests:
        assert (request.method, request.body) == ("POST", body.encode())
        assert request.headers["content-type"] == media_type
        assert "if-none-match" not in request.headers


async def test_the_operator_s_media_type_goes_before_ours(origin: Origin, get: Get) -> None:
    origin.serve("/list", b"[]")
    await get("/list", body="{}", headers={"content-type": "application/graphql"})
    assert origin.requests[0].headers["content-type"] == "application/graphql"


async def test_what_is_posted_follows_no_redirect(origin: Origin, get: Get) -> None:
    origin.serve("/list", status=307, headers={"Location": "/other"})
    with pytest.raises(RefusedError, match="redirects what was posted to it"):
        await get("/list", body="{}")
    assert origin.count() == 1
