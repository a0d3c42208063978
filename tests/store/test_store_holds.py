"""Hosts that asked us to wait, kept from one process to the next."""

from __future__ import annotations

from datetime import timedelta

from tests.store.conftest import T0

HOUR = timedelta(hours=1)


async def test_the_longest_wait_of_each_host_is_kept_for_the_next_process(opened):
    async with opened() as bench:
        await bench.store.hold_host("a.example:443", T0 + 2 * HOUR)
        await bench.store.hold_host("a.example:443", T0 + HOUR)
        await bench.store.hold_host("a.example:80", T0 + HOUR)
    async with opened() as bench:
        assert await bench.store.held_hosts(T0) == {
            "a.example:443": T0 + 2 * HOUR,
            "a.example:80": T0 + HOUR,
        }
        assert await bench.store.held_hosts(T0 + HOUR) == {"a.example:443": T0 + 2 * HOUR}


async def test_a_new_wait_takes_the_place_of_one_that_has_passed(bench):
    for hours in (1, 3):
        await bench.store.hold_host("a.example:443", bench.clock() + HOUR)
        await bench.store.hold_host(f"b{hours}.example:443", bench.clock() + HOUR)
        bench.clock.step(2 * 3600)
    assert await bench.store.held_hosts(T0) == {
        "a.example:443": T0 + 3 * HOUR,
        "b3.example:443": T0 + 3 * HOUR,
    }


async def test_a_clock_that_ran_ahead_holds_no_host_for_years(bench):
    bench.clock.step(400 * 86400)
    await bench.store.hold_host("a.example:443", bench.clock() + HOUR)
    bench.clock.step(-400 * 86400)
    await bench.sync()
    assert await bench.store.held_hosts(T0) == {}
