"""What a store holds, in a form in which two stores of one content are equal."""

from __future__ import annotations

import shutil
import sqlite3
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.durability.newsroom import is_restless, name


@dataclass(slots=True)
class Holding:
    """What a store holds, without what depends on the clock or on the order of commits.

    ``items`` are by source, in the order of its feed; ``feeds`` list the dated ids in order, and the
    undated ones by source. ``open_leases`` and ``open_runs`` are those of nobody once all have ended.
    """

    items: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    identities: set[tuple[Any, ...]] = field(default_factory=set)
    feeds: dict[str, dict[str, Any]] = field(default_factory=dict)
    sources: dict[str, dict[str, Any]] = field(default_factory=dict)
    notes: Counter[tuple[Any, ...]] = field(default_factory=Counter)
    revisions: list[tuple[Any, ...]] = field(default_factory=list)
    open_leases: int = 0
    open_runs: int = 0


# What depends on the clock, on the order of commits, or on chance; everything else is compared.
_LEFT_OUT = {
    "item": {"id", "source_id", "sorted_at", "first_seen_at", "changed_at", "seq"},
    "source": {
        *("id", "created_at", "next_check_at", "last_check_at", "last_ok_at", "last_new_at", "error_at"),
        *("lease_owner", "lease_token", "lease_until_at"),
    },
    "feed": {"id", "revision", "updated_at"},
}


def _kept(row: sqlite3.Row, table: str) -> dict[str, Any]:
    return {key: row[key] for key in row.keys() if key not in _LEFT_OUT[table]}  # noqa: SIM118


def holding(database: Path) -> Holding:
    """Reads a store that no process has open."""
    with closing(sqlite3.connect(database)) as connection:
        connection.row_factory = sqlite3.Row
        return _read(connection)


def _read(connection: sqlite3.Connection) -> Holding:
    found = Holding()
    names = dict(connection.execute("SELECT id, name FROM source").fetchall())
    restless = {name(number) for number in range(1000) if is_restless(number)}
    for row in connection.execute("SELECT * FROM source ORDER BY name"):
        values = _kept(row, "source")
        if row["name"] in restless:
            del values["body_sha256"]
        found.sources[row["name"]] = values
        found.open_leases += row["lease_token"] is not None
    uids, dated = {}, {}
    for row in connection.execute("SELECT * FROM item ORDER BY sorted_at DESC, id DESC"):
        values = _kept(row, "item")
        uids[row["id"]] = row["uid"]
        dated[row["id"]] = (row["published_at"] or row["updated_at"]) is not None
        if dated[row["id"]]:
            values["sorted_at"] = row["sorted_at"]
        found.items.setdefault(names[row["source_id"]], []).append(values)
    for row in connection.execute("SELECT * FROM alias"):
        meant = None if row["item_id"] is None else uids[row["item_id"]]
        found.identities.add((names[row["source_id"]], row["kind"], row["hash"], meant))
    for row in connection.execute("SELECT * FROM feed"):
        found.feeds[row["key"]] = _kept(row, "feed") | {"dated": [], "undated": {}}
    members = (
        "SELECT feed.key, member.item_id, item.source_id FROM member JOIN feed ON feed.id = member.feed_id"
        " JOIN item ON item.id = member.item_id ORDER BY feed.key, member.sorted_at DESC, member.item_id DESC"
    )
    for key, item_id, source_id in connection.execute(members):
        feed = found.feeds[key]
        if dated[item_id]:
            feed["dated"].append(uids[item_id])
        else:
            feed["undated"].setdefault(names[source_id], []).append(uids[item_id])
    for row in connection.execute("SELECT * FROM trail"):
        note = (names[row["source_id"]], row["stage"], row["reason"], row["ref"], row["detail"])
        found.notes[note] = 1 if note[0] in restless else found.notes[note] + 1
    for row in connection.execute("SELECT * FROM revision"):
        found.revisions.append((uids[row["item_id"]], row["silent"], row["digest"]))
    found.revisions.sort()
    found.open_runs = connection.execute("SELECT count(*) FROM run").fetchone()[0]
    return found


def differences(found: Holding, expected: Holding) -> list[str]:
    """What is not as expected, in words; empty when the two are the same."""
    return list(_differences(found, expected))


def _differences(found: Holding, expected: Holding) -> Iterator[str]:
    for what in ("items", "feeds", "sources"):
        left, right = getattr(found, what), getattr(expected, what)
        for key in sorted(left.keys() | right.keys()):
            if left.get(key) != right.get(key):
                yield f"{what} of {key}: {left.get(key)} instead of {right.get(key)}"[:3000]
    for what in ("identities", "notes"):
        left, right = getattr(found, what), getattr(expected, what)
        if left != right:
            yield f"{what}: too many {set(left) - set(right)}, too few {set(right) - set(left)}"[:3000]
    if found.revisions != expected.revisions:
        yield f"revisions: {found.revisions} instead of {expected.revisions}"[:3000]
    if found.open_leases or found.open_runs:
        yield f"{found.open_leases} leases and {found.open_runs} runs are left"


def copied(database: Path, folder: Path) -> Path:
    """A copy of a store that no process has open, its log included, to be looked at."""
    folder.mkdir(parents=True)
    for part in ("", "-wal"):
        if Path(f"{database}{part}").exists():
            shutil.copy(f"{database}{part}", folder / f"{database.name}{part}")
    return folder / database.name
