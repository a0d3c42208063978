"""The long-running processes: one ticks, crawls and serves until it is told to stop, one serves only. Both
take another configuration when they are told to."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial

import structlog

from aggregator import app
from aggregator.crawl.network import Network
from aggregator.errors import ConfigError, Problem
from aggregator.generation import Generation, prepared
from aggregator.model.settings import Config
from aggregator.reload import Orders
from aggregator.serve import listen
from aggregator.serve.bounds import Bounds
from aggregator.serve.metrics import Metrics
from aggregator.serve.routes import Site, application
from aggregator.store.base import Store

log = structlog.get_logger()


async def run(config: Config, orders: Orders) -> None:
    """Schedule and serve until told to stop. Then end the generation in force, the writer, HTTP, the store,
    in this order. When told to reload, and the configuration is a good one, the generation ends the same
    way and another one follows; all else stays open. Raises StoreError; not while the disk is full or the
    like: this is waited for, unless it must stop."""
    metrics, network = Metrics(), Network()
    async with app.opened(config, "daemon") as store, AsyncExitStack() as stack:
        generation = await stack.enter_async_context(prepared(config, store, metrics, network))
        gc.freeze()  # each look of the collector at all that was loaded would hold up those who are served

        async def accept(fresh: AsyncExitStack, new: Config) -> Generation:
            return await fresh.enter_async_context(prepared(new, store, metrics, network))

        async with (
            listening(config, store, metrics, lambda: generation.active) as site,
            _patient(store, orders.stop),
        ):
            while not orders.stop.is_set():
                async with AsyncExitStack() as fresh:
                    reloaded = orders.reloaded(generation.config, partial(accept, fresh), site.refused)
                    following = await generation.run(orders.stop, reloaded)
                    await stack.aclose()
                    stack.push_async_callback(fresh.pop_all().aclose)
                if following is None or orders.stop.is_set():
                    break
                await _succeed(following, generation, store, site)
                generation = following
    log.info("daemon.stopped")


async def _succeed(following: Generation, generation: Generation, store: Store, site: Site) -> None:
    """Put another generation's configuration in force."""
    config = following.config
    following.inherit(generation)
    found = await app.in_step(config, store)
    site.reloaded(config.site, config.sources, config.server.token)
    log.info(
        "config.reloaded",
        sources=len(config.sources),
        added=len(found.added) + len(found.returned),
        changed=len(found.changed) + len(found.renamed),
        removed=len(found.removed),
    )


async def serve(config: Config, orders: Orders) -> None:
    """Serve what is stored until told to stop; crawl nothing."""
    async with (
        app.opened(config, "reader") as store,
        listening(config, store, Metrics(), lambda: 0) as site,
        asyncio.TaskGroup() as group,
    ):
        reloading = group.create_task(_show(config, orders, site), name="reload")
        await orders.stop.wait()
        reloading.cancel()


async def _show(config: Config, orders: Orders, site: Site) -> None:
    """Serve by each configuration that comes. Sources and feeds are the daemon's to change."""

    async def accept(new: Config) -> Config:
        return new

    while True:
        new = await orders.reloaded(config, accept, site.refused)
        site.reloaded(new.site, new.sources, new.server.token)
        log.info("config.reloaded", sources=len(new.sources))


@asynccontextmanager
async def _patient(store: Store, stop: asyncio.Event) -> AsyncIterator[None]:
    """Sit out what may pass, until told to stop."""

    async def end() -> None:
        await stop.wait()
        store.patient(False)

    store.patient(True)
    ending = asyncio.create_task(end(), name="patience")
    try:
        yield
    finally:
        ending.cancel()


@asynccontextmanager
async def listening(
    config: Config, store: Store, metrics: Metrics, active: Callable[[], int]
) -> AsyncIterator[Site]:
    """The HTTP server, from listening to closed, and what it shows. Raises ConfigError when the address is
    taken."""
    site = Site(
        store=store,
        settings=config.site,
        metrics=metrics,
        sources=config.sources,
        token=config.server.token,
        active=active,
        now=app.utc_now,
        generator=app.GENERATOR,
    )
    host, port = config.server.host, config.server.port
    async with AsyncExitStack() as stack:
        try:
            port = await stack.enter_async_context(
                listen.listening(application(site), host, port, bounds=Bounds(), cut=metrics.cut)
            )
        except OSError as error:
            text = f"cannot listen on {host}:{port}: {error.strerror}"
            problem = Problem(file=config.file, line=0, where="server: listen", text=text)
            raise ConfigError((problem,)) from error
        log.info(
            "serve.listening", address=f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
        )
        yield site
