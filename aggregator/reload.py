"""The configuration, read again while the process runs. What is broken changes nothing: it is told, and what
was in force stays. Nobody watches the file, because one that is half edited must not go live."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import TypeVar

import structlog

from aggregator.errors import ConfigError
from aggregator.model.settings import Config

T = TypeVar("T")

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Orders:
    """What a process that runs may be told. ``read`` gives the configuration as its files have it now; it
    is called in a thread, and raises ConfigError."""

    read: Callable[[], Config]
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    reload: asyncio.Event = field(default_factory=asyncio.Event)

    async def reloaded(
        self, running: Config, accept: Callable[[Config], Awaitable[T]], refused: Callable[[int], None]
    ) -> T:
        """Wait until told to reload, several times in a row being one, and give what ``accept`` makes of
        the new configuration. As long as that is broken, or ``accept`` raises ConfigError, ``refused`` is
        told the number of problems, and it waits on."""
        while True:
            await self.reload.wait()
            self.reload.clear()
            try:
                config, kept = in_force(await asyncio.to_thread(self.read), running)
                made = await accept(config)
            except ConfigError as error:
                _tell(error)
                refused(len(error.problems))
                continue
            for key in kept:
                log.warning("config.needs_restart", file=config.file, key=key)
            return made


def in_force(new: Config, running: Config) -> tuple[Config, tuple[str, ...]]:
    """``new`` as a process may have it that began with ``running``, and the keys that must wait for its
    next start, since what they name is open."""
    server = replace(new.server, host=running.server.host, port=running.server.port)
    config = replace(new, server=server, store=replace(new.store, path=running.store.path))
    kept = []
    if new.store != config.store:
        kept.append("store.url")
    if new.server != config.server:
        kept.append("server.listen")
    return config, tuple(kept)


def _tell(error: ConfigError) -> None:
    for problem in error.problems:
        log.error("config.problem", file=problem.file, line=problem.line, problem=str(problem))
    log.error("config.refused", problems=len(error.problems), note="the old configuration stays in force")
