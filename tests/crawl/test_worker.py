"""The killable worker, with work that hangs, dies and eats memory."""

from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from aggregator.crawl.worker import LONG, Workers
from aggregator.errors import NotAFeed, ReaderDied, TooCostly


def double(number: int) -> int:
    return 2 * number


def hang() -> None:
    while True:
        time.monotonic()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def eat() -> int:
    return len(bytearray(4 << 30))


class MadeIn:
    """Unpickled as the thread that does it."""

    def __init__(self, size: int) -> None:
        self.padding = b"x" * size

    def __reduce__(self) -> tuple[object, ...]:
        return here, (self.padding,)


def made_in(size: int) -> MadeIn:
    return MadeIn(size)


def here(padding: bytes) -> int:
    return threading.get_ident()


def refuse() -> None:
    raise NotAFeed("an HTML page", format="rss", offset=3)


async def test_work_comes_back_and_so_do_errors() -> None:
    workers = Workers()
    assert await workers.run(double, 21) == 42
    with pytest.raises(NotAFeed, match="an HTML page"):
        await workers.run(refuse)


async def test_work_that_hangs_is_killed_and_the_next_is_done() -> None:
    workers = Workers(deadline_s=0.5)
    with pytest.raises(TooCostly, match="longer than"):
        await workers.run(hang)
    assert await Workers().run(double, 4) == 8


async def test_a_worker_that_dies_fails_its_document_only() -> None:
    workers = Workers()
    with pytest.raises(ReaderDied):
        await workers.run(die)
    assert await workers.run(double, 5) == 10


async def test_memory_is_bounded() -> None:
    with pytest.raises(TooCostly, match="MiB"):
        await Workers().run(eat)


async def test_a_long_answer_is_taken_over_by_a_thread() -> None:
    """So that the loop turns between the objects in it."""
    workers, main = Workers(), threading.get_ident()
    assert await workers.run(made_in, 1) == main
    assert await workers.run(made_in, LONG) != main


async def test_time_of_the_processor_is_bounded_and_told() -> None:
    workers = Workers(cpu_s=0.3)
    with pytest.raises(ReaderDied):
        await workers.run(hang)
    result, seconds = await workers.timed(double, 4)
    assert result == 8
    assert 0 <= seconds < 0.3
