"""Makers of sources, items and outcomes, and stores on real files."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from aggregator.model.item import Alias, Item, ItemChange
from aggregator.model.settings import Category, StoreSettings
from aggregator.model.source import Claim, Outcome, Source, SourceMeta
from aggregator.store.database import Database, open_store

T0 = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.at = T0

    def __call__(self) -> datetime:
        return self.at

    def step(self, seconds: float = 60.0) -> datetime:
        self.at += timedelta(seconds=seconds)
        return self.at


def digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).digest()


class Make:
    """Builds model values with sensible rest. Everything is a function of its arguments."""

    def source(self, name: str, **fields) -> Source:
        return Source(name=name, url=fields.pop("url", f"https://{name}.example/feed"), **fields)

    def alias(self, kind: str, text: str) -> Alias:
        return Alias(kind=kind, hash=digest(text))

    def change(self, key: str, text: str = "", *, item_id: int | None = None, **fields) -> ItemChange:
        """``key`` names the item, ``text`` its content."""
        of_change = {k: fields.pop(k) for k in ("silent", "same", "aliases", "raw") if k in fields}
        hour = digest(key).hex()
        uid = fields.pop("uid", f"{hour[:8]}-{hour[8:12]}-5{hour[13:16]}-a{hour[17:20]}-{hour[20:32]}")
        item = Item(
            uid=uid,
            guid=key,
            guid_is_permalink=False,
            link=f"https://x.example/{key}",
            title=f"Title of {key}",
            summary_html="",
            content_html=text,
            published_at=None,
            updated_at=None,
            first_seen_at=T0,
            sorted_at=fields.pop("sorted_at", T0),
            digest=digest(text),
        )
        aliases = () if item_id else (self.alias("guid", key), self.alias("link", key))
        return ItemChange(
            item=replace(item, **fields),
            item_id=item_id,
            aliases=of_change.pop("aliases", aliases),
            entry_digest=digest("entry" + text),
            title_hash=digest("title" + key),
            guid_hash=digest(key),
            raw=of_change.pop("raw", b'{"title":"x"}'),
            **of_change,
        )

    def outcome(self, claim: Claim, *changes: ItemChange, **fields) -> Outcome:
        state = fields.pop(
            "state",
            replace(
                claim.state,
                last_check_at=fields.pop("checked", T0),
                last_ok_at=T0,
                next_check_at=fields.pop("next_check", T0),
            ),
        )
        fields.setdefault("meta", SourceMeta(title="Fetched"))
        return Outcome(claim=claim, result="fetched", state=state, changes=changes, **fields)

    def categories(self, *paths: str) -> tuple[Category, ...]:
        return tuple(Category(path=path, title=path.rpartition("/")[2].title()) for path in paths)


class Bench:
    """A store with the short ways that tests take."""

    def __init__(self, store: Database, clock: Clock) -> None:
        self.store, self.clock = store, clock

    async def sync(self, *sources: Source, title: str = "Wire"):
        paths = sorted({one.category for one in sources if one.category})
        return await self.store.sync_sources(
            sources, make_value.categories(*paths), title, self.clock(), lambda source, new: T0
        )

    async def claim(self, *names: str, **fields) -> dict[str, Claim]:
        """Claims these sources (all when none is named), whatever was polled before."""
        every = [status.name for status in await self.store.states()]
        claims = await self.store.claim_named(
            names or every,
            since=fields.pop("since", datetime(9000, 1, 1, tzinfo=UTC)),
            now=self.clock(),
            force=True,
            due=False,
            lease_s=fields.pop("lease_s", 600),
        )
        return {claim.source.name: claim for claim in claims}

    async def save(self, name: str, *changes: ItemChange, **fields):
        claim = (await self.claim(name))[name]
        return await self.store.save(make_value.outcome(claim, *changes, **fields))

    async def titles(self, key: str, limit: int = 100) -> list[str]:
        """The guids of a feed's items, newest first."""
        return [one.item.guid or "" for one in await self.store.view_items(key, limit)]

    async def item_id(self, name: str, key: str) -> int:
        claim_id = {s.source.name: s.source_id for s in (await self.claim(name)).values()}[name]
        known = await self.store.known(claim_id, [make_value.alias("guid", key)])
        await self.forget()
        return known.aliases[make_value.alias("guid", key)]

    async def forget(self) -> None:
        """Gives back every lease."""
        from aggregator.store.claims import forget_owners

        await self.store._writer.call(lambda c: forget_owners(c, [self.store._owner.id]))


make_value = Make()


@pytest.fixture
def make() -> Make:
    return make_value


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def start():
    """Starts a Python program with arguments; whatever still runs at the end is killed."""
    children: list[subprocess.Popen[str]] = []

    def start_program(code: str, *arguments: str) -> subprocess.Popen[str]:
        child = subprocess.Popen(
            [sys.executable, "-c", code, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        children.append(child)
        return child

    yield start_program
    for child in children:
        child.kill()
        child.communicate()


@pytest.fixture(scope="session")
def empty(tmp_path_factory) -> Path:
    """A database with the schema and nothing else: migrating costs more than most tests."""
    path = tmp_path_factory.mktemp("store") / "empty.db"

    async def make_it() -> None:
        await (await open_store(StoreSettings(path=str(path)), now=Clock(), role="crawler")).close()

    asyncio.run(make_it())
    return path


@pytest.fixture
def path(tmp_path: Path, empty: Path) -> str:
    """An empty database."""
    path = tmp_path / "wire.db"
    shutil.copy(empty, path)
    return str(path)


@pytest.fixture
def opened(path: str, clock: Clock):
    """Opens a store on the test's file; as many as wanted, like as many processes."""

    @asynccontextmanager
    async def open_bench(role: str = "crawler") -> AsyncIterator[Bench]:
        async with await open_store(StoreSettings(path=path), now=clock, role=role) as store:
            yield Bench(store, clock)

    return open_bench


@pytest.fixture
async def bench(opened) -> AsyncIterator[Bench]:
    async with opened() as found:
        yield found
        assert await found.store.integrity() == []
