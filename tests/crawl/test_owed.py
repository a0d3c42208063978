"""Articles that a poll has left over: asked for between polls, by the daemon and by a refresh."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator.crawl.articles import Articles, again_after
from aggregator.crawl.desk import Desk
from aggregator.crawl.engine import Engine
from aggregator.crawl.intake import Site
from aggregator.crawl.listing import crawl_page
from aggregator.crawl.owed import Rounds
from aggregator.crawl.seats import Seats
from aggregator.crawl.turns import Turns
from aggregator.errors import CrawlError, HeldError, NetworkError, StatusError
from aggregator.fetch.client import Client
from aggregator.model.settings import FetchSettings, StoreSettings
from aggregator.model.source import Article, Select, Source
from aggregator.store.base import Owing
from aggregator.store.database import Database, open_store
from tests.crawl.test_articles import CONTENT, article, owed
from tests.crawl.test_listing import items, news, page
from tests.origin import Origin, Request, Response, ThreadedOrigin
from tests.program import Daemon, Program

NOW = datetime(2026, 8, 20, 10, 0, tzinfo=UTC)
HOURLY = 'every = "1h"'


def left_over(
    folder: Path, origin: ThreadedOrigin, names: str, *, hold: asyncio.Event | None = None, **answer: object
) -> Program:
    """The program after a refresh that has asked for the first article only. Later ones are held."""
    headers = {"Cache-Control": "max-age=3600"}
    origin.serve("/news", Response(body=page(*names).encode(), content_type="text/html", headers=headers))
    for name in names:
        origin.serve(f"/article/{name}", article(name), hold=hold if name != names[0] else None)
    program = Program(folder, news(origin.url("/news"), CONTENT, HOURLY, "article.limit = 1"))
    program.refresh()
    assert (len(items(program)), owed(program)) == (1, len(names) - 1)
    program.write(news(origin.url("/news"), CONTENT, HOURLY))
    return program


def asked(origin: ThreadedOrigin, names: str) -> list[int]:
    return [origin.count(f"/article/{name}") for name in names]


def test_the_daemon_asks_for_what_is_owed_between_polls(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    program = left_over(tmp_path, threaded_origin, "abc")
    with Daemon(program) as daemon:
        daemon.wait_for("article.done", 2)
    assert (len(items(program)), owed(program)) == (3, 0)
    assert threaded_origin.count("/news") == 1, "it was not due"
    assert asked(threaded_origin, "abc") == [1, 1, 1]


def test_a_failure_that_may_pass_is_tried_again_between_polls(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    program = left_over(tmp_path, threaded_origin, "ab")
    threaded_origin.serve("/article/b", [Response(status=503), Response(body=article("b").encode())])
    with Daemon(program) as daemon:
        daemon.wait_for("article.failed")
    assert owed(program) == 1
    with closing(sqlite3.connect(program.database)) as database, database:  # as if two minutes had passed
        database.execute("update article_request set next_try_at = next_try_at - 120 * 1000000")
    with Daemon(program) as daemon:
        daemon.wait_for("article.done")
    assert (len(items(program)), owed(program)) == (2, 0)
    assert threaded_origin.count("/news") == 1


def test_a_refresh_asks_for_what_is_owed_by_sources_that_it_has_no_reason_to_poll(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    program = left_over(tmp_path, threaded_origin, "abcd")
    program.write(news(threaded_origin.url("/news"), CONTENT, HOURLY, "article.limit = 2"))
    assert program.refresh()["sources"]["skipped"] == 1, "its server said that nothing changes yet"
    assert (len(items(program)), owed(program)) == (3, 1)
    program.refresh("--due")
    assert (len(items(program)), owed(program)) == (4, 0)
    assert asked(threaded_origin, "abcd") == [1, 1, 1, 1]
    assert threaded_origin.count("/news") == 1


def test_a_daemon_and_a_refresh_side_by_side_ask_for_nothing_twice(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    hold = threaded_origin.event()
    program = left_over(tmp_path, threaded_origin, "abcdef", hold=hold)
    with Daemon(program) as daemon:
        threaded_origin.wait_for(count=3)  # the list, the first article, and the daemon's
        process = program.start("refresh", "--json")
        threaded_origin.wait_for(count=4)
        threaded_origin.set(hold)
        _, log = process.communicate()
        assert process.returncode == 0
        daemon.wait_for("article.done", 5 - log.count("article.done"))
    assert asked(threaded_origin, "abcdef") == [1] * 6
    assert (len(items(program)), owed(program)) == (6, 0)


def test_a_daemon_that_is_stopped_ends_the_request_under_way_and_begins_no_other(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    hold = threaded_origin.event()
    program = left_over(tmp_path, threaded_origin, "abc", hold=hold)
    with Daemon(program) as daemon:
        threaded_origin.wait_for("/article/b")
        daemon.process.send_signal(signal.SIGTERM)
        daemon.wait_for("daemon.stopping")
        threaded_origin.set(hold)
        daemon.wait_for("article.done")
    assert daemon.status == 0
    assert asked(threaded_origin, "abc") == [1, 1, 0]
    assert (len(items(program)), owed(program)) == (2, 1)


def test_a_request_that_does_not_end_in_time_is_given_up_and_owed(
    tmp_path: Path, threaded_origin: ThreadedOrigin
) -> None:
    program = left_over(tmp_path, threaded_origin, "ab", hold=threaded_origin.event())
    with Daemon(program) as daemon:
        threaded_origin.wait_for("/article/b")
    assert (daemon.status, owed(program)) == (0, 1)


class Scene:
    """Sources with three articles each, which are asked for in this process; ``now`` is its clock."""

    def __init__(self, origin: Origin, store: Database, engine: Engine) -> None:
        self.origin, self.store, self.engine = origin, store, engine
        self.now = NOW

    def source(self, name: str, limit: int = 1, origin: Origin | None = None) -> Source:
        origin = origin or self.origin
        for one in "123":
            origin.serve(f"/article/{name}{one}", article(one))
        origin.serve(f"/{name}", page(*(f"{name}{one}" for one in "123")), content_type="text/html")
        return Source(
            name=name,
            url=origin.url(f"/{name}"),
            kind="page",
            select=Select(items="ul.news > li", title="a"),
            article=Article(content="div.article", limit=limit),
        )

    async def poll(self, *sources: Source) -> None:
        await self.store.sync_sources(sources, (), "Wire", self.now, lambda source, new: NOW)
        for claim in await self.store.claim_named(
            [one.name for one in sources],
            since=NOW + timedelta(days=9),
            now=self.now,
            force=True,
            due=False,
            lease_s=60,
        ):
            owing = await self.engine.poll(claim)
            if owing is not None:
                await self.engine.follow(owing)

    def articles_asked(self) -> int:
        return sum(request.path.startswith("/article/") for request in self.origin.requests)

    async def owing(self) -> list[str]:
        return [one.source.name for one in await self.store.owing(self.now)]


@pytest.fixture
async def scene(tmp_path: Path, origin: Origin) -> AsyncIterator[Scene]:
    found: Scene

    def clock() -> datetime:
        return found.now

    async with AsyncExitStack() as stack:
        settings = StoreSettings(path=str(tmp_path / "s.db"))
        store = await stack.enter_async_context(await open_store(settings, now=lambda: NOW, role="crawler"))
        fetch = FetchSettings(min_gap_s=0, per_host=64, allow_private=("127.0.0.0/8",))
        client = await stack.enter_async_context(
            Client(fetch, version="0", directory=str(tmp_path), now=clock)
        )
        seats = Seats()
        desk = Desk(store, seats, now=clock, site=Site())
        articles = Articles(
            store=store,
            fetch=client.fetch,
            work=desk.work,
            now=clock,
            context=desk.context,
            line=client.line,
            turns=Turns(2),
            go_on=lambda: True,
        )
        engine = Engine(
            store=store,
            fetch=client.fetch,
            seats=seats,
            desk=lambda: desk,
            crawlers={"page": crawl_page},
            now=clock,
            min_every_s=1,
            articles=lambda: articles,
            sources=99,
        )
        found = Scene(origin, store, engine)
        yield found


async def test_one_source_is_asked_for_its_limit_and_by_one_at_a_time(scene: Scene) -> None:
    await scene.poll(scene.source("a", limit=1))
    assert scene.articles_asked() == 1
    [one] = await scene.store.owing(scene.now)
    await asyncio.gather(scene.engine.follow(one), scene.engine.follow(one))
    assert scene.articles_asked() == 2
    await scene.engine.follow(one)
    assert (scene.articles_asked(), await scene.owing()) == (3, [])


async def test_one_article_a_host_is_asked_for_at_a_time_and_sources_take_turns(scene: Scene) -> None:
    await scene.poll(*(scene.source(name) for name in "abc"))
    asked: list[str] = []

    async def in_a_while(request: Request) -> Response:
        asked.append(request.path[-2:])
        for _ in range(200):  # what would ask at the same time has every chance to
            await asyncio.sleep(0)
        return Response(body=article("x").encode())

    for name in "abc":
        for one in "23":
            scene.origin.serve(f"/article/{name}{one}", in_a_while)
    scene.origin.max_in_flight = 0
    twice = [
        replace(one, source=replace(one.source, article=Article(content="div.article", limit=2)))
        for one in await scene.store.owing(scene.now)
    ]
    await asyncio.gather(*(scene.engine.follow(one) for one in twice))
    assert scene.origin.max_in_flight == 1
    assert sorted(asked[:3]) == ["a2", "b2", "c2"], "each source once before any a second time"
    assert sorted(asked[3:]) == ["a3", "b3", "c3"]


async def test_many_sources_of_a_slow_host_hold_up_no_other(scene: Scene) -> None:
    async with AsyncExitStack() as stack:
        others = [await stack.enter_async_context(Origin()) for _ in range(2)]
        slow = [scene.source(f"s{number}") for number in range(9)]
        quick = [scene.source(f"q{number}", origin=other) for number, other in enumerate(others)]
        await scene.poll(*slow, *quick)
        hold = asyncio.Event()
        for one in slow:
            scene.origin.serve(f"/article/{one.name}2", article("2"), hold=hold)
        before = scene.origin.count()
        rounds = Rounds(scene.store, scene.engine, now=lambda: scene.now)
        task = asyncio.create_task(rounds.run(grace_s=20))
        rounds.tick()
        await scene.origin.wait_for(count=before + 1)
        for number, other in enumerate(others):
            await other.wait_for(f"/article/q{number}2")
        assert scene.origin.count() == before + 1, "of the slow host's nine sources, one is asking"
        rounds.stop()
        hold.set()
        await task
    assert scene.origin.max_in_flight == 1


async def test_only_sources_whose_servers_may_be_asked_owe_anything(scene: Scene) -> None:
    one = scene.source("a")
    await scene.poll(one)
    assert await scene.owing() == ["a"]
    [claim] = await scene.store.claim_named(
        ["a"], since=NOW + timedelta(days=9), now=NOW, force=True, due=False, lease_s=60
    )
    assert await scene.owing() == [], "it is being polled, which asks for its articles"
    await scene.store.release([claim])
    await scene.store.sync_sources([], (), "Wire", NOW, lambda source, new: NOW)
    assert await scene.owing() == []
    plain = Source(name="a", url=one.url, kind="page", select=one.select)
    await scene.store.sync_sources([plain], (), "Wire", NOW, lambda source, new: NOW)
    assert await scene.owing() == []
    for status, headers in ((500, {}), (503, {"Retry-After": "3600"})):
        scene.origin.serve("/a", Response(status=status, headers=headers))
        await scene.poll(one)
        assert await scene.owing() == []
    assert scene.articles_asked() == 1


async def test_an_article_whose_host_is_on_hold_has_not_been_tried(scene: Scene) -> None:
    await scene.poll(scene.source("a", limit=1))
    scene.origin.serve("/article/a2", article("2"), status=503, headers={"Retry-After": "60"})
    for asked in (2, 2, 2, 2, 2, 2):  # the third waits, however often, for what the second was told
        (one,) = await scene.store.owing(scene.now)
        await scene.engine.follow(one)
        assert scene.articles_asked() == asked
        scene.now += timedelta(minutes=10)
    tries = []
    while (due := await scene.store.next_article(one.source_id, scene.now)) is not None:
        taken = await scene.store.take_article(due, scene.now, lease=timedelta(minutes=5))
        assert taken is not None
        tries.append(taken.tries)
    assert sorted(tries) == [1, 2]


async def test_a_bug_with_one_source_s_articles_harms_no_other(scene: Scene) -> None:
    broken, sound = scene.source("a"), scene.source("b")
    await scene.poll(broken, sound)
    owing = {one.source.name: one for one in await scene.store.owing(scene.now)}
    unusable = Source(name="a", url=broken.url, article=Article(content=3))  # type: ignore[arg-type]
    await scene.engine.follow(Owing(source_id=owing["a"].source_id, source=unusable))
    await scene.engine.follow(owing["b"])
    assert scene.origin.count("/article/b2") == 1


@pytest.mark.parametrize(
    ("failure", "minutes"),
    [
        (NetworkError("cut off"), [2, 4, 8]),
        (HeldError("wait", retry_after_s=60), [1, 1, 1]),
        (StatusError("busy", status=503, retry_after_s=300), [5, 5, 8]),
        (StatusError("busy", status=503, retry_after_s=1e12), [43200] * 3),
    ],
)
def test_each_try_comes_later_and_not_before_the_server_wishes(
    failure: CrawlError, minutes: list[int]
) -> None:
    assert [again_after(tries, failure) / timedelta(minutes=1) for tries in (1, 2, 3)] == minutes
