"""Rows to model types and back. Every column of an item, a source and a feed is named here once.

JSON is by orjson, which writes dataclasses by itself; an empty value is NULL.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, TypeVar

import orjson
from sqlalchemy import Row
from yarl import URL

from aggregator.model.document import (
    Enclosure,
    EntrySource,
    Extension,
    Hints,
    Image,
    Link,
    Person,
    Tag,
    extensions,
)
from aggregator.model.feed import Feed, FeedKey
from aggregator.model.item import Item, KnownItem, Publisher
from aggregator.model.source import SourceError, SourceMeta, SourceState, Validators
from aggregator.store.trouble import OutcomeRefused

_T = TypeVar("_T")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DAY_US = 86_400_000_000
_NO_HINTS = Hints()


def to_us(at: datetime) -> int:
    """Microseconds since 1970 UTC. ``at`` must be aware."""
    delta = at - _EPOCH
    return delta.days * _DAY_US + delta.seconds * 1_000_000 + delta.microseconds


def maybe_us(at: datetime | None) -> int | None:
    return None if at is None else to_us(at)


def from_us(us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=us)


def maybe_at(us: int | None) -> datetime | None:
    return None if us is None else _EPOCH + timedelta(microseconds=us)


def scrubbed(text: str) -> str:
    """``text`` without lone surrogates, which SQLite cannot bind."""
    return text if text.isascii() else text.encode("utf-8", "replace").decode("utf-8")


def to_json(value: object) -> str | None:
    """JSON text of a dataclass or tuple; None for what is empty. Raises `OutcomeRefused` for what JSON
    cannot hold (an integer above 64 bits, a lone surrogate)."""
    if not value:
        return None
    try:
        return orjson.dumps(value).decode("utf-8")
    except orjson.JSONEncodeError as error:
        raise OutcomeRefused(f"cannot be written as JSON: {error}") from error


@lru_cache(maxsize=4096)  # asked twice for every poll
def host_of(url: str) -> str | None:
    """Host (as DNS has it, lower case) and port that a poll of ``url`` asks; None for files and what has
    no host."""
    try:
        parts = URL(url)
    except ValueError:
        return None
    if parts.scheme not in ("http", "https") or not parts.raw_host:
        return None
    return scrubbed(f"{parts.raw_host.lower()}:{parts.port}")


# Items


def item_values(item: Item) -> dict[str, Any]:
    """The columns that an `Item` fills, without identity and bookkeeping."""
    return {
        "uid": item.uid,
        "guid": item.guid,
        "guid_is_permalink": item.guid_is_permalink,
        "link": item.link,
        "title": item.title,
        "summary_html": item.summary_html,
        "content_html": item.content_html,
        "published_at": maybe_us(item.published_at),
        "updated_at": maybe_us(item.updated_at),
        "first_seen_at": to_us(item.first_seen_at),
        "sorted_at": to_us(item.sorted_at),
        "authors": to_json(item.authors),
        "contributors": to_json(item.contributors),
        "tags": to_json(item.tags),
        "links": to_json(item.links),
        "comments": item.comments,
        "enclosures": to_json(item.enclosures),
        "image": to_json(item.image),
        "source": to_json(item.source),
        "language": item.language,
        "rights": item.rights,
        "extensions": to_json(item.extensions),
        "digest": item.digest,
    }


def item_from(row: Row[Any]) -> Item:
    """The `Item` of a row that has all of `item`'s columns, and its publisher's name and slug."""
    return Item(
        uid=row.uid,
        guid=row.guid,
        guid_is_permalink=bool(row.guid_is_permalink),
        link=row.link,
        title=row.title,
        summary_html=row.summary_html,
        content_html=row.content_html,
        published_at=maybe_at(row.published_at),
        updated_at=maybe_at(row.updated_at),
        first_seen_at=from_us(row.first_seen_at),
        sorted_at=from_us(row.sorted_at),
        authors=_many(Person, row.authors),
        contributors=_many(Person, row.contributors),
        tags=_many(Tag, row.tags),
        links=_many(Link, row.links),
        comments=row.comments,
        enclosures=_many(Enclosure, row.enclosures),
        image=_one(Image, row.image),
        source=_one(EntrySource, row.source),
        language=row.language,
        rights=row.rights,
        extensions=_extensions(row.extensions),
        publisher=Publisher(name=row.publisher_name, slug=row.publisher_slug) if row.publisher_slug else None,
        digest=row.digest,
    )


def known_from(row: Row[Any], *, pruned: bool) -> KnownItem:
    return KnownItem(
        item_id=row.item_id,
        uid=row.uid,
        guid_hash=row.guid_hash,
        title_hash=row.title_hash,
        entry_digest=row.entry_digest,
        digest=row.digest,
        first_seen_at=from_us(row.first_seen_at),
        sorted_at=from_us(row.sorted_at),
        updated_at=maybe_at(row.updated_at),
        silent_edits=row.silent_edits,
        pruned=pruned,
    )


def _many(kind: type[_T], text: str | None) -> tuple[_T, ...]:
    return tuple([kind(**fields) for fields in orjson.loads(text)]) if text else ()


def _one(kind: type[_T], text: str | None) -> _T | None:
    return kind(**orjson.loads(text)) if text else None


def _extensions(text: str | None) -> tuple[Extension, ...]:
    return extensions(orjson.loads(text)) if text else ()


# Sources


def state_values(state: SourceState) -> dict[str, Any]:
    validators, error = state.validators, state.error
    return {
        "validators_url": validators.url if validators else None,
        "etag": validators.etag if validators else None,
        "last_modified": validators.last_modified if validators else None,
        "body_sha256": state.body_sha256,
        "hints": None if state.hints == _NO_HINTS else to_json(state.hints),
        "last_check_at": maybe_us(state.last_check_at),
        "last_ok_at": maybe_us(state.last_ok_at),
        "last_new_at": maybe_us(state.last_new_at),
        "next_check_at": maybe_us(state.next_check_at),
        "hold_until_at": maybe_us(state.hold_until_at),
        "fresh_until_at": maybe_us(state.fresh_until_at),
        "failures": state.failures,
        "error_stage": error.stage if error else None,
        "error_type": error.type if error else None,
        "error_message": scrubbed(error.message) if error else None,
        "error_transient": error.transient if error else None,
        "error_at": to_us(error.at) if error else None,
        "moved_url": state.moved_url,
        "moved_count": state.moved_count,
        "adopted_url": state.adopted_url,
        "missing_since_at": maybe_us(state.missing_since_at),
        "retired_at": maybe_us(state.retired_at),
    }


def state_from(row: Row[Any]) -> SourceState:
    validators = error = None
    if row.validators_url is not None:
        validators = Validators(url=row.validators_url, etag=row.etag, last_modified=row.last_modified)
    if row.error_at is not None:
        error = SourceError(
            stage=row.error_stage,
            type=row.error_type,
            message=row.error_message,
            transient=bool(row.error_transient),
            at=from_us(row.error_at),
        )
    return SourceState(
        validators=validators,
        body_sha256=row.body_sha256,
        hints=_hints(row.hints),
        last_check_at=maybe_at(row.last_check_at),
        last_ok_at=maybe_at(row.last_ok_at),
        last_new_at=maybe_at(row.last_new_at),
        next_check_at=maybe_at(row.next_check_at),
        hold_until_at=maybe_at(row.hold_until_at),
        fresh_until_at=maybe_at(row.fresh_until_at),
        failures=row.failures,
        error=error,
        moved_url=row.moved_url,
        moved_count=row.moved_count,
        adopted_url=row.adopted_url,
        missing_since_at=maybe_at(row.missing_since_at),
        retired_at=maybe_at(row.retired_at),
    )


def _hints(text: str | None) -> Hints:
    if not text:
        return _NO_HINTS
    found = orjson.loads(text)
    return Hints(
        interval_s=found["interval_s"],
        skip_hours=tuple(found["skip_hours"]),
        skip_days=tuple(found["skip_days"]),
    )


def meta_values(meta: SourceMeta) -> dict[str, Any]:
    return {
        "meta_title": meta.title or None,
        "meta_link": meta.link,
        "meta_description": meta.description or None,
        "meta_language": meta.language,
        "meta_image": to_json(meta.image),
        "meta_icon": meta.icon,
        "meta_rights": meta.rights,
        "meta_authors": to_json(meta.authors),
        "meta_extensions_hash": _hash(to_json(meta.extensions)),
    }


def _hash(text: str | None) -> bytes | None:
    return None if text is None else hashlib.blake2b(text.encode(), digest_size=16).digest()


def meta_from(row: Row[Any]) -> SourceMeta:
    """The meta of a source's row: without extensions, which are in a table of their own."""
    return SourceMeta(
        title=row.meta_title or "",
        link=row.meta_link,
        description=row.meta_description or "",
        language=row.meta_language,
        image=_one(Image, row.meta_image),
        icon=row.meta_icon,
        rights=row.meta_rights,
        authors=_names(row.meta_authors),
    )


def _names(text: str | None) -> tuple[str, ...]:
    return tuple(orjson.loads(text)) if text else ()


# Feeds


def source_feed_values(name: str, title: str | None, meta: dict[str, Any]) -> dict[str, Any]:
    """A source's feed row, from the operator's title and the source's ``meta_`` columns."""
    return {
        "title": title or meta["meta_title"] or name,
        "description": meta["meta_description"] or "",
        "link": meta["meta_link"],
        "language": meta["meta_language"],
        "image": meta["meta_image"],
        "rights": meta["meta_rights"],
        "icon": meta["meta_icon"],
        "authors": meta["meta_authors"],
    }


def shown_differs(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two sets of a source's feed values differ in what every feed shows beside its items."""
    return any(one[name] != other[name] for name in ("title", "link"))


def feed_from(row: Row[Any], extensions: str | None = None) -> Feed:
    """The feed of a row; ``extensions`` are those of its source, as JSON."""
    return Feed(
        key=FeedKey(kind=row.kind, name=row.name),
        title=row.title,
        revision=row.revision,
        updated_at=from_us(row.updated_at),
        description=row.description,
        link=row.link,
        language=row.language,
        image=_one(Image, row.image),
        rights=row.rights,
        icon=row.icon,
        authors=_names(row.authors),
        extensions=_extensions(extensions),
        gone=row.gone_at is not None,
    )


def feed_keys(name: str, category: str) -> tuple[str, ...]:
    """Text keys of every feed that an item of this source belongs to: all, its source, its category
    and that category's ancestors."""
    keys = ["all", f"source/{name}"]
    path = category
    while path:
        keys.append(f"category/{path}")
        path = path.rpartition("/")[0]
    return tuple(keys)
