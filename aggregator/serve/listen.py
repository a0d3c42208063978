"""From an application to a port: who listens, and within which bounds."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from aggregator.serve.bounds import Bounds, Places
from aggregator.serve.connection import Connection

SHUTDOWN_S = 2.0
BACKLOG = 256


@asynccontextmanager
async def listening(
    application: web.Application,
    host: str,
    port: int,
    *,
    bounds: Bounds,
    cut: Callable[[str], None] = lambda reason: None,
) -> AsyncIterator[int]:
    """The HTTP server, from listening to closed; gives its port. ``cut`` is told the reason whenever a
    connection is cut. Raises OSError when the address is taken."""
    runner = web.AppRunner(application, handle_signals=False, shutdown_timeout=SHUTDOWN_S)
    await runner.setup()
    try:
        server, places = runner.server, Places(bounds.connections, cut)
        assert server is not None
        loop = asyncio.get_running_loop()
        listener = await loop.create_server(
            lambda: Connection(server, places, bounds), host, port, backlog=BACKLOG
        )
        try:
            yield listener.sockets[0].getsockname()[1]
        finally:
            listener.close()
    finally:
        await runner.cleanup()
