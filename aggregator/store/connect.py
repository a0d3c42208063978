"""Opens the database file: engines, pragmas, and the schema brought up to date.

Importing alembic costs a third of a second, so the version is asked with a plain query and alembic
is only loaded when there is something to do.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import URL, event
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from aggregator.errors import StoreNewer
from aggregator.store.migrations import HEAD, KNOWN
from aggregator.store.trouble import StoreUnusable

BUSY_S = 30.0
READERS = 5  # one of them is kept by `reads.Points`

# synchronous=FULL: a commit is on disk before a server's validators are used again. The small cache
# keeps memory flat; the log's limit gives the space of a burst back.
_WRITER_PRAGMAS = (
    "PRAGMA synchronous = FULL",
    "PRAGMA cache_size = -8192",
    "PRAGMA journal_size_limit = 33554432",
    "PRAGMA temp_store = MEMORY",
)
_READER_PRAGMAS = ("PRAGMA query_only = ON", "PRAGMA cache_size = -2048", "PRAGMA temp_store = MEMORY")


def writer_engine(path: Path) -> AsyncEngine:
    """One connection, which takes the write lock when a transaction begins: SQLite's own way, at the
    first write, makes read-modify-write transactions fail or lose updates."""
    engine = create_async_engine(
        _url(path), pool_size=1, max_overflow=0, connect_args={"timeout": BUSY_S, "isolation_level": None}
    )

    @event.listens_for(engine.sync_engine, "begin")
    def begin(connection: Any) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    _on_connect(engine, _WRITER_PRAGMAS)
    return engine


def reader_engine(path: Path) -> AsyncEngine:
    """Connections that only read. Every statement stands alone; who needs several of one moment
    begins a transaction. Without one there is nothing to roll back, which saves a thread hop."""
    engine = create_async_engine(
        _url(path),
        pool_size=READERS,
        max_overflow=0,
        pool_reset_on_return=None,
        isolation_level="AUTOCOMMIT",
        skip_autocommit_rollback=True,
        connect_args={"timeout": BUSY_S},
    )
    _on_connect(engine, _READER_PRAGMAS)
    return engine


async def prepare(connection: AsyncConnection) -> None:
    """Makes or upgrades the schema. Raises `StoreNewer`, `StoreUnusable` for a file of something else.

    To be called under `owners.opening_lock`: switching to WAL does not wait for others by itself.
    """
    raw = await connection.get_raw_connection()
    driver = raw.driver_connection
    assert driver is not None
    version = await _version(driver)
    if version is None and await driver.execute_fetchall("SELECT 1 FROM sqlite_master LIMIT 1"):
        raise StoreUnusable("the file is a database of some other program")
    if version is not None and version not in KNOWN:
        raise StoreNewer(f"the database was written by a newer version of this program ({version})")
    ((mode,),) = await driver.execute_fetchall("PRAGMA journal_mode")
    if mode != "wal":
        await driver.execute_fetchall("PRAGMA journal_mode = WAL")
    if version != HEAD:
        async with connection.begin():
            await connection.run_sync(_upgrade)


async def _version(driver: Any) -> str | None:
    if not await driver.execute_fetchall("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'"):
        return None
    found = await driver.execute_fetchall("SELECT version_num FROM alembic_version")
    return str(found[0][0]) if found else None


def _upgrade(connection: Any) -> None:
    from aggregator.store.migrations.upgrade import upgrade

    upgrade(connection)


def _url(path: Path) -> URL:
    return URL.create("sqlite+aiosqlite", database=str(path))


def _on_connect(engine: AsyncEngine, pragmas: tuple[str, ...]) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def set_pragmas(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(pragma)
        cursor.close()
