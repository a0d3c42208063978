"""Opens the database file: engines, pragmas, and the schema brought up to date.

Importing alembic costs a fifth of a second, so the version is asked with a plain query, a new database is
made from the tables as they are, and alembic is only loaded when an older one is to be upgraded.
"""

from __future__ import annotations

import secrets
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, event, insert, inspect
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from aggregator.durable import sync_folder
from aggregator.errors import StoreNewer
from aggregator.store.migrations import HEAD, KNOWN
from aggregator.store.tables import STORE_BITS, counter, metadata
from aggregator.store.trouble import StoreUnusable

BUSY_S = 30.0  # to wait for another process that holds the database
BUSY_AGAIN_S = 1.0  # and when it is known to be held: each try of the many that follow
READERS = 5  # one of them is kept by `Reader.revision`

PAGE_BYTES = 16384  # an item has some 6 kB: with SQLite's 4 kB each is torn into several pages

_BESIDE = ("-wal", "-shm", "-journal")  # SQLite's own: applied to whatever database stands beside them

# synchronous=FULL: a commit is on disk before a server's validators are used again. The small cache
# keeps memory flat; the log's limit gives the space of a burst back; it is folded into the
# database every 16 MB, since pages that each commit changes then need only be written once.
_WRITER_PRAGMAS = (
    "PRAGMA synchronous = FULL",
    "PRAGMA cache_size = -8192",
    "PRAGMA journal_size_limit = 33554432",
    "PRAGMA wal_autocheckpoint = 1000",
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


def look(path: Path) -> bool:
    """Opens the file for the first time, making it if it is not there; whether the schema is up to date.

    Blocking, and by the plain driver: aiosqlite does not wait for its thread when opening fails. To be
    called under `owners.opening_lock`, because switching to the write-ahead log does not wait for
    others by itself. Raises `StoreNewer`, `StoreUnusable` for a file that is empty or of something else,
    sqlite3's errors.
    """
    if not path.exists():
        _begin(path.resolve())
    elif path.is_file() and path.stat().st_size == 0:
        raise StoreUnusable(
            f"{path} is empty, what was in it is lost: restore a backup, or remove it to begin anew"
        )
    with closing(sqlite3.connect(path, timeout=BUSY_S, isolation_level=None)) as plain:
        version = known_version(plain)
        (mode,) = plain.execute("PRAGMA journal_mode").fetchone()
        if mode != "wal":
            plain.execute("PRAGMA journal_mode = WAL")
        return version == HEAD


def _begin(path: Path) -> None:
    """Makes a database without tables under another name, and moves it into place: a file without a single
    octet is then never one whose making was cut short."""
    new = Path(f"{path}.new")
    new.unlink(missing_ok=True)
    clear(new)
    with closing(sqlite3.connect(new, isolation_level=None)) as plain:
        plain.execute(f"PRAGMA page_size = {PAGE_BYTES}")
        plain.execute("PRAGMA journal_mode = WAL")
    clear(path)
    new.rename(path)
    sync_folder(path.parent)


def clear(file: Path) -> None:
    """Removes what an older database of this name has left beside it, or it would be taken for this one's."""
    for suffix in _BESIDE:
        Path(f"{file}{suffix}").unlink(missing_ok=True)


def known_version(plain: sqlite3.Connection) -> str | None:
    """The version of the schema, None in an empty database. Raises as `look` does."""
    version = _version(plain)
    if version is None and plain.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone():
        raise StoreUnusable("the file is a database of some other program")
    if version is not None and version not in KNOWN:
        raise StoreNewer(f"the database was written by a newer version of this program ({version})")
    return version


def _version(plain: sqlite3.Connection) -> str | None:
    if not plain.execute("SELECT 1 FROM sqlite_master WHERE name = 'alembic_version'").fetchone():
        return None
    found = plain.execute("SELECT version_num FROM alembic_version").fetchone()
    return str(found[0]) if found else None


async def bring_up_to_date(connection: AsyncConnection) -> None:
    """Makes or upgrades the schema, in one transaction."""
    async with connection.begin():
        await connection.run_sync(_bring_up_to_date)


def _bring_up_to_date(connection: Connection) -> None:
    if inspect(connection).get_table_names():
        from aggregator.store.migrations.upgrade import upgrade

        upgrade(connection)
    else:
        make(connection)


def make(connection: Connection) -> None:
    """All that the migrations lead to, in an empty database; a test compares the two."""
    metadata.create_all(connection)
    numbers = {"item": 0, "seq": 0, "store": secrets.randbits(STORE_BITS)}
    connection.execute(insert(counter), [{"name": name, "value": value} for name, value in numbers.items()])
    connection.exec_driver_sql(
        "CREATE TABLE alembic_version ( version_num VARCHAR(32) NOT NULL, "
        "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num) )"
    )
    connection.exec_driver_sql("INSERT INTO alembic_version (version_num) VALUES (?)", (HEAD,))


def _url(path: Path) -> URL:
    """Of a file that is there: where it has vanished, no empty one takes its place."""
    return URL.create(
        "sqlite+aiosqlite", database=path.absolute().as_uri(), query={"mode": "rw", "uri": "true"}
    )


def _on_connect(engine: AsyncEngine, pragmas: tuple[str, ...]) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def set_pragmas(connection: Any, _record: Any) -> None:
        cursor = connection.cursor()
        for pragma in pragmas:
            cursor.execute(pragma)
        cursor.close()
