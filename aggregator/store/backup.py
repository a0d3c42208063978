"""A copy of the store while a daemon works on it: of one moment, checked, and never half a file.

The copy is another store. Exports tell stores apart by a number, and follow one by its commits; in a copy
that is put back the same commits would come to mean other items, so it gets a number of its own.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import tempfile
from contextlib import closing
from pathlib import Path

from aggregator.durable import sync_folder
from aggregator.errors import StoreError
from aggregator.store.connect import BUSY_S, clear, known_version
from aggregator.store.tables import STORE_BITS
from aggregator.store.trouble import StoreUnusable, translated

PAGES = 256  # a step: between two of them the copying can be interrupted


def backup(store: Path, file: Path) -> int:
    """Copies the database ``store`` to ``file``, in place of what is there; its size in octets. Blocking.

    Raises `StoreError` when there is no copy; then ``file`` is as it was.
    """
    try:
        with translated():
            return _backup(store, file)
    except StoreError as error:
        raise StoreError(f"no backup was made: {error}") from error


def _backup(store: Path, file: Path) -> int:
    if not store.is_file():
        raise StoreError(f"there is no store at {store}")
    if file.exists() and file.samefile(store):
        raise StoreError(f"{file} is the store itself")
    descriptor, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.", suffix=".new")
    beside = Path(name)
    try:
        os.fchmod(descriptor, store.stat().st_mode & 0o777)
        _copy(store, beside)
        _check(beside)
        os.fsync(descriptor)
        size = beside.stat().st_size
        clear(file)
        beside.replace(file)
    finally:
        os.close(descriptor)
        beside.unlink(missing_ok=True)
        clear(beside)
    sync_folder(file.parent)
    return size


def _copy(store: Path, beside: Path) -> None:
    """All that is committed now. The open transaction keeps it one moment over many steps, and keeps no
    writer waiting."""
    address = f"{store.resolve().as_uri()}?mode=ro"
    with (
        closing(sqlite3.connect(address, uri=True, timeout=BUSY_S, isolation_level=None)) as source,
        closing(sqlite3.connect(beside, isolation_level=None)) as copy,
    ):
        source.execute("BEGIN")
        if known_version(source) is None:
            raise StoreError(f"there is no store in {store}")
        source.backup(copy, pages=PAGES, sleep=0)
        copy.execute("PRAGMA journal_mode = DELETE")  # one file; opening it as a store sets it back
        copy.execute("UPDATE counter SET value = ? WHERE name = 'store'", (secrets.randbits(STORE_BITS),))


def _check(beside: Path) -> None:
    with closing(sqlite3.connect(beside)) as copy:
        found = [str(row[0]) for row in copy.execute("PRAGMA quick_check(1)")]
    if found != ["ok"]:
        raise StoreUnusable(f"the copy is damaged, so the store is: {found[0]}")
