"""Runs the program and kills it (SIGKILL) at a chosen point: ``kill_at.py POINT aggregator-arguments…``

A POINT is one of

    sql:VERB TABLE:ROWS:statement    right after the statement with which so many rows of a table were
                                     written (the transaction is open)
    sql:VERB TABLE:ROWS:commit       right before the commit of that transaction
    sql:VERB TABLE:ROWS:committed    right after it
    parse:N:before, parse:N:after    around the reading of the N-th document
    never                            not at all

Before dying it says on stderr whether a transaction was open. A script, so that the product needs no door
for tests.
"""

from __future__ import annotations

import os
import re
import signal
import sys
from collections import Counter
from typing import Any

from sqlalchemy import event
from sqlalchemy.dialects.sqlite.aiosqlite import SQLiteDialect_aiosqlite
from sqlalchemy.engine import Engine

from aggregator.cli import main
from aggregator.parse import feed

WRITES = re.compile(
    r"\s*(INSERT|UPDATE|DELETE|CREATE)\s+(?:OR \w+\s+)?(?:INTO\s+|FROM\s+|UNIQUE\s+)?(\w+)", re.IGNORECASE
)


def die(inside: bool) -> None:
    os.write(2, b"killed inside a transaction\n" if inside else b"killed outside of transactions\n")
    os.kill(os.getpid(), signal.SIGKILL)


def die_writing(what: str, rows: int, when: str) -> None:
    written: Counter[str] = Counter()
    reached = False

    @event.listens_for(Engine, "after_cursor_execute")
    def executed(
        connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, executemany: bool
    ) -> None:
        nonlocal reached
        found = WRITES.match(statement)
        if not found or reached:
            return
        key = f"{found[1].upper()} {found[2].lower()}"
        written[key] += len(parameters) if executemany else 1
        if written[what] >= rows:
            reached = True
            if when == "statement":
                die(connection.connection.driver_connection.in_transaction)

    commit = SQLiteDialect_aiosqlite.do_commit

    def committing(self: Any, connection: Any) -> None:
        if reached and when == "commit":
            die(connection.driver_connection.in_transaction)
        commit(self, connection)
        if reached and when == "committed":
            die(connection.driver_connection.in_transaction)

    SQLiteDialect_aiosqlite.do_commit = committing  # type: ignore[method-assign]


def die_reading(number: int, when: str) -> None:
    parse, count = feed.parse, 0

    def parsing(*arguments: Any) -> Any:
        nonlocal count
        count += 1
        if count == number and when == "before":
            die(False)
        document = parse(*arguments)
        if count == number:
            die(False)
        return document

    feed.parse = parsing


def prepare(point: str) -> None:
    kind, *rest = point.split(":")
    if kind == "sql":
        die_writing(rest[0], int(rest[1]), rest[2])
    elif kind == "parse":
        die_reading(int(rest[0]), rest[1])
    elif kind != "never":
        raise ValueError(f"no such point: {point}")


if __name__ == "__main__":
    prepare(sys.argv.pop(1))
    main()
