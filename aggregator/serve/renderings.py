"""What readers are given, made when somebody asks: once for all who ask meanwhile, kept for as long as it is
true, and in a thread where it is large, so that nobody waits for another's feed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TypeVar
from weakref import WeakValueDictionary

from aggregator.model.feed import Rendered
from aggregator.publish.render import etag_of
from aggregator.serve.cache import Cache
from aggregator.serve.compress import ENCODERS, SMALLEST

T = TypeVar("T")

Make = Callable[[], Awaitable[Rendered]]

# To render and pack so much takes a few milliseconds, for which a thread is not worth its while.
LARGE_BYTES = 256 * 1024


class Renderings:
    """The cache, and who fills it."""

    def __init__(self, cache: Cache) -> None:
        self._cache = cache
        self._under_way: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()
        # One at a time: each thread that computes makes the loop wait for the interpreter once more.
        self._thread = asyncio.Lock()

    async def get(
        self, key: tuple[str, str], revision: object, encoding: str, make: Make
    ) -> tuple[Rendered, str]:
        """The rendering of ``key`` (feed, format) at ``revision``, and the encoding that it has:
        ``encoding``, or "identity" where packing gains nothing. ``make`` is called if there is none."""
        found = self._cache.get((*key, encoding), revision)
        if found is not None:
            return found, encoding
        making = self._under_way.get(key)
        if making is None:
            making = self._under_way[key] = asyncio.Lock()
        async with making:
            plain = self._cache.get((*key, "identity"), revision)
            if plain is None:
                plain = await make()
                self._cache.put((*key, "identity"), revision, plain)
            if encoding == "identity" or len(plain.body) < SMALLEST:
                return plain, "identity"
            found = self._cache.get((*key, encoding), revision)
            if found is None:
                pack = ENCODERS[encoding]
                found = await self.made(len(plain.body), lambda: _packed(plain, pack))
                self._cache.put((*key, encoding), revision, found)
            return found, encoding

    async def made(self, size_bytes: int, make: Callable[[], T]) -> T:
        """What ``make`` gives, which has to do with about so many octets. It may run in a thread."""
        if size_bytes < LARGE_BYTES:
            return make()
        async with self._thread:
            return await asyncio.to_thread(make)


def _packed(plain: Rendered, pack: Callable[[bytes], bytes]) -> Rendered:
    body = pack(plain.body)
    return replace(plain, body=body, etag=etag_of(body))
