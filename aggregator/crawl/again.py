"""Stored items are cleaned again when the cleaning rules have changed, a few at a time, the newest first.

What has been done is told by the items themselves, so whoever is killed in the middle goes on there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import structlog

from aggregator.crawl.crawler import SLOW, Work
from aggregator.errors import ParseError
from aggregator.store.base import Outdated, Recleaned, Store

log = structlog.get_logger()

BATCH = 64  # items a transaction: with what one item may hold at most, 64 MiB
MOST_BUGS = 20  # it is our own fault then: nothing more is touched, and the log not filled with it


async def clean_again(store: Store, attempt: Callable[[Outdated], Awaitable[Recleaned | None]]) -> int:
    """Clean all that older rules have cleaned, by ``attempt``, which gives None for an item that it cannot
    do: that stays as it is until the next time. How many changed. Raises StoreError."""
    done = changed = 0
    undone: set[int] = set()
    while len(undone) < MOST_BUGS and (batch := await store.outdated(BATCH, undone)):
        ready: list[Recleaned] = []
        for one in batch:
            if (recleaned := await attempt(one)) is None:
                undone.add(one.item_id)
            else:
                ready.append(recleaned)
        changed += await store.clean_again(ready)
        done += len(ready)
    if done or undone:
        log.info("items.cleaned_again", items=done, changed=changed, undone=len(undone))
    return changed


async def reclean(one: Outdated, work: Work) -> Recleaned:
    """What becomes of one item. Markup that takes too much, or kills its reader, becomes its plain text."""
    from aggregator.process import again  # where nothing is outdated, the cleaner is not loaded for it

    note = ""
    try:
        item = await work(SLOW if again.is_heavy(one.item) else 0, again.cleaned_again, one.item)
    except ParseError as error:
        item, note = again.as_plain_text(one.item), str(error)
    return Recleaned(of=one, item=None if item == one.item else item, note=note)
