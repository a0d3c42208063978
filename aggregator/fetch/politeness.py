"""Who may ask now: first the host, then the whole program.

A request that waits for its host must not hold one of the global slots, or a single slow host among a
hundred stops the other ninety-nine.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aggregator.errors import HeldError
from aggregator.model.settings import FetchSettings

_FIRST_SWEEP = 256  # hosts remembered before the idle ones are looked for


@dataclass(slots=True, kw_only=True)
class _Host:
    """What is remembered of a host. Times are those of the loop's monotonic clock, in seconds.
    ``turn`` is held by the one request that waits for the gap and for a global slot."""

    slots: asyncio.Semaphore
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    users: int = 0
    next_start: float = 0.0
    held_until: float = 0.0


def shared(host: str, domains: Iterable[str]) -> str | None:
    """The one of ``domains`` that ``host`` is, or lies below; None if there is none."""
    name = host.removesuffix(".")
    return next((domain for domain in domains if name == domain or name.endswith(f".{domain}")), None)


class Gate:
    """Admits at most ``concurrency`` requests in all and ``per_host`` of one host, whose starts are at
    least ``min_gap_s`` apart; first come, first served, both within a host and for the slots in all. What
    is one host is the caller's to say: a host and port, or a domain."""

    def __init__(self, concurrency: int, per_host: int, min_gap_s: float) -> None:
        self._all = asyncio.Semaphore(concurrency)
        self._per_host = per_host
        self._min_gap_s = min_gap_s
        self._hosts: dict[str, _Host] = {}
        self._sweep_at = _FIRST_SWEEP

    @classmethod
    def of(cls, settings: FetchSettings) -> Gate:
        """One with the operator's bounds."""
        return cls(settings.concurrency, settings.per_host, settings.min_gap_s)

    @asynccontextmanager
    async def slot(self, name: str, gap_s: float = 0.0) -> AsyncIterator[None]:
        """Hold a place for one request; ``gap_s`` is a longer gap to leave behind its start. HeldError, with
        the time left, while the host is on hold."""
        host = self._host(name)
        host.users += 1
        try:
            self._check_hold(name, host)
            async with host.slots:
                await self._take(name, host, gap_s)
                try:
                    yield
                finally:
                    self._all.release()
        finally:
            host.users -= 1
            if self._idle(host, asyncio.get_running_loop().time()):
                del self._hosts[name]

    def hold(self, name: str, until: float) -> None:
        """Let no request to the host pass before ``until`` (the loop's clock), because it answered with a
        Retry-After. Those that already wait are refused as well."""
        host = self._host(name)
        host.held_until = max(host.held_until, until)

    def inherit(self, other: Gate) -> None:
        """Go on with what ``other`` knew: who asked us to wait, and who was asked a moment ago. For a gate
        of other bounds that takes its place, once nobody is in ``other`` any more."""
        now = asyncio.get_running_loop().time()
        for name, known in other._hosts.items():
            if not self._idle(known, now):
                host = self._host(name)
                host.next_start = min(known.next_start, now + self._min_gap_s)
                host.held_until = max(host.held_until, known.held_until)

    def __len__(self) -> int:
        """The number of hosts remembered."""
        return len(self._hosts)

    async def _take(self, name: str, host: _Host, gap_s: float) -> None:
        """Wait for the gap, then for a slot of all. The turn is kept until then: the gap is between
        starts, and a start is when the last wait is over."""
        loop = asyncio.get_running_loop()
        async with host.turn:
            while (wait_s := host.next_start - loop.time()) > 0:
                self._check_hold(name, host)
                await asyncio.sleep(wait_s)
            self._check_hold(name, host)
            await self._all.acquire()
            try:
                self._check_hold(name, host)
            except HeldError:
                self._all.release()
                raise
            gap_s = max(self._min_gap_s, gap_s)
            if gap_s > 0:
                host.next_start = loop.time() + gap_s

    def _check_hold(self, name: str, host: _Host) -> None:
        if host.held_until:
            left = host.held_until - asyncio.get_running_loop().time()
            if left > 0:
                message = f"{name} asked to wait: {left:.0f} s are left"
                raise HeldError(message, retry_after_s=left)

    def _host(self, name: str) -> _Host:
        host = self._hosts.get(name)
        if host is None:
            if len(self._hosts) >= self._sweep_at:
                self._sweep()
            host = self._hosts[name] = _Host(slots=asyncio.Semaphore(self._per_host))
        return host

    def _sweep(self) -> None:
        """Forget hosts whose gap or hold has passed. Each sweep frees, or doubles, the room until the
        next one, so its cost is spread evenly."""
        now = asyncio.get_running_loop().time()
        self._hosts = {name: host for name, host in self._hosts.items() if not self._idle(host, now)}
        self._sweep_at = max(_FIRST_SWEEP, 2 * len(self._hosts))

    @staticmethod
    def _idle(host: _Host, now: float) -> bool:
        return not host.users and host.next_start <= now and host.held_until <= now
