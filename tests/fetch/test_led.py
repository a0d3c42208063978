"""Many addresses that redirect to one host do not all wait for it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from aggregator.errors import HeldError
from aggregator.fetch.client import Client
from aggregator.fetch.led import PUT_OFF_S, WAITING, Led
from aggregator.model.http import FetchRequest, FetchResult
from aggregator.model.settings import FetchSettings
from tests.origin import WAIT_S, Origin

SETTINGS = FetchSettings(min_gap_s=0.0, min_every_s=1.0, per_host=2, allow_private=("127.0.0.0/8",))
PLACES = SETTINGS.per_host + WAITING
MORE = 15


@pytest.fixture
async def many() -> AsyncIterator[Origin]:
    """A server with all names from 127.0.0.1 to 127.255.255.254."""
    async with Origin(host="0.0.0.0") as opened:
        yield opened


async def asked(client: Client, many: Origin, robots: bool) -> list[asyncio.Task[FetchResult]]:
    """Polls of one host each, all of which redirect to another one; as many as are turned away have been."""
    urls = [f"http://127.0.1.{n}:{many.port}/feed" for n in range(PLACES + MORE)]
    requests = [FetchRequest(url=url, robots=robots) for url in urls]
    tasks = [asyncio.create_task(client.fetch(request)) for request in requests]
    async with asyncio.timeout(WAIT_S):
        while sum(task.done() for task in tasks) < MORE:
            await asyncio.wait([task for task in tasks if not task.done()], return_when="FIRST_COMPLETED")
    return tasks


@pytest.mark.parametrize("robots", [False, True])
async def test_only_a_few_wait_for_the_host_that_redirects_lead_to(
    origin: Origin, many: Origin, tmp_path: Path, robots: bool
) -> None:
    answer_now = asyncio.Event()
    many.serve("/feed", redirect=origin.url("/feed"))
    origin.serve("/robots.txt" if robots else "/feed", b"", hold=answer_now)
    if robots:
        origin.serve("/feed", b"")
    async with Client(SETTINGS, version="0", directory=str(tmp_path), crowds=False) as client:
        tasks = await asked(client, many, robots)
        answer_now.set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        held = [result for result in results if isinstance(result, HeldError)]
        assert len(held) == MORE
        assert sum(isinstance(result, FetchResult) for result in results) == PLACES
        waits = sorted(error.retry_after_s for error in held)
        assert waits[0] >= PUT_OFF_S
        assert waits[-1] <= 2 * PUT_OFF_S
        assert waits[-1] - waits[0] > PUT_OFF_S / 4, "not all of them at once"
        late = FetchRequest(url=f"http://127.0.2.1:{many.port}/feed", robots=robots)
        assert (await client.fetch(late)).status == 200, "there is room again"


async def test_who_asks_the_host_itself_is_not_counted(origin: Origin, many: Origin, tmp_path: Path) -> None:
    answer_now = asyncio.Event()
    origin.serve("/feed", b"", hold=answer_now)
    async with Client(SETTINGS, version="0", directory=str(tmp_path), crowds=False) as client:
        urls = [origin.url("/feed")] * (PLACES + MORE)
        tasks = [asyncio.create_task(client.fetch(FetchRequest(url=url))) for url in urls]
        await origin.wait_for("/feed", SETTINGS.per_host)
        answer_now.set()
        assert {result.status for result in await asyncio.gather(*tasks)} == {200}


def test_nobody_is_asked_sooner_than_any_source() -> None:
    led = Led.of(FetchSettings(min_every_s=300.0, per_host=99, concurrency=1))
    places = [led.to("h:80", f"http://{n}.example/") for n in range(WAITING + 2)]
    for place in places[:-1]:
        place.__enter__()
    with pytest.raises(HeldError, match="h:80: too many others") as told, places[-1]:
        pass
    assert 300.0 <= told.value.retry_after_s <= 600.0
    places[0].__exit__(None, None, None)
    with led.to("h:80", "http://x.example/"):
        pass
