"""What a client may take of the server: connections, time and octets, held against real sockets."""

from __future__ import annotations

import asyncio
import contextlib
import tracemalloc
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from aiohttp import web

from aggregator.serve.app import guarded
from aggregator.serve.bounds import Bounds, Heads, heads
from aggregator.serve.listen import listening
from aggregator.serve.metrics import Metrics
from aggregator.serve.slices import SLICE_BYTES, sliced
from tests.origin import WAIT_S

LARGE = b"x" * (16 * 1024 * 1024)  # more than the kernel takes over for a client that reads nothing
GET = b"GET /feed HTTP/1.1\r\nHost: a\r\n\r\n"
PATIENT = Bounds(head_s=WAIT_S, answer_s=WAIT_S)
SILENT = 40

Client = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass(slots=True)
class Served:
    port: int
    cut: Counter[str]
    news: asyncio.Condition
    asked: asyncio.Event
    hold: asyncio.Event
    clients: list[Client]

    async def client(self) -> Client:
        self.clients.append(await asyncio.open_connection("127.0.0.1", self.port))
        return self.clients[-1]

    async def was_cut(self, reason: str, count: int = 1) -> None:
        async with self.news, asyncio.timeout(WAIT_S):
            await self.news.wait_for(lambda: self.cut[reason] >= count)


@asynccontextmanager
async def serving(bounds: Bounds) -> AsyncIterator[Served]:
    """A server with a feed, a large one, and one that is answered when the test says so."""
    asked, hold, cut, news = asyncio.Event(), asyncio.Event(), Counter[str](), asyncio.Condition()

    async def feed(request: web.Request) -> web.Response:
        return web.Response(body=b"a feed")

    async def large(request: web.Request) -> web.Response:
        return web.Response(body=LARGE)

    async def in_slices(request: web.Request) -> web.Response:
        return web.Response(body=sliced(LARGE))

    async def held(request: web.Request) -> web.Response:
        asked.set()
        await hold.wait()
        return web.Response(body=b"held")

    async def tell() -> None:
        async with news:
            news.notify_all()

    def count(reason: str) -> None:
        cut[reason] += 1
        telling.create_task(tell())

    app = web.Application(middlewares=[guarded(Metrics())])
    app.router.add_get("/feed", feed)
    app.router.add_get("/large", large)
    app.router.add_get("/held", held)
    app.router.add_get("/sliced", in_slices)
    async with (
        asyncio.TaskGroup() as telling,
        listening(app, "127.0.0.1", 0, bounds=bounds, cut=count) as port,
    ):
        served = Served(port, cut, news, asked, hold, [])
        try:
            yield served
        finally:
            for _, writer in served.clients:
                writer.close()
                with contextlib.suppress(ConnectionError):
                    await writer.wait_closed()


async def said(reader: asyncio.StreamReader) -> bytes:
    """All that comes until the server hangs up, politely or not."""
    got = b""
    try:
        async with asyncio.timeout(WAIT_S):
            while part := await reader.read(65536):
                got += part
    except ConnectionResetError:
        pass
    return got


async def answer(client: Client, request: bytes = GET) -> tuple[int, bytes]:
    """The next answer's status and body."""
    reader, writer = client
    writer.write(request)
    async with asyncio.timeout(WAIT_S):
        head = (await reader.readuntil(b"\r\n\r\n")).decode().lower()
        length = int(head.partition("content-length: ")[2].partition("\r\n")[0])
        return int(head.split()[1]), await reader.readexactly(length)


async def says_nothing_for(seconds: float, client: Client) -> None:
    """The server neither answers nor hangs up."""
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(client[0].read(1), seconds)


@pytest.mark.parametrize(
    ("octets", "known", "expected"),
    [
        (b"", 0, Heads(ended=0, start=0, overlong=False)),
        (b"GET / HTTP/1.1\r\n\r", 0, Heads(ended=0, start=0, overlong=False)),
        (b"GET / HTTP/1.1\r\n\r\n", 17, Heads(ended=1, start=18, overlong=False)),
        (b"\r\n\r\n\r\nA\n\nB\r\n\r\nC", 0, Heads(ended=2, start=14, overlong=False)),
        (b"A\r\n\r\n" + b"B" * 21, 0, Heads(ended=1, start=5, overlong=True)),
        (b"A\r\n\r\n" + b"B" * 21 + b"\r\n\r\nC\r\n\r\n", 0, Heads(ended=1, start=5, overlong=True)),
        (b"\r\n" * 11, 0, Heads(ended=0, start=0, overlong=True)),
    ],
)
def test_where_heads_end(octets: bytes, known: int, expected: Heads) -> None:
    assert heads(octets, known, 20) == expected


def test_an_answer_may_take_longer_the_larger_it_is() -> None:
    bounds = Bounds(answer_s=30, slowest_bytes_s=1000)
    assert (bounds.taking_s(0), bounds.taking_s(60_000)) == (30, 90)


async def test_silent_clients_however_many_keep_nobody_out() -> None:
    async with serving(Bounds(connections=10, head_s=WAIT_S)) as served:
        silent = [await served.client() for _ in range(SILENT)]
        for number, (_, writer) in enumerate(silent):
            writer.write(GET[: number % 9])
        for _ in range(3):
            assert await answer(await served.client()) == (200, b"a feed")
        assert served.cut == {"crowded": SILENT + 3 - 10}
        assert await said(silent[0][0]) == b""


async def test_who_is_being_answered_makes_no_room() -> None:
    async with serving(Bounds(connections=3, head_s=WAIT_S)) as served:
        held = [await served.client() for _ in range(3)]
        for _, writer in held:
            served.asked.clear()
            writer.write(GET.replace(b"feed", b"held"))
            await served.asked.wait()
        assert await said((await served.client())[0]) == b""
        assert served.cut == {"full": 1}
        served.hold.set()
        for client in held:
            assert await answer(client, b"") == (200, b"held")
        # Answered, they wait as others do, and one of them makes room.
        assert await answer(await served.client()) == (200, b"a feed")
        assert served.cut == {"full": 1, "crowded": 1}


async def test_a_head_has_its_time_and_an_octet_now_and_then_prolongs_nothing() -> None:
    """The same for the first request of a connection and for a later one."""
    async with serving(Bounds(head_s=0.4)) as served:
        first, later = await served.client(), await served.client()
        assert await answer(later) == (200, b"a feed")
        loop = asyncio.get_running_loop()
        began, cut_at = loop.time(), loop.time() + 5
        for reader, writer in (first, later):
            writer.write(b"GET /feed HTTP/1.1\r\nX: ")
            while loop.time() < cut_at and not reader.at_eof() and reader.exception() is None:
                writer.write(b"x")
                try:
                    await asyncio.wait_for(reader.read(1), 0.05)
                except (TimeoutError, ConnectionResetError):
                    continue
        assert 0.4 <= loop.time() - began < 5
        await served.was_cut("slow_request", 2)


async def test_a_connection_without_a_word_ends_and_one_between_requests_may_last() -> None:
    async with serving(Bounds(head_s=0.2)) as served:
        silent, idle = await served.client(), await served.client()
        assert await answer(idle) == (200, b"a feed")
        assert await said(silent[0]) == b""
        assert served.cut == {"slow_request": 1}
        assert await answer(idle) == (200, b"a feed")


async def test_a_client_that_does_not_read_is_cut_and_its_answer_forgotten() -> None:
    async with serving(Bounds(answer_s=0.2, slowest_bytes_s=2**40)) as served:
        reader, writer = await served.client()
        writer.transport.pause_reading()
        writer.write(GET.replace(b"feed", b"large"))
        await served.was_cut("slow_reader")
        writer.transport.resume_reading()
        assert len(await said(reader)) < len(LARGE)
        assert await answer(await served.client()) == (200, b"a feed")


async def test_a_client_that_reads_gets_all_of_it_and_may_come_back() -> None:
    async with serving(Bounds(answer_s=0.5, slowest_bytes_s=2**40)) as served:
        client = await served.client()
        for _ in range(2):
            assert len((await answer(client, GET.replace(b"feed", b"large")))[1]) == len(LARGE)
        await says_nothing_for(0.6, client)
        assert await answer(client) == (200, b"a feed")


async def test_an_answer_in_slices_is_whole_also_for_who_only_asks_for_its_head() -> None:
    async with serving(PATIENT) as served:
        client = await served.client()
        for _ in range(2):
            assert await answer(client, GET.replace(b"feed", b"sliced")) == (200, LARGE)
        client[1].write(GET.replace(b"GET /feed", b"HEAD /sliced"))
        async with asyncio.timeout(WAIT_S):
            head = await client[0].readuntil(b"\r\n\r\n")
        assert f"content-length: {len(LARGE)}\r\n" in head.decode().lower()
        assert await answer(client) == (200, b"a feed")


async def test_who_reads_nothing_of_a_large_answer_is_not_waited_for_as_long_as_who_reads_it() -> None:
    """And has a slice of our memory, not the whole."""
    bounds = Bounds(answer_s=0.2, slowest_bytes_s=SLICE_BYTES)
    assert bounds.taking_s(len(LARGE)) > WAIT_S
    async with serving(bounds) as served:
        clients = [await served.client() for _ in range(SILENT)]
        tracemalloc.start()
        try:
            for _, writer in clients:
                writer.transport.pause_reading()
                writer.write(GET.replace(b"feed", b"sliced"))
            await served.was_cut("slow_reader", SILENT)
            _, peak_bytes = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert peak_bytes < SILENT * 4 * SLICE_BYTES


async def test_who_takes_each_slice_in_time_but_not_the_whole_is_cut() -> None:
    async with serving(Bounds(answer_s=0.5, slowest_bytes_s=2**40)) as served:
        reader, writer = await served.client()
        writer.write(GET.replace(b"feed", b"sliced"))
        got = 0
        with contextlib.suppress(ConnectionResetError):
            async with asyncio.timeout(WAIT_S):
                while part := await reader.read(2 * SLICE_BYTES):
                    got += len(part)
                    await asyncio.sleep(0.02)  # the client's pace
        assert got < len(LARGE)
        assert served.cut == {"slow_reader": 1}


async def test_a_request_sent_before_its_turn_is_not_late() -> None:
    async with serving(Bounds(head_s=0.3)) as served:
        client = await served.client()
        client[1].write(GET.replace(b"feed", b"held") + GET[:9])
        await says_nothing_for(0.4, client)
        served.hold.set()
        assert await answer(client, GET[9:]) == (200, b"held")
        assert await answer(client, b"") == (200, b"a feed")


@pytest.mark.parametrize(
    "head",
    [
        b"GET /feed HTTP/1.1\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"x" * 2000) for n in range(9)) + b"\r\n",
        b"GET /feed HTTP/1.1\r\n" + b"".join(b"X-%d: %s\r\n" % (n, b"x" * 2000) for n in range(9)),
    ],
    ids=["whole", "without an end"],
)
async def test_a_head_beyond_its_limit_is_refused_behind_the_answers_before_it(head: bytes) -> None:
    async with serving(PATIENT) as served:
        client = await served.client()
        assert await answer(client, GET + head) == (200, b"a feed")
        status, body = await answer(client, b"")
        assert 400 <= status < 500
        assert b"xxx" not in body
        assert await said(client[0]) == b""


async def test_a_head_of_nearly_sixteen_kibibytes_is_read() -> None:
    lines = b"".join(b"X-%d: %s\r\n" % (n, b"x" * 2000) for n in range(8))
    async with serving(PATIENT) as served:
        client = await served.client()
        for _ in range(2):
            request = GET.replace(b"Host", lines + b"Host")
            assert await answer(client, request) == (200, b"a feed")


@pytest.mark.parametrize("framing", [b"Content-Length: 500000", b"Transfer-Encoding: chunked"])
@pytest.mark.parametrize("sent", [0, 40_000])
async def test_no_body_is_taken(framing: bytes, sent: int) -> None:
    chunk = b"%x\r\n" % 500_000 if b"chunked" in framing else b""
    async with serving(PATIENT) as served:
        client = await served.client()
        head = GET.replace(b"Host", framing + b"\r\nHost")
        status, body = await answer(client, head + chunk + b"GET / \n\n" * (sent // 8))
        assert status == 413
        assert b"GET" not in body
        client[1].write_eof()
        assert await said(client[0]) == b""


async def test_many_requests_sent_at_once_are_answered_in_turn() -> None:
    async with serving(PATIENT) as served:
        client = await served.client()
        client[1].write(GET * 2000)
        for _ in range(2000):
            assert await answer(client, b"") == (200, b"a feed")
        assert await answer(client) == (200, b"a feed")
