"""One refresh in a process of its own, which tells of every source what came of it, and what it all cost.

    python -m tests.hostile.crawl feeds.toml SUFFIX    # of the names of the sources to crawl; "" for all

The program's own pieces, put together as ``refresh`` does it, but warmed up as the daemon is. What is added
are the words and the counts of each outcome, the longest times for which the event loop did not turn, and
the memory that was needed.
"""

from __future__ import annotations

import asyncio
import gc
import json
import resource
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

from aggregator import app
from aggregator.cli import logs, root
from aggregator.crawl.pool import crawl_all
from aggregator.model.settings import Config
from aggregator.model.source import Claim, Outcome, Saved
from tests.held import Watch

MIB = 1024  # KiB


def told(outcome: Outcome, saved: Saved) -> dict[str, Any]:
    error = outcome.state.error
    drops: Counter[str] = Counter()
    for drop in (*outcome.drops, *saved.drops):
        drops[drop.reason] += drop.count
    return {
        "result": outcome.result,
        "stage": error and error.stage,
        "error": error and error.type,
        "message": error and error.message,
        "new": saved.new,
        "updated": saved.updated,
        "unchanged": outcome.unchanged + saved.unchanged,
        "drops": drops,
        "notes": dict(Counter(note.reason for change in outcome.changes for note in change.notes)),
        "elapsed_s": round(outcome.elapsed_s, 2),
    }


async def crawl(config: Config, only: str) -> dict[str, Any]:
    wanted = [source.name for source in config.sources if source.name.endswith(only)]
    found: dict[str, Any] = {}

    def report(outcome: Outcome, saved: Saved) -> None:
        found[outcome.claim.source.name] = told(outcome, saved)

    async with app.opened(config, "crawler") as store, app.engine(config, store, report) as engine:
        since = await store.begin_run(app.utc_now())
        names, skipped = await store.selected(
            wanted, category=None, since=since, now=app.utc_now(), force=True, due=False
        )

        async def claims() -> AsyncIterator[Claim]:
            for claim in await store.claim_named(
                names, since=since, now=app.utc_now(), force=True, due=False, lease_s=900
            ):
                yield claim

        engine.desk()  # as the daemon does before it begins
        gc.freeze()
        started = time.monotonic()
        async with Watch() as watch:
            await crawl_all(claims(), engine.poll, config.fetch.concurrency + app.WAITING, engine.follow)
        elapsed_s = time.monotonic() - started
        await store.end_run()
    return {
        "sources": found,
        "skipped": {each.name: each.reason for each in skipped},
        "elapsed_s": elapsed_s,
        "late_s": watch.late_s,
        "busy_s": watch.busy_s,
        "holds": watch.longest,
    }


def peak_kib() -> int:
    """Our own peak. ``ru_maxrss`` would not do: it starts with what the process had that started us."""
    status = Path("/proc/self/status")
    if not status.exists():
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return next(int(line.split()[1]) for line in status.read_text().splitlines() if line.startswith("VmHWM"))


if __name__ == "__main__":
    logs.configure("console", "info")
    file = Path(sys.argv[1])
    settings = root.parse(file, file.read_text(encoding="utf-8"))
    found = asyncio.run(crawl(settings, sys.argv[2]))
    found["peak_mib"] = peak_kib() / MIB
    found["workers_mib"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / MIB
    print(json.dumps(found))
