"""A host that asked us to wait is remembered in the store, for whichever process starts next."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from aggregator.crawl.crawler import Fetch
from aggregator.errors import StatusError
from aggregator.model.http import FetchRequest, FetchResult
from aggregator.store.base import Store


def remembering(fetch: Fetch, store: Store, now: Callable[[], datetime]) -> Fetch:
    """``fetch``, which moreover has the store keep what it learns of hosts. Raises StoreError, too."""

    async def asked(request: FetchRequest) -> FetchResult:
        try:
            return await fetch(request)
        except StatusError as answer:
            if answer.held_host is not None and answer.retry_after_s is not None:
                await store.hold_host(answer.held_host, now() + timedelta(seconds=answer.retry_after_s))
            raise

    return asked
