"""What cannot be copied leaves no trace; the command is tried in tests/cli/test_cli_backup.py."""

from __future__ import annotations

import resource
import sqlite3
from contextlib import closing
from pathlib import Path
from random import Random

import pytest

from aggregator.errors import StoreError
from aggregator.store.backup import backup


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """Where an older copy is, with a log that somebody's look at it has left behind."""
    folder = tmp_path / "copies"
    folder.mkdir()
    (folder / "copy.db").write_bytes(b"an older copy")
    (folder / "copy.db-wal").write_bytes(b"and its log")
    return folder / "copy.db"


@pytest.fixture
async def store(opened, make, path) -> Path:
    async with opened() as bench:
        await bench.sync(make.source("a"))
        await bench.save("a", *[make.change(f"i{n}", "so it goes " * 2000) for n in range(50)])
    return Path(path)


def files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.glob("*") if path.is_file()}


def check(store: Path, copy: Path, words: str) -> None:
    found = files(copy.parent)
    with pytest.raises(StoreError, match=f"^no backup was made: .*{words}"):
        backup(store, copy)
    assert files(copy.parent) == found


def test_a_place_that_cannot_be_used(store, copy, tmp_path):
    check(store, store, "the store itself")
    check(store, tmp_path / "nowhere" / "copy.db", "No such file")


def test_what_is_no_store(copy, tmp_path):
    check(tmp_path / "none.db", copy, "there is no store")
    assert not (tmp_path / "none.db").exists()
    (tmp_path / "none.db").touch()
    check(tmp_path / "none.db", copy, "there is no store")
    with closing(sqlite3.connect(tmp_path / "other.db")) as other, other:
        other.execute("CREATE TABLE accounts (name TEXT)")
    check(tmp_path / "other.db", copy, "other program")


def test_a_full_disk(store, copy):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2**16, hard))
    try:
        check(store, copy, "the disk is full")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_damaged_store(store, copy):
    spoilt = bytearray(store.read_bytes())
    spoilt[len(spoilt) // 2 :] = Random(3).randbytes(len(spoilt) - len(spoilt) // 2)
    store.write_bytes(spoilt)
    check(store, copy, "damaged")


def test_a_copy_replaces_an_older_one_and_its_log(store, copy):
    assert backup(store, copy) == copy.stat().st_size
    assert [path.name for path in copy.parent.iterdir()] == ["copy.db"]
    with closing(sqlite3.connect(copy)) as connection:
        assert connection.execute("SELECT count(*) FROM item").fetchone() == (50,)
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
