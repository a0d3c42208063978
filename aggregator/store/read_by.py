"""By which rules of the configuration a source's body becomes items. Validators and the body's hash vouch
only for what was read by the same: by others the same body says something else."""

from __future__ import annotations

import hashlib
from dataclasses import fields
from functools import lru_cache
from typing import Any

import orjson

from aggregator.model.source import Source

# Not `article` and `full_text`: articles are asked for once, for new items, and no poll asks again.
DECIDES = ("kind", "timezone", "language", "select", "paging", "body", "clean", "publisher")
_DEFAULTS = {each.name: each.default for each in fields(Source)}


def rules(source: Source) -> bytes:
    """A digest of the source's rules. Those that stay at their defaults do not count, so that a new one
    makes no difference to who does not use it."""
    return _digest(*(getattr(source, name) for name in DECIDES))


@lru_cache(maxsize=4096)  # asked twice for every poll
def _digest(*values: object) -> bytes:
    given = {name: value for name, value in zip(DECIDES, values, strict=True) if value != _DEFAULTS[name]}
    said = orjson.dumps(given, default=_given, option=orjson.OPT_PASSTHROUGH_DATACLASS)
    return hashlib.blake2b(said, digest_size=16).digest()


def _given(one: Any) -> dict[str, object]:
    values = {each.name: (getattr(one, each.name), each.default) for each in fields(one)}
    return {name: value for name, (value, default) in values.items() if value != default}
