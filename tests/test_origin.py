"""The scripted origin is what other tests believe in, so it is tested itself, by a plain client."""

from __future__ import annotations

import asyncio
import urllib.error
import urllib.request
from typing import Any

import aiohttp
import pytest

from tests.origin import Origin, Request, Response, ThreadedOrigin


async def get(url: str, **options: Any) -> tuple[int, bytes]:
    async with aiohttp.ClientSession() as session, session.get(url, **options) as response:
        return response.status, await response.read()


async def test_serves_records_and_answers_conditionally(origin: Origin) -> None:
    origin.serve("/feed", b"<rss/>", etag='"1"', last_modified="Mon, 01 Jan 2024 00:00:00 GMT")
    assert await get(origin.url("/feed?x=1")) == (200, b"<rss/>")
    assert await get(origin.url("/feed"), headers={"If-None-Match": '"1"'}) == (304, b"")
    assert (await get(origin.url("/feed"), headers={"If-None-Match": '"2"'}))[0] == 200
    assert (await get(origin.url("/none")))[0] == 404
    assert [r.path for r in origin.requests] == ["/feed?x=1", "/feed", "/feed", "/none"]
    assert origin.count("/feed") == 3


async def test_sequences_and_functions(origin: Origin) -> None:
    def who(request: Request) -> Response:
        return Response(body=request.headers["user-agent"].encode())

    origin.serve("/flaky", [Response(status=503), Response(body=b"ok")])
    origin.serve("/who", who)
    assert [(await get(origin.url("/flaky")))[0] for _ in range(3)] == [503, 200, 200]
    assert await get(origin.url("/who"), headers={"User-Agent": "me"}) == (200, b"me")


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "raw-deflate", "br", "zstd"])
@pytest.mark.parametrize("chunked", [False, True])
async def test_content_codings(origin: Origin, encoding: str, chunked: bool) -> None:
    origin.serve("/", b"hello" * 100, encoding=encoding, chunked=chunked)
    assert await get(origin.url("/")) == (200, b"hello" * 100)


async def test_redirects_and_truncation(origin: Origin) -> None:
    origin.serve("/old", redirect="/new", status=301)
    origin.serve("/new", b"here")
    assert await get(origin.url("/old")) == (200, b"here")
    origin.serve("/cut", b"x" * 100, truncate_at=10)
    with pytest.raises(aiohttp.ClientPayloadError):
        await get(origin.url("/cut"))


async def test_holds_answers_and_counts_overlap(origin: Origin) -> None:
    gate = asyncio.Event()
    origin.serve("/slow", b"done", hold=gate)
    tasks = [asyncio.create_task(get(origin.url("/slow"))) for _ in range(3)]
    await origin.wait_for("/slow", 3)
    assert origin.max_in_flight == origin.in_flight == 3
    gate.set()
    assert await asyncio.gather(*tasks) == [(200, b"done")] * 3


async def test_raw_handler_takes_the_connection(origin: Origin) -> None:
    async def rude(request: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"not http at all\r\n\r\n")

    origin.raw("/rude", rude)
    with pytest.raises(aiohttp.ClientError):
        await get(origin.url("/rude"))


def test_threaded_origin_serves_other_threads(threaded_origin: ThreadedOrigin) -> None:
    threaded_origin.serve("/feed", b"<rss/>")
    with urllib.request.urlopen(threaded_origin.url("/feed")) as answer:
        assert answer.read() == b"<rss/>"
    assert threaded_origin.wait_for("/feed", 1)[0].method == "GET"
    with pytest.raises(urllib.error.HTTPError) as error:
        urllib.request.urlopen(threaded_origin.url("/none"))
    error.value.close()
