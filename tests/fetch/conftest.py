"""A client that may reach the scripted origin and nothing else that is private."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from aggregator.fetch.client import Client
from aggregator.model.http import FetchRequest, FetchResult
from aggregator.model.settings import FetchSettings
from tests.origin import Origin

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)

Get = Callable[..., Awaitable[FetchResult]]
MakeClient = Callable[..., Awaitable[Client]]


@pytest.fixture
async def make_client(origin: Origin, tmp_path: Path) -> AsyncIterator[MakeClient]:
    """Opens a client with the given settings; the origin is allowed and nothing waits, unless said."""
    async with AsyncExitStack() as stack:

        async def make(**settings: Any) -> Client:
            settings.setdefault("allow_private", (f"127.0.0.1:{origin.port}",))
            settings.setdefault("min_gap_s", 0.0)
            client = Client(
                FetchSettings(**settings), version="1.2", directory=str(tmp_path), now=lambda: NOW
            )
            return await stack.enter_async_context(client)

        yield make


@pytest.fixture
async def get(origin: Origin, make_client: MakeClient) -> Get:
    """Fetches a path of the origin, or a whole address, with fields of `FetchRequest`."""
    client = await make_client()

    async def fetch(path: str, **fields: Any) -> FetchResult:
        url = origin.url(path) if path.startswith("/") else path
        return await client.fetch(FetchRequest(url=url, **fields))

    return fetch
