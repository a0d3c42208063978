"""robots.txt (RFC 9309): what a site asks of programs that read its pages.

It is asked for once a day an origin, however many ask meanwhile, and remembered in memory only. What a
stranger writes into it is parsed by a library, but for the choice of the group: there, thousands of names
over thousands of rules took 11 s for 56 KB.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

import structlog
from protego import Protego

from aggregator.errors import DisallowedError, FetchError, HeldError, NetworkError, RefusedError, StatusError
from aggregator.fetch.address import MAX_OCTETS, Target, parse
from aggregator.fetch.budget import Budget
from aggregator.model.http import FetchRequest, FetchResult

log = structlog.get_logger()

PRODUCT = "aggregator"  # what our User-Agent begins with, and groups are addressed to

MAX_BYTES = 500 * 1024  # what RFC 9309 section 2.5 asks to be read; the rest is not looked at
MAX_RULES = 10_000  # for us; sorting ten times as many would hold everybody up
MAX_GAP_S = 30  # of what Crawl-delay and Request-rate wish for
MIN_KEPT_S = 3600.0
MAX_KEPT_S = 86400.0  # RFC 9309 section 2.4
AGAIN_S = 60.0  # after a failure: whoever asks meanwhile is told of that one
PATIENCE_S = 30.0  # for an answer, at most: others wait for it, too
MAX_SITES = 1000
MAX_HELD = 2 * 1024 * 1024  # characters of rules, of all sites; parsed they take twenty times as much
INLINE = (
    16 * 1024
)  # characters; what is worse than any site's takes 25 ms of these, and a second of MAX_BYTES

_LINE = re.compile(
    r"[ \t]*(?:(?P<agent>user[- ]?agent)|allow|di[a-z]*l[ao]w|crawl[- ]delay|request[- ]rate)(?=[ \t:])"
    r"[ \t]*:?[ \t]*(?P<value>[^#]*)",
    re.IGNORECASE,
)
_TOKEN = re.compile(r"\*|[a-z0-9_-]*", re.IGNORECASE)
_MAX_AGE = re.compile(r"\bmax-age=\"?(\d{1,9})", re.ASCII | re.IGNORECASE)

S = TypeVar("S")
T = TypeVar("T")
Fetch = Callable[[FetchRequest, Budget], Awaitable[FetchResult]]


@dataclass(frozen=True, slots=True)
class Rules:
    """What a robots.txt asks of us: the seconds between two requests, and which addresses to leave alone.
    ``size``: characters of the rules."""

    gap_s: float = 0.0
    size: int = 0
    patterns: Protego | None = None

    def allow(self, url: str) -> bool:
        return self.patterns is None or self.patterns.can_fetch(url, "*")


NO_RULES = Rules()


def read(body: bytes) -> Rules:
    """The rules for us in a robots.txt of which these are the first octets."""
    if len(body) >= MAX_BYTES:  # half a line would forbid more than the whole one
        body = body[:MAX_BYTES].rpartition(b"\n")[0]
    text = "\n".join(ours(body.decode("utf-8-sig", "replace")))
    if not text:
        return NO_RULES
    patterns = Protego.parse(f"User-agent: *\n{text}")
    gap_s = min(patterns.crawl_delay("*") or 0.0, MAX_GAP_S)
    rate = patterns.request_rate("*")
    if rate is not None:
        seconds = min(rate.seconds, MAX_GAP_S * rate.requests)  # before dividing: numbers of any length
        gap_s = max(gap_s, seconds / rate.requests)
    return Rules(gap_s, len(text), patterns)


def ours(text: str) -> list[str]:
    """The first lines of rules of the groups that name us or, if none does, of those for everybody."""
    groups: dict[str, list[str]] = {}
    names: set[str] = set()
    naming = False
    for whole in text.replace("\r", "\n").split("\n"):
        line = _LINE.match(whole)
        if line is None or len(whole) > MAX_OCTETS:  # no address is so long
            continue
        if line["agent"]:
            if not naming:
                names = set()
            naming = True
            token = _TOKEN.match(line["value"])
            names.add(token[0].lower() if token else "")
            for name in {PRODUCT, "*"} & names:
                groups.setdefault(name, [])
        else:
            naming = False
            for name in {PRODUCT, "*"} & names:
                if len(groups[name]) < MAX_RULES:
                    groups[name].append(line[0])
    return groups.get(PRODUCT, groups.get("*", []))


def kept_s(headers: Mapping[str, str]) -> float:
    """For how long an answer with these headers is taken to hold."""
    found = _MAX_AGE.search(headers.get("cache-control", ""))
    return min(max(float(found[1]), MIN_KEPT_S), MAX_KEPT_S) if found else MAX_KEPT_S


@dataclass(slots=True)
class _Site:
    """What is known of an origin. ``until``: when to ask again, on the clock of whoever asks. Where there
    are no ``rules`` yet, there is a ``failure``; ``waited_s``: how long was waited for what did not come."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    until: float = float("-inf")
    rules: Rules | None = None
    failure: FetchError | None = None
    waited_s: float = float("inf")


class Robots:
    """The robots.txt of every site that was asked lately. ``fetch`` is the client's, with its guard, its
    limits and its manners."""

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._sites: dict[tuple[str, str, int], _Site] = {}
        self._reading = asyncio.Lock()

    async def ask(self, target: Target, now: float, budget: Budget) -> float:
        """The seconds to leave between two requests to the site, if ``target`` may be asked for.

        ``now`` is any steady clock, in seconds; ``budget`` that of the poll, which pays for the request if
        there is to be one. Raises DisallowedError if it may not; FetchError while
        robots.txt cannot be read and was not before; and what ``fetch`` raises beside that.
        """
        rules = await self._rules(target, now, budget)
        if not await self._apart(rules.size, rules.allow, target.text):
            raise DisallowedError(
                f'{_place(target)} forbids "{PRODUCT}" to read this address; robots = false overrides that'
            )
        return rules.gap_s

    def __len__(self) -> int:
        """The number of sites remembered."""
        return len(self._sites)

    async def _rules(self, target: Target, now: float, budget: Budget) -> Rules:
        site = self._sites.pop(target.origin, None) or _Site()
        self._sites[target.origin] = site  # now the last to be forgotten
        async with site.turn:
            if site.until <= now or _is_more_patient(site, budget):
                await self._renew(site, target, now, budget)
        if site.rules is None:
            assert site.failure is not None
            raise _told(target, site.failure)
        return site.rules

    async def _renew(self, site: _Site, target: Target, now: float, budget: Budget) -> None:
        part = Budget(_patience_s(budget))
        if site.rules is not None:
            part.total_s /= 2  # they will do if nothing comes, and the poll then needs the rest
        try:
            site.rules, kept = await self._fetched(target, part)
            site.until = now + kept
        except FetchError as failure:
            site.failure = failure
            site.waited_s = part.total_s if isinstance(failure, NetworkError) else float("inf")
            # Who asks while the host is on hold shall hear that, and not that it failed.
            if not _is_hold(failure):
                site.until = now + AGAIN_S
            if site.rules is not None:  # RFC 9309 section 2.3.1.4: what was known goes on counting
                log.info("robots.kept", place=_place(target), error=str(failure))
        finally:
            budget.charge(part)
        self._forget()

    async def _fetched(self, target: Target, budget: Budget) -> tuple[Rules, float]:
        request = FetchRequest(
            url=_place(target), accept="text/plain, */*;q=0.1", max_body_bytes=MAX_BYTES, part=True
        )
        try:
            result = await self._fetch(request, budget)
        except StatusError as error:
            if error.status >= 500 or error.status == 429:
                raise
            return NO_RULES, MAX_KEPT_S  # there is none, which forbids nothing: RFC 9309 section 2.3.1.3
        return await self._apart(len(result.body), read, result.body), kept_s(result.headers)

    async def _apart(self, size: int, function: Callable[[S], T], argument: S) -> T:
        """``function(argument)``, in a thread where it may take long: it is Python, which lets the loop in
        between, and one at a time, so that nobody else's threads are taken."""
        if size <= INLINE:
            return function(argument)
        async with self._reading:
            return await asyncio.to_thread(function, argument)

    def _forget(self) -> None:
        """Those that were not asked for the longest, beyond what is to be held."""
        held = sum(site.rules.size for site in self._sites.values() if site.rules)
        while len(self._sites) > 1 and (held > MAX_HELD or len(self._sites) > MAX_SITES):
            oldest = self._sites.pop(next(iter(self._sites)))
            held -= oldest.rules.size if oldest.rules else 0


def _place(target: Target) -> str:
    return parse(f"{target.scheme}://{target.host_port}/robots.txt").text


def _patience_s(budget: Budget) -> float:
    return min(budget.left_s, PATIENCE_S)


def _is_more_patient(site: _Site, budget: Budget) -> bool:
    """Whether an answer that did not come in time for another may come for this one: it has more than
    twice as long, so that not everybody in a row tries again."""
    return site.rules is None and _patience_s(budget) > 2 * site.waited_s


def _is_hold(failure: FetchError) -> bool:
    return isinstance(failure, HeldError) or (
        isinstance(failure, StatusError) and failure.held_host is not None
    )


def _told(target: Target, failure: FetchError) -> FetchError:
    """The same failure, anew for each who asks."""
    message = f"{_place(target)} could not be read: {failure}"
    match failure:
        case HeldError():
            return HeldError(str(failure), retry_after_s=failure.retry_after_s)
        case StatusError():
            return StatusError(
                message,
                status=failure.status,
                retry_after_s=failure.retry_after_s,
                held_host=failure.held_host,
            )
        case NetworkError():
            return NetworkError(message, reached=failure.reached)
    return RefusedError(message)
