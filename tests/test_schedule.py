"""Ticks: how often, and that a clock that jumps neither stops nor floods them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
import time_machine

from aggregator import schedule
from aggregator.schedule import ForwardTrigger, Ticks, step_s, tick_period_s

NOW = datetime(2026, 8, 8, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize(("every_s", "period_s"), [(1, 0.5), (60, 6), (300, 30), (86_400, 30)])
def test_a_category_is_looked_at_as_often_as_it_needs(every_s: float, period_s: float) -> None:
    assert tick_period_s(every_s) == period_s


@pytest.mark.parametrize("step", [timedelta(days=400), timedelta(hours=-1), timedelta(0)])
def test_the_next_time_is_one_interval_from_now(step: timedelta) -> None:
    trigger = ForwardTrigger(seconds=30)
    assert trigger.get_next_fire_time(NOW, NOW + step) == NOW + step + timedelta(seconds=30)


async def test_every_category_is_ticked_and_every_chore_done() -> None:
    ticked: list[str] = []
    enough, chore_done = asyncio.Event(), asyncio.Event()

    def on_tick(category: str) -> None:
        ticked.append(category)
        if ticked.count("a") >= 3 and "b" in ticked:
            enough.set()

    async def chore() -> None:
        chore_done.set()

    ticks = Ticks({"a": 0.01, "b": 0.02}, on_tick, {"chore": (0.01, chore)})
    running = asyncio.create_task(ticks.run())
    await asyncio.wait_for(asyncio.gather(enough.wait(), chore_done.wait()), 20)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_chore_that_is_cut_off_at_the_end_has_ended_by_then_and_is_no_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    begun, tidied = asyncio.Event(), asyncio.Event()

    async def chore() -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            tidied.set()

    running = asyncio.create_task(Ticks({}, print, {"chore": (1, chore)}).run())
    await asyncio.wait_for(begun.wait(), 20)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert tidied.is_set()
    assert not caplog.records


HOUR, DAY = 3600.0, 86_400.0


@pytest.mark.parametrize(
    ("wall_s", "steady_s", "expected"),
    [
        (15, 15, 0),
        (15 - HOUR, 15, -HOUR),
        (15 + 400 * DAY, 15, 400 * DAY),
        (15 + 2, 15, 0),  # drawn along
        (3 * DAY, 3 * DAY, 0),  # slept, where the steady clock counts that
        (3 * DAY + 15, 15, 3 * DAY),  # slept, where it does not
    ],
)
def test_a_clock_was_set_when_it_left_the_steady_one(wall_s: float, steady_s: float, expected: float) -> None:
    assert step_s(wall_s, steady_s) == expected


@pytest.mark.parametrize("step", [timedelta(hours=-1), timedelta(days=400), timedelta(days=-400)])
async def test_a_clock_that_is_set_stops_nothing(step: timedelta, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(schedule, "CLOCK_LOOK_S", 0.05)
    ticked: asyncio.Queue[str] = asyncio.Queue()
    done: asyncio.Queue[str] = asyncio.Queue()

    async def chore() -> None:
        done.put_nowait("chore")

    ticks = Ticks({"a": 0.02}, ticked.put_nowait, {"hourly": (HOUR, chore)})
    with time_machine.travel(NOW, tick=True) as clock:
        running = asyncio.create_task(ticks.run())
        async with asyncio.timeout(20):
            await done.get()
            for _ in range(3):
                await ticked.get()
            clock.shift(step)
            await done.get()  # due, or called by the look, and not by its hour
            for _ in range(ticked.qsize() + 5):
                await ticked.get()
        assert done.empty(), "once"
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
