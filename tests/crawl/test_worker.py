"""The killable worker, with work that hangs, dies and eats memory."""

from __future__ import annotations

import os
import signal
import time

import pytest

from aggregator.crawl.worker import Workers
from aggregator.errors import NotAFeed, ParseError, TooCostly


def double(number: int) -> int:
    return 2 * number


def hang() -> None:
    while True:
        time.monotonic()


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def eat() -> int:
    return len(bytearray(4 << 30))


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
    with pytest.raises(ParseError, match="died"):
        await workers.run(die)
    assert await workers.run(double, 5) == 10


async def test_memory_is_bounded() -> None:
    with pytest.raises(TooCostly, match="MiB"):
        await Workers().run(eat)
