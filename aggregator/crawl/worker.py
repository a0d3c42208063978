"""CPU work that may never come back runs in a process that can be killed.

A thread would not help: one C call can hold the interpreter for half a minute. Ordinary documents
are read inline, since shipping them to another process costs more than it gains.
"""

from __future__ import annotations

import gc
import logging
import math
import os
import pickle
import resource
import signal
import time
from collections.abc import Callable
from typing import TypeVar

import anyio
from anyio import to_process, to_thread

from aggregator.errors import ReaderDied, TooCostly

T = TypeVar("T")

DEADLINE_S = 10.0
MEMORY_BYTES = 512 * 1024 * 1024
COLLECT_EVERY = 200  # calls
NICE = 5  # steps behind the process that fetches, stores and serves
LONG = 128 * 1024  # bytes of an answer; a shorter one is taken over within some ten milliseconds


def _bounded(
    function: Callable[..., object], arguments: tuple[object, ...], cpu_s: float
) -> tuple[bytes, float]:
    """In the worker: cap its memory, then work; also the seconds that it took of the processor, at most
    ``cpu_s`` if that is not 0. The memory's cap counts address space, as RLIMIT_AS does. What comes of it
    is pickled here and not by anyio, so that it is for us to say where it is unpickled."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    wanted = MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(MEMORY_BYTES, hard)
    resource.setrlimit(resource.RLIMIT_AS, (wanted, hard))
    _settle_in()
    started = time.process_time()
    signal.setitimer(signal.ITIMER_PROF, cpu_s)  # its signal ends the process, also from within a C call
    try:
        answer = pickle.dumps(function(*arguments), pickle.HIGHEST_PROTOCOL)
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
    return answer, time.process_time() - started


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
    """A few killable processes, started when first needed and kept for the next call. A call is killed
    after ``deadline_s``, or after ``cpu_s`` of the processor if that is not 0."""

    def __init__(self, count: int = 1, deadline_s: float = DEADLINE_S, cpu_s: float = 0) -> None:
        self._limiter = anyio.CapacityLimiter(count)
        self._unlimited = anyio.CapacityLimiter(math.inf)  # anyio's own would count against the deadline
        self._one = anyio.CapacityLimiter(1)
        self._deadline_s = deadline_s
        self._cpu_s = cpu_s
        self.pending = 0  # calls under way or waiting

    async def run(self, function: Callable[..., T], *arguments: object) -> T:
        """``function(*arguments)``, a picklable module-level function, in a worker. Raises what it
        raises, and TooCostly when the worker was killed for its time or its memory."""
        return (await self.timed(function, *arguments))[0]

    async def timed(self, function: Callable[..., T], *arguments: object) -> tuple[T, float]:
        """`run`, and the seconds that it took of the worker's processor."""
        self.pending += 1
        try:
            answer, seconds = await self._run(function, arguments)
        finally:
            self.pending -= 1
        if len(answer) < LONG:
            return pickle.loads(answer), seconds
        # Many objects take a while to make, but a thread that makes them lets the loop turn in between.
        return await to_thread.run_sync(pickle.loads, answer, limiter=self._one), seconds

    async def _run(
        self, function: Callable[..., object], arguments: tuple[object, ...]
    ) -> tuple[bytes, float]:
        async with self._limiter:
            try:
                with anyio.fail_after(self._deadline_s):
                    return await to_process.run_sync(
                        _bounded, function, arguments, self._cpu_s, cancellable=True, limiter=self._unlimited
                    )
            except TimeoutError:
                raise TooCostly(f"reading took longer than {self._deadline_s:g} s") from None
            except MemoryError:
                raise TooCostly(f"reading needed more than {MEMORY_BYTES >> 20} MiB") from None
            except anyio.BrokenWorkerProcess as error:
                raise ReaderDied("the process that was reading it died") from error
