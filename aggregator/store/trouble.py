"""Translates what the database libraries raise into the project's errors, in this one place.

SQLAlchemy wraps the driver's errors but lets `OverflowError` (an integer above 64 bits) and
`UnicodeEncodeError` (a lone surrogate) through as they are, and aiosqlite speaks of a closed
connection with `ValueError`. All of them mean the same to a caller: this data is not kept.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError, EmulatedDBAPIException, SQLAlchemyError

from aggregator.errors import StoreBusy, StoreError, StoreOutage

FAILURES = (
    SQLAlchemyError,
    EmulatedDBAPIException,
    sqlite3.Error,
    sqlite3.Warning,
    OverflowError,
    UnicodeEncodeError,
    OSError,
)

_BUSY = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_PROTOCOL}
_DAMAGED = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}
_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR, sqlite3.SQLITE_NOMEM}
_CLOSED = {sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_PERM, sqlite3.SQLITE_AUTH}


class StoreUnusable(StoreError):
    """Nothing can be kept in this file, now or later: it is damaged, or none of ours."""


class OutcomeRefused(StoreError):
    """This outcome cannot be kept, though others may: a value or a rule of the database forbids it."""


def primary_code(error: BaseException | None) -> int:
    """SQLite's primary result code behind ``error``, 0 where there is none."""
    for found in (error, getattr(error, "orig", None), getattr(error, "__cause__", None)):
        code = getattr(found, "sqlite_errorcode", None)
        if isinstance(code, int):
            return code & 0xFF  # the upper bits tell kinds of one error apart
    return 0


def store_error(error: BaseException) -> StoreError:
    """The `StoreError` that says what ``error`` means to people. One is handed back as it is."""
    if isinstance(error, StoreError):
        return error
    cause = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    said = " ".join(str(cause).split())[:300] or type(cause).__name__
    code = primary_code(error)
    if code in _BUSY:
        return StoreBusy(f"another process has held the database for too long: {said}")
    if code in _DAMAGED:
        return StoreUnusable(f"the database file is damaged or is none: {said}")
    if code in _FULL:
        return StoreOutage(f"the disk is full or cannot be written: {said}")
    if code in _CLOSED:
        return StoreOutage(f"the database cannot be opened or written: {said}")
    if isinstance(error, OSError):
        return StoreOutage(f"the database cannot be reached: {said}")
    return OutcomeRefused(f"{type(cause).__name__}: {said}")


@contextmanager
def translated() -> Iterator[None]:
    """Within this block, library errors come out as `StoreError`."""
    try:
        yield
    except FAILURES as error:
        raise store_error(error) from error
