"""Documents that take too long wait for each other, and keep nobody else waiting."""

from __future__ import annotations

import asyncio
import time

import pytest

from aggregator.crawl import lanes
from aggregator.crawl.lanes import FIRST_LOOKS, Lanes
from aggregator.crawl.seats import SLOW_SEATS, SLOWEST_SEATS, Pace, Seats
from aggregator.errors import ReaderDied, TooCostly
from tests.crawl.test_worker import die, double

PATIENCE_S = 0.3  # of the processor, for a first look


def busy(seconds: float) -> float:
    """Keeps the processor busy for so long."""
    until = time.process_time() + seconds
    while time.process_time() < until:
        pass
    return seconds


async def test_who_takes_too_long_is_looked_at_again_and_goes_there_at_once_the_next_time() -> None:
    seats, found = Seats(), Lanes(first_look_s=PATIENCE_S)
    with seats.seat(owner=7) as seat:
        assert await found.run(seat, busy, 3 * PATIENCE_S) == 3 * PATIENCE_S
        found.done(seat)
    assert found.slowest == {7}
    with seats.seat(owner=7) as seat:
        assert await found.run(seat, double, 21) == 42
        assert seats.places[Pace.SLOWEST]._value == SLOWEST_SEATS - 1
        found.done(seat)
    assert found.slowest == set(), "it has been quick"
    with seats.seat(owner=7) as seat:
        assert await found.run(seat, double, 21) == 42
        assert seats.places[Pace.SLOW]._value == SLOW_SEATS - 1


async def test_many_that_never_end_keep_nobody_waiting() -> None:
    """As many as there are first looks, and more: the good one is done while all of them go on."""
    seats, found = Seats(), Lanes(first_look_s=PATIENCE_S)

    async def crawl(owner: int, *work: object) -> object:
        with seats.seat(owner) as seat:
            return await found.run(seat, *work)  # type: ignore[arg-type]

    hostile = [asyncio.create_task(crawl(owner, busy, 60.0)) for owner in range(FIRST_LOOKS + 2)]
    await asyncio.sleep(0)
    assert await crawl(99, double, 2) == 4
    assert not any(task.done() for task in hostile)
    for task in hostile:
        task.cancel()
    await asyncio.gather(*hostile, return_exceptions=True)
    assert await crawl(99, double, 2) == 4


async def test_a_document_of_very_many_that_take_their_time_is_given_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lanes, "DOCUMENT_S", 2 * PATIENCE_S)
    seats, found = Seats(), Lanes(first_look_s=PATIENCE_S)
    with seats.seat(owner=1) as seat:
        for _ in range(3):
            await found.run(seat, busy, 0.75 * PATIENCE_S)
        assert seats.places[Pace.SLOWEST]._value == SLOWEST_SEATS - 1, "it has moved on"
        with pytest.raises(TooCostly, match="in all"):
            await found.run(seat, double, 1)


async def test_a_crash_counts_when_it_comes_again() -> None:
    seats, found = Seats(), Lanes()
    with seats.seat(owner=1) as seat, pytest.raises(ReaderDied):
        await found.run(seat, die)
    assert found.slowest == {1}
