from __future__ import annotations

import asyncio
import os
import sqlite3
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import column, create_engine, select, table

from aggregator.errors import StoreError, StoreNewer, StoreTaken
from aggregator.model.settings import StoreSettings
from aggregator.store import migrations
from aggregator.store.base import Store
from aggregator.store.connect import make
from aggregator.store.database import open_store
from aggregator.store.migrations.upgrade import upgrade
from aggregator.store.tables import counter, metadata

OPEN = """
import asyncio, sys
from datetime import datetime, UTC
from aggregator.model.settings import StoreSettings
from aggregator.store.database import open_store

def now():
    return datetime(2026, 3, 1, tzinfo=UTC)

async def main(path, role):
    store = await open_store(StoreSettings(path=path), now=now, role=role)
    print(await store.item_count(), "alembic" in sys.modules, flush=True)
    await store.close()

asyncio.run(main(*sys.argv[1:]))
"""


@pytest.fixture
def path(tmp_path) -> str:
    """Where nothing is yet, not even the folder."""
    return str(tmp_path / "data" / "wire.db")


def put(path: str, content: bytes) -> None:
    Path(path).parent.mkdir(exist_ok=True)
    Path(path).write_bytes(content)


def read(path: str) -> bytes:
    return Path(path).read_bytes()


def schema(connection):
    """Every table and index as SQLite keeps it, white space aside."""
    found = connection.exec_driver_sql("SELECT name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'")
    return {name: " ".join(sql.replace('"', "").split()) for name, sql in found}


def test_a_new_database_is_what_the_migrations_lead_to():
    version = table("alembic_version", column("version_num"))
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        upgrade(connection)
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, metadata) == []
        migrated = schema(connection)
        rows = [told(connection, each) for each in (counter, version)]
    engine.dispose()
    engine = create_engine("sqlite://")
    with engine.begin() as connection:
        make(connection)
        declared = schema(connection)
        assert [told(connection, each) for each in (counter, version)] == rows
    engine.dispose()
    assert migrated.keys() == declared.keys()
    for name in declared:
        # Columns and constraints may stand in another order; indexes and WITHOUT ROWID must not differ.
        assert parts(migrated[name]) == parts(declared[name])
        assert ("WITHOUT ROWID" in migrated[name]) == ("WITHOUT ROWID" in declared[name])


def parts(sql):
    """What the statement says, in any order if it makes a table."""
    if "INDEX" in sql:
        return [sql]
    return sorted(part.strip() for part in sql.partition("(")[2].rpartition(")")[0].split(","))


def told(connection, each):
    """The rows of a table, without the number that tells stores apart."""
    rows = connection.execute(select(each)).all()
    numbers = [row.value for row in rows if row[0] == "store"]
    assert len(set(numbers)) == (each is counter)
    return [row for row in rows if row[0] != "store"]


def test_the_list_of_versions_is_alembic_s():
    script = ScriptDirectory(str(Path(migrations.__file__).parent))
    found = [one.revision for one in script.walk_revisions()][::-1]
    assert tuple(found) == migrations.KNOWN
    assert script.get_current_head() == migrations.HEAD


async def test_a_database_of_the_first_version_is_upgraded(path, clock):
    put(path, b"")
    engine = create_engine(f"sqlite:///{path}")
    with engine.begin() as connection:
        upgrade(connection, "0001")
        connection.exec_driver_sql("UPDATE counter SET value = 7 WHERE name = 'seq'")
    engine.dispose()
    async with await open_store(StoreSettings(path=path), now=clock, role="crawler") as store:
        assert await store.integrity() == []
    plain = sqlite3.connect(path)
    assert plain.execute("SELECT version_num FROM alembic_version").fetchall() == [(migrations.HEAD,)]
    assert plain.execute("SELECT value FROM counter WHERE name = 'seq'").fetchall() == [(7,)]
    indices = {name for (name,) in plain.execute("SELECT name FROM sqlite_master WHERE type = 'index'")}
    assert {"ux_publisher_name", "ix_item_publisher", "ix_item_seq"} <= indices
    plain.close()


async def test_a_store_satisfies_the_protocol(bench):
    store: Store = bench.store
    assert await store.item_count() == 0


async def test_opening_makes_folders_and_a_durable_write_ahead_log(bench, path):
    assert os.listdir(os.path.dirname(path))
    ask = bench.store._writer.call
    assert (await ask(lambda c: c.exec_driver_sql("PRAGMA journal_mode"))).scalar() == "wal"
    assert (await ask(lambda c: c.exec_driver_sql("PRAGMA synchronous"))).scalar() == 2


async def test_a_second_daemon_is_refused_and_others_are_not(opened, path, clock):
    async with opened("daemon") as daemon:
        with pytest.raises(StoreTaken):
            await open_store(StoreSettings(path=path), now=clock, role="daemon")
        async with opened("crawler") as beside, opened("reader") as reader:
            assert await beside.store.item_count() == await reader.store.item_count() == 0
        assert await daemon.store.item_count() == 0
    async with opened("daemon"):
        pass


async def test_a_newer_database_is_left_alone(opened, path, clock):
    async with opened():
        pass
    plain = sqlite3.connect(path)
    plain.execute("UPDATE alembic_version SET version_num = '9999'")
    plain.commit()
    plain.close()
    with pytest.raises(StoreNewer):
        await open_store(StoreSettings(path=path), now=clock, role="crawler")


async def test_another_program_s_database_is_left_alone(path, clock):
    put(path, b"")
    plain = sqlite3.connect(path)
    plain.execute("CREATE TABLE theirs (id)")
    plain.commit()
    plain.close()
    before = read(path)
    with pytest.raises(StoreError, match="some other program"):
        await open_store(StoreSettings(path=path), now=clock, role="crawler")
    assert read(path) == before


@pytest.mark.parametrize(
    "content", [b"this is no database at all" * 100, b"SQLite format 3\0" + b"\xff" * 4000]
)
async def test_a_damaged_file_is_said_and_kept(path, clock, content):
    put(path, content)
    with pytest.raises(StoreError, match="damaged"):
        await open_store(StoreSettings(path=path), now=clock, role="crawler")
    assert read(path) == content


async def test_an_empty_file_is_no_new_store(path, clock):
    """Such as a restore that failed has left, or a power cut; beside it is what can still be looked at."""
    put(path, b"")
    put(f"{path}-wal", b"log")
    for _ in range(2):
        with pytest.raises(StoreError, match=r"is empty, .* or remove it to begin anew"):
            await open_store(StoreSettings(path=path), now=clock, role="reader")
    assert (read(path), read(f"{path}-wal")) == (b"", b"log")
    os.unlink(path)
    async with await open_store(StoreSettings(path=path), now=clock, role="crawler") as store:
        assert await store.integrity() == []


BEGIN = """
import os, sqlite3, sys
from pathlib import Path
from aggregator.store import connect

def killed(*arguments):
    os._exit(9)

if sys.argv[2] == "made":
    Path.rename = killed
else:
    connect.clear = lambda file: (open(file, "w").close(), killed())
connect.look(Path(sys.argv[1]))
"""


@pytest.mark.parametrize("when", ["opened", "made"])
async def test_a_process_that_dies_while_it_makes_the_file_leaves_none(path, clock, start, when):
    Path(path).parent.mkdir()
    child = start(BEGIN, path, when)
    await asyncio.to_thread(child.communicate)
    assert child.returncode == 9
    assert os.listdir(os.path.dirname(path)) == ["wire.db.new"]
    async with await open_store(StoreSettings(path=path), now=clock, role="crawler") as store:
        assert await store.item_count() == 0
    assert "wire.db.new" not in os.listdir(os.path.dirname(path))


async def test_a_link_to_where_nothing_is_yet_stays_a_link(tmp_path, clock):
    link, target = tmp_path / "wire.db", tmp_path / "disk.db"
    link.symlink_to(target)
    async with await open_store(StoreSettings(path=str(link)), now=clock, role="crawler") as store:
        assert await store.item_count() == 0
    assert link.is_symlink()
    assert target.stat().st_size > 0


async def test_a_place_that_cannot_be_written_is_a_store_error(tmp_path, clock):
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "file" / "wire.db", tmp_path):
        with pytest.raises(StoreError):
            await open_store(StoreSettings(path=str(path)), now=clock, role="crawler")
    with pytest.raises(StoreError, match="must be a file"):
        await open_store(StoreSettings(path=":memory:"), now=clock, role="crawler")


async def test_a_failed_opening_gives_the_daemon_s_lock_back(path, clock):
    put(path, b"junk" * 1000)
    for _ in range(2):
        with pytest.raises(StoreError, match="damaged"):
            await open_store(StoreSettings(path=path), now=clock, role="daemon")


async def test_several_processes_may_start_at_once_on_a_new_file(path, start):
    for child in [start(OPEN, path, "crawler") for _ in range(3)]:
        out, err = await asyncio.to_thread(child.communicate)
        assert (out, err) == ("0 True\n", "") or (out, err) == ("0 False\n", "")


async def test_opening_what_is_up_to_date_does_not_load_alembic(opened, path, start):
    async with opened():
        pass
    out, err = await asyncio.to_thread(start(OPEN, path, "reader").communicate)
    assert (out, err) == ("0 False\n", "")


async def test_closing_leaves_no_lock_behind(opened, path, make):
    async with opened("daemon") as bench:
        await bench.sync(make.source("a"))
        await bench.claim()
        assert len(os.listdir(f"{path}.owners")) == 1
    assert os.listdir(f"{path}.owners") == []
    assert "wire.db-wal" not in os.listdir(os.path.dirname(path)), "the last one out folds the log back"
