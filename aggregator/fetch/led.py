"""How many polls may be led to one host by redirects at once.

Sources are claimed by their own hosts, a few of each at a time. Where hundreds of them redirect to one that
is slow, all would wait for it, in places that others need.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from zlib import crc32

from aggregator.errors import HeldError
from aggregator.model.settings import FetchSettings

WAITING = 8  # beyond those that may ask
PUT_OFF_S = 60.0  # at least, and no more often than anybody is asked


class Led:
    """Counts the polls under way at each host that a redirect has led them to."""

    def __init__(self, limit: int, put_off_s: float) -> None:
        self._limit = limit
        self._put_off_s = put_off_s
        self._polls: Counter[str] = Counter()

    @classmethod
    def of(cls, settings: FetchSettings) -> Led:
        """One with the operator's bounds."""
        limit = min(settings.per_host, settings.concurrency) + WAITING
        return cls(limit, max(PUT_OFF_S, settings.min_every_s))

    @contextmanager
    def to(self, line: str, start: str) -> Iterator[None]:
        """Be one of them, led from the address ``start``. HeldError when there are enough: for a while, and
        up to twice as long for some, so that they do not all come again at once."""
        if self._polls[line] >= self._limit:
            wait_s = self._put_off_s * (1 + crc32(start.encode()) / 2**32)
            raise HeldError(f"{line}: too many others are redirected there", retry_after_s=wait_s)
        self._polls[line] += 1
        try:
            yield
        finally:
            self._polls[line] -= 1
            if not self._polls[line]:
                del self._polls[line]
