from __future__ import annotations

import inspect
import sqlite3

import pytest
from sqlalchemy import exc

from aggregator.errors import StoreBusy, StoreError, StoreOutage
from aggregator.store.trouble import OutcomeRefused, StoreUnusable, store_error, translated


def all_of(module):
    return [
        kind
        for _, kind in inspect.getmembers(module, inspect.isclass)
        if issubclass(kind, Exception) and not issubclass(kind, Warning)
    ]


def instance(kind):
    """One of ``kind``, whose constructors all differ."""
    needed = [
        one
        for one in inspect.signature(kind.__init__).parameters.values()
        if one.default is one.empty and one.kind is one.POSITIONAL_OR_KEYWORD and one.name != "self"
    ]
    values = {"params": {}, "orig": sqlite3.OperationalError("x"), "cycles": [], "edges": []}
    return kind(*[values.get(one.name, "x") for one in needed])


@pytest.mark.parametrize("kind", [*all_of(sqlite3), sqlite3.Warning], ids=lambda kind: kind.__name__)
def test_every_error_of_sqlite3_is_a_store_error(kind):
    with pytest.raises(StoreError), translated():
        raise kind("x")


@pytest.mark.parametrize("kind", all_of(exc), ids=lambda kind: kind.__name__)
def test_every_error_of_sqlalchemy_is_a_store_error(kind):
    with pytest.raises(StoreError), translated():
        raise instance(kind)


@pytest.mark.parametrize(
    "error", [OverflowError("x"), UnicodeEncodeError("utf-8", "\ud800", 0, 1, "x"), PermissionError("x")]
)
def test_what_the_driver_lets_through_is_a_store_error(error):
    with pytest.raises(StoreError), translated():
        raise error


def test_a_bug_stays_a_bug():
    with pytest.raises(KeyError), translated():
        raise KeyError("x")


def coded(code):
    error = sqlite3.OperationalError("words")
    error.sqlite_errorcode = code
    return exc.OperationalError("INSERT secret", {}, error)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (sqlite3.SQLITE_BUSY, StoreBusy),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, StoreBusy),
        (sqlite3.SQLITE_PROTOCOL, StoreBusy),
        (sqlite3.SQLITE_FULL, StoreOutage),
        (sqlite3.SQLITE_IOERR_WRITE, StoreOutage),
        (sqlite3.SQLITE_READONLY, StoreOutage),
        (sqlite3.SQLITE_CORRUPT, StoreUnusable),
        (sqlite3.SQLITE_NOTADB, StoreUnusable),
        (sqlite3.SQLITE_CANTOPEN, StoreOutage),
        (sqlite3.SQLITE_CONSTRAINT_UNIQUE, OutcomeRefused),
        (sqlite3.SQLITE_TOOBIG, OutcomeRefused),
    ],
)
def test_codes_tell_who_must_act(code, kind):
    error = store_error(coded(code))
    assert type(error) is kind
    assert "words" in str(error)
    assert "secret" not in str(error)
