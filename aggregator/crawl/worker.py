"""CPU work that may never come back runs in a process that can be killed.

A thread would not help: one C call can hold the interpreter for half a minute. Ordinary documents
are read inline, since shipping them to another process costs more than it gains.
"""

from __future__ import annotations

import gc
import logging
import os
import resource
from collections.abc import Callable
from typing import TypeVar

import anyio
from anyio import to_process

from aggregator.errors import ParseError, TooCostly

T = TypeVar("T")

DEADLINE_S = 10.0
MEMORY_BYTES = 512 * 1024 * 1024
COLLECT_EVERY = 200  # calls
NICE = 5  # steps behind the process that fetches, stores and serves


def _bounded(function: Callable[..., T], arguments: tuple[object, ...]) -> T:
    """In the worker: cap its memory, then work. The cap counts address space, as RLIMIT_AS does."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(MEMORY_BYTES, hard)
    resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))
    _settle_in()
    return function(*arguments)


_calls = 0


def _settle_in() -> None:
    """In the worker: give way to the main process; and look for cycles between documents now and then
    rather than in their midst, which was measured to cost a tenth of the work. What was imported is
    never looked at again. What libraries log here has no logger, and would stray to our stderr."""
    global _calls
    if _calls == 0:
        os.nice(NICE)
        logging.disable()
        gc.disable()
        gc.freeze()
    _calls += 1
    if _calls % COLLECT_EVERY == 0:
        gc.collect()


class Workers:
    """A few killable processes, started when first needed and kept for the next call."""

    def __init__(self, count: int = 1, deadline_s: float = DEADLINE_S) -> None:
        self._limiter = anyio.CapacityLimiter(count)
        self._deadline_s = deadline_s
        self.pending = 0  # calls under way or waiting

    async def run(self, function: Callable[..., T], *arguments: object) -> T:
        """``function(*arguments)``, a picklable module-level function, in a worker. Raises what it
        raises, and TooCostly when the worker was killed for its time or its memory."""
        self.pending += 1
        try:
            return await self._run(function, *arguments)
        finally:
            self.pending -= 1

    async def _run(self, function: Callable[..., T], *arguments: object) -> T:
        async with self._limiter:
            try:
                with anyio.fail_after(self._deadline_s):
                    return await to_process.run_sync(_bounded, function, arguments, cancellable=True)
            except TimeoutError:
                raise TooCostly(f"reading took longer than {self._deadline_s:g} s") from None
            except MemoryError:
                raise TooCostly(f"reading needed more than {MEMORY_BYTES >> 20} MiB") from None
            except anyio.BrokenWorkerProcess as error:
                raise ParseError("the process that was reading it died") from error
