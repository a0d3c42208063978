"""Many thousands of rounds of crawling, serving and tidying up in one process, looked at from the outside.

    python -m tests.soak --rounds 10000

A round crawls six sources (news, edits, 304, an API with articles, two that fail) and asks our own server
for its feeds. Every fifty rounds old items are pruned and the figures are taken. Ends with 1 when one of
them still grows over the last quarter of the run by more than its bound, or when items are missing.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import aiohttp
import click

from aggregator import app, daemon
from aggregator.cli import logs, root
from aggregator.crawl.pool import crawl_all
from aggregator.model.settings import Config
from aggregator.model.source import Claim
from aggregator.serve.metrics import Metrics
from aggregator.store.base import Store
from tests.bench.sides import ROOT, environment
from tests.soak.origin import WINDOW

EVERY = 50  # rounds between two looks
KEEP = 100
FEEDS = ("all.atom", "all.rss", "all.json", "source/news.html")
SILENT_PORT = 9  # discard: nobody listens

# What each figure may grow by, a round, over the last quarter. The database keeps the identities of every
# item that ever was, or an old one that comes back would be news: two items come a round. SQLite's caches
# fill with it, by 8 MiB for the writer and 2 for each reader, and count as memory till then; what we hold
# ourselves is told by the interpreter's own blocks.
BOUNDS = {
    "memory": 2048.0,
    "blocks": 1.0,
    "database": 3000.0,
    "log": 100.0,
    "files": 0.001,
    "tasks": 0.001,
    "children": 0.001,
}


class Wrong(Exception):
    """The program did not do its work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """Octets, and numbers, after so many rounds. ``blocks``: of memory, that the interpreter holds."""

    rounds: int
    memory: int
    blocks: int
    database: int
    log: int
    files: int
    tasks: int
    children: int


def look(rounds: int, database: Path) -> Look:
    gc.collect()
    status = Path("/proc/self/status").read_text()
    log_file = Path(f"{database}-wal")
    return Look(
        rounds=rounds,
        memory=next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmRSS")),
        blocks=sys.getallocatedblocks(),
        database=database.stat().st_size,
        log=log_file.stat().st_size if log_file.exists() else 0,
        files=len(os.listdir("/proc/self/fd")),
        tasks=len(asyncio.all_tasks()),
        children=len(Path("/proc/self/task").joinpath(str(os.getpid()), "children").read_text().split()),
    )


def slope(points: Sequence[tuple[float, float]]) -> float:
    """By least squares."""
    count = len(points)
    mean_x = sum(x for x, _ in points) / count
    mean_y = sum(y for _, y in points) / count
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread if spread else 0.0


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def configuration(folder: Path, port: int) -> Config:
    base = f"http://127.0.0.1:{port}"
    text = f"""
[server]
listen = "127.0.0.1:{free_port()}"
[store]
url = "sqlite:items.db"
keep_items = {KEEP}
[fetch]
min_gap = "0s"
min_every = "1s"
per_host = 8
allow_private = ["127.0.0.0/8"]
[[source]]
name = "news"
url = "{base}/news.rss"
[[source]]
name = "steady"
url = "{base}/steady.atom"
[[source]]
name = "same"
url = "{base}/same.rss"
[[source]]
name = "list"
kind = "api"
url = "{base}/list.json"
select.items = "records"
select.id = "id"
select.title = "title"
article.url = "{base}/article/{{id}}"
article.content = "div.a"
[[source]]
name = "broken"
url = "{base}/broken"
[[source]]
name = "silent"
url = "http://127.0.0.1:{SILENT_PORT}/"
"""
    file = folder / "feeds.toml"
    file.write_text(text, encoding="utf-8")
    return root.parse(file, text)


async def soak(config: Config, port: int, numbers: Iterable[int]) -> list[Look]:
    """The figures, a look each fifty rounds; ``numbers`` count from 1. Raises Wrong."""
    looks: list[Look] = []
    rounds = 0
    metrics = Metrics()
    async with (
        app.opened(config, "daemon") as store,
        app.engine(config, store, metrics.crawled, report_article=metrics.asked_for_article) as engine,
        daemon.listening(config, store, metrics, lambda: 0),
        aiohttp.ClientSession() as session,
    ):
        for number in numbers:
            await get(session, f"http://127.0.0.1:{port}/round/{number}")
            await crawl_all(claims(store), engine.poll, config.fetch.concurrency, engine.follow)
            await app.publish_overdue(config, store)
            for feed in FEEDS:
                await get(session, f"http://127.0.0.1:{config.server.port}/feeds/{feed}")
            if number % EVERY == 0:
                await store.prune(app.utc_now(), config.store.keep_items, config.site.feed_items)
                await store.housekeeping()
                looks.append(look(number, Path(config.store.path)))
            rounds = number
        problems = await store.integrity()
        newest = (await store.view_items("source/news", 1))[0].item.guid
    if problems or newest != f"g{rounds + WINDOW - 1}":
        raise Wrong(f"the newest item is {newest}; {problems}")
    return looks


async def get(session: aiohttp.ClientSession, url: str) -> None:
    async with session.get(url) as answer:
        if answer.status != 200:
            raise Wrong(f"{url} answered {answer.status}")
        await answer.read()


async def claims(store: Store) -> AsyncIterator[Claim]:
    names = [status.name for status in await store.states()]
    later = app.utc_now() + timedelta(days=40)  # also those that asked us to wait
    for claim in await store.claim_named(names, since=later, now=later, force=True, due=False, lease_s=1.0):
        yield claim


def judged(looks: Sequence[Look]) -> list[str]:
    """A line for each figure; those that grow too much begin with GROWS."""
    last = looks[-max(2, len(looks) // 4) :]
    lines = []
    for name, bound in BOUNDS.items():
        grows = slope([(one.rounds, getattr(one, name)) for one in last])
        verdict = "GROWS" if grows > bound else "flat "
        first, end = getattr(last[0], name), getattr(last[-1], name)
        lines.append(f"{verdict} {name:<9}{first:>12} to {end:>12}: {grows:>9.3f} a round, at most {bound:g}")
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.soak", description="Years, compressed.")
    parser.add_argument("--rounds", type=int, default=10_000, help="rounds of six sources (10000)")
    parser.add_argument("--any", action="store_true", help="end with 0 whatever grows")
    options = parser.parse_args()
    if options.rounds < 4 * EVERY:
        parser.error(f"at least {4 * EVERY} rounds")
    logs.configure("console", "error")
    command = [sys.executable, "-m", "tests.soak.origin"]
    pipe = subprocess.PIPE
    started = time.monotonic()
    with (
        tempfile.TemporaryDirectory(prefix="aggregator-soak-") as folder,
        subprocess.Popen(command, cwd=ROOT, stdin=pipe, stdout=pipe, env=environment()) as origin,
    ):
        assert origin.stdin is not None
        assert origin.stdout is not None
        port = int(origin.stdout.readline())
        try:
            with click.progressbar(range(1, options.rounds + 1), label="rounds", file=sys.stderr) as numbers:
                looks = asyncio.run(soak(configuration(Path(folder), port), port, numbers))
        except Wrong as error:
            print(f"soak: {error}", file=sys.stderr)
            return 1
        finally:
            origin.stdin.close()  # which ends it
    lines = judged(looks)
    print(f"{options.rounds} rounds in {time.monotonic() - started:.0f} s; over the last quarter:")
    print("\n".join(lines))
    return int(not options.any and any(line.startswith("GROWS") for line in lines))


if __name__ == "__main__":
    sys.exit(main())
