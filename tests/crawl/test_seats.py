"""Seats are given back, whatever happens, and slow documents keep no quick one waiting."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack

import pytest

from aggregator.crawl.seats import QUICK_SEATS, SLOW_SEATS, Seats


async def full(seats: Seats, stack: ExitStack, count: int, *, slow: bool) -> None:
    for _ in range(count):
        await asyncio.wait_for(stack.enter_context(seats.seat()).take(slow=slow), 10)


async def test_a_seat_is_left_at_the_end() -> None:
    seats = Seats()
    for _ in range(3 * QUICK_SEATS):
        with seats.seat() as seat:
            await asyncio.wait_for(seat.take(slow=False), 10)
            await seat.take(slow=False)  # taken already: nothing more is taken
    assert seats.present == 0


async def test_no_more_than_there_are() -> None:
    seats = Seats()
    with ExitStack() as stack:
        await full(seats, stack, QUICK_SEATS, slow=False)
        assert seats.quick.locked()
        assert seats.present == QUICK_SEATS


async def test_the_slow_sit_apart() -> None:
    seats = Seats()
    with ExitStack() as stack:
        await full(seats, stack, SLOW_SEATS, slow=True)
        seat = stack.enter_context(seats.seat())
        await seat.take(slow=False)
        moving = asyncio.create_task(seat.take(slow=True))
        await asyncio.sleep(0)
        assert not moving.done(), "both slow seats are taken"
        await full(seats, stack, QUICK_SEATS, slow=False)  # its quick seat was left before it waited
        moving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await moving
    assert seats.present == 0
    assert not seats.slow.locked()
    assert not seats.quick.locked()
