"""An uncleaned entry as it is kept beside its item: JSON, packed, so that items can be cleaned again
when the rules change, or when the article that belongs to them has come. The store never looks into it."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Any, TypeVar

import orjson

from aggregator.model.document import (
    Enclosure,
    Entry,
    EntrySource,
    FeedDate,
    Image,
    Link,
    Person,
    Tag,
    Text,
    extensions,
)

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

T = TypeVar("T")

_compressor = zstd.ZstdCompressor(level=1)  # 3 kB an entry: higher levels gain a few per cent


def packed(entry: Entry) -> bytes:
    """``entry`` as JSON, compressed with zstd."""
    return _compressor.compress(orjson.dumps(entry), zstd.ZstdCompressor.FLUSH_FRAME)


def unpacked(raw: bytes) -> bytes:
    """The JSON that `packed` wrote."""
    return zstd.decompress(raw)


def entry(raw: bytes) -> Entry:
    """The entry that `packed` was given. What it did not have yet in an older version has its default."""
    found: dict[str, Any] = orjson.loads(unpacked(raw))
    for name, kind in (("links", Link), ("authors", Person), ("contributors", Person), ("tags", Tag)):
        found[name] = tuple(kind(**each) for each in found.get(name) or ())
    found["enclosures"] = tuple(Enclosure(**each) for each in found.get("enclosures") or ())
    for name in ("title", "summary", "content"):
        found[name] = _maybe(Text, found.get(name))
    for name in ("published", "updated"):
        date = found.get(name)
        found[name] = date and FeedDate(at=datetime.fromisoformat(date["at"]), zone_known=date["zone_known"])
    found["image"] = _maybe(Image, found.get("image"))
    found["source"] = _maybe(EntrySource, found.get("source"))
    found["extensions"] = extensions(found.get("extensions") or ())
    return Entry(**found)


def _maybe(kind: type[T], found: dict[str, Any] | None) -> T | None:
    return None if found is None else kind(**found)
