"""Renderings are made once for all who ask, and large ones hold up nobody."""

from __future__ import annotations

import asyncio
import gzip
import threading
from datetime import UTC, datetime

import pytest

from aggregator.model.feed import Rendered
from aggregator.publish.render import etag_of
from aggregator.serve.cache import Cache
from aggregator.serve.renderings import LARGE_BYTES, Renderings
from tests.origin import WAIT_S

AT = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY, OTHER = ("all", "atom"), ("source/a", "atom")


def rendered(body: bytes) -> Rendered:
    return Rendered(body=body, media_type="text/plain", etag=etag_of(body), last_modified_at=AT)


async def test_who_asks_while_it_is_made_gets_the_same() -> None:
    renderings, go, made = Renderings(Cache()), asyncio.Event(), 0

    async def make() -> Rendered:
        nonlocal made
        made += 1
        await go.wait()
        return rendered(b"x" * 1000)

    asking = [
        asyncio.create_task(renderings.get(KEY, 1, encoding, make))
        for encoding in ("identity", "gzip", "br", "gzip", "identity")
    ]
    await asyncio.sleep(0)  # all have asked
    go.set()
    answers = await asyncio.gather(*asking)
    assert made == 1
    assert [encoding for _, encoding in answers] == ["identity", "gzip", "br", "gzip", "identity"]
    assert answers[1][0] is answers[3][0]
    assert gzip.decompress(answers[1][0].body) == answers[0][0].body
    await renderings.get(KEY, 2, "gzip", make)
    assert made == 2, "another revision"


async def test_what_could_not_be_made_is_tried_again() -> None:
    renderings, fails = Renderings(Cache()), True

    async def make() -> Rendered:
        if fails:
            raise OSError("the store cannot be read")
        return rendered(b"a feed")

    with pytest.raises(OSError, match="cannot be read"):
        await renderings.get(KEY, 1, "gzip", make)
    fails = False
    assert await renderings.get(KEY, 1, "gzip", make) == (rendered(b"a feed"), "identity"), "too small"


async def test_small_feeds_are_given_while_a_large_one_is_made() -> None:
    renderings, started, go = Renderings(Cache()), threading.Event(), threading.Event()

    def slow() -> Rendered:
        started.set()
        assert go.wait(WAIT_S)
        return rendered(b"x" * LARGE_BYTES)

    async def large() -> Rendered:
        return await renderings.made(LARGE_BYTES, slow)

    async def small() -> Rendered:
        return await renderings.made(LARGE_BYTES - 1, lambda: rendered(b"a feed"))

    asking = asyncio.create_task(renderings.get(KEY, 1, "zstd", large))
    try:
        assert await asyncio.to_thread(started.wait, WAIT_S)
        assert (await renderings.get(OTHER, 1, "identity", small))[0].body == b"a feed"
    finally:
        go.set()
    found, encoding = await asking
    assert (encoding, len(found.body) < LARGE_BYTES) == ("zstd", True)
