"""Seats are given back, whatever happens, and slow documents keep no quick one waiting."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack

import pytest

from aggregator.crawl.seats import QUICK_SEATS, SLOW_SEATS, TURN_S, Pace, Seats


async def full(seats: Seats, stack: ExitStack, count: int, pace: Pace) -> None:
    for _ in range(count):
        await asyncio.wait_for(stack.enter_context(seats.seat()).take(pace), 10)


async def test_a_seat_is_left_at_the_end() -> None:
    seats = Seats()
    for _ in range(3 * QUICK_SEATS):
        with seats.seat() as seat:
            await asyncio.wait_for(seat.take(Pace.QUICK), 10)
            await seat.take(Pace.QUICK)  # taken already: nothing more is taken
    assert seats.present == 0


async def test_no_more_than_there_are() -> None:
    seats = Seats()
    with ExitStack() as stack:
        await full(seats, stack, QUICK_SEATS, Pace.QUICK)
        assert seats.places[Pace.QUICK].locked()
        assert seats.present == QUICK_SEATS


async def test_the_slow_sit_apart() -> None:
    seats = Seats()
    with ExitStack() as stack:
        await full(seats, stack, SLOW_SEATS, Pace.SLOW)
        seat = stack.enter_context(seats.seat())
        await seat.take(Pace.QUICK)
        moving = asyncio.create_task(seat.take(Pace.SLOW))
        await asyncio.sleep(0)
        assert not moving.done(), "all slow seats are taken"
        await full(seats, stack, QUICK_SEATS, Pace.QUICK)  # its quick seat was left before it waited
        moving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await moving
    assert seats.present == 0
    assert not seats.places[Pace.SLOW].locked()
    assert not seats.places[Pace.QUICK].locked()


async def test_a_turn_is_over_after_some_time() -> None:
    """And then everybody else's comes first."""
    loop = asyncio.get_running_loop()
    async with Seats().turn() as turn:
        assert not turn.is_over()
        until = loop.time() + TURN_S
        while loop.time() < until:
            pass
        assert turn.is_over()
