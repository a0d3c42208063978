"""Order, overlap and limits of the gate. No durations: waiting is observed, not measured."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aggregator.errors import HeldError
from aggregator.fetch.politeness import Gate, shared


async def turns(times: int = 20) -> None:
    """Let everything that can run do so."""
    for _ in range(times):
        await asyncio.sleep(0)


class Worker:
    """A task that enters the gate, notes it, and stays until released."""

    def __init__(self, gate: Gate, host: str, name: object, log: list[object]) -> None:
        self.host, self.name, self.log = host, name, log
        self.entered, self.leave = asyncio.Event(), asyncio.Event()
        self.task = asyncio.create_task(self._run(gate))

    async def _run(self, gate: Gate) -> None:
        async with gate.slot(self.host):
            self.log.append(self.name)
            self.entered.set()
            await self.leave.wait()


async def test_first_come_first_served_within_a_host() -> None:
    gate, log = Gate(10, 1, 0.0), []
    workers = [Worker(gate, "h:80", number, log) for number in range(5)]
    for number, worker in enumerate(workers):
        await turns()
        assert log == list(range(number + 1))
        worker.leave.set()
    await asyncio.gather(*(worker.task for worker in workers))


async def test_a_slow_host_does_not_delay_the_others() -> None:
    gate, log = Gate(2, 1, 0.0), []
    slow = [Worker(gate, "slow:80", f"slow{number}", log) for number in range(50)]
    await turns()
    others = [Worker(gate, f"h{number}:80", number, log) for number in range(10)]
    for other in others:
        other.leave.set()
    await turns(200)
    assert log == ["slow0", *range(10)]  # only one of the fifty holds a slot of the two
    for worker in slow:
        worker.leave.set()
    await asyncio.gather(*(worker.task for worker in slow + others))


async def test_no_more_than_allowed_at_once() -> None:
    gate, log = Gate(5, 2, 0.0), []
    workers = [Worker(gate, f"h{number % 4}:80", number % 4, log) for number in range(40)]
    await turns()
    assert len(log) == 5
    assert max(Counter(log).values()) == 2
    for worker in workers:
        worker.leave.set()
    await asyncio.gather(*(worker.task for worker in workers))
    assert len(log) == 40
    assert len(gate) == 0


async def test_the_gap_separates_starts_and_stops_nobody_else() -> None:
    gate, log = Gate(10, 2, 3600.0), []
    first, second = (Worker(gate, "h:80", name, log) for name in "ab")
    other = Worker(gate, "other:80", "c", log)
    first.leave.set()
    await turns()
    assert log == ["a", "c"]
    assert not second.task.done()
    second.task.cancel()
    other.leave.set()
    await asyncio.gather(first.task, second.task, other.task, return_exceptions=True)
    assert len(gate) == 2  # remembered: the gap still runs
    await_third = Worker(gate, "h:80", "d", log)
    await turns()
    assert log == ["a", "c"]
    await_third.task.cancel()
    await asyncio.gather(await_third.task, return_exceptions=True)


async def test_the_gap_runs_from_the_start_even_after_a_wait_for_a_slot() -> None:
    loop = asyncio.get_running_loop()
    gate, starts = Gate(1, 2, 0.01), []

    async def one(host: str) -> None:
        async with gate.slot(host):
            starts.append((host, loop.time()))

    await asyncio.gather(*(one(host) for host in ["a:80", "b:80"] * 4))
    for host in ("a:80", "b:80"):
        times = [at for name, at in starts if name == host]
        assert all(later - sooner >= 0.01 for sooner, later in itertools.pairwise(times))


async def test_a_hold_refuses_new_and_waiting_requests() -> None:
    loop = asyncio.get_running_loop()
    gate, log = Gate(10, 1, 0.0), []
    first, waiting = (Worker(gate, "h:80", name, log) for name in "ab")
    await turns()
    gate.hold("h:80", loop.time() + 600)
    gate.hold("h:80", loop.time() + 60)  # a shorter one does not lift it
    first.leave.set()
    with pytest.raises(HeldError) as caught:
        await waiting.task
    assert caught.value.retry_after_s == pytest.approx(600, abs=60)
    with pytest.raises(HeldError, match="h:80 asked to wait"):
        async with gate.slot("h:80"):
            pass
    async with gate.slot("h:81"):
        log.append("another port")
    await first.task
    assert log == ["a", "another port"]


async def test_a_hold_reaches_those_that_wait_for_a_slot_of_all() -> None:
    gate, log = Gate(1, 1, 0.0), []
    first, waiting = Worker(gate, "a:80", "a", log), Worker(gate, "b:80", "b", log)
    await turns()
    gate.hold("b:80", asyncio.get_running_loop().time() + 600)
    first.leave.set()
    with pytest.raises(HeldError):
        await waiting.task
    async with gate.slot("c:80"):  # and the slot is free again
        assert log == ["a"]


@pytest.mark.parametrize(
    ("host", "domain"),
    [
        ("blogs.example", "blogs.example"),
        ("a.blogs.example", "blogs.example"),
        ("b.a.blogs.example.", "blogs.example"),
        ("myblogs.example", None),
        ("example", None),
        ("blogs.example.org", None),
        ("xn--efvy88h.example", "xn--efvy88h.example"),
        ("::1", None),
    ],
)
def test_a_domain_has_all_names_below_it(host: str, domain: str | None) -> None:
    assert shared(host, ("blogs.example", "xn--efvy88h.example")) == domain


async def test_a_hold_that_has_passed_is_forgotten() -> None:
    gate = Gate(10, 1, 0.0)
    gate.hold("h:80", asyncio.get_running_loop().time() - 1)
    async with gate.slot("h:80"):
        assert len(gate) == 1
    assert len(gate) == 0


async def test_what_hosts_asked_for_is_inherited_and_the_bounds_are_not() -> None:
    loop = asyncio.get_running_loop()
    old, new = Gate(10, 1, 3600.0), Gate(10, 2, 3600.0)
    old.hold("held:80", loop.time() + 600)
    for host in ("asked:80", "later:80"):
        async with old.slot(host):
            pass
    new.inherit(old)
    with pytest.raises(HeldError):
        async with new.slot("held:80"):
            pass
    log: list[object] = []
    waiting = Worker(new, "asked:80", "too soon", log)
    await turns()
    assert not log
    waiting.task.cancel()
    hasty = Gate(10, 1, 0.0)  # the operator wants no gap any more
    hasty.inherit(old)
    at_once = Worker(hasty, "later:80", "at once", log)
    await turns()
    assert log == ["at once"]
    at_once.leave.set()
    await at_once.task


async def test_memory_is_bounded_by_the_hosts_in_use() -> None:
    gate = Gate(10, 1, 1e-9)
    for number in range(5000):
        async with gate.slot(f"h{number}:80"):
            pass
    assert len(gate) < 600


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32), gap=st.sampled_from([0.0, 0.0, 1e-4]))
def test_cancellation_anywhere_leaks_nothing(seed: int, gap: float) -> None:
    asyncio.run(_cancel_at_random(random.Random(seed), gap))


async def _cancel_at_random(dice: random.Random, gap: float) -> None:
    gate = Gate(3, 2, gap)
    inside: Counter[str] = Counter()

    async def one(host: str, turns_inside: int) -> None:
        async with gate.slot(host):
            inside[host] += 1
            try:
                assert inside[host] <= 2
                assert inside.total() <= 3
                await turns(turns_inside)
            finally:
                inside[host] -= 1

    tasks = [asyncio.create_task(one(f"h{dice.randrange(4)}", dice.randrange(4))) for _ in range(40)]
    while not all(task.done() for task in tasks):
        dice.choice(tasks).cancel()
        await turns(dice.randrange(1, 4))
    for result in await asyncio.gather(*tasks, return_exceptions=True):
        assert result is None or isinstance(result, asyncio.CancelledError)
    # Everything is free again: as many as allowed get in, on hosts that were in use.
    log: list[object] = []
    workers = [Worker(gate, f"h{number}", number, log) for number in range(3)]
    async with asyncio.timeout(10):
        await asyncio.gather(*(worker.entered.wait() for worker in workers))
    for worker in workers:
        worker.leave.set()
    await asyncio.gather(*(worker.task for worker in workers))
