"""What a commit knows and what it will write: the shapes between `write`, which reads and executes, and
`plan`, which decides."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Row

from aggregator.store.publishers import Directory, Listed


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What the store has of an item that a change means: in `item`, or in `ledger` when ``pruned``."""

    item_id: int
    source_id: int
    uid: str
    digest: bytes
    sorted_at: int
    first_seen_at: int
    silent_edits: int
    publisher_id: int | None  # not known of what was pruned
    pruned: bool
    owed: bool = False  # its article has not come yet
    waiting: bool = False  # for it, and so in no feed yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a commit knows: rows touched, numbers reserved, its sequence number and its time (µs).
    ``shows_source`` are the publishers' feeds that show a source whose title or link changes."""

    sources: Mapping[int, Row[Any]]
    by_id: Mapping[int, Stored]
    by_uid: Mapping[str, Stored]
    feeds: Mapping[str, int]
    publishers: Directory
    shows_source: Mapping[int, Mapping[str, int]]
    ids: Iterator[int]
    seq: int
    at: int


@dataclass(slots=True, kw_only=True)
class Plan:
    """Rows to write, by statement."""

    states: list[dict[str, Any]] = field(default_factory=list)
    metas: list[dict[str, Any]] = field(default_factory=list)
    feed_metas: list[dict[str, Any]] = field(default_factory=list)
    extensions: list[dict[str, Any]] = field(default_factory=list)
    items: list[dict[str, Any]] = field(default_factory=list)
    updates: list[dict[str, Any]] = field(default_factory=list)
    # Of items whose content may stay: new texts are "b_content" and "b_summary", or "b_teaser" beside it.
    updates_keep_content: list[dict[str, Any]] = field(default_factory=list)
    updates_keep_longer: list[dict[str, Any]] = field(default_factory=list)
    touches: list[dict[str, Any]] = field(default_factory=list)
    ledger_touches: list[dict[str, Any]] = field(default_factory=list)
    restored: list[dict[str, Any]] = field(default_factory=list)
    aliases: list[dict[str, Any]] = field(default_factory=list)
    shared: list[dict[str, Any]] = field(default_factory=list)
    requests: list[dict[str, Any]] = field(default_factory=list)
    members: list[dict[str, Any]] = field(default_factory=list)
    joined: list[dict[str, Any]] = field(default_factory=list)  # memberships that may stand already
    left: list[dict[str, Any]] = field(default_factory=list)  # memberships that end
    publishers: dict[int, Listed] = field(default_factory=dict)  # that get an item
    revisions: list[dict[str, Any]] = field(default_factory=list)
    trail: list[dict[str, Any]] = field(default_factory=list)
    raised: dict[str, int] = field(default_factory=dict)  # feed key -> feed id
