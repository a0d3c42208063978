"""Ticks: how often, and that a clock that jumps neither stops nor floods them."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.schedule import ForwardTrigger, Ticks, tick_period_s

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
