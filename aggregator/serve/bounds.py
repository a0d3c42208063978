"""How much of us one client may take, and who makes room when all places are taken.

aiohttp bounds the lines of a request and the idle time between two. It does not bound how many connections
there are, how long the first request may take, how long a head is in all, or how long a client may take to
read its answer. Whoever opens a few hundred connections and says nothing would otherwise keep all others out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

_HEAD_END = re.compile(rb"[^\r\n]\r?\n\r?\n")  # blank lines before a request are no head
_LONGEST_END = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """``head_s`` is for a request's head from its first octet, the first one's from the connection on;
    ``idle_s`` between two requests. An answer must be taken within ``answer_s`` and the time that its
    octets need at ``slowest_bytes_s``; so must each slice of it, or who takes nothing would be waited for
    as long as who takes all."""

    connections: int = 200
    head_bytes: int = 16 * 1024
    head_s: float = 30.0
    idle_s: float = 75.0
    answer_s: float = 30.0
    slowest_bytes_s: int = 16 * 1024

    def taking_s(self, size_bytes: int) -> float:
        """How long a client may take for so many octets of its answer."""
        return self.answer_s + size_bytes / self.slowest_bytes_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Heads:
    """What came of requests: how many heads ended, where the next begins, and whether one is too long."""

    ended: int
    start: int
    overlong: bool


def heads(octets: bytes, known: int, limit: int) -> Heads:
    """The heads in ``octets``, of whose first ``known`` it is known that none ends there. Counting stops
    at one that is longer than ``limit``."""
    ended, start = 0, 0
    for match in _HEAD_END.finditer(octets, max(0, known - _LONGEST_END)):
        if match.end() - start > limit:
            return Heads(ended=ended, start=start, overlong=True)
        ended, start = ended + 1, match.end()
    return Heads(ended=ended, start=start, overlong=len(octets) - start > limit)


class Place(Protocol):
    """A connection, as far as `Places` knows it."""

    def cut(self, reason: str) -> None: ...


class Places:
    """The connections there are and which of them wait for a request, the longest waiting first.

    When all places are taken, a newcomer gets the place of who has waited longest: a client that is served
    sends its request at once, one that only holds its place waits. So silent connections, however many,
    keep nobody out. Where every connection is being answered, the newcomer is turned away.
    """

    def __init__(self, limit: int, count: Callable[[str], None]) -> None:
        self._limit = limit
        self._count = count  # is told why, each time that a connection is cut
        self._taken: set[Place] = set()
        self._waiting: dict[Place, None] = {}  # in order

    def __len__(self) -> int:
        return len(self._taken)

    def enter(self, place: Place) -> bool:
        """Take a place; False: there is none."""
        if len(self._taken) >= self._limit:
            longest = next(iter(self._waiting), None)
            if longest is None:
                self._count("full")
                return False
            longest.cut("crowded")
        self._taken.add(place)
        self._waiting[place] = None
        return True

    def busy(self, place: Place) -> None:
        """It has sent a request."""
        self._waiting.pop(place, None)

    def waits(self, place: Place) -> None:
        """It has been answered."""
        if place in self._taken:
            self._waiting[place] = None

    def leave(self, place: Place, reason: str | None = None) -> None:
        """It is gone, cut for a ``reason`` or by itself."""
        if place in self._taken and reason is not None:
            self._count(reason)
        self._taken.discard(place)
        self._waiting.pop(place, None)
