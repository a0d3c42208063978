"""A name that leads outside when it is first looked up, and inside the next time.

127.0.0.2, which the allow-list has, stands for a public address; 127.0.0.1 for what must not be reached.
Both are asked at the same port, and both are real listeners.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from aiohttp.resolver import AsyncResolver

from aggregator.errors import RefusedError
from aggregator.fetch.client import Client
from aggregator.model.http import FetchRequest, FetchResult
from aggregator.model.settings import FetchSettings
from tests.fetch.nameserver import NameServer, serving
from tests.origin import Origin, Request, Response

pytest.importorskip("aiodns")

OUTSIDE, INSIDE = "127.0.0.2", "127.0.0.1"


@dataclass(slots=True)
class Scene:
    names: NameServer
    outside: Origin
    client: Client
    reached: list[object] = field(default_factory=list)  # connections that got inside

    async def get(self, path: str) -> FetchResult:
        return await self.client.fetch(FetchRequest(url=f"http://rebind.example:{self.outside.port}{path}"))

    def forget(self) -> None:
        """As if the time had passed for which the client remembers what it has looked up."""
        assert self.client._session is not None
        connector = self.client._session.connector
        assert hasattr(connector, "clear_dns_cache")
        connector.clear_dns_cache()


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with AsyncExitStack() as stack:
        names = await stack.enter_async_context(serving(OUTSIDE))
        outside = await stack.enter_async_context(Origin(host=OUTSIDE))
        resolver = AsyncResolver(
            nameservers=["127.0.0.1"], udp_port=names.port, tcp_port=names.port, timeout=5, tries=1
        )
        stack.push_async_callback(resolver.close)
        client = Client(
            FetchSettings(min_gap_s=0, allow_private=(OUTSIDE,)),
            version="0",
            directory=str(tmp_path),
            resolver=resolver,
        )
        found = Scene(names, outside, await stack.enter_async_context(client))

        async def inside(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            found.reached.append(writer.get_extra_info("peername"))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nsecret")
            writer.close()

        await stack.enter_async_context(await asyncio.start_server(inside, INSIDE, outside.port))
        yield found
        assert found.reached == []


async def test_a_name_that_leads_inside_is_refused(scene: Scene) -> None:
    scene.names.addresses = (INSIDE,)
    with pytest.raises(RefusedError, match="private"):
        await scene.get("/")
    assert scene.names.asked


async def test_a_name_that_turns_inside_is_refused_the_next_time(scene: Scene) -> None:
    scene.outside.serve("/", Response(body=b"x", close=True))
    assert (await scene.get("/")).body == b"x"
    scene.names.addresses = (INSIDE,)
    scene.forget()
    with pytest.raises(RefusedError, match="private"):
        await scene.get("/")
    assert scene.outside.count() == 1


async def test_a_redirect_to_the_same_name_is_looked_up_and_refused(scene: Scene) -> None:
    def turn(request: Request) -> Response:
        scene.names.addresses = (INSIDE,)
        scene.forget()
        return Response(status=302, redirect=f"http://rebind.example:{scene.outside.port}/in", close=True)

    scene.outside.serve("/", turn)
    with pytest.raises(RefusedError, match="private"):
        await scene.get("/")
    assert scene.outside.count() == 1


async def test_a_connection_that_is_kept_stays_where_it_was(scene: Scene) -> None:
    scene.outside.serve("/", b"x")
    await scene.get("/")
    scene.names.addresses = (INSIDE,)
    scene.forget()
    assert (await scene.get("/")).body == b"x"
    assert scene.outside.connections == 1, "what was looked up anew is not asked for, nothing was"
    scene.outside.serve("/", Response(body=b"x", close=True))
    await scene.get("/")
    with pytest.raises(RefusedError, match="private"):
        await scene.get("/")


@pytest.mark.parametrize(
    "addresses",
    [(INSIDE, OUTSIDE), (OUTSIDE, INSIDE), (INSIDE, "::1", OUTSIDE), ("::ffff:127.0.0.1", OUTSIDE)],
)
async def test_of_several_addresses_only_those_outside_are_tried(
    scene: Scene, addresses: tuple[str, ...]
) -> None:
    scene.outside.serve("/", Response(body=b"x", close=True))
    scene.names.addresses = addresses
    for _ in range(3):
        assert (await scene.get("/")).body == b"x"
        scene.forget()
