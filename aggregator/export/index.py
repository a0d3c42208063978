"""What of a folder is ours, and from what it was made: a small database in the folder itself.

A database and not a list, because a list of forty thousand files is read and written whole for every
new post. A file is entered, without a digest, before it is first written: after a crash it is still
known as ours, and that its content is not.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, fields
from operator import attrgetter
from pathlib import Path
from typing import Any

from aggregator.errors import ExportError

NAME = ".aggregator-export.db"  # site generators pass over names with a dot

_SCHEMA = """
CREATE TABLE IF NOT EXISTS file (
    section TEXT NOT NULL,
    path TEXT NOT NULL,
    item_id INTEGER,
    origin TEXT NOT NULL,
    revision TEXT NOT NULL,
    note TEXT NOT NULL,
    sha256 BLOB,
    size INTEGER,
    mtime_ns INTEGER,
    PRIMARY KEY (section, path)
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS ix_file_item ON file (section, item_id, revision) WHERE item_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS ix_file_note ON file (section, note, item_id) WHERE note <> '';
CREATE INDEX IF NOT EXISTS ix_file_path ON file (path);
CREATE TABLE IF NOT EXISTS memo (section TEXT PRIMARY KEY, text TEXT NOT NULL);
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file of ours. ``item_id``: the one item that it is made from, as the store numbers it, of the source
    ``origin``. ``revision``: the state it was made from, "" if it has to be made again. ``note`` is what
    other files need of it. ``sha256`` is None until it is known what the file holds; ``size`` and
    ``mtime_ns`` are as we left it."""

    path: str
    item_id: int | None = None
    origin: str = ""
    revision: str = ""
    note: str = ""
    sha256: bytes | None = None
    size: int = -1
    mtime_ns: int = -1


_NAMES = tuple(field.name for field in fields(File))
_COLUMNS = ", ".join(_NAMES)
_VALUES = attrgetter(*_NAMES)


class Index:
    """The files of one export (``section``) into a folder; others may share the folder. Every method
    raises ExportError if the database cannot be used."""

    def __init__(self, connection: sqlite3.Connection, section: str) -> None:
        self._connection = connection
        self._section = section

    def memo(self) -> dict[str, Any]:
        """What the last run that came to its end has noted down."""
        found = self._rows("SELECT text FROM memo WHERE section = ?", (self._section,))
        return dict(json.loads(found[0][0])) if found else {}

    def file(self, path: str) -> File | None:
        found = self._files("path = ?", (path,))
        return found[0] if found else None

    def unsure(self) -> list[File]:
        """Files that a crash may have left in the midst."""
        return self._files("sha256 IS NULL")

    def posts(self) -> list[File]:
        """Files that are each made from one item."""
        return self._files("item_id IS NOT NULL")

    def pages(self) -> list[File]:
        """All other files."""
        return self._files("item_id IS NULL")

    def revisions(self) -> dict[int, str]:
        """What each item's file was made from."""
        where = "section = ? AND item_id IS NOT NULL"
        return dict(self._rows(f"SELECT item_id, revision FROM file WHERE {where}", (self._section,)))

    def notes(self) -> dict[str, int]:
        """Each different note of items' files, with the newest item that has it."""
        where = "section = ? AND note <> '' AND item_id IS NOT NULL"
        return dict(
            self._rows(f"SELECT note, max(item_id) FROM file WHERE {where} GROUP BY note", (self._section,))
        )

    def other_owner(self, path: str) -> str | None:
        """Another export into this folder that has this file."""
        found = self._rows(
            "SELECT section FROM file WHERE path = ? AND section <> ? LIMIT 1", (path, self._section)
        )
        return found[0][0] if found else None

    @contextmanager
    def writing(self) -> Iterator[None]:
        """All or nothing of what is written within."""
        with _translated(), self._connection:
            self._connection.execute("BEGIN IMMEDIATE")
            yield

    def put(self, files: Sequence[File]) -> None:
        """Enters these; another file of the same item is none of that item's any more."""
        mine = self._section
        self._many(
            "UPDATE file SET item_id = NULL, revision = '', note = '' "
            "WHERE section = ? AND item_id = ? AND path <> ?",
            [(mine, one.item_id, one.path) for one in files if one.item_id is not None],
        )
        self._many(
            f"INSERT OR REPLACE INTO file (section, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [(mine, *_VALUES(one)) for one in files],
        )

    def remove(self, paths: Iterable[str]) -> None:
        self._many(
            "DELETE FROM file WHERE section = ? AND path = ?", [(self._section, each) for each in paths]
        )

    def spoil(self, *, item_ids: Iterable[int | None] = (), origins: Iterable[str] = ()) -> None:
        """The files of these items, and of items of these sources, are to be made again."""
        for column, values in (("item_id", item_ids), ("origin", origins)):
            self._many(
                f"UPDATE file SET revision = '' "
                f"WHERE section = ? AND {column} = ? AND item_id IS NOT NULL AND revision <> ''",
                [(self._section, value) for value in values],
            )

    def spoil_all(self) -> None:
        """The files of all items are to be made again."""
        self._many(
            "UPDATE file SET revision = '' WHERE section = ? AND item_id IS NOT NULL", [(self._section,)]
        )

    def disown(self, item_ids: Iterable[int]) -> None:
        """The files of these items are made from no item any more."""
        self._many(
            "UPDATE file SET item_id = NULL, revision = '', note = '' WHERE section = ? AND item_id = ?",
            [(self._section, item_id) for item_id in item_ids],
        )

    def note_down(self, memo: Mapping[str, Any]) -> None:
        if memo == self.memo():
            return
        text = json.dumps(memo, ensure_ascii=False, sort_keys=True)
        self._many("INSERT OR REPLACE INTO memo (section, text) VALUES (?, ?)", [(self._section, text)])

    def _files(self, where: str, values: tuple[object, ...] = ()) -> list[File]:
        rows = self._rows(
            f"SELECT {_COLUMNS} FROM file WHERE section = ? AND {where}", (self._section, *values)
        )
        return [File(**dict(zip(_NAMES, row, strict=True))) for row in rows]

    def _rows(self, statement: str, values: tuple[object, ...]) -> list[Any]:
        with _translated():
            return self._connection.execute(statement, values).fetchall()

    def _many(self, statement: str, values: Sequence[tuple[object, ...]]) -> None:
        if values:
            with _translated():
                self._connection.executemany(statement, values)


@contextmanager
def opened(root: Path, section: str) -> Iterator[Index]:
    """The index of `root`, made if need be. Raises ExportError."""
    place = root / NAME
    if os.path.lexists(place) and (place.is_symlink() or not place.is_file()):
        raise ExportError(f"{place}: is no file of ours")
    try:
        connection = sqlite3.connect(place, isolation_level=None)
    except sqlite3.Error as error:
        raise ExportError(f"{place}: {error}") from error
    with closing(connection):
        try:
            connection.execute("PRAGMA synchronous = FULL")
            connection.executescript(_SCHEMA)
            yield Index(connection, section)
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                raise ExportError(f"{place}: {error}") from error
            raise ExportError(f"{place}: is damaged; remove it, and the files that it was for") from error


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise ExportError(f"{NAME}: {error}") from error
    except sqlite3.DatabaseError as error:
        raise ExportError(f"{NAME}: is damaged; remove it, and the files that it was for") from error
